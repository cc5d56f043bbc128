// The dashboard of a server: which view is shown, of what time, and what comes while it is.

import { follow, session } from "./api.js";
import { fill, h, say } from "./dom.js";
import { RANGES } from "./history.js";
import { login } from "./login.js";
import { maps } from "./maps.js";
import { Overview } from "./overview.js";
import { Tenant } from "./tenant.js";

/** How often the page looks where no samples come: those of the server are for tokens for all tenants. */
const LOOK = 15_000;

const main = document.querySelector("main");
const tools = document.querySelector("#tools");
const live = h("p", { class: "live", role: "status" }, "Connecting");

let view = null;
let range = RANGES.find(({ name }) => name === sessionStorage.getItem("dayfly-range")) ?? RANGES[0];
/** Ends what one view, and one session, has going on. */
let viewing = null;
let going = null;

function begin() {
  going = new AbortController();
  const { signal } = going;
  fill(tools, live, ranges(), h("button", { type: "button", onclick: () => leave() }, "Sign out"));
  route();
  listen(signal);
}

function leave(why) {
  session.end();
  maps.end();
  going?.abort();
  close();
  fill(tools);
  login(main, why, begin);
}

function close() {
  viewing?.abort();
  view?.end();
  view = null;
}

/** Shows what the address says: everything, or one tenant. */
function route() {
  if (!session.token) return;
  close();
  viewing = new AbortController();
  const [, tenant] = location.hash.match(/^#\/tenants\/([a-z0-9-]+)$/) ?? [];
  view = tenant ? new Tenant(tenant) : new Overview();
  document.title = tenant ? `${tenant} · Dayfly` : "Dayfly";
  fill(main, view.element);
  view.show(range, viewing.signal);
}

function ranges() {
  return h("fieldset", { class: "ranges" }, h("legend", { class: "hidden" }, "Time shown"), RANGES.map((one) => [
    h("input", { type: "radio", name: "range", id: `range-${one.seconds}`, checked: one === range, onchange: () => {
      range = one;
      sessionStorage.setItem("dayfly-range", one.name);
      view?.show(range, viewing.signal);
    } }),
    h("label", { for: `range-${one.seconds}`, title: one.label }, one.name),
  ]));
}

async function listen(signal) {
  let is_new = true;
  let sampled = 0;
  const state = (name, text) => {
    live.className = `live ${name}`;
    say(live, text);
  };
  const event = (name, data) => {
    if (name === "sample") sampled = Date.now();
    // So much came at once that some was left out.
    if (name === "missed") view?.show(range, viewing.signal);
    view?.[name]?.(data, viewing.signal);
  };
  const opened = () => {
    state("on", "Live");
    // What came while nobody listened.
    if (!is_new) view?.show(range, viewing.signal);
    is_new = false;
  };
  const look = () => {
    if (!document.hidden && Date.now() - sampled > LOOK) view?.show(range, viewing.signal);
  };
  const timer = setInterval(look, LOOK);
  signal.addEventListener("abort", () => clearInterval(timer));
  await follow("/v1/live", { event, opened, closed: () => state("off", "Reconnecting"), signal });
}

// By its address alone it would be another view's.
document.querySelector("#skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
session.ended = (problem) => leave(`You were signed out: ${problem.message}.`);
addEventListener("hashchange", () => {
  route();
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
});

if (session.token) begin();
else login(main, "", begin);
