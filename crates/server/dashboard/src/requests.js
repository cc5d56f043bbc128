// What a tenant's requests leave behind, as it comes: receipts, console lines, failures with where they happened.

import { follow, pause, query } from "./api.js";
import { fill, h, say } from "./dom.js";
import { bytes, count, microseconds, time } from "./format.js";
import { Sources } from "./sources.js";

/** How much of each is on the page. */
const KEPT = { receipts: 50, lines: 300, failures: 20 };

/**
 * Requests a second that are followed one by one. Of a tenant that has more, the last ones are looked at every few seconds, so that
 * neither the server nor the page works for those that nobody could read.
 */
const MOST = 50;
const LOOK = 5_000;

export class Requests {
  constructor(tenant) {
    this.tenant = tenant;
    this.seen = new Set();
    this.taken = 0;
    this.kept = { receipts: [], lines: [], failures: [] };
    this.serving = null;
    this.sources = new Sources(() => this.draw_failures());
    this.rows = h("tbody");
    this.lines = h("ol");
    // It is not read out by itself: that would never end.
    this.log = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Console", "aria-live": "off" }, this.lines);
    this.list = h("div", { class: "failures" });
    this.pace = h("p", { class: "note", role: "status" });
    this.failures = h("section", { class: "panel" }, h("div", { class: "bar" }, h("h2", {}, "Failures"), this.sources.element), this.list);
    this.console = h("section", { class: "panel" }, h("h2", {}, "Console"), this.log);
    this.receipts = h("section", { class: "panel" }, h("div", { class: "bar" }, h("h2", {}, "Receipts"), this.pace),
      h("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Receipts" },
        h("table", {}, h("thead", {}, h("tr", {}, ["Time", "Request", "Outcome", "Took", "CPU", "Memory"].map((name) => h("th", { scope: "col" }, name)))), this.rows)));
    this.draw();
  }

  /** Goes on until `signal` says that it is enough. */
  async follow(signal) {
    while (!signal.aborted) {
      this.came = [];
      const too_many = new AbortController();
      const event = (name, data) => {
        if (name === "missed") return too_many.abort();
        this.take(data);
        const now = Date.now();
        this.came.push(now);
        while (this.came[0] < now - 2_000) this.came.shift();
        // What was before comes at once.
        if (now - this.began > 1_000 && this.came.length > 2 * MOST) too_many.abort();
      };
      const opened = () => {
        this.began = Date.now();
        say(this.pace, "live");
      };
      await follow(query("/v1/events", { tenant: this.tenant, past: true }), {
        event, opened, closed: (error) => say(this.pace, error ? `not live: ${error.message}` : "not live"), signal: AbortSignal.any([signal, too_many.signal]),
      });
      if (!too_many.signal.aborted) return;
      await this.look(signal);
    }
  }

  /** Looks at the last ones now and then, as long as there are many. */
  async look(signal) {
    say(this.pace, `more than ${MOST} a second: the last ones, every ${LOOK / 1_000} s`);
    for (let quiet = 0; quiet < 3 && !signal.aborted;) {
      await pause(LOOK, signal);
      if (document.hidden || signal.aborted) continue;
      const before = this.taken;
      await follow_once(query("/v1/events", { tenant: this.tenant, past: true, follow: false }), (_, data) => this.take(data), signal);
      quiet = this.taken - before < MOST * (LOOK / 1_000) ? quiet + 1 : 0;
    }
  }

  take(receipt) {
    const { request_id, console, outcome } = receipt;
    if (this.seen.has(request_id)) return;
    this.seen.add(request_id);
    if (this.seen.size > 4_096) this.seen.delete(this.seen.values().next().value);
    this.taken += 1;
    keep(this.kept.receipts, receipt, KEPT.receipts);
    console.forEach((line) => keep(this.kept.lines, { ...line, time: receipt.time }, KEPT.lines));
    if (outcome !== "ok") keep(this.kept.failures, receipt, KEPT.failures);
    // All that come in one turn are drawn once.
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = null;
    const { receipts, lines } = this.kept;
    fill(this.rows, receipts.length ? receipts.toReversed().map((receipt) => h("tr", { class: receipt.outcome === "ok" ? null : "failed" },
      h("td", {}, time(Date.parse(receipt.time) / 1_000)), h("td", { class: "path" }, `${receipt.method} ${receipt.path}`),
      h("td", {}, `${receipt.outcome} ${receipt.status}`), h("td", {}, microseconds(receipt.duration_us)),
      h("td", {}, microseconds(receipt.cpu_us)), h("td", {}, bytes(receipt.peak_memory_bytes))))
      : h("tr", {}, h("td", { colspan: "6", class: "note" }, "No request yet.")));
    const is_at_end = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    fill(this.lines, lines.length ? lines.map((line) => h("li", { class: line.level },
      h("time", { datetime: line.time }, time(Date.parse(line.time) / 1_000)), h("span", { class: "level" }, line.level),
      h("span", { class: "text" }, line.text), line.at ? h("span", { class: "note" }, line.at) : null))
      : h("li", { class: "note" }, "Nothing yet."));
    if (is_at_end) this.log.scrollTop = this.log.scrollHeight;
    this.draw_failures();
  }

  /** Takes in which bundle is served: it may have its map before it fails. */
  serves(digest) {
    this.serving = digest;
    this.offer();
  }

  offer() {
    const failed = this.kept.failures.filter(({ stack }) => stack).map(({ bundle }) => bundle);
    this.sources.offer([...new Set([...failed.toReversed(), this.serving])].filter(Boolean));
  }

  draw_failures() {
    const { failures } = this.kept;
    this.offer();
    const opened = new Set([...this.list.querySelectorAll("details[open]")].map((details) => details.dataset.request));
    fill(this.list, failures.length ? failures.toReversed().map(({ request_id, time: at, outcome, status, method, path, failure, stack, bundle }) => {
      return h("details", { "data-request": request_id, open: opened.has(request_id) },
        h("summary", {}, h("span", { class: "badge" }, outcome), " ", failure ?? outcome),
        h("p", { class: "note" }, `${time(Date.parse(at) / 1_000)} · ${method} ${path} · ${count(status)} · request ${request_id}`),
        stack ? h("pre", { tabindex: "0" }, this.sources.map(bundle, stack)) : null);
    }) : h("p", { class: "note" }, "None of the last requests failed."));
  }
}

async function follow_once(path, event, signal) {
  const once = new AbortController();
  await follow(path, { event, closed: () => once.abort(), signal: AbortSignal.any([signal, once.signal]) });
}

function keep(list, item, most) {
  list.push(item);
  if (list.length > most) list.shift();
}

