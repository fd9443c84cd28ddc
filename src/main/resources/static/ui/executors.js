// The executors.

import {IDLE_POLL} from "./callsets.js";
import {card, el, facts, head, main} from "./elements.js";
import {ask} from "./gateway.js";
import {repeat} from "./repeat.js";

export function executorsView({signal}) {
  document.title = "Executors · wren-gateway";
  const cards = el("div", {class: "cards"});
  main.append(head("Executors"), cards);
  let shown = "";
  return repeat(signal, async () => {
    const executors = (await ask("/executors", {signal})).items;
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
