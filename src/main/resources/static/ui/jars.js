// Jars: list, upload, delete.

import {el, field, head, main, setText} from "./elements.js";
import {bytes, digits, time} from "./format.js";
import {ask, jarPath, Problem, send} from "./gateway.js";
import {actionButton, confirmed, notice, pagedTable, problemBox} from "./parts.js";

export function jarsView({signal}) {
  document.title = "Jars · wren-gateway";
  const place = el("div");
  const list = pagedTable({
    caption: "Uploaded",
    signal,
    columns: [{name: "Name"}, {name: "Size", class: "number nowrap"}, {name: "Since"}, {name: "SHA-256"}, {name: ""}],
    path: () => "/jars",
    key: jar => `${jar.name} ${jar.sha256} ${jar.createdAt}`,
    row: jar => ({
      cells: [
        el("span", {class: "mono"}, jar.name), el("span", null, bytes(jar.size)), time(jar.createdAt),
        el("span", {class: "mono small", title: jar.sha256}, `${jar.sha256.slice(0, 16)}…`),
        el("div", {class: "actions"},
          el("a", {class: "button", href: `#/new?${new URLSearchParams({jar: jar.name})}`,
            "aria-label": `Map a function of ${jar.name}`}, "Map"),
          labelled(actionButton("Delete", place, async () => {
            if (await confirmed(`Delete ${jar.name}?`, "Callsets keep the bytes that they were submitted with.", "Delete")) {
              await ask(jarPath(jar.name), {method: "DELETE"});
              notice(`The jar ${jar.name} is deleted.`);
              await list.load();
              main.querySelector("h1").focus();
            }
          }, "danger"), `Delete ${jar.name}`)),
      ],
    }),
    empty: () => el("p", null, "No jar yet: upload one above. A jar has public classes that implement"
      + " java.util.function.Function, or public methods, with what they need inside."),
  });

  const file = field("File", el("input", {type: "file", accept: ".jar,application/java-archive", required: true}));
  const name = field("Name", el("input", {required: true, autocomplete: "off", spellcheck: "false", maxlength: "128"}));
  let typed = false;
  name.control.addEventListener("input", () => {
    typed = name.control.value !== "";
  });
  file.control.addEventListener("change", () => {
    const chosen = file.control.files[0];
    if (chosen && !typed) {
      name.control.value = chosen.name.replace(/\.jar$/i, "").replace(/[^A-Za-z0-9._-]/g, "-").replace(/^\.+/, "").slice(0, 128);
    }
  });
  const submit = el("button", {type: "submit", class: "primary"}, "Upload");
  const trouble = el("div");
  const form = el("form", {class: "card", novalidate: true, "aria-label": "Upload a jar", onsubmit: async event => {
    event.preventDefault();
    if (submit.disabled) {
      return;
    }
    const chosen = file.control.files[0];
    const wanted = name.control.value.trim();
    trouble.replaceChildren();
    file.fail(chosen ? null : "Choose a file.");
    name.fail(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(wanted)
      ? null : "1 to 128 letters, digits, dots, underscores or hyphens, not starting with a dot.");
    const wrong = [file, name].find(each => each.control.hasAttribute("aria-invalid"));
    if (wrong) {
      wrong.control.focus();
      return;
    }
    submit.disabled = true;
    setText(submit, "Uploading…");
    try {
      const response = await send(jarPath(wanted), {method: "PUT", body: chosen,
        headers: {"Content-Type": "application/java-archive"}});
      if (!response.ok) {
        throw await Problem.of(response);
      }
      notice(response.status === 201
        ? `The jar ${wanted} is uploaded.` : `The jar ${wanted} had this content already.`);
      form.reset();
      typed = false;
      await list.load();
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
    } finally {
      submit.disabled = false;
      setText(submit, "Upload");
      submit.focus();
    }
  }}, el("div", {class: "fields"}, file.element, name.element, submit), trouble);
  main.append(head("Jars"), place, form, list.element);
  return list.load(true);
}

function labelled(element, label) {
  element.setAttribute("aria-label", label);
  return element;
}
