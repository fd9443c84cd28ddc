// The overview of callsets.

import {el, field, head, main, names, qualified, select, setText} from "./elements.js";
import {count, duration, time} from "./format.js";
import {ask, keys, now} from "./gateway.js";
import {inWords, markNavigation, pagedTable, problemBox, stateBar, tagList} from "./parts.js";
import {repeat} from "./repeat.js";

export const BUSY_POLL = 2000;
export const IDLE_POLL = 10_000;

function firstSteps() {
  const key = keys.get() === null ? "" : " \\\n     -H \"Authorization: Bearer $WREN_KEY\"";
  const curl = `curl -X PUT ${location.origin}/jars/examples${key} \\
     -H 'Content-Type: application/java-archive' \\
     --data-binary @target/wren-gateway-0.1.0-SNAPSHOT-examples.jar

curl ${location.origin}/calls${key} -H 'Content-Type: application/json' -d '{
  "function": {"jar": "examples", "handler": "dev.wren.examples.WordCount::count"},
  "iterdata": ["to be or not to be", "that is the question"]
}'`;
  return el("div", {class: "field"}, el("p", null, "No callset yet: upload a jar and map a function over data, with ",
    el("a", {href: "#/new"}, "New map"), " or with curl:"), el("pre", null, el("code", null, curl)));
}

export function overviewHash(filters) {
  const query = new URLSearchParams();
  for (const name of ["state", "executor"]) {
    if (filters[name]) {
      query.set(name, filters[name]);
    }
  }
  filters.tags.forEach(tag => query.append("tag", tag));
  return query.size > 0 ? `#/?${query}` : "#/";
}

/** Where a function's code is, in a few words. */
function place({jar, jars}) {
  return jars ? `${count(jars.length)} jars` : jar.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1…");
}

function callsetRow(callset) {
  const bar = stateBar(false);
  const words = el("div", {class: "sub"});
  const took = el("span");
  const tags = tagList(callset.tags, tag => overviewHash({tags: [tag]}));
  let shown = callset;
  return {
    cells: [
      el("div", null, el("a", {href: `#/calls/${callset.callsetId}`, class: "mono"}, qualified(callset.function.handler)),
        el("div", {class: "sub"}, `${place(callset.function)} · `, el("span", {class: "mono"}, callset.callsetId))),
      el("span", null, callset.executor), el("span", null, count(callset.size)), el("div", null, bar.element, words),
      time(callset.createdAt), took, tags.childElementCount > 0 ? tags : "",
    ],
    update(item) {
      shown = item;
      bar.update(item.states, item.size);
      setText(words, inWords(item.states));
      this.tick();
    },
    tick() {
      const end = shown.doneAt ? Date.parse(shown.doneAt) : now();
      setText(took, duration(end - Date.parse(shown.createdAt)));
    },
  };
}

export function overview({query, signal}) {
  document.title = "Callsets · wren-gateway";
  const filters = {state: query.get("state") ?? "", executor: query.get("executor") ?? "", tags: query.getAll("tag")};
  const isFiltered = () => Boolean(filters.state || filters.executor || filters.tags.length > 0);
  const state = select("State", [["", "all"], ["running", "running"], ["done", "done"]], filters.state, value => {
    filters.state = value;
    refilter();
  });
  const executor = select("Executor", [["", "all"]], filters.executor, value => {
    filters.executor = value;
    refilter();
  });
  const tagInput = el("input", {placeholder: "key:value", autocomplete: "off", spellcheck: "false"});
  const tag = field("Tag", tagInput);
  const tagButtons = el("div", {class: "actions"});
  const form = el("form", {class: "filters", onsubmit: event => {
    event.preventDefault();
    const value = tagInput.value.trim();
    if (value && !/^[^:]+:/.test(value)) {
      tag.fail("A tag is key:value.");
      return;
    }
    tag.fail(null);
    if (value && !filters.tags.includes(value)) {
      filters.tags.push(value);
      tagInput.value = "";
      refilter();
    }
  }}, state.element, executor.element, tag.element, el("button", {type: "submit"}, "Add tag"), tagButtons);

  const live = new Map();
  const list = pagedTable({
    caption: "Callsets",
    captionHidden: true,
    signal,
    columns: [{name: "Function", class: "function"}, {name: "Executor"}, {name: "Calls", class: "number"},
      {name: "Progress", class: "bar-cell"}, {name: "Created"}, {name: "Duration", class: "nowrap"}, {name: "Tags"}],
    path: () => {
      const parameters = new URLSearchParams(overviewHash(filters).slice("#/?".length));
      return parameters.size > 0 ? `/calls?${parameters}` : "/calls";
    },
    key: callset => callset.callsetId,
    row: callset => {
      const row = callsetRow(callset);
      live.set(callset.callsetId, row);
      return row;
    },
    empty: () => isFiltered() ? el("p", null, "No callset matches these filters.") : firstSteps(),
    controls: form,
  });
  const place = el("div");
  main.append(head("Callsets", {actions: el("a", {class: "button primary", href: "#/new"}, "New map")}), place,
    list.element);

  function showTags() {
    tagButtons.replaceChildren(...filters.tags.map(value => el("button", {type: "button", class: "tag",
      "aria-label": `Remove the filter ${value}`, onclick: () => {
        filters.tags = filters.tags.filter(each => each !== value);
        refilter();
        tagInput.focus();
      }}, `${value} ×`)));
  }

  let busy = new Set();
  async function load(fresh) {
    const items = await list.load(fresh);
    if (items) {
      busy = new Set(items.filter(callset => !callset.done).map(callset => callset.callsetId));
    }
    return busy.size > 0 ? BUSY_POLL : IDLE_POLL;
  }

  function refilter() {
    history.replaceState(null, "", overviewHash(filters));
    markNavigation();
    showTags();
    load(true).catch(error => {
      if (!signal.aborted) {
        list.trouble.replaceChildren(problemBox(error));
      }
    });
  }

  showTags();
  ask("/executors", {signal}).then(({items}) => {
    const names = new Set(items.map(each => each.name));
    if (filters.executor) {
      names.add(filters.executor);
    }
    executor.control.append(...[...names].map(name =>
      el("option", {value: name, selected: name === filters.executor}, name)));
  }).catch(() => {});
  const clock = setInterval(() => busy.forEach(id => live.get(id)?.tick()), 1000);
  signal.addEventListener("abort", () => clearInterval(clock), {once: true});
  return repeat(signal, () => load(false));
}
