// One tenant: its figures, limits and deployments, what it does now, what failed and where, and what the lab says of its bundle.

import { Alarms } from "./alarms.js";
import { get, query } from "./api.js";
import { Chart } from "./chart.js";
import { fill, h, say } from "./dom.js";
import { bytes, count, cpu, microseconds, ratio, rate, seconds, short, time } from "./format.js";
import { last, wanted } from "./history.js";
import { outcomes, tile } from "./overview.js";
import { Requests } from "./requests.js";

/** How a limit is called, and how its number is written. */
const LIMITS = {
  memory_bytes: ["Memory", bytes], cpu_ms: ["CPU time", (ms) => seconds(ms / 1_000)], wall_ms: ["Time on the clock", (ms) => seconds(ms / 1_000)],
  js_stack_bytes: ["Stack of JavaScript", bytes], page_bytes: ["Page", bytes], request_bytes: ["Request", bytes], headers_bytes: ["Headers", bytes],
  console_lines: ["Console lines", count], console_bytes: ["Console text", bytes], fetches: ["Calls", count],
  fetch_time_ms: ["Time of a call", (ms) => seconds(ms / 1_000)], fetch_request_bytes: ["Sent by calls", bytes],
  fetch_response_bytes: ["Got by calls", bytes], concurrent: ["Renders at once", count], rate: ["Requests a second", count],
};

const VERDICTS = { growing: "it grows", bounded: "it grows up to a bound", clean: "it leaves nothing" };

export class Tenant {
  constructor(name) {
    this.name = name;
    this.path = `/v1/tenants/${encodeURIComponent(name)}`;
    this.tiles = { memory: tile("Peak memory"), requests: tile("Requests"), p99: tile("Latency, p99"), failures: tile("Failures"), cpu: tile("CPU") };
    this.memory = new Chart({
      title: "Peak memory of a render", unit: bytes, binary: true, limited: true,
      series: [
        { key: "peak_memory_bytes", label: "Peak", colour: "blue", area: true },
        { key: "memory_limit_bytes", label: "Limit", colour: "red", line: "dashed" },
      ],
    });
    this.stairs = new Chart({
      title: "The lab’s staircase of this bundle", unit: bytes, binary: true, stepped: true, x: { key: "runs", label: "Run", unit: count },
      series: [{ key: "bytes", label: "Live bytes", colour: "amber", area: true }],
    });
    this.rates = outcomes("Requests and outcomes");
    this.latency = new Chart({
      title: "Latency", unit: microseconds,
      series: [{ key: "p50_us", label: "p50", colour: "teal" }, { key: "p99_us", label: "p99", colour: "purple" }],
    });
    this.processor = new Chart({ title: "CPU, of one processor", unit: cpu, series: [{ key: "cpu_ms", label: "CPU", colour: "blue", area: true }] });
    this.charts = [this.memory, this.rates, this.latency, this.processor];
    this.verdict = h("p", { class: "note" }, "Asking …");
    this.state = h("p", { class: "note" });
    this.limits = h("dl", { class: "limits" });
    this.deployments = h("ol", { class: "marks" });
    this.requests = new Requests(name);
    this.alarms = new Alarms(null, name);
    const panel = (...children) => h("section", { class: "panel" }, ...children);
    this.wrong = h("p", { class: "panel wrong", role: "alert", hidden: true });
    this.element = h("div", { class: "stack" },
      h("div", { class: "bar" }, h("h1", { tabindex: "-1" }, name), this.state, h("a", { class: "back", href: "#/" }, "All tenants")),
      this.wrong,
      h("div", { class: "tiles" }, Object.values(this.tiles).map(({ element }) => element)),
      h("div", { class: "columns" }, panel(this.memory.element), panel(this.stairs.element, this.verdict)),
      h("div", { class: "columns three" }, panel(this.rates.element), panel(this.latency.element), panel(this.processor.element)),
      this.alarms.element,
      this.requests.failures, h("div", { class: "columns" }, this.requests.console, this.requests.receipts),
      h("div", { class: "columns" }, panel(h("h2", {}, "Limits"), this.limits), panel(h("h2", {}, "Deployments"), this.deployments)));
  }

