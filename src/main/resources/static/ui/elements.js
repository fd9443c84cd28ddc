// Elements of the page.

export const byId = id => document.getElementById(id);
export const main = byId("main");

/** Makes an element; attributes that are null or false are left out, "onclick" and the like are listeners. */
export function el(tag, attributes, ...children) {
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
export function qualified(name) {
  return name.split(/(?<=[.$:])(?=[^.$:])/).flatMap((part, i) => i === 0 ? [part] : [el("wbr"), part]);
}

/** Changes a text only where it differs, so that selections and screen readers are left in peace. */
export function setText(node, text) {
  if (node.textContent !== String(text)) {
    node.textContent = text;
  }
}

export let names = 0;
export const newName = prefix => `${prefix}-${++names}`;

export function field(label, control, hint) {
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

export function select(label, values, chosen, onchange) {
  const control = el("select", {onchange: () => onchange(control.value)});
  control.append(...values.map(([value, text]) => el("option", {value, selected: value === chosen}, text)));
  return field(label, control);
}

export function facts(list) {
  return el("dl", {class: "facts"}, list.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value, wide]) => el("div", {class: wide ? "wide" : null}, el("dt", null, name), el("dd", null, value))));
}

export function card(title, ...children) {
  const name = newName("section");
  return el("section", {class: "card", "aria-labelledby": name}, el("h2", {id: name}, title), ...children);
}

export function head(title, {mono = false, trail = null, sub = null, actions = null} = {}) {
  return el("div", {class: "head"},
    el("div", null, trail && el("p", {class: "trail"}, trail),
      el("h1", {tabindex: "-1", class: mono ? "mono" : null}, title), sub),
    actions && el("div", {class: "actions"}, actions));
}
