// Talks to the gateway, with the API key where one is asked for.

import {byId, el, setText} from "./elements.js";
import {cut, MOST_TEXT, parse} from "./format.js";
import {visible} from "./time.js";

const KEY = "wren-api-key";

/** What the gateway refused, as RFC 9457 says it. */
export class Problem extends Error {
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
export class Unreachable extends Error {
  constructor(cause) {
    super("The gateway does not answer.", {cause});
  }
}

/** Awaits what only the network can make fail. */
export async function reached(promise, signal) {
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

export const now = () => Date.now() + ahead;

export const keys = {
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
export async function send(path, {method = "GET", headers = {}, body, signal} = {}) {
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

export async function ask(path, options) {
  const response = await send(path, options);
  if (!response.ok) {
    throw await Problem.of(response);
  }
  return response.status === 204 ? null : parse(await reached(response.text(), options?.signal));
}

/** The beginning of a text answer, and whether there is more. */
export async function beginning(path, options) {
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
export async function save(path, file, headers = {}) {
  const response = await send(path, {headers});
  if (response.status !== 200) {
    throw response.ok ? new Problem(response.status, {detail: "There is no result yet."}) : await Problem.of(response);
  }
  const url = URL.createObjectURL(await reached(response.blob()));
  el("a", {href: url, download: file}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export const callsetPath = id => `/calls/${encodeURIComponent(id)}`;
export const callPath = (id, call) => `${callsetPath(id)}/${encodeURIComponent(call)}`;
export const instancePath = id => `/instances/${encodeURIComponent(id)}`;
export const jarPath = name => `/jars/${encodeURIComponent(name)}`;
