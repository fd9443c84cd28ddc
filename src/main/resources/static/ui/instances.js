// Instances: the machines of pools; launch, see, end.

import {IDLE_POLL} from "./callsets.js";
import {el, field, head, main, setText} from "./elements.js";
import {count, digits, duration, plural, time} from "./format.js";
import {ask, instancePath} from "./gateway.js";
import {actionButton, confirmed, notice, pagedTable, problemBox} from "./parts.js";
import {repeat} from "./repeat.js";

const DOTS = {pending: "new", running: "success", draining: "running", silent: "error", terminated: "cancelled"};

const seconds = value => value === null || value === undefined ? "" : duration(1000 * digits(value));

export async function instancesView({signal}) {
  document.title = "Instances · wren-gateway";
  const place = el("div");
  const list = pagedTable({
    caption: "Machines",
    signal,
    columns: [{name: "State"}, {name: "Machine"}, {name: "Type"}, {name: "Up", class: "number nowrap"},
      {name: "Idle", class: "number nowrap"}, {name: "Ends in", class: "number nowrap"},
      {name: "Running", class: "number"}, {name: "Calls", class: "number"}, {name: "", class: "nowrap"}],
    path: () => "/instances",
    key: instance => `${instance.executor} ${instance.id}`,
    row: instance => machineRow(instance, place, () => list.load()),
    empty: () => el("p", null, "No machine. Launch some here, or have one join by itself:"
      + " java -jar wren-worker.jar standalone --queue-url URL."),
  });
  const endAll = actionButton("End all", place, async () => {
    if (await confirmed("End all instances?", "They take no more calls, run those that they have to their end or give"
      + " them back, and are gone. Machines that have joined by themselves stay.", "End all")) {
      const ended = await ask("/instances", {method: "DELETE"});
      notice(`${plural(ended.items.length, "instance")} will end.`);
      await list.load();
    }
  }, "danger");
  const executors = (await ask("/executors", {signal})).items.filter(each => each.kind === "standalone");
  main.append(head("Instances", {actions: executors.length > 0 && endAll}), place,
    executors.length > 0
      ? launchForm(executors, () => list.load())
      : el("p", {class: "muted"}, "No pool is configured: it is there once a setting of wren.executors.standalone is."),
    list.element);
  return repeat(signal, async () => {
    await list.load();
    return IDLE_POLL;
  });
}

function machineRow(first, place, changed) {
  const dot = el("span", {class: "dot"});
  const state = el("span");
  const [up, idle, endsIn, running, calls] = [0, 1, 2, 3, 4].map(() => el("span"));
  const end = actionButton("End", place, async () => {
    if (await confirmed(`End ${first.id}?`, "It takes no more calls, runs those that it has to their end or gives them"
      + " back, and is gone.", "End")) {
      await ask(instancePath(first.id), {method: "DELETE"});
      notice(`The instance ${first.id} will end.`);
      await changed();
    }
  }, "danger");
  end.setAttribute("aria-label", `End ${first.id}`);
  return {
    cells: [
      el("span", {class: "state"}, dot, state),
      el("div", null, el("span", {class: "mono"}, first.id),
        el("p", {class: "muted small"}, [first.name !== first.id && first.name, first.executor,
          first.publicDnsName].filter(Boolean).join(" · "), " · since ", time(first.launchedAt))),
      el("span", null, first.instanceType, first.spot && el("span", {class: "tag"}, "spot")),
      up, idle, endsIn, running, calls, end,
    ],
    update(instance) {
      dot.className = `dot is-${DOTS[instance.state] ?? "new"}`;
      setText(state, instance.state);
      setText(up, instance.state === "terminated" ? "" : seconds(instance.uptime));
      setText(idle, seconds(instance.idle));
      setText(endsIn, seconds(instance.endsIn));
      setText(running, count(digits(instance.running)));
      setText(calls, count(digits(instance.calls)));
      end.hidden = instance.state === "terminated" || !instance.id.startsWith("i-");
    },
  };
}

function launchForm(executors, changed) {
  const executor = field("Pool", el("select", null, executors.map(each => el("option", {value: each.name}, each.name))));
  const number = field("Number", el("input", {type: "number", min: "1", max: "10000", value: "1", required: true}));
  const type = field("Type", el("input", {autocomplete: "off", spellcheck: "false",
    placeholder: String(executors[0].settings?.instanceType ?? "")}));
  const price = field("Spot price", el("input", {inputmode: "decimal", autocomplete: "off", placeholder: "on demand"}));
  const idle = field("Idle, seconds", el("input", {inputmode: "numeric", autocomplete: "off",
    placeholder: String(executors[0].settings?.maxIdleTime ?? "")}));
  const byPointer = {"/number": number, "/instanceType": type, "/spotPrice": price, "/maxIdleTime": idle};
  const trouble = el("div");
  const submit = el("button", {type: "submit", class: "primary"}, "Launch");
  // Sent again after a failure of the network, the same form launches nothing twice.
  let idempotencyKey = null;
  return el("form", {class: "card", novalidate: true, "aria-label": "Launch instances", oninput: () => {
    idempotencyKey = null;
  }, onsubmit: async event => {
    event.preventDefault();
    if (submit.disabled) {
      return;
    }
    trouble.replaceChildren();
    Object.values(byPointer).forEach(each => each.fail(null));
    const numeric = each => each.control.value.trim() === "" ? undefined : Number(each.control.value);
    const body = JSON.stringify({number: numeric(number), instanceType: type.control.value.trim() || undefined,
      spotPrice: numeric(price), maxIdleTime: numeric(idle)});
    submit.disabled = true;
    idempotencyKey ??= [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, "0")).join("");
    try {
      const launched = await ask(`/instances?${new URLSearchParams({executor: executor.control.value})}`,
        {method: "POST", body, headers: {"Content-Type": "application/json", "Idempotency-Key": idempotencyKey}});
      notice(`${plural(launched.items.length, "instance")} launched.`);
      idempotencyKey = null;
      await changed();
    } catch (error) {
      const fields = (error.errors ?? []).filter(each => byPointer[each.pointer]);
      fields.forEach(each => byPointer[each.pointer].fail(each.detail));
      if (fields.length === 0) {
        trouble.replaceChildren(problemBox(error));
      }
    } finally {
      submit.disabled = false;
    }
  }}, el("div", {class: "fields"}, executors.length > 1 && executor.element, number.element, type.element,
    price.element, idle.element, submit), trouble);
}
