// The table of tenants: sorted and searched by the server, a page at a time.

import { get, query } from "./api.js";
import { fill, h, say } from "./dom.js";
import { bytes, count, microseconds, ratio, short } from "./format.js";

const ROWS = 50;

/** Columns: what the server sorts by, if it does; whether it is for a wide screen. */
const COLUMNS = [
  { name: "Tenant", sort: "name" },
  { name: "Requests", sort: "requests", wide: true },
  { name: "Failures", sort: "errors" },
  { name: "Limit hits", wide: true },
  { name: "p50", wide: true },
  { name: "p99", wide: true },
  { name: "Peak memory", sort: "memory" },
  { name: "CPU time", sort: "cpu", wide: true },
  { name: "Live", wide: true },
];

export class Tenants {
  constructor() {
    Object.assign(this, { sort: "memory", offset: 0, find: "" });
    const search = h("input", { type: "search", id: "find", placeholder: "Find a tenant", "aria-label": "Find a tenant", oninput: () => this.search(search.value) });
    this.select = h("select", { id: "sort", onchange: () => this.by(this.select.value) },
      COLUMNS.filter(({ sort }) => sort).map(({ name, sort }) => h("option", { value: sort }, name)));
    this.headers = COLUMNS.map(({ name, sort }) => h("th", { scope: "col" },
      sort ? h("button", { type: "button", onclick: () => this.by(sort) }, name) : name));
    this.body = h("tbody");
    this.shown = h("p", { class: "note", role: "status" });
    this.before = h("button", { type: "button", onclick: () => this.turn(-ROWS) }, "Previous");
    this.after = h("button", { type: "button", onclick: () => this.turn(ROWS) }, "Next");
    this.element = h("section", { class: "panel", "aria-labelledby": "tenants-title" },
      h("div", { class: "bar" }, h("h2", { id: "tenants-title" }, "Tenants"), search,
        h("label", { class: "narrow-only" }, "Sort by ", this.select)),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of tenants" },
        h("table", { class: "tenants" }, h("thead", {}, h("tr", {}, this.headers)), this.body)),
      h("div", { class: "bar" }, this.shown, h("nav", { class: "pages", "aria-label": "Pages of tenants" }, this.before, this.after)));
  }

  async show(signal) {
    this.signal = signal;
    await this.refresh(signal);
  }

  async refresh(signal = this.signal) {
    // What was asked for last is shown, whatever comes last.
    const turn = (this.asked = (this.asked ?? 0) + 1);
    try {
      const { sort, offset, find } = this;
      const page = await get(query("/v1/tenants-usage", { sort, limit: ROWS, offset, find }), { signal });
      if (turn === this.asked) this.draw(page);
    } catch (error) {
      if (!signal?.aborted && turn === this.asked) say(this.shown, `The tenants cannot be had: ${error.message}`);
    }
  }

  draw({ total, tenants }) {
    const focused = this.body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    fill(this.body, tenants.map((tenant) => row(tenant, this.sort)));
    if (focused) this.body.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    this.headers.forEach((header, index) => {
      const { sort } = COLUMNS[index];
      header.classList.toggle("wide-only", is_wide(COLUMNS[index], this.sort));
      if (sort === this.sort) header.setAttribute("aria-sort", sort === "name" ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    });
    this.select.value = this.sort;
    const last = this.offset + tenants.length;
    say(this.shown, total === 0 ? (this.find ? "No tenant is called so." : "There are no tenants.") : `${count(this.offset + 1)}–${count(last)} of ${count(total)}`);
    const turning = document.activeElement;
    this.before.disabled = this.offset === 0;
    this.after.disabled = last >= total;
    // A button that turns no page any more would lose the focus.
    if (turning.disabled) (turning === this.before ? this.after : this.before).focus();
  }

  by(sort) {
    Object.assign(this, { sort, offset: 0 });
    this.refresh();
  }

  turn(rows) {
    this.offset = Math.max(0, this.offset + rows);
    this.refresh();
  }

  search(text) {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      Object.assign(this, { find: text.trim(), offset: 0 });
      this.refresh();
    }, 200);
  }
}

/** Whether a narrow screen has no room for a column: it has for the one that is sorted by. */
const is_wide = ({ sort, wide }, by) => Boolean(wide) && sort !== by;

function row(tenant, by) {
  const { name, suspended, digest, live, waiting, requests, failures, limit_hits, p50_us, p99_us, peak_memory_bytes, memory_limit_bytes, cpu_us } = tenant;
  const share = peak_memory_bytes / memory_limit_bytes;
  const cells = [
    count(requests),
    [count(failures), requests > 0 && failures > 0 ? h("span", { class: "note wide-only" }, ` ${ratio(failures / requests)}`) : null],
    count(limit_hits), microseconds(p50_us), microseconds(p99_us),
    [bytes(peak_memory_bytes), h("meter", { min: "0", max: "1", low: "0.9", high: "0.97", optimum: "0", value: String(share || 0), "aria-label": `${ratio(share)} of the limit` })],
    microseconds(cpu_us), waiting > 0 ? `${count(live)} + ${count(waiting)}` : count(live),
  ];
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#/tenants/${name}` }, name),
      suspended ? h("span", { class: "badge" }, "suspended") : digest ? h("code", { class: "note wide-only", title: digest }, short(digest)) : h("span", { class: "badge" }, "no app")),
    cells.map((cell, index) => h("td", { class: is_wide(COLUMNS[index + 1], by) ? "wide-only" : null }, cell)));
}
