// A chart over time, by uPlot: with a legend that says the numbers, marks of what happened, keys, and the same as a table.

import uPlot from "uplot";

import { fill, h, say } from "./dom.js";
import { day, time, two } from "./format.js";

/** Charts of one page that have the same time under the pointer. */
const together = uPlot.sync("time");

/** Rows of the table that stands for a chart, at most. */
const ROWS = 24;

/** A colour of the style sheet, which has one for light and one for dark. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Widths of steps between the lines of a scale: of powers of two where bytes are drawn. */
const BINARY = Array.from({ length: 50 }, (_, power) => 2 ** power);

const DASHES = { solid: [], dashed: [8, 5], dotted: [2, 3] };

export class Chart {
  /**
   * `series` are `{ key, label, colour, line: "solid"|"dashed"|"dotted", area, unit }`; `unit` says how a number is written. Of one that
   * is `limited` the last series is a limit, which is on the chart unless the curves would lie flat beneath it. `x` is for a scale that is
   * not time.
   */
  constructor({ title, series, unit, binary = false, limited = false, height = 200, x = null, stepped = false }) {
    Object.assign(this, { title, series, unit, binary, limited, height, x, stepped });
    this.data = null;
    this.marks = [];
    this.values = series.map(() => h("span", { class: "value" }));
    const legend = series.map(({ label, colour, line = "solid" }, index) =>
      h("li", {}, h("span", { class: `swatch ${colour} ${line}` }), h("span", {}, label), this.values[index]));
    this.at = h("span", { class: "at" });
    this.plot = h("div", { class: "plot", role: "img", tabindex: "0", onkeydown: (event) => this.key(event), onblur: () => this.leave() });
    this.plot.setAttribute("aria-label", `${title}: no figures yet`);
    this.spoken = h("p", { class: "hidden", role: "status" });
    this.note = h("p", { class: "note" });
    this.table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: figures` });
    const figures = h("details", { class: "figures", ontoggle: () => this.tabulate() }, h("summary", {}, "Figures as a table"), this.table);
    this.figures = figures;
    this.element = h("figure", { class: "chart" },
      h("figcaption", {}, h("h3", {}, title), this.at), h("ul", { class: "legend" }, legend), this.plot, this.spoken, this.note, figures);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.chart?.redraw();
    this.theme.addEventListener("change", this.redraw);
  }

  /** Shows a history: `time` and an array for each series' key; `marks` are those of the API. */
  show(history, marks = []) {
    this.data = [history.time ?? history[this.x.key], ...this.series.map(({ key }) => history[key] ?? [])];
    this.marks = marks;
    this.data.forEach((column, index) => {
      if (column.length !== this.data[0].length) this.data[index] = this.data[0].map((_, row) => column[row] ?? null);
    });
    this.span = this.x ? null : this.span_of(history);
    if (!this.chart) this.draw();
    this.chart?.setData(this.data);
    this.values_at(null);
    this.plot.setAttribute("aria-label", this.summary());
    if (this.figures.open) this.tabulate();
  }

  /** From when to when: what was asked for, or as much of it as the server remembers, and two minutes at least. */
  span_of({ from, to }) {
    const [times, ...columns] = this.data;
    const first = times[times.findIndex((_, row) => columns.some((column) => column[row] !== null))] ?? from;
    return [Math.max(from, Math.min(first, to - 120)), to];
  }

  end() {
    this.observer.disconnect();
    this.theme.removeEventListener("change", this.redraw);
    this.chart?.destroy();
    this.chart = null;
  }

  resize() {
    const width = this.plot.clientWidth;
    if (this.chart) this.chart.setSize({ width, height: this.height });
    else if (this.data) this.draw();
  }

  draw() {
    const width = this.plot.clientWidth;
    if (width === 0) return;
    const font = "12px system-ui, sans-serif";
    const axis = {
      stroke: () => colour("muted"), font,
      grid: { stroke: () => colour("grid"), width: 1 }, ticks: { show: false },
    };
    const paths = this.stepped ? uPlot.paths.stepped({ align: -1 }) : undefined;
    this.chart = new uPlot({
      width, height: this.height, padding: [14, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false, drag: { x: false, y: false }, points: { size: 7 },
        ...(this.x ? {} : { sync: { key: together.key, setSeries: false } }),
      },
      scales: {
        x: { time: !this.x, range: (_, least, most) => this.span ?? [least, most] },
        y: { range: (_, __, most) => [0, this.top(most)] },
      },
      axes: [
        { ...axis, size: 30, space: 70, values: this.x ? (_, all) => all.map(this.x.unit) : clock },
        { ...axis, size: 72, space: 36, values: (_, all) => all.map((value) => (value === 0 ? "0" : this.unit(value))), ...(this.binary ? { incrs: BINARY } : {}) },
      ],
      series: [{}, ...this.series.map(({ label, colour: name, line = "solid", area }) => ({
        label, paths, stroke: () => colour(name), width: 2, dash: DASHES[line],
        fill: area ? () => colour(`${name}-area`) : undefined,
        // One that stands alone would not be seen otherwise.
        points: { show: (_, __, first, last) => last - first < 2 },
      }))],
      hooks: {
        draw: [(chart) => this.mark(chart)],
        setCursor: [(chart) => this.values_at(chart.cursor.idx ?? null)],
      },
    }, this.data, this.plot);
  }

  top(most) {
    const peaks = this.data.slice(1).map((column) => column.reduce((most, value) => (value > most ? value : most), 0));
    let top = most ?? 0;
    if (this.limited) {
      const limit = peaks.pop();
      const used = Math.max(...peaks);
      const is_far = limit > 4 * used;
      say(this.note, is_far ? `The limit, ${this.unit(limit)}, is above what the chart shows.` : "");
      top = is_far ? used : Math.max(used, limit);
    }
    return top > 0 ? top * 1.06 : 1;
  }

  /** The lines of what happened. */
  mark({ ctx, bbox, valToPos }) {
    if (this.x) return;
    const ratio = devicePixelRatio;
    ctx.save();
    for (const { at, kind } of this.marks) {
      if (at < this.span[0] || at > this.span[1]) continue;
      const x = Math.round(valToPos(at, "x", true));
      ctx.strokeStyle = ctx.fillStyle = colour(`mark-${kind}`) || colour("muted");
      ctx.lineWidth = 2 * ratio;
      ctx.setLineDash(kind === "start" ? [] : [4 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      shape(ctx, kind, x, bbox.top - 6 * ratio, 5 * ratio);
    }
    ctx.restore();
  }

  /** The numbers at the pointer, or else the last ones. */
  values_at(index) {
    const at = index ?? this.last();
    const [times, ...columns] = this.data;
    columns.forEach((column, series) => say(this.values[series], this.written(series, column[at])));
    const near = index === null ? null : this.near(times[index]);
    say(this.at, index === null ? "" : [this.x ? `${this.x.label} ${this.x.unit(times[index])}` : time(times[index]), near?.text].filter(Boolean).join(" · "));
  }

  last() {
    const columns = this.data.slice(1);
    for (let row = this.data[0].length - 1; row >= 0; row -= 1) if (columns.some((column) => column[row] !== null)) return row;
    return this.data[0].length - 1;
  }

  written(series, value) {
    return this.unit(value ?? null);
  }

  /** The mark that is nearest to a time, if it is near. */
  near(at) {
    const reach = this.span ? (this.span[1] - this.span[0]) / 80 : 0;
    const [first] = this.marks.filter((mark) => Math.abs(mark.at - at) <= reach).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
    return first;
  }

  key(event) {
    const rows = this.data?.[0].length ?? 0;
    const at = this.chart?.cursor.idx ?? null;
    const step = event.shiftKey ? Math.ceil(rows / 20) : 1;
    const to = { ArrowLeft: (at ?? rows) - step, ArrowRight: (at ?? -1) + step, Home: 0, End: rows - 1 }[event.key];
    if (event.key === "Escape") return this.leave();
    if (to === undefined || rows === 0) return;
    event.preventDefault();
    const index = Math.min(rows - 1, Math.max(0, to));
    this.chart.setCursor({ left: this.chart.valToPos(this.data[0][index], "x"), top: 10 });
    const said = this.series.map(({ label }, series) => `${label} ${this.written(series, this.data[series + 1][index])}`);
    say(this.spoken, `${this.x ? `${this.x.label} ${this.x.unit(this.data[0][index])}` : time(this.data[0][index])}: ${said.join(", ")}`);
  }

  leave() {
    this.chart?.setCursor({ left: -10, top: -10 });
    say(this.spoken, "");
  }

  /** The chart in words. */
  summary() {
    const [times, ...columns] = this.data;
    if (times.length === 0) return `${this.title}: no figures yet`;
    const from = this.x ? "" : ` from ${time(times[0])} to ${time(times.at(-1))}`;
    const said = this.series.map(({ label }, series) => {
      const all = columns[series].filter((value) => value !== null);
      if (all.length === 0) return `${label}: none`;
      const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
      const write = (value) => this.written(series, value);
      return least === most ? `${label}: ${write(least)}` : `${label}: last ${write(all.at(-1))}, least ${write(least)}, most ${write(most)}`;
    });
    const marks = this.marks.length ? `. ${this.marks.length} marks` : "";
    return `${this.title}${from}. ${said.join(". ")}${marks}. Arrow keys go through it.`;
  }

  tabulate() {
    if (!this.figures.open || !this.data) return;
    const [times, ...columns] = this.data;
    const step = Math.max(1, Math.ceil(times.length / ROWS));
    const rows = [];
    for (let row = times.length - 1; row >= 0; row -= step) {
      rows.push(h("tr", {}, h("th", { scope: "row" }, this.x ? this.x.unit(times[row]) : time(times[row])),
        columns.map((column, series) => h("td", {}, this.written(series, column[row])))));
    }
    fill(this.table, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, this.x?.label ?? "Time"), this.series.map(({ label }) => h("th", { scope: "col" }, label)))),
      h("tbody", {}, rows)));
  }
}

/** What stands at the head of a mark's line: its form tells the kind, not its colour alone. */
function shape(ctx, kind, x, y, size) {
  ctx.setLineDash([]);
  ctx.beginPath();
  if (kind === "alarm") {
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.lineTo(x - size, y + size);
  } else if (kind === "start") {
    ctx.rect(x - size * 0.8, y - size * 0.8, size * 1.6, size * 1.6);
  } else if (kind === "resolved") {
    ctx.arc(x, y, size * 0.9, 0, 2 * Math.PI);
  } else {
    ctx.moveTo(x, y + size);
    ctx.lineTo(x + size, y - size);
    ctx.lineTo(x - size, y - size);
  }
  ctx.closePath();
  ctx.fill();
}

/** Times along the scale: of the day, and the day where it begins. */
function clock(_, all) {
  return all.map((at) => {
    const date = new Date(at * 1_000);
    if (date.getHours() === 0 && date.getMinutes() === 0) return day(date);
    const seconds = date.getSeconds() ? `:${two(date.getSeconds())}` : "";
    return `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
  });
}
