// The gateway's web page: a view for each route, over the same HTTP API that anybody else calls.
// Whatever comes from the server is put into the page as text, never as HTML.

const STATES = ["success", "error", "cancelled", "running", "invoked", "new"];
const FINAL = new Set(["success", "error", "cancelled"]);
const PAGE = 50;
const LONGEST_PAGE = 1000;
const BUSY_POLL = 2000;
const IDLE_POLL = 10_000;
const LONG_POLL_SECONDS = 5;
/** Callsets with more calls are polled: their events, from the first on, would be more than the page can use. */
const MOST_EVENTS = 10_000;
/** Milliseconds without a byte, heartbeats included, after which a stream of events is taken for dead. */
const SILENCE = 60_000;
/** Characters of a result, log or stack trace that are shown. */
const MOST_TEXT = 200_000;
const MOST_PREVIEW = 160;
const KEY = "wren-api-key";

const byId = id => document.getElementById(id);
const main = byId("main");

// Elements

/** Makes an element; attributes that are null or false are left out, "onclick" and the like are listeners. */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** A qualified name, which may be broken after its dots. */
function qualified(name) {
  return name.split(/(?<=[.$:])(?=[^.$:])/).flatMap((part, i) => i === 0 ? [part] : [el("wbr"), part]);
}

/** Changes a text only where it differs, so that selections and screen readers are left in peace. */
function setText(node, text) {
  if (node.textContent !== String(text)) {
    node.textContent = text;
  }
}

let names = 0;
const newName = prefix => `${prefix}-${++names}`;

function field(label, control, hint) {
  const name = newName("field");
  const error = el("p", {id: `${name}-error`, class: "field-error"});
  const describedBy = [hint && `${name}-hint`, error.id].filter(Boolean).join(" ");
  control.id = name;
  control.setAttribute("aria-describedby", describedBy);
  const element = el("div", {class: "field"}, el("label", {for: name}, label), control,
    hint && el("p", {id: `${name}-hint`, class: "muted small"}, hint), error);
  return {
    element,
    control,
    fail(text) {
      setText(error, text ?? "");
      if (text) {
        control.setAttribute("aria-invalid", "true");
      } else {
        control.removeAttribute("aria-invalid");
      }
    },
  };
}

function select(label, values, chosen, onchange) {
  const control = el("select", {onchange: () => onchange(control.value)});
  control.append(...values.map(([value, text]) => el("option", {value, selected: value === chosen}, text)));
  return field(label, control);
}

function facts(list) {
  return el("dl", {class: "facts"}, list.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value, wide]) => el("div", {class: wide ? "wide" : null}, el("dt", null, name), el("dd", null, value))));
}

function card(title, ...children) {
  const name = newName("section");
  return el("section", {class: "card", "aria-labelledby": name}, el("h2", {id: name}, title), ...children);
}

function head(title, {mono = false, trail = null, sub = null, actions = null} = {}) {
  return el("div", {class: "head"},
    el("div", null, trail && el("p", {class: "trail"}, trail),
      el("h1", {tabindex: "-1", class: mono ? "mono" : null}, title), sub),
    actions && el("div", {class: "actions"}, actions));
}

// Numbers, times, texts

const whole = new Intl.NumberFormat("en");
const count = n => whole.format(n);
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
const moment = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});

function time(text) {
  return text ? el("time", {datetime: text, title: text}, moment.format(new Date(text))) : null;
}

