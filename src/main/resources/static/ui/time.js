// Things that are done again and again while a view is shown.

import {byId, setText} from "./elements.js";
import {Problem, Unreachable} from "./gateway.js";

export const pause = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  }, {once: true});
});

export const visible = signal => new Promise(resolve => {
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

export const backoff = failures => Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);

export const passes = error => error instanceof Unreachable || error instanceof Problem
  && [429, 502, 503, 504].includes(error.status);

export function offline(error) {
  setText(byId("offline"), error === null
    ? ""
    : `${error.message} Trying again.`);
}

/**
 * Repeats a step while the tab is visible: it gives the milliseconds until the next one, or null to end. What may pass
 * is tried again, later each time.
 */
export async function repeat(signal, step) {
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
