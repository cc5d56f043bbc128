// Stacks in the author's files, by the map that whoever looks gives here for a bundle.

import { originalPositionFor } from "@jridgewell/trace-mapping";

import { fill, h, say } from "./dom.js";
import { short } from "./format.js";
import { maps } from "./maps.js";

/** A place in a stack: `file:line:column`. */
const PLACE = /([^\s()]+):(\d+):(\d+)/g;

export class Sources {
  constructor(changed) {
    Object.assign(this, { changed, bundles: [], chosen: null });
    this.said = h("span", { class: "note", role: "status" });
    this.select = h("select", { onchange: () => this.choose(this.select.value) });
    this.which = h("label", { hidden: true }, "Of bundle ", this.select);
    // Another bundle may fail while its user looks for a file.
    this.file = h("input", { type: "file", accept: ".map,.json", class: "hidden", id: "map", onclick: () => this.choose(this.bundle), onchange: () => this.read() });
    this.forget = h("button", { type: "button", hidden: true, onclick: () => this.forget_it() }, "Forget it");
    this.element = h("div", { class: "map", hidden: true }, this.said, this.forget, this.which, this.file, h("label", { for: "map", class: "button" }, "Use a source map"));
  }

  /** The bundle that a map is given for: what was chosen, or else the one that failed last. */
  get bundle() {
    return this.bundles.includes(this.chosen) ? this.chosen : this.bundles[0];
  }

  /** Takes in which bundles there are: those that failed, newest first, and the one that is served. */
  offer(bundles) {
    if (bundles.join() === this.bundles.join()) return;
    this.bundles = bundles;
    fill(this.select, bundles.map((digest) => h("option", { value: digest }, short(digest))));
    this.which.hidden = bundles.length < 2;
    this.element.hidden = bundles.length === 0;
    this.show();
  }

  choose(bundle) {
    this.chosen = bundle;
    this.show();
  }

  show() {
    const given = maps.of(this.bundle);
    this.select.value = this.bundle;
    this.forget.hidden = !given;
    say(this.said, given ? `Places are those of ${given.name}.${given.is_kept ? "" : " It is too large to be kept over a reload."}` : "");
  }

  async read() {
    const [file] = this.file.files;
    const { bundle } = this;
    if (!file) return;
    try {
      maps.give(bundle, file.name, await file.text());
      this.choose(bundle);
    } catch (error) {
      say(this.said, `${file.name} is no source map: ${error.message}`);
    }
    // The same file may be built anew, and chosen again.
    this.file.value = "";
    this.changed();
  }

  forget_it() {
    maps.forget(this.bundle);
    this.show();
    this.file.focus();
    this.changed();
  }

  /** A bundle's stack with each place where its author wrote it, as far as its map knows. Columns count from 1, and the map's from 0. */
  map(bundle, stack) {
    const trace = maps.trace(bundle);
    if (!trace) return stack;
    return stack.replace(PLACE, (place, _, line, column) => {
      const { source, line: at, column: across } = originalPositionFor(trace, { line: Math.max(1, line), column: Math.max(0, column - 1) });
      return source ? `${source}:${at}:${across + 1}` : place;
    });
  }
}
