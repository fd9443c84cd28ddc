// One callset.

import {BUSY_POLL, overviewHash} from "./callsets.js";
import {byId, card, el, facts, head, main, qualified, select, setText} from "./elements.js";
import {follow} from "./events.js";
import {count, cut, digits, duration, plural, time} from "./format.js";
import {ask, callsetPath, now, save} from "./gateway.js";
import {
    actionButton, confirmed, endedOf, inWords, notice, pagedTable, problemBox, stateBar, stateLabel, STATES, tagList
} from "./parts.js";
import {passes, repeat} from "./repeat.js";
import {pause, visible} from "./time.js";

const LONG_POLL_SECONDS = 5;
/** Callsets with more calls are polled: their events, from the first on, would be more than the page can use. */
const MOST_EVENTS = 10_000;
const MOST_PREVIEW = 160;

export async function callsetView({parts: [id], query, signal}) {
  document.title = `Callset ${id} · wren-gateway`;
  const path = callsetPath(id);
  let callset = await ask(path, {signal});
  let state = query.get("state") ?? "";
  const name = callset.function.handler;
  const jars = callset.function.jars;
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
      ["Jar", jars ? null : callset.function.jar],
      ["Executor", callset.executor],
      ["Calls", count(callset.size)],
      ["Created", time(callset.createdAt)],
      ["Ended", ended],
      ["Duration", took],
      ["Redrive of", callset.redriveOf && el("a", {href: `#/calls/${callset.redriveOf}`, class: "mono"}, callset.redriveOf)],
      ["Reduce of", callset.reduceOf && el("a", {href: `#/calls/${callset.reduceOf}`, class: "mono"}, callset.reduceOf)],
      ["Tags", Object.keys(callset.tags ?? {}).length > 0 ? tagList(callset.tags, tag => overviewHash({tags: [tag]})) : null],
      ["SHA-256 of the jar", jars ? null : el("span", {class: "mono"}, callset.function.sha256), true],
      ["Class path", jars && el("div", null, ...jars.map(each => el("div", {class: "mono"},
        each.jar === `sha256:${each.sha256}` ? each.jar : `${each.jar} (sha256:${each.sha256})`))), true],
      ["Arguments", callset.function.arguments && el("span", {class: "mono"}, JSON.stringify(callset.function.arguments)), true],
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
