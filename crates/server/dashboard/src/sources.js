// Stacks in the author's files. No map goes to the server with a bundle, so whoever looks gives it here; it stays in the browser.

import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";

import { h, say } from "./dom.js";

/** A place in a stack: `file:line:column`. */
const PLACE = /([^\s()]+):(\d+):(\d+)/g;

export class Sources {
  constructor(changed) {
    this.trace = null;
    this.said = h("span", { class: "note", role: "status" });
    const file = h("input", { type: "file", accept: ".map,.json", class: "hidden", id: "map", onchange: () => this.read(file.files[0], changed) });
    this.element = h("div", { class: "map" }, this.said, file, h("label", { for: "map", class: "button" }, "Use a source map"));
  }

  async read(file, changed) {
    if (!file) return;
    try {
      this.trace = new TraceMap(await file.text());
      say(this.said, `Places are those of ${file.name}.`);
    } catch (error) {
      this.trace = null;
      say(this.said, `${file.name} is no source map: ${error.message}`);
    }
    changed();
  }

  /** A stack with each place where its author wrote it, as far as the map knows. Columns count from 1, and the map's from 0. */
  map(stack) {
    if (!this.trace) return stack;
    return stack.replace(PLACE, (place, _, line, column) => {
      const { source, line: at, column: across } = originalPositionFor(this.trace, { line: Math.max(1, line), column: Math.max(0, column - 1) });
      return source ? `${source}:${at}:${across + 1}` : place;
    });
  }
}
