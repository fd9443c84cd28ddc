// Things that are done again and again while a view is shown.

import {byId, setText} from "./elements.js";
import {Problem, Unreachable} from "./gateway.js";
import {backoff, pause, visible} from "./time.js";

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
