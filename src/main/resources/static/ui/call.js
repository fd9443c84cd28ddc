// One call.

import {byId, card, el, facts, head, main, names, newName, setText} from "./elements.js";
import {between, count, cut, digits, duration, indent, MOST_TEXT, time} from "./format.js";
import {ask, beginning, callPath, callsetPath, save} from "./gateway.js";
import {actionButton, confirmed, stateLabel} from "./parts.js";
import {repeat} from "./repeat.js";

const FINAL = new Set(["success", "error", "cancelled"]);

export async function callView({parts: [id, callId], signal}) {
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
