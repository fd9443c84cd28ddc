// Parts that several views have.

import {byId, el, newName, setText} from "./elements.js";
import {count} from "./format.js";
import {ask, Problem} from "./gateway.js";

export const STATES = ["success", "error", "cancelled", "running", "invoked", "new"];
const PAGE = 50;
const LONGEST_PAGE = 1000;

let noticeTimer;

export function notice(text) {
  setText(byId("notice"), text);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => setText(byId("notice"), ""), 6000);
}

/** Marks the link to what is shown. */
export function markNavigation() {
  const path = (location.hash.split("?")[0] || "#/").replace(/^#\/calls.*/, "#/");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === path) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

export function problemBox(error, again) {
  return el("div", {class: "problem", role: "alert"}, el("p", null, error.message || String(error)),
    error instanceof Problem && error.errors.length > 0 && el("ul", null, error.errors.map(each =>
      el("li", null, el("code", null, each.pointer || each.parameter || "/"), ` ${each.detail ?? ""}`))),
    again && el("p", {class: "actions"}, el("button", {type: "button", onclick: again},
      error.status === 401 ? "Enter a key" : "Try again")));
}

/** Asks before what cannot be undone. */
export function confirmed(title, text, yes) {
  return new Promise(resolve => {
    const dialog = byId("confirm-dialog");
    let answer = false;
    setText(byId("confirm-title"), title);
    setText(byId("confirm-text"), text);
    setText(byId("confirm-yes"), yes);
    byId("confirm-form").onsubmit = event => {
      event.preventDefault();
      answer = true;
      dialog.close();
    };
    byId("confirm-no").onclick = () => dialog.close();
    dialog.onclose = () => resolve(answer);
    dialog.showModal();
  });
}

/** A button that does something on the gateway: not twice at once, and what is refused is shown in a place for it. */
export function actionButton(label, place, action, kind) {
  const button = el("button", {type: "button", class: kind, onclick: async () => {
    if (button.getAttribute("aria-busy")) {
      return;
    }
    button.setAttribute("aria-busy", "true");
    place.replaceChildren();
    try {
      await action();
    } catch (error) {
      place.replaceChildren(problemBox(error));
    } finally {
      button.removeAttribute("aria-busy");
    }
  }}, label);
  return button;
}

export function stateLabel(state) {
  const name = STATES.includes(state) ? state : "new";
  return el("span", {class: "state"}, el("span", {class: `dot is-${name}`}), state);
}

export const endedOf = states => states.success + states.error + states.cancelled;

export const inWords = states => STATES.filter(state => states[state] > 0)
  .map(state => `${count(states[state])} ${state}`).join(", ") || "no calls";

/** A bar with a segment for each state; what has ended is on the left. */
export function stateBar(tall) {
  const segments = new Map(STATES.map(state => [state, el("span", {class: `is-${state}`, hidden: true})]));
  const element = el("div", tall
    ? {class: "bar tall", role: "progressbar", "aria-label": "Calls ended", "aria-valuemin": "0"}
    : {class: "bar", role: "img"}, [...segments.values()]);
  return {
    element,
    update(states, size) {
      for (const [state, segment] of segments) {
        segment.hidden = !states[state];
        segment.style.flexGrow = states[state];
      }
      if (tall) {
        element.setAttribute("aria-valuemax", Math.max(1, size));
        element.setAttribute("aria-valuenow", size === 0 ? 1 : endedOf(states));
        element.setAttribute("aria-valuetext", inWords(states));
      } else {
        element.setAttribute("aria-label", inWords(states));
      }
    },
  };
}

export function tagList(tags, href) {
  return el("div", {class: "tags"}, Object.entries(tags ?? {}).map(([name, value]) =>
    el("a", {class: "tag", href: href(`${name}:${value}`)}, `${name}:${value}`)));
}

/**
 * A paged table that can be read again in place. Rows are kept by key, so that focus and selection stay where they are.
 *
 * @param columns names, and classes of the cells
 * @param row makes {cells, update} for an item; update sets what may have changed
 */
export function pagedTable({caption, captionHidden = false, columns, path, key, row, empty, controls, signal}) {
  const rows = new Map();
  const body = el("tbody", {role: "rowgroup"});
  const none = el("div", {class: "empty", hidden: true});
  const trouble = el("div");
  const title = newName("table");
  const table = el("table", {role: "table", "aria-labelledby": title, hidden: true},
    el("thead", {role: "rowgroup"}, el("tr", {role: "row"}, columns.map(column =>
      el("th", {role: "columnheader", scope: "col", class: column.class}, column.name)))), body);
  const moreButton = el("button", {type: "button", onclick: () => more()}, "More");
  const moreLine = el("p", {class: "more", hidden: true}, moreButton);
  const element = el("section", {class: "card table-card", "aria-labelledby": title},
    el("div", {class: "card-head"}, el("h2", {id: title, class: captionHidden ? "unseen" : null}, caption), controls), trouble, none, table, moreLine);
  let next = null;
  let version = 0;

  function place(items, from) {
    let at = body.children[from] ?? null;
    for (const item of items) {
      const id = key(item);
      let shown = rows.get(id);
      if (!shown) {
        shown = row(item);
        shown.element = el("tr", {role: "row"}, shown.cells.map((cell, i) => {
          const td = el("td", {role: "cell", "data-label": columns[i].name, class: columns[i].class});
          td.append(cell);
          return td;
        }));
        rows.set(id, shown);
      }
      shown.update?.(item);
      if (shown.element === at) {
        at = at.nextElementSibling;
      } else {
        body.insertBefore(shown.element, at);
      }
    }
  }

  function settle() {
    table.hidden = rows.size === 0;
    none.hidden = rows.size > 0;
    moreLine.hidden = next === null;
    if (rows.size === 0) {
      none.replaceChildren(empty());
    }
  }

  /** Reads again what is shown, or the first page if nothing is or the filters are new. */
  async function load(fresh = false) {
    const mine = ++version;
    const wanted = fresh ? PAGE : Math.min(LONGEST_PAGE, Math.max(PAGE, rows.size));
    const page = await ask(`${path()}${path().includes("?") ? "&" : "?"}limit=${wanted}`, {signal});
    if (mine !== version || signal.aborted) {
      return null;
    }
    trouble.replaceChildren();
    const ids = new Set(page.items.map(key));
    const all = fresh || rows.size <= wanted;
    for (const [id, shown] of rows) {
      if (all && !ids.has(id)) {
        shown.element.remove();
        rows.delete(id);
      }
    }
    place(page.items, 0);
    if (all) {
      next = page.next ?? null;
    }
    settle();
    return page.items;
  }

  async function more() {
    const mine = ++version;
    moreButton.disabled = true;
    try {
      const page = await ask(next, {signal});
      if (mine === version) {
        const before = body.children.length;
        place(page.items.filter(item => !rows.has(key(item))), before);
        next = page.next ?? null;
        settle();
        const first = body.children[before]?.querySelector("a, button");
        first?.focus();
      }
    } catch (error) {
      if (!signal.aborted) {
        trouble.replaceChildren(problemBox(error));
      }
    } finally {
      moreButton.disabled = false;
    }
  }

  return {element, load, update: item => rows.get(key(item))?.update?.(item), shown: () => rows.size, trouble};
}
