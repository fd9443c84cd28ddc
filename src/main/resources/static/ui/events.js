// A callset's server-sent events.

import {parse} from "./format.js";
import {callsetPath, reached, send, Unreachable} from "./gateway.js";
import {offline} from "./repeat.js";
import {backoff, pause, visible} from "./time.js";

/** Milliseconds without a byte, heartbeats included, after which a stream of events is taken for dead. */
const SILENCE = 60_000;

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
export async function follow(id, on, signal) {
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
