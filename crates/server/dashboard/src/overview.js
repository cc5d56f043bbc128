// The server as a whole: memory over time, renders, latency, alarms, tenants.

import { Alarms } from "./alarms.js";
import { get, query } from "./api.js";
import { Chart } from "./chart.js";
import { fill, h, say } from "./dom.js";
import { bytes, count, microseconds, rate, ratio, time } from "./format.js";
import { Tenants } from "./tenants.js";
import { append, last, wanted } from "./history.js";

/** Marks in the list beside the chart. */
const MARKS = 8;

const KINDS = { start: "Start", deploy: "Deploy", rollback: "Rollback", reload: "Reload", alarm: "Alarm", resolved: "Resolved" };

export class Overview {
  constructor() {
    this.tiles = {
      memory: tile("Memory"), renders: tile("Renders"), p99: tile("Latency, p99"), failures: tile("Failures"), alarms: tile("Alarms"),
    };
    this.meter = h("meter", { min: "0", max: "1", optimum: "0", "aria-label": "Share of the memory limit in use" });
    this.tiles.memory.element.append(this.meter);
    this.memory = new Chart({
      title: "Memory over time", unit: bytes, binary: true, limited: true, height: 260,
      series: [
        { key: "resident_bytes", label: "Resident", colour: "grey" },
        { key: "memory_bytes", label: "In use", colour: "blue", area: true },
        { key: "memory_trough_bytes", label: "Trough, 15 min", colour: "amber", line: "dotted" },
        { key: "memory_limit_bytes", label: "Limit", colour: "red", line: "dashed" },
      ],
    });
    this.rates = outcomes("Renders and outcomes");
    this.latency = new Chart({
      title: "Latency", unit: microseconds,
      series: [
        { key: "p50_us", label: "p50", colour: "teal" },
        { key: "p90_us", label: "p90", colour: "blue", line: "dashed" },
        { key: "p99_us", label: "p99", colour: "purple" },
      ],
    });
    this.load = new Chart({
      title: "Renders at once", unit: count,
      series: [{ key: "live", label: "Live", colour: "teal" }, { key: "waiting", label: "Waiting", colour: "amber", line: "dashed" }],
    });
    this.charts = [this.memory, this.rates, this.latency, this.load];
    this.happened = h("ol", { class: "marks" });
    this.refused = h("p", { class: "panel wrong", hidden: true });
    this.alarms = new Alarms((active, { memory_high, memory_critical }) => {
      this.count_alarms(active);
      Object.assign(this.meter, { low: memory_high, high: memory_critical });
    });
    this.tenants = new Tenants();
    this.server = h("div", { class: "stack" },
      h("div", { class: "tiles" }, Object.values(this.tiles).map(({ element }) => element)),
      h("section", { class: "panel wide" }, this.memory.element, h("h3", { class: "small" }, "What happened"), this.happened),
      h("div", { class: "columns three" }, [this.rates, this.latency, this.load].map((chart) => h("section", { class: "panel" }, chart.element))));
    this.element = h("div", { class: "stack" }, h("h1", { class: "hidden" }, "Overview"), this.refused, this.server, this.alarms.element, this.tenants.element);
  }

  async show(range, signal) {
    this.range = range;
    await Promise.all([this.history(signal), this.alarms.show(signal), this.tenants.show(signal)]);
  }

  async history(signal) {
    const { range } = this;
    let data;
    try {
      data = await get(query("/v1/history", wanted(range)), { signal });
    } catch (error) {
      if (signal?.aborted || range !== this.range) return;
      // A token for some tenants sees these, and not the server's figures.
      fill(this.refused, error.status === 403 ? "The server’s own figures need a token for all tenants; those of this token’s tenants are below." : `The history cannot be had: ${error.message}`);
      this.refused.hidden = false;
      this.server.hidden = error.status === 403;
      return;
    }
    // Another time is wanted by now.
    if (range !== this.range) return;
    this.data = data;
    this.refused.hidden = true;
    this.server.hidden = false;
    this.fetched = Date.now();
    this.draw();
  }

  draw() {
    const { data } = this;
    this.charts.forEach((chart) => chart.show(data, data.marks));
    const marks = data.marks.slice(-MARKS).reverse();
    fill(this.happened, marks.length ? marks.map(({ at, kind, text }) => h("li", {},
      h("span", { class: `mark ${kind}` }, KINDS[kind] ?? kind), h("time", { datetime: new Date(at * 1_000).toISOString() }, time(at)), h("span", { class: "text" }, text)))
      : h("li", { class: "note" }, "Nothing in this time."));
    const keys = ["memory_bytes", "memory_limit_bytes", "renders", "failures", "p99_us", "p50_us", "live", "waiting"];
    this.now(Object.fromEntries(keys.map((key) => [key, last(data, key)])));
  }

  now({ memory_bytes, memory_limit_bytes, renders, failures, p50_us, p99_us, live, waiting }) {
    const share = memory_bytes / memory_limit_bytes;
    this.tiles.memory.set(bytes(memory_bytes), `${ratio(share)} of ${bytes(memory_limit_bytes)}`);
    this.meter.value = Number.isFinite(share) ? share : 0;
    this.tiles.renders.set(rate(renders), `${count(live)} live, ${count(waiting)} waiting`);
    this.tiles.p99.set(microseconds(p99_us), `p50 ${microseconds(p50_us)}`);
    this.tiles.failures.set(rate(failures), renders > 0 ? `${ratio(failures / renders)} of renders` : "");
  }

  count_alarms(active) {
    const firing = active.filter(({ state }) => state === "firing");
    const worst = firing.some(({ severity }) => severity === "critical") ? "critical" : firing.length ? "warning" : "";
    this.tiles.alarms.element.className = `tile ${worst}`;
    const oldest = firing.reduce((least, { since }) => Math.min(least, since), Infinity);
    this.tiles.alarms.set(firing.length ? `${count(firing.length)} firing` : "None", firing.length ? `since ${time(oldest)}` : `${count(active.length)} pending`);
  }

  sample(sample, signal) {
    this.tenants.refresh(signal);
    const gap = sample.time - this.sampled;
    this.sampled = sample.time;
    if (!this.data) return;
    if (append(this.data, sample, this.range, gap)) this.draw();
    else if (Date.now() - this.fetched > this.data.step * 1_000) this.history(signal);
    else this.now(sample);
  }

  alarm(_, signal) {
    this.alarms.soon(signal);
  }

  mark(mark) {
    if (!this.data) return;
    this.data.marks.push(mark);
    // Hundreds may come at once.
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.draw();
    });
  }

  end() {
    cancelAnimationFrame(this.drawing);
    this.charts.forEach((chart) => chart.end());
  }
}

/** What came of requests, over time. */
export const outcomes = (title) => new Chart({
  title, unit: rate,
  series: [
    { key: "renders", label: "Renders", colour: "teal", area: true },
    { key: "failures", label: "Failures", colour: "red", line: "dashed" },
    { key: "limit_hits", label: "Limit hits", colour: "amber", line: "dotted" },
    { key: "refused", label: "Refused", colour: "purple", line: "dashed" },
  ],
});

/** A number that is to be seen first. */
export function tile(label) {
  const [value, more] = [h("p", { class: "value" }, "–"), h("p", { class: "note" })];
  const element = h("section", { class: "tile" }, h("h2", {}, label), value, more);
  return { element, set: (text, note = "") => (say(value, text), say(more, note)) };
}

