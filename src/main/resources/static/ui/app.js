// The gateway's web page: a view for each route, over the same HTTP API that anybody else calls.
// Whatever comes from the server is put into the page as text, never as HTML.

import {callView} from "./call.js";
import {callsetView} from "./callset.js";
import {overview} from "./callsets.js";
import {byId, el, head, main, setText} from "./elements.js";
import {executorsView} from "./executors.js";
import {keys} from "./gateway.js";
import {instancesView} from "./instances.js";
import {jarsView} from "./jars.js";
import {newMap} from "./new-map.js";
import {markNavigation, problemBox} from "./parts.js";
import {offline} from "./repeat.js";

const ROUTES = [
  [/^\/$/, overview],
  [/^\/new$/, newMap],
  [/^\/jars$/, jarsView],
  [/^\/executors$/, executorsView],
  [/^\/instances$/, instancesView],
  [/^\/calls\/([^/]+)$/, callsetView],
  [/^\/calls\/([^/]+)\/([^/]+)$/, callView],
];

let current = null;

/** A part of the hash as it was before it was encoded; a wrong encoding is left as it is. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function route({focus = true} = {}) {
  current?.abort();
  const control = new AbortController();
  current = control;
  const {signal} = control;
  const [path, search] = (location.hash.slice(1) || "/").split("?", 2);
  const found = ROUTES.map(([pattern, view]) => [pattern.exec(path), view]).find(([match]) => match);
  offline(null);
  setText(byId("progress-news"), "");
  main.replaceChildren();
  markNavigation();
  if (focus) {
    scrollTo(0, 0);
    main.focus({preventScroll: true});
  }
  if (!found) {
    document.title = "Not found · wren-gateway";
    main.append(head("There is no such view"), el("p", null, el("a", {href: "#/"}, "All callsets")));
    return;
  }
  const waiting = setTimeout(() => main.childElementCount === 0 && main.append(el("p", {class: "muted waiting"}, "Loading…")), 300);
  const watch = new MutationObserver(() => {
    const title = main.querySelector("h1");
    if (title) {
      watch.disconnect();
      main.querySelector(".waiting")?.remove();
      if (focus && document.activeElement === main) {
        title.focus({preventScroll: true});
      }
    }
  });
  watch.observe(main, {childList: true});
  try {
    await found[1]({parts: found[0].slice(1).map(decoded), query: new URLSearchParams(search ?? ""), signal});
  } catch (error) {
    if (!signal.aborted) {
      main.querySelector(".waiting")?.remove();
      if (!main.querySelector("h1")) {
        main.prepend(head(error.status === 404 ? "Not here" : "That did not work",
          {trail: el("a", {href: "#/"}, "Callsets")}));
      }
      main.querySelector(".head").after(problemBox(error, error.status === 404 ? null : () => route()));
    }
  } finally {
    clearTimeout(waiting);
  }
}

byId("skip").addEventListener("click", event => {
  event.preventDefault();
  main.focus();
});
byId("forget").hidden = keys.get() === null;
byId("forget").addEventListener("click", () => {
  keys.forget();
  route();
});
addEventListener("hashchange", () => route());
route({focus: false});
