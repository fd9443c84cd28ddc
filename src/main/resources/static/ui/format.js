// Numbers, times and texts, as people read them.

import {el} from "./elements.js";

/** Characters of a result, log or stack trace that are shown. */
export const MOST_TEXT = 200_000;

const whole = new Intl.NumberFormat("en");
export const count = n => whole.format(n);
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
const moment = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});

export function time(text) {
  return text ? el("time", {datetime: text, title: text}, moment.format(new Date(text))) : null;
}

export function duration(milliseconds) {
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
export function between(start, end) {
  const milliseconds = Date.parse(end) - Date.parse(start);
  return milliseconds < 1 ? "under 1 ms" : duration(milliseconds);
}

export function bytes(n) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let size = n;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return unit === 0 ? plural(n, "byte") : `${size.toFixed(1)} ${units[unit]}`;
}

export const cut = (text, most) => text.length > most ? `${text.slice(0, most)}…` : text;

/**
 * Reads JSON. A number that JavaScript would change keeps its digits where the browser can do that; such a number is an
 * object, of which digits() makes a number again.
 */
export function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && JSON.rawJSON && context.source !== String(value)
      ? JSON.rawJSON(context.source)
      : value);
}

export const digits = value => Number(value?.rawJSON ?? value);

/** Indents JSON without reading its values: numbers keep their digits, and the text may end anywhere. */
export function indent(json) {
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