  async show(range, signal) {
    this.range = range;
    if (!this.signal) this.requests.follow(signal);
    this.signal = signal;
    await Promise.all([this.history(signal), this.facts(signal), this.staircase(signal), this.alarms.show(signal)]);
  }

  async history(signal) {
    const { range } = this;
    try {
      const data = await get(query(`${this.path}/history`, wanted(range)), { signal });
      // Another time is wanted by now.
      if (range !== this.range) return;
      this.fetched = Date.now();
      this.step = data.step;
      this.charts.forEach((chart) => chart.show(data, data.marks));
      this.tiles.memory.set(bytes(last(data, "peak_memory_bytes")), `${ratio(last(data, "peak_memory_bytes") / last(data, "memory_limit_bytes"))} of ${bytes(last(data, "memory_limit_bytes"))}`);
      this.tiles.requests.set(rate(last(data, "renders")), `${rate(last(data, "refused"))} refused`);
      this.tiles.p99.set(microseconds(last(data, "p99_us")), `p50 ${microseconds(last(data, "p50_us"))}`);
      this.tiles.failures.set(rate(last(data, "failures")), `${rate(last(data, "limit_hits"))} at a limit`);
      this.tiles.cpu.set(cpu(last(data, "cpu_ms")), "of one processor");
      this.wrong.hidden = true;
    } catch (error) {
      if (range === this.range) this.failed(error, signal);
    }
  }

  async facts(signal) {
    try {
      const [tenant, { deployments }] = await Promise.all([get(this.path, { signal }), get(`${this.path}/deployments`, { signal })]);
      say(this.state, [tenant.suspended ? "suspended" : tenant.active ? `serves ${short(tenant.active.digest)}` : "has no app", tenant.routes.join(", ")].join(" · "));
      this.requests.serves(tenant.active?.digest);
      fill(this.limits, Object.entries(tenant.limits).map(([key, value]) => {
        const [name, write] = LIMITS[key] ?? [key, String];
        return h("div", {}, h("dt", {}, name), h("dd", {}, write(value)));
      }));
      fill(this.deployments, deployments.slice(0, 20).map(({ digest, active, at, by, how, source, bytes: size }) => h("li", {},
        h("span", { class: active ? "mark resolved" : "mark" }, active ? "active" : how),
        h("time", { datetime: at }, time(Date.parse(at) / 1_000)),
        h("span", { class: "text" }, h("code", { title: digest }, short(digest)), ` ${[source, bytes(size), `by ${by}`].filter(Boolean).join(", ")}`))));
    } catch (error) {
      this.failed(error, signal);
    }
  }

  async staircase(signal) {
    try {
      const report = await get(`${this.path}/leak`, { signal });
      this.stairs.element.classList.remove("empty");
      this.stairs.show(report);
      say(this.verdict, `Where its runs share objects ${VERDICTS[report.verdict] ?? report.verdict}${report.bytes_a_run ? `: ${bytes(report.bytes_a_run)} a run` : ""}. Bundle ${short(report.digest)}.`);
    } catch (error) {
      if (signal?.aborted) return;
      this.stairs.element.classList.add("empty");
      fill(this.verdict, error.code === "no-leak-report" || error.status === 404
        ? ["The lab has not seen this bundle. ", h("code", {}, "dayfly deploy --leak-check"), " runs it there first, and sends what it found."]
        : `The lab’s report cannot be had: ${error.message}`);
    }
  }

  failed(error, signal) {
    if (signal?.aborted) return;
    fill(this.wrong, error.status === 404 ? `There is no tenant ${this.name}.` : error.message);
    this.wrong.hidden = false;
  }

  sample(_, signal) {
    if (Date.now() - (this.fetched ?? 0) <= (this.step ?? 10) * 900) return;
    this.history(signal);
    // Nothing says when the lab's report comes, which is after the deploy.
    if (this.stairs.element.classList.contains("empty")) this.staircase(signal);
  }

  alarm({ tenant }, signal) {
    if (tenant === this.name) this.alarms.soon(signal);
  }

  mark({ tenant, kind }, signal) {
    if (tenant !== this.name) return;
    this.history(signal);
    if (kind !== "alarm" && kind !== "resolved") Promise.all([this.facts(signal), this.staircase(signal)]);
  }

  end() {
    [...this.charts, this.stairs].forEach((chart) => chart.end());
  }
}
