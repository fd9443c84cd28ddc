// The form for a new map.

import {el, field, head, main, newName} from "./elements.js";
import {ask, Problem} from "./gateway.js";
import {problemBox} from "./parts.js";

export async function newMap({query, signal}) {
  document.title = "New map · wren-gateway";
  const jarNames = el("datalist", {id: newName("jars")});
  const jar = field("Jar", el("input", {required: true, autocomplete: "off", spellcheck: "false", list: jarNames.id,
    value: query.get("jar") ?? "", placeholder: "examples"}), "A name under Jars, sha256:<hex>, or s3://bucket/key.");
  const handler = field("Handler", el("input", {required: true, autocomplete: "off", spellcheck: "false",
    placeholder: "dev.wren.examples.WordCount::count"}), "pkg.Class, or pkg.Class::method.");
  const iterdata = field("Data", el("textarea", {required: true, rows: "7", spellcheck: "false",
    placeholder: "[\"to be or not to be\", \"that is the question\"]"}),
  "A JSON array: the function is called once for each of its values.");
  const settings = field("Settings", el("textarea", {rows: "4", spellcheck: "false",
    placeholder: "{\"maxAttempts\": 3, \"tags\": {\"run\": \"first\"}}"}),
  "Optional: a JSON object with executor, maxAttempts, maxConcurrency, jobMaxRuntime, tags and others; see the API.");
  const fields = [jar, handler, iterdata, settings];
  const trouble = el("div");
  const submit = el("button", {type: "submit", class: "primary"}, "Map");

  // Sent again after a failure of the network, the same form makes the same callset, not a second one.
  let idempotencyKey = null;
  const form = el("form", {class: "card", novalidate: true, oninput: () => {
    idempotencyKey = null;
  }, onsubmit: async event => {
    event.preventDefault();
    if (submit.disabled) {
      return;
    }
    trouble.replaceChildren();
    fields.forEach(each => each.fail(null));
    const body = mapBody(fields);
    if (body === null) {
      fields.find(each => each.control.hasAttribute("aria-invalid")).control.focus();
      return;
    }
    submit.disabled = true;
    idempotencyKey ??= [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, "0")).join("");
    try {
      const callset = await ask("/calls", {method: "POST", body,
        headers: {"Content-Type": "application/json", "Idempotency-Key": idempotencyKey}});
      location.hash = `#/calls/${callset.callsetId}`;
    } catch (error) {
      showRefusal(error, fields, trouble);
    } finally {
      submit.disabled = false;
    }
  }}, jar.element, jarNames, handler.element, iterdata.element, settings.element, trouble,
  el("p", {class: "actions"}, submit));
  main.append(head("New map"), form);
  const jars = await ask("/jars?limit=1000", {signal});
  jarNames.append(...jars.items.map(each => el("option", {value: each.name})));
  if (jars.items.length === 0) {
    form.prepend(el("p", {class: "muted"}, "No jar is uploaded yet: ", el("a", {href: "#/jars"}, "upload one"), " first."));
  } else if (jars.items.length === 1 && !jar.control.value) {
    jar.control.value = jars.items[0].name;
  }
}

/**
 * The body of a map, or null if a field is wrong. Data and settings go in as they were typed, so that no digit is lost;
 * the data first, so that a line that the gateway names is the line that was typed.
 */
function mapBody([jar, handler, iterdata, settings]) {
  const wrong = (each, text) => {
    each.fail(text);
    return null;
  };
  const read = each => {
    try {
      return JSON.parse(each.control.value);
    } catch (error) {
      each.fail(`This is not JSON: ${error.message}`);
      return undefined;
    }
  };
  const name = jar.control.value.trim();
  const method = handler.control.value.trim();
  const data = iterdata.control.value.trim() ? read(iterdata) : wrong(iterdata, "Enter a JSON array.");
  const more = settings.control.value.trim();
  const object = more ? read(settings) : {};
  if (object !== undefined && (object === null || typeof object !== "object" || Array.isArray(object))) {
    wrong(settings, "The settings are a JSON object.");
  }
  if (!name) {
    wrong(jar, "Enter a jar.");
  }
  if (!method) {
    wrong(handler, "Enter a handler.");
  }
  if (data === undefined || [jar, handler, iterdata, settings].some(each => each.control.hasAttribute("aria-invalid"))) {
    return null;
  }
  const inside = more.slice(1, -1).trim();
  return `{"iterdata":${iterdata.control.value}\n,"function":${JSON.stringify({jar: name, handler: method})}`
    + `${inside && `,${inside}`}}`;
}

/** Shows a refusal under the form, and each of its errors also at the field it points to. */
function showRefusal(error, fields, place) {
  const [jar, handler, iterdata, settings] = fields;
  const box = problemBox(error);
  box.tabIndex = -1;
  place.replaceChildren(box);
  const texts = new Map();
  for (const each of error instanceof Problem ? error.errors : []) {
    const pointer = each.pointer ?? "";
    const at = pointer.startsWith("/function/jar") ? jar
      : pointer.startsWith("/function") ? handler : pointer.startsWith("/iterdata") ? iterdata : settings;
    texts.set(at, [...texts.get(at) ?? [], at === settings ? `${pointer}: ${each.detail}` : each.detail]);
  }
  texts.forEach((details, at) => at.fail(details.join(" ")));
  (fields.find(each => each.control.hasAttribute("aria-invalid"))?.control ?? box).focus();
}
