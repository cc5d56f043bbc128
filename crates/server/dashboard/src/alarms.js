// Alarms: those that are active, and those that were, each with what to do about it.

import { get } from "./api.js";
import { fill, h, say } from "./dom.js";
import { count, of, time } from "./format.js";
import { markdown } from "./markdown.js";

/** Where many come at once, how long is waited for the others before the server is asked. */
const SOON = 250;

/** How many are shown at once. The others are beneath them in a list of their own, so that keys do not go through hundreds. */
const SHOWN = 10;

export class Alarms {
  constructor(counted, tenant = null) {
    Object.assign(this, { counted, tenant });
    this.said = h("p", { class: "hidden", role: "status" });
    this.active = h("div", { class: "alarms" });
    this.history = h("tbody");
    this.past = h("details", { class: "figures" }, h("summary", {}, "History"),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Alarms that were" },
        h("table", {}, h("thead", {}, h("tr", {}, ["Alarm", "Tenant", "Fired", "Resolved", "Value"].map((name) => h("th", { scope: "col" }, name)))), this.history)));
    this.element = h("section", { class: "panel", id: "alarms", "aria-labelledby": "alarms-title" },
      h("h2", { id: "alarms-title" }, "Alarms"), this.said, this.active, this.past);
  }

  /** Shows them soon, once for all that change meanwhile. */
  soon(signal) {
    this.waiting ??= setTimeout(() => {
      this.waiting = null;
      if (!signal?.aborted) this.show(signal);
    }, SOON);
  }

  async show(signal) {
    // What was asked for last is shown, whatever comes last.
    const turn = (this.asked = (this.asked ?? 0) + 1);
    try {
      const { active, history, thresholds } = await get("/v1/alarms", { signal });
      if (turn === this.asked) this.draw(this.mine(active), this.mine(history), thresholds);
    } catch (error) {
      if (!signal?.aborted && turn === this.asked) fill(this.active, h("p", { class: "wrong" }, `The alarms cannot be had: ${error.message}`));
    }
  }

  mine(alarms) {
    return this.tenant ? alarms.filter(({ tenant }) => tenant === this.tenant) : alarms;
  }

  draw(active, history, thresholds) {
    const opened = new Set([...this.active.querySelectorAll("details[open]")].map((details) => details.dataset.alarm));
    const cards = active.toSorted((one, other) => weight(other) - weight(one)).map((alarm) => card(alarm, opened));
    const others = cards.splice(SHOWN);
    fill(this.active, cards.length ? cards : h("p", { class: "note" }, "None is active."), others.length ? h("details", { class: "figures", "data-alarm": "others", open: opened.has("others") },
      h("summary", {}, `${count(others.length)} more`), h("div", { class: "alarms" }, others)) : null);
    fill(this.history, history.map((alarm) => h("tr", {},
      h("th", { scope: "row" }, alarm.name), h("td", {}, alarm.tenant ?? "–"), h("td", {}, time(alarm.fired_at ?? alarm.since)),
      h("td", {}, time(alarm.resolved_at)), h("td", {}, of(alarm.unit, alarm.value)))));
    say(this.past.firstChild, `History (${count(history.length)})`);
    const firing = active.filter(({ state }) => state === "firing");
    say(this.said, firing.length ? `${firing.length} firing: ${firing.map(({ summary }) => summary).join("; ")}` : "");
    this.counted?.(active, thresholds);
  }
}

/** What is worst comes first. */
const weight = ({ state, severity }) => (state === "firing" ? 2 : 0) + (severity === "critical" ? 1 : 0);

function card(alarm, opened) {
  const { name, severity, tenant, state, since, value, threshold, unit, summary, runbook } = alarm;
  const id = `${name} ${tenant ?? ""}`;
  return h("article", { class: `alarm ${severity} ${state}` },
    h("h3", {}, h("span", { class: "badge" }, `${severity}, ${state}`), " ", summary),
    h("p", { class: "note" }, h("code", {}, name), tenant ? [" · ", h("a", { href: `#/tenants/${tenant}` }, tenant)] : null,
      ` · since ${time(since)} · ${of(unit, value)}, threshold ${of(unit, threshold)}`),
    runbook ? h("details", { "data-alarm": id, open: opened.has(id) }, h("summary", {}, "What to do"), h("div", { class: "runbook" }, markdown(runbook))) : null);
}
