// `Intl.Segmenter`, over `unicode-segmentation` (Rust) with the rules that Unicode has for all languages together (UAX #29).
import data from "intl:data";
import { complete, slotOf } from "./class.js";
import { Intl, define } from "./namespace.js";
import { DEFAULT_LOCALE, ResolveLocale, register } from "./locales.js";

const { native } = globalThis.__bootstrap;

/** A language's tag stands for those of its regions and scripts. */
class Languages extends Set {
  has(tag) {
    return super.has(tag.split("-")[0]);
  }
}
/** They are written without spaces, and a dictionary would have to say where a word ends. */
const UNSPACED = new Set(["ja", "km", "lo", "my", "th", "yue", "zh"]);
const available = new Languages(data.languages);
const spaced = new Languages(data.languages.filter((tag) => !UNSPACED.has(tag)));
register("Intl.Segmenter", available);
register("Intl.Segmenter for words", spaced);

const segmenters = new WeakMap();
const segmented = new WeakMap();
const iterators = new WeakMap();

function optionsOf(options) {
  if (options === undefined) return { __proto__: null };
  if (options === null || (typeof options !== "object" && typeof options !== "function")) throw new TypeError("Incorrect options information provided");
  return options;
}

function option(options, name, values) {
  const value = options[name];
  if (value === undefined) return undefined;
  const text = `${value}`;
  if (!values.includes(text)) throw new RangeError(`Value ${text} out of range for Intl.Segmenter options property ${name}`);
  return text;
}

function Segmenter(locales = undefined, given = undefined) {
  if (new.target === undefined) throw new TypeError("Constructor Intl.Segmenter requires 'new'");
  const requested = Intl.getCanonicalLocales(locales);
  const options = optionsOf(given);
  option(options, "localeMatcher", ["lookup", "best fit"]);
  const granularity = option(options, "granularity", ["grapheme", "word", "sentence"]) ?? "grapheme";
  const { locale } = ResolveLocale(granularity === "word" ? spaced : available, requested, {}, [], {}, () => DEFAULT_LOCALE);
  segmenters.set(this, { locale, granularity });
}

const methods = class {
  resolvedOptions() {
    return { ...slotOf(segmenters, this, "Intl.Segmenter.prototype.resolvedOptions") };
  }
  segment(input) {
    const { granularity } = slotOf(segmenters, this, "Intl.Segmenter.prototype.segment");
    const text = `${input}`;
    const segments = Object.create(segmentsPrototype);
    // Of each segment twice where it ends, in units of UTF-16, and one more if it is like a word.
    segmented.set(segments, { text, granularity, ends: native.segmentString(text, granularity) });
    return segments;
  }
};

function segmentAt({ text, granularity, ends }, position) {
  const index = position === 0 ? 0 : ends[position - 1] >> 1;
  const segment = { segment: text.slice(index, ends[position] >> 1), index, input: text };
  if (granularity === "word") segment.isWordLike = (ends[position] & 1) === 1;
  return segment;
}

const segmentsPrototype = {};
define(segmentsPrototype, {
  containing: class {
    static containing(index = undefined) {
      const slot = slotOf(segmented, this, "%SegmentsPrototype%.containing");
      const at = Math.trunc(+index) || 0;
      if (at < 0 || at >= slot.text.length) return undefined;
      let [first, last] = [0, slot.ends.length - 1];
      while (first < last) {
        const middle = (first + last) >> 1;
        if (slot.ends[middle] >> 1 > at) last = middle;
        else first = middle + 1;
      }
      return segmentAt(slot, first);
    }
  }.containing,
});
Object.defineProperty(segmentsPrototype, Symbol.iterator, {
  value: class {
    static [Symbol.iterator]() {
      const slot = slotOf(segmented, this, "%SegmentsPrototype%[Symbol.iterator]");
      const iterator = Object.create(iteratorPrototype);
      iterators.set(iterator, { slot, next: 0 });
      return iterator;
    }
  }[Symbol.iterator],
  writable: true,
  configurable: true,
});

const iteratorPrototype = Object.create(Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));
define(iteratorPrototype, {
  next: class {
    static next() {
      const iterator = slotOf(iterators, this, "%SegmentIterator.prototype%.next");
      if (iterator.next >= iterator.slot.ends.length) return { value: undefined, done: true };
      return { value: segmentAt(iterator.slot, iterator.next++), done: false };
    }
  }.next,
});
Object.defineProperty(iteratorPrototype, Symbol.toStringTag, { value: "Segmenter String Iterator", configurable: true });

complete(Segmenter, methods, available, (options) => option(Object(options), "localeMatcher", ["lookup", "best fit"]));