function duration(milliseconds) {
  if (milliseconds <= 0) {
    return "0 s";
  }
  const seconds = milliseconds / 1000;
  if (seconds < 1) {
    return seconds < 0.001 ? `${Math.round(seconds * 1e6)} µs` : `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min ${Math.floor(seconds % 60)} s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Between two times; their microseconds are more than JavaScript's dates can hold. */
function between(start, end) {
  const milliseconds = Date.parse(end) - Date.parse(start);
  return milliseconds < 1 ? "under 1 ms" : duration(milliseconds);
}

function bytes(n) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let size = n;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return unit === 0 ? plural(n, "byte") : `${size.toFixed(1)} ${units[unit]}`;
}

const cut = (text, most) => text.length > most ? `${text.slice(0, most)}…` : text;

/**
 * Reads JSON. A number that JavaScript would change keeps its digits where the browser can do that; such a number is an
 * object, of which digits() makes a number again.
 */
function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && JSON.rawJSON && context.source !== String(value)
      ? JSON.rawJSON(context.source)
      : value);
}

const digits = value => Number(value?.rawJSON ?? value);

/** Indents JSON without reading its values: numbers keep their digits, and the text may end anywhere. */
function indent(json) {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"?|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  const out = [];
  let depth = 0;
  let length = 0;
  for (let i = 0; i < tokens.length && length < 2 * MOST_TEXT; i++) {
    const token = tokens[i];
    const next = tokens[i + 1];
    let piece = token;
    if (token === "{" || token === "[") {
      if (next === "}" || next === "]") {
        piece += next;
        i++;
      } else {
        piece += `\n${"  ".repeat(++depth)}`;
      }
    } else if (token === "}" || token === "]") {
      piece = `\n${"  ".repeat(--depth)}${token}`;
    } else if (token === ",") {
      piece += `\n${"  ".repeat(depth)}`;
    } else if (token === ":") {
      piece += " ";
    }
    out.push(piece);
    length += piece.length;
  }
  return out.join("");
}

// Talking to the gateway

/** What the gateway refused, as RFC 9457 says it. */
class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `The gateway answered ${status}.`);
    this.status = status;
    this.title = body.title ?? "";
    this.errors = Array.isArray(body.errors) ? body.errors : [];
  }

  static async of(response) {
    const text = await response.text().catch(() => "");
    try {
      return new Problem(response.status, JSON.parse(text));
    } catch {
      return new Problem(response.status, {detail: `The gateway answered ${response.status}. ${cut(text, 200)}`});
    }
  }
}

/** The gateway could not be reached, or the connection to it broke. */
class Unreachable extends Error {
  constructor(cause) {
    super("The gateway does not answer.", {cause});
  }
}

/** Awaits what only the network can make fail. */
async function reached(promise, signal) {
  try {
    return await promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Unreachable(error);
  }
}

/** How far the gateway's clock is ahead, in milliseconds; what is under two seconds may be rounding. */
let ahead = 0;

function noteClock(response) {
  const date = Date.parse(response.headers.get("Date") ?? "");
  const difference = date - Date.now();
  ahead = Math.abs(difference) > 2000 ? difference : 0;
}

const now = () => Date.now() + ahead;

const keys = {
  get: () => sessionStorage.getItem(KEY),
  set(key) {
    sessionStorage.setItem(KEY, key);
    byId("forget").hidden = false;
  },
  forget() {
    sessionStorage.removeItem(KEY);
    byId("forget").hidden = true;
  },
};

let asking = null;

/** Asks for a key once, however many requests wait for it. */
function askForKey(refused) {
  if (keys.get() !== refused) {
    return Promise.resolve();
  }
  asking ??= new Promise((resolve, reject) => {
    const dialog = byId("key-dialog");
    const input = byId("key");
    let given = false;
    const fail = text => {
      setText(byId("key-error"), text);
      input.setAttribute("aria-invalid", Boolean(text));
    };
    input.value = "";
    fail(refused === null ? "" : "The gateway refused the last key.");
    byId("key-form").onsubmit = event => {
      event.preventDefault();
      const key = input.value.trim();
      if (!/^[\x21-\x7e]+$/.test(key)) {
        fail(key ? "A key has only visible ASCII characters." : "Enter a key.");
        input.focus();
        return;
      }
      given = true;
      keys.set(key);
      dialog.close();
    };
    byId("key-cancel").onclick = () => dialog.close();
    dialog.onclose = () => {
      asking = null;
      input.value = "";
      if (given) {
        resolve();
      } else {
        keys.forget();
        reject(new Problem(401, {title: "An API key is needed", detail: "The gateway answers only with an API key."}));
      }
    };
    dialog.showModal();
    input.focus();
  });
  return asking;
}

/** Sends a request, with the key if there is one; asks for one where the gateway wants it. */
async function send(path, {method = "GET", headers = {}, body, signal} = {}) {
  for (;;) {
    const key = keys.get();
    const response = await reached(fetch(path, {
      method,
      body,
      signal,
      cache: "no-store",
      credentials: "same-origin",
      headers: key === null ? headers : {...headers, Authorization: `Bearer ${key}`},
    }), signal);
    noteClock(response);
    if (response.status !== 401) {
      return response;
    }
    await response.body?.cancel();
    await askForKey(key);
    signal?.throwIfAborted();
  }
}

async function ask(path, options) {
  const response = await send(path, options);
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return response.status === 204 ? null : parse(await reached(response.text(), options?.signal));
}

/** The beginning of a text answer, and whether there is more. */
async function beginning(path, options) {
  const response = await send(path, options);
  if (!response.ok) {
    throw await Problem.of(response);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {done, value} = await reached(reader.read(), options?.signal);
    if (done) {
      return {status: response.status, text, more: false};
    }
    text += value;
    if (text.length > MOST_TEXT) {
      await reader.cancel();
      return {status: response.status, text: text.slice(0, MOST_TEXT), more: true};
    }
  }
}

/** Saves an answer as a file: a plain link could not carry the key. */
async function save(path, file, headers = {}) {
  const response = await send(path, {headers});
  if (response.status !== 200) {
    throw response.ok ? new Problem(response.status, {detail: "There is no result yet."}) : await Problem.of(response);
  }
  const url = URL.createObjectURL(await reached(response.blob()));
  el("a", {href: url, download: file}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const callsetPath = id => `/calls/${encodeURIComponent(id)}`;
const callPath = (id, call) => `${callsetPath(id)}/${encodeURIComponent(call)}`;
const jarPath = name => `/jars/${encodeURIComponent(name)}`;

// Time passing

const pause = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  }, {once: true});
});

const visible = signal => new Promise(resolve => {
  if (!document.hidden || signal.aborted) {
    resolve();
    return;
  }
  const look = () => {
    if (!document.hidden || signal.aborted) {
      document.removeEventListener("visibilitychange", look);
      resolve();
    }
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look, {once: true});
});

const backoff = failures => Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);

const passes = error => error instanceof Unreachable || error instanceof Problem
  && [429, 502, 503, 504].includes(error.status);

function offline(error) {
  setText(byId("offline"), error === null
    ? ""
    : `${error.message} Trying again.`);
}

/**
 * Repeats a step while the tab is visible: it gives the milliseconds until the next one, or null to end. What may pass
 * is tried again, later each time.
 */
async function repeat(signal, step) {
  let failures = 0;
  while (!signal.aborted) {
    let delay;
    try {
      delay = await step();
      failures = 0;
      offline(null);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!passes(error)) {
        throw error;
      }
      offline(error);
      delay = backoff(failures++);
    }
    if (delay === null) {
      return;
    }
    await pause(delay, signal);
    await visible(signal);
  }
}

/** A stream's server-sent events (WHATWG HTML, section 9.2.6): {type, data, id}. */
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let id;
  let type = "";
  let data = [];
  try {
    for (;;) {
      const {done, value} = await reached(reader.read());
      if (done) {
        return;
      }
      heard();
      buffer += value;
      const lines = buffer.split(/\r\n|\n|\r(?!\n|$)/);
      buffer = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) {
            yield {type: type || "message", data: data.join("\n"), id};
          }
          type = "";
          data = [];
          continue;
        }
        const [, name, text] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
        if (name === "event") {
          type = text ?? "";
        } else if (name === "data") {
          data.push(text ?? "");
        } else if (name === "id" && !text?.includes("\0")) {
          id = text ?? "";
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * Hears a callset's events until it is done, over as many connections as that takes.
 *
 * @returns whether it was; false: there are no events here
 */
async function follow(id, on, signal) {
  let last;
  let failures = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener("abort", end, {once: true});
    let watch;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(end, SILENCE);
    };
    try {
      heard();
      const response = await send(`${callsetPath(id)}/events`, {
        signal: connection.signal,
        headers: {Accept: "text/event-stream", ...(last === undefined ? {} : {"Last-Event-ID": last})},
      });
      if (response.status === 204) {
        return true;
      }
      if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
        await response.body?.cancel();
        return false;
      }
      offline(null);
      for await (const event of events(response.body, heard)) {
        failures = 0;
        last = event.id ?? last;
        if (event.type === "done") {
          return true;
        }
        on[event.type]?.(parse(event.data));
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof Unreachable) && !connection.signal.aborted) {
        throw error;
      }
    } finally {
      clearTimeout(watch);
      signal.removeEventListener("abort", end);
    }
    if (failures > 0) {
      offline(new Unreachable());
    }
    await pause(backoff(failures++), signal);
    await visible(signal);
  }
  return false;
}

// Parts that several views have

let noticeTimer;

function notice(text) {
  setText(byId("notice"), text);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => setText(byId("notice"), ""), 6000);
}

function problemBox(error, again) {
  return el("div", {class: "problem", role: "alert"}, el("p", null, error.message || String(error)),
    error instanceof Problem && error.errors.length > 0 && el("ul", null, error.errors.map(each =>
      el("li", null, el("code", null, each.pointer || each.parameter || "/"), ` ${each.detail ?? ""}`))),
    again && el("p", {class: "actions"}, el("button", {type: "button", onclick: again},
      error.status === 401 ? "Enter a key" : "Try again")));
}

/** Asks before what cannot be undone. */
function confirmed(title, text, yes) {
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
function actionButton(label, place, action, kind) {
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

function stateLabel(state) {
  const name = STATES.includes(state) ? state : "new";
  return el("span", {class: "state"}, el("span", {class: `dot is-${name}`}), state);
}

const endedOf = states => states.success + states.error + states.cancelled;

const inWords = states => STATES.filter(state => states[state] > 0)
  .map(state => `${count(states[state])} ${state}`).join(", ") || "no calls";

/** A bar with a segment for each state; what has ended is on the left. */
function stateBar(tall) {
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

function tagList(tags, href) {
  return el("div", {class: "tags"}, Object.entries(tags ?? {}).map(([name, value]) =>
    el("a", {class: "tag", href: href(`${name}:${value}`)}, `${name}:${value}`)));
}

/**
 * A paged table that can be read again in place. Rows are kept by key, so that focus and selection stay where they are.
 *
 * @param columns names, and classes of the cells
 * @param row makes {cells, update} for an item; update sets what may have changed
 */
function pagedTable({caption, captionHidden = false, columns, path, key, row, empty, controls, signal}) {
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

// Callsets

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

function overviewHash(filters) {
  const query = new URLSearchParams();
  for (const name of ["state", "executor"]) {
    if (filters[name]) {
      query.set(name, filters[name]);
    }
  }
  filters.tags.forEach(tag => query.append("tag", tag));
  return query.size > 0 ? `#/?${query}` : "#/";
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
        el("div", {class: "sub"}, `${callset.function.jar} · `, el("span", {class: "mono"}, callset.callsetId))),
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

function overview({query, signal}) {
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
  ask("/executors", {signal}).then(executors => {
    const names = new Set(executors.map(each => each.name));
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

async function callsetView({parts: [id], query, signal}) {
  document.title = `Callset ${id} · wren-gateway`;
  const path = callsetPath(id);
  let callset = await ask(path, {signal});
  let state = query.get("state") ?? "";
  const name = callset.function.handler;
  document.title = `${name} · wren-gateway`;

  const place = el("div");
  const bar = stateBar(true);
  const summary = el("p");
  const legend = new Map(STATES.map(each => {
    const number = el("span");
    return [each, {number, element: el("li", null, stateLabel(each), " ", number)}];
  }));
  const ended = el("span");
  const took = el("span");

  const cancel = actionButton("Cancel", place, async () => {
    if (await confirmed("Cancel this callset?", "Calls that have not ended are cancelled for good.", "Cancel calls")) {
      show(await ask(`${path}/cancel`, {method: "POST"}));
      notice("The callset is cancelled.");
      await futures.load();
    }
  });
  const redrive = actionButton("Redrive", place, async () => {
    const again = await ask(`${path}/redrive`, {method: "POST"});
    location.hash = `#/calls/${again.callsetId}`;
    notice(`Calls that failed or were cancelled run again: ${plural(again.size, "call")}.`);
  });
  const remove = actionButton("Delete", place, async () => {
    if (await confirmed("Delete this callset?", `${plural(callset.size, "call")} of ${name}, with results and logs,`
      + " are gone for good; what runs is cancelled.", "Delete")) {
      await ask(path, {method: "DELETE"});
      location.hash = "#/";
      notice("The callset is deleted.");
    }
  }, "danger");
  const json = actionButton("Results as JSON", place,
    () => save(`${path}/results?throwExcept=false&timeout=0`, `${id}.json`));
  const lines = actionButton("Results as NDJSON", place,
    () => save(`${path}/results`, `${id}.ndjson`, {Accept: "application/x-ndjson"}));

  const filter = select("State", [["", "all"], ...STATES.map(each => [each, each])], state, value => {
    state = value;
    history.replaceState(null, "", `#/calls/${id}${state && `?state=${state}`}`);
    futures.load(true).catch(report);
  });
  const futures = pagedTable({
    caption: "Calls",
    signal,
    columns: [{name: "Call"}, {name: "State"}, {name: "Attempts", class: "number"}, {name: "Time", class: "number nowrap"},
      {name: "Result or error", class: "preview"}],
    path: () => `${path}/futures${state && `?state=${encodeURIComponent(state)}`}`,
    key: future => future.callId,
    row: futureRow,
    empty: () => el("p", null, state ? `No call is in the state ${state}.` : "This callset has no calls."),
    controls: el("div", {class: "filters"}, filter.element),
  });

  main.append(
    head(qualified(name), {
      mono: true,
      trail: [el("a", {href: "#/"}, "Callsets"), " › ", el("span", {class: "mono"}, id)],
      actions: [cancel, redrive, remove],
    }), place,
    card("Progress", bar.element, el("div", {class: "card-head"},
      el("ul", {class: "legend"}, [...legend.values()].map(each => each.element)), summary),
    el("div", {class: "actions"}, json, lines)),
    card("Callset", facts([
      ["Jar", callset.function.jar],
      ["Executor", callset.executor],
      ["Calls", count(callset.size)],
      ["Created", time(callset.createdAt)],
      ["Ended", ended],
      ["Duration", took],
      ["Redrive of", callset.redriveOf && el("a", {href: `#/calls/${callset.redriveOf}`, class: "mono"}, callset.redriveOf)],
      ["Reduce of", callset.reduceOf && el("a", {href: `#/calls/${callset.reduceOf}`, class: "mono"}, callset.reduceOf)],
      ["Tags", Object.keys(callset.tags ?? {}).length > 0 ? tagList(callset.tags, tag => overviewHash({tags: [tag]})) : null],
      ["SHA-256 of the jar", el("span", {class: "mono"}, callset.function.sha256), true],
    ])), futures.element);

  function report(error) {
    if (!signal.aborted) {
      futures.trouble.replaceChildren(problemBox(error));
    }
  }

  function tick() {
    setText(took, duration((callset.doneAt ? Date.parse(callset.doneAt) : now()) - Date.parse(callset.createdAt)));
  }

  let told = 0;
  function show(latest) {
    const news = latest.done !== callset.done;
    callset = latest;
    bar.update(latest.states, latest.size);
    for (const [each, part] of legend) {
      setText(part.number, count(latest.states[each]));
      part.element.classList.toggle("zero", latest.states[each] === 0);
    }
    const percent = latest.size === 0 ? 100 : Math.floor(100 * endedOf(latest.states) / latest.size);
    setText(summary, latest.done ? "Done" : `${count(endedOf(latest.states))} of ${count(latest.size)} ended, ${percent}%`);
    ended.replaceChildren(time(latest.doneAt) ?? "not yet");
    cancel.disabled = latest.done;
    redrive.disabled = !latest.done || latest.states.error + latest.states.cancelled === 0;
    redrive.title = latest.done
      ? redrive.disabled ? "All calls have succeeded" : "Run the calls that failed or were cancelled again"
      : "Only when all calls have ended";
    json.disabled = !latest.done;
    json.title = latest.done ? "One array; null for calls that failed" : "Only when all calls have ended";
    lines.disabled = !latest.done;
    lines.title = json.disabled ? "Only when all calls have ended" : "One line a call, with errors";
    tick();
    if (news || !latest.done && Date.now() - told > 10_000) {
      told = Date.now();
      setText(byId("progress-news"), `${latest.done ? "Done" : "Progress"}: ${inWords(latest.states)}.`);
    }
  }

  let reading = false;
  let stale = false;
  /** Reads the calls that are shown again: not more often than polls would, and once more after the last change. */
  async function freshen() {
    stale = true;
    if (reading) {
      return;
    }
    reading = true;
    while (stale && !signal.aborted) {
      stale = false;
      try {
        await futures.load();
      } catch (error) {
        if (!passes(error)) {
          report(error);
        }
      }
      await pause(BUSY_POLL, signal);
      await visible(signal);
    }
    reading = false;
  }

  show(callset);
  await futures.load(true);
  if (callset.done) {
    return;
  }
  const clock = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(clock), {once: true});

  // A stream begins with the callset's first event, so what is older than what is shown is skipped.
  const heard = callset.size <= MOST_EVENTS && await follow(id, {
    progress(states) {
      if (endedOf(states) >= endedOf(callset.states)) {
        show({...callset, states});
        freshen();
      }
    },
    call(future) {
      if (!state) {
        futures.update(future);
      }
    },
  }, signal);
  await repeat(signal, async () => {
    const wait = heard ? 0 : LONG_POLL_SECONDS;
    const begun = Date.now();
    const before = inWords(callset.states);
    // The first polls are short, for a callset that is soon done shows no progress otherwise.
    show(await ask(`${path}?wait=${Math.min(wait, Math.max(1, (now() - Date.parse(callset.createdAt)) / 10_000))}`, {signal}));
    if (inWords(callset.states) !== before) {
      freshen();
    }
    return callset.done ? null : Math.max(0, 500 - (Date.now() - begun));
  });
  clearInterval(clock);
  freshen();
}

function futureRow(future) {
  const state = el("span");
  const attempts = el("span");
  const took = el("span");
  const outcome = el("span", {class: "mono"});
  return {
    cells: [el("a", {class: "mono", href: `#/calls/${future.callsetId}/${future.callId}`}, future.callId), state, attempts,
      took, outcome],
    update(item) {
      if (state.textContent !== item.state) {
        state.replaceChildren(stateLabel(item.state));
      }
      setText(attempts, count(item.attempts));
      setText(took, item.status ? duration(1000 * digits(item.status.execTime)) : "");
      setText(outcome, cut(item.error
        ? `${item.error.code}${item.error.type ? ` ${item.error.type}` : ""}: ${item.error.message ?? ""}`
        : "result" in item ? JSON.stringify(item.result)
          : item.state === "success" ? "more than 64 KiB" : "", MOST_PREVIEW));
    },
  };
}

// One call

async function callView({parts: [id, callId], signal}) {
  document.title = `Call ${callId} · wren-gateway`;
  const path = callPath(id, callId);
  const [callset, first] = await Promise.all([ask(callsetPath(id), {signal}), ask(path, {signal})]);
  const place = el("div");
  const summary = el("div", {class: "contents"});
  const output = el("pre", {tabindex: "0", "aria-label": "Output"});
  const outputNote = el("p", {class: "muted small"});
  const cancel = actionButton("Cancel", place, async () => {
    if (await confirmed("Cancel this call?", "It is cancelled for good.", "Cancel call")) {
      await show(await ask(`${path}/cancel`, {method: "POST"}));
    }
  });
  const index = Number(callId);
  const sibling = (label, at) => at < 0 || at >= callset.size
    ? null
    : el("a", {class: "button", href: `#/calls/${id}/${String(at).padStart(callId.length, "0")}`}, label);
  main.append(head(`Call ${callId}`, {
    trail: [el("a", {href: "#/"}, "Callsets"), " › ",
      el("a", {href: `#/calls/${id}`}, el("span", {class: "mono"}, callset.function.handler))],
    actions: [sibling("Previous", index - 1), sibling("Next", index + 1), cancel],
  }), place, summary, card("Output", output, outputNote));
  let shown = "";

  async function show(future) {
    const isFinal = FINAL.has(future.state);
    cancel.disabled = isFinal;
    const image = JSON.stringify(future);
    if (image !== shown) {
      shown = image;
      summary.replaceChildren(...await futureCards(future, callset, place, signal));
    }
    const logs = await beginning(`${path}/logs`, {signal});
    setText(output, logs.text);
    output.hidden = logs.text === "";
    setText(outputNote, logs.text === "" ? isFinal ? "It wrote nothing." : "Nothing written yet."
      : logs.more ? `Cut after ${count(MOST_TEXT)} characters.` : "");
    return isFinal;
  }

  if (await show(first)) {
    return;
  }
  await repeat(signal, async () => {
    const begun = Date.now();
    const future = await ask(`${path}?wait=2`, {signal});
    const isFinal = await show(future);
    if (isFinal) {
      setText(byId("progress-news"), `The call ended: ${future.state}.`);
    }
    return isFinal ? null : Math.max(0, 500 - (Date.now() - begun));
  });
}

async function futureCards(future, callset, place, signal) {
  const {status, invokeMetadata, error} = future;
  const path = callPath(future.callsetId, future.callId);
  const cards = [card("Call", facts([
    ["State", stateLabel(future.state)],
    ["Attempts", count(future.attempts)],
    ["Executor", invokeMetadata?.executor],
    ["Submitted", time(invokeMetadata?.hostSubmitTime)],
    ["Invoked", time(invokeMetadata?.invokeTime)],
    ["Started", time(status?.startTime)],
    ["Ended", time(status?.endTime)],
    ["Set up in", status && duration(1000 * digits(status.setupTime))],
    ["Ran for", status && duration(1000 * digits(status.execTime))],
    ["Worker", status && el("span", {class: "mono"}, status.workerId)],
    ["Function was loaded already", status && (status.runtimeCached ? "yes" : "no")],
    ["Exit code", status?.exitCode],
    ["Redrive of call", future.redriveOfCallId && callset.redriveOf
      ? el("a", {href: `#/calls/${callset.redriveOf}/${future.redriveOfCallId}`}, future.redriveOfCallId) : null],
    ["Storage path", el("span", {class: "mono"}, future.storagePath), true],
    ["Extra metadata", invokeMetadata?.extraMeta && Object.keys(invokeMetadata.extraMeta).length > 0
      ? el("code", null, JSON.stringify(invokeMetadata.extraMeta)) : null, true],
  ]))];
  if (error) {
    const stack = error.stackTrace;
    cards.push(card("Error", facts([["Code", error.code], ["Type", error.type && el("code", null, error.type)],
      ["Message", cut(error.message ?? "", MOST_TEXT), true]]),
    stack && el("pre", {class: "stack", tabindex: "0", "aria-label": "Stack trace"}, cut(stack, MOST_TEXT))));
  }
  if (future.state === "success") {
    const {text, more} = await beginning(`${path}/result`, {signal});
    const indented = indent(text);
    const isCut = more || indented.length > MOST_TEXT;
    cards.push(card("Result", el("pre", {tabindex: "0", "aria-label": "Result"}, cut(indented, MOST_TEXT)),
      isCut && el("p", {class: "muted small"}, `Cut after ${count(MOST_TEXT)} characters.`),
      el("p", {class: "actions"}, actionButton("Save the result", place,
        () => save(`${path}/result?timeout=0`, `${future.callsetId}-${future.callId}.json`)))));
  }
  if (future.attemptLog?.length > 0) {
    cards.push(attemptTable(future.attemptLog));
  }
  return cards;
}

function attemptTable(attempts) {
  const title = newName("table");
  const names = ["Attempt", "Came to", "Started", "Took", "Error"];
  const row = attempt => [String(attempt.attempt), stateLabel(attempt.state), time(attempt.startTime) ?? "",
    attempt.startTime && attempt.endTime
      ? between(attempt.startTime, attempt.endTime) : "",
    attempt.error ? el("span", {class: "mono"}, cut(`${attempt.error.code}: ${attempt.error.message ?? ""}`, 500)) : ""];
  return el("section", {class: "card table-card", "aria-labelledby": title},
    el("div", {class: "card-head"}, el("h2", {id: title}, "Attempts")),
    el("table", {role: "table", "aria-labelledby": title},
      el("thead", {role: "rowgroup"}, el("tr", {role: "row"}, names.map(name =>
        el("th", {role: "columnheader", scope: "col"}, name)))),
      el("tbody", {role: "rowgroup"}, attempts.map(attempt => el("tr", {role: "row"}, row(attempt).map((cell, i) =>
        el("td", {role: "cell", "data-label": names[i]}, cell)))))));
}

// New map

async function newMap({query, signal}) {
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

// Jars

function jarsView({signal}) {
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

// Executors

function executorsView({signal}) {
  document.title = "Executors · wren-gateway";
  const cards = el("div", {class: "cards"});
  main.append(head("Executors"), cards);
  let shown = "";
  return repeat(signal, async () => {
    const executors = await ask("/executors", {signal});
    const image = JSON.stringify(executors);
    if (image !== shown) {
      shown = image;
      cards.replaceChildren(...executors.map(executor => card(executor.name,
        el("p", {class: executor.ready ? "is-success" : "is-error"}, el("span", {class: "dot"}),
          executor.ready ? "Ready" : `Not ready: ${executor.reason ?? "no reason given"}`),
        facts([["Kind", executor.kind], ...Object.entries(executor.settings ?? {}).map(([name, value]) =>
          [name, Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value)])]))));
      if (executors.length === 0) {
        cards.append(el("p", null, "No executor is configured."));
      }
    }
    return IDLE_POLL;
  });
}

// Routes

const ROUTES = [
  [/^\/$/, overview],
  [/^\/new$/, newMap],
  [/^\/jars$/, jarsView],
  [/^\/executors$/, executorsView],
  [/^\/calls\/([^/]+)$/, callsetView],
  [/^\/calls\/([^/]+)\/([^/]+)$/, callView],
];

let current = null;

function markNavigation() {
  const path = (location.hash.split("?")[0] || "#/").replace(/^#\/calls.*/, "#/");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === path) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

/** A part of the hash as it was before it was encoded; a wrong encoding stands for itself. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function route({focus = true} = {}) {
  current?.abort();
  const control = new AbortController();
  current = control;
  const {signal} = control;
  const [path, search] = (location.hash.slice(1) || "/").split("?", 2);
  const found = ROUTES.map(([pattern, view]) => [pattern.exec(path), view]).find(([match]) => match);
  offline(null);
  setText(byId("progress-news"), "");
  main.replaceChildren();
  markNavigation();
  if (focus) {
    scrollTo(0, 0);
    main.focus({preventScroll: true});
  }
  if (!found) {
    document.title = "Not found · wren-gateway";
    main.append(head("There is no such view"), el("p", null, el("a", {href: "#/"}, "All callsets")));
    return;
  }
  const waiting = setTimeout(() => main.childElementCount === 0 && main.append(el("p", {class: "muted waiting"}, "Loading…")), 300);
  const watch = new MutationObserver(() => {
    const title = main.querySelector("h1");
    if (title) {
      watch.disconnect();
      main.querySelector(".waiting")?.remove();
      if (focus && document.activeElement === main) {
        title.focus({preventScroll: true});
      }
    }
  });
  watch.observe(main, {childList: true});
  try {
    await found[1]({parts: found[0].slice(1).map(decoded), query: new URLSearchParams(search ?? ""), signal});
  } catch (error) {
    if (!signal.aborted) {
      main.querySelector(".waiting")?.remove();
      if (!main.querySelector("h1")) {
        main.prepend(head(error.status === 404 ? "Not here" : "That did not work",
          {trail: el("a", {href: "#/"}, "Callsets")}));
      }
      main.querySelector(".head").after(problemBox(error, error.status === 404 ? null : () => route()));
    }
  } finally {
    clearTimeout(waiting);
  }
}

byId("skip").addEventListener("click", event => {
  event.preventDefault();
  main.focus();
});
byId("forget").hidden = keys.get() === null;
byId("forget").addEventListener("click", () => {
  keys.forget();
  route();
});
addEventListener("hashchange", () => route());
route({focus: false});
