// `Intl.Collator` and `localeCompare`, over `icu_collator` (Rust) with the order that Unicode has for all languages together,
// which is English's; and the changes of case that go by a locale.
import data from "intl:data";
import { kept } from "./cache.js";
import { complete, slotOf } from "./class.js";
import { Intl, define } from "./namespace.js";
import { DEFAULT_LOCALE, ResolveLocale, register } from "./locales.js";

const { native } = globalThis.__bootstrap;

const available = new Set(data.collations);
register("Intl.Collator", available);
const slots = new WeakMap();
const TAILORED = { kn: ["false", "true"], kf: ["false", "lower", "upper"], co: [null, "emoji", "eor"] };
const localeData = Object.fromEntries([...available].map((tag) => [tag, TAILORED]));

function option(options, name, values) {
  const value = options[name];
  if (value === undefined) return undefined;
  const text = String(value);
  if (values !== undefined && !values.includes(text)) throw new RangeError(`Value ${text} out of range for Intl.Collator options property ${name}`);
  return text;
}

function initialize(collator, tags, given) {
  const requested = Intl.getCanonicalLocales(tags);
  if (given === null) throw new TypeError("Cannot convert undefined or null to object");
  const options = given === undefined ? { __proto__: null } : Object(given);
  const usage = option(options, "usage", ["sort", "search"]) ?? "sort";
  option(options, "localeMatcher", ["lookup", "best fit"]);
  option(options, "collation");
  const numeric = options.numeric === undefined ? undefined : String(Boolean(options.numeric));
  const kf = option(options, "caseFirst", ["upper", "lower", "false"]);
  const resolved = ResolveLocale(available, requested, { kn: numeric, kf }, ["kn", "kf"], localeData, () => DEFAULT_LOCALE);
  const sensitivity = option(options, "sensitivity", ["base", "accent", "case", "variant"]) ?? "variant";
  const ignorePunctuation = options.ignorePunctuation === undefined ? false : Boolean(options.ignorePunctuation);
  const letters = `${sensitivity.slice(0, 2)}${resolved.kn === "true" ? "n" : ""}${{ upper: "u", lower: "l" }[resolved.kf] ?? ""}${ignorePunctuation ? "p" : ""}`;
  slots.set(collator, {
    letters,
    bound: undefined,
    options: {
      locale: resolved.locale, usage, sensitivity, ignorePunctuation, collation: "default",
      numeric: resolved.kn === "true", caseFirst: resolved.kf,
    },
  });
}

function compare(one, other, letters) {
  const [left, right] = [String(one), String(other)];
  return left === right ? 0 : native.compareStrings(left, right, letters);
}

function Collator(locales = undefined, options = undefined) {
  if (new.target === undefined) return new Collator(locales, options);
  initialize(this, locales, options);
}

const methods = class {
  get compare() {
    const slot = slotOf(slots, this, "Intl.Collator.prototype.compare");
    slot.bound ??= Object.defineProperty((one, other) => compare(one, other, slot.letters), "name", { value: "" });
    return slot.bound;
  }
  resolvedOptions() {
    return { ...slotOf(slots, this, "Intl.Collator.prototype.resolvedOptions").options };
  }
};
complete(Collator, methods, available, (options) => option(Object(options), "localeMatcher", ["lookup", "best fit"]));

/** Languages in which letters change their case in ways of their own. */
const CASES = new Set(["az", "el", "hy", "lt", "tr"]);

/** A method of strings that changes their case. */
function caseMethod(name, change) {
  return class {
    static [name](locales = undefined) {
      if (this === undefined || this === null) throw new TypeError(`String.prototype.${name} called on null or undefined`);
      const text = String(this);
      const [tag] = locales === undefined ? [] : Intl.getCanonicalLocales(locales);
      if (tag !== undefined && CASES.has(tag.split("-")[0])) {
        throw new RangeError(`String.prototype.${name} has no data for the locale "${tag}": this engine changes case as most languages do`);
      }
      return Reflect.apply(change, text, []);
    }
  }[name];
}

const compareFor = kept((locales, options) => new Collator(locales, options).compare);

define(String.prototype, {
  localeCompare: class {
    static localeCompare(that, locales = undefined, options = undefined) {
      if (this === undefined || this === null) throw new TypeError("String.prototype.localeCompare called on null or undefined");
      const [one, other] = [String(this), String(that)];
      if (locales === undefined && options === undefined) return compare(one, other, "va");
      return compareFor(locales, options)(one, other);
    }
  }.localeCompare,
  toLocaleUpperCase: caseMethod("toLocaleUpperCase", String.prototype.toUpperCase),
  toLocaleLowerCase: caseMethod("toLocaleLowerCase", String.prototype.toLowerCase),
});
