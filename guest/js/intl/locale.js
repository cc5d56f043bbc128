// `Intl.Locale` and `Intl.getCanonicalLocales`, over `icu_locale` (Rust).
import data from "intl:data";
import { Intl, define } from "./namespace.js";
import { parse } from "./locales.js";

const { native } = globalThis.__bootstrap;

/** The tags that are canonical as they stand: those that are asked for most. */
const canonical = new Set(Object.keys(data.numbers));
const slots = new WeakMap();

function canonicalize(tag) {
  if (canonical.has(tag)) return tag;
  const found = native.canonicalLocale(tag);
  if (found === undefined) throw new RangeError(`Incorrect locale information provided: ${tag}`);
  return found;
}

/** `CanonicalizeLocaleList` of ECMA-402. */
const { getCanonicalLocales } = class {
  static getCanonicalLocales(locales) {
    if (canonical.has(locales)) return [locales];
    if (locales === undefined) return [];
    if (typeof locales === "string") return [canonicalize(locales)];
    if (locales === null) throw new TypeError("Cannot convert undefined or null to object");
    if (slots.has(locales)) return [slots.get(locales)];
    const seen = new Set();
    const list = Object(locales);
    const length = Math.min(Math.max(Math.trunc(Number(list.length)) || 0, 0), Number.MAX_SAFE_INTEGER);
    for (let index = 0; index < length; index += 1) {
      if (!(index in list)) continue;
      const tag = list[index];
      if (typeof tag !== "string" && (typeof tag !== "object" || tag === null) && typeof tag !== "function") {
        throw new TypeError("Language ID should be string or object.");
      }
      seen.add(slots.get(tag) ?? canonicalize(String(tag)));
    }
    return [...seen];
  }
};

/** The options that replace a part of the language, and what they may be. */
const PARTS = { language: /^(?:[a-z]{2,3}|[a-z]{5,8})$/i, script: /^[a-z]{4}$/i, region: /^(?:[a-z]{2}|\d{3})$/i };
const TYPE = /^[a-z0-9]{3,8}(?:-[a-z0-9]{3,8})*$/i;
/** The options that are keywords of the tag, and what they may be. */
const KEYWORDS = [
  ["calendar", "ca", TYPE], ["collation", "co", TYPE], ["hourCycle", "hc", /^h(?:11|12|23|24)$/],
  ["caseFirst", "kf", /^(?:upper|lower|false)$/], ["numeric", "kn"], ["numberingSystem", "nu", TYPE],
];

/** Language, script, region and variants of a canonical tag, and what comes after them. */
function split(tag) {
  const [, language, script, region, rest] = /^([a-z]+)(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|\d{3}))?(?=-|$)(.*)$/.exec(tag) ?? [undefined, tag, undefined, undefined, ""];
  return { language, script, region, rest };
}

function option(options, name, allowed) {
  const value = options[name];
  if (value === undefined) return undefined;
  const text = String(value);
  if (!allowed.test(text)) throw new RangeError(`Incorrect locale information provided: ${name} ${text}`);
  return text;
}

/** A tag with some of its parts and keywords replaced. */
function withOptions(tag, options) {
  const parts = split(tag);
  for (const [name, allowed] of Object.entries(PARTS)) parts[name] = option(options, name, allowed) ?? parts[name];
  const { base, keywords } = parse(canonicalize([parts.language, parts.script, parts.region].filter(Boolean).join("-") + parts.rest));
  for (const [name, key, allowed] of KEYWORDS) {
    if (key === "kn") {
      if (options[name] !== undefined) keywords[key] = options[name] ? "" : "false";
    } else {
      const value = option(options, name, allowed);
      if (value !== undefined) keywords[key] = value;
    }
  }
  const extension = Object.entries(keywords).map(([key, value]) => (value === "" ? `-${key}` : `-${key}-${value}`)).join("");
  if (extension === "") return base;
  const privateAt = base.search(/-x-/);
  const end = privateAt < 0 ? base.length : privateAt;
  return canonicalize(`${base.slice(0, end)}-u${extension}${base.slice(end)}`);
}

function tagOf(locale, name) {
  const tag = slots.get(locale);
  if (tag === undefined) throw new TypeError(`Method Intl.Locale.prototype.${name} called on incompatible receiver ${typeof locale === "object" ? Object.prototype.toString.call(locale) : String(locale)}`);
  return tag;
}

/** A keyword of a locale's tag, by the name of the option. */
function keyword(locale, name) {
  return parse(tagOf(locale, name)).keywords[KEYWORDS.find(([option]) => option === name)[1]];
}

const RIGHT_TO_LEFT = /^(?:Adlm|Arab|Aran|Hebr|Mand|Mend|Nkoo|Rohg|Samr|Syrc|Thaa|Yezi)$/;

class Locale {
  constructor(tag, options = undefined) {
    if (typeof tag !== "string" && (typeof tag !== "object" || tag === null) && typeof tag !== "function") {
      throw new TypeError("First argument to Intl.Locale constructor can't be empty or missing");
    }
    if (options === null) throw new TypeError("Cannot convert undefined or null to object");
    const given = slots.get(tag) ?? canonicalize(String(tag));
    slots.set(this, options === undefined ? given : withOptions(given, Object(options)));
  }
  maximize() {
    return new Locale(native.maximizeLocale(tagOf(this, "maximize")));
  }
  minimize() {
    return new Locale(native.minimizeLocale(tagOf(this, "minimize")));
  }
  toString() {
    return tagOf(this, "toString");
  }
  get baseName() {
    const tag = tagOf(this, "baseName");
    const end = tag.search(/-[a-z0-9]-/);
    return end < 0 ? tag : tag.slice(0, end);
  }
  get calendar() {
    return keyword(this, "calendar");
  }
  get caseFirst() {
    return keyword(this, "caseFirst");
  }
  get collation() {
    return keyword(this, "collation");
  }
  get hourCycle() {
    return keyword(this, "hourCycle");
  }
  get numeric() {
    const value = keyword(this, "numeric");
    return value === "" || value === "true";
  }
  get numberingSystem() {
    return keyword(this, "numberingSystem");
  }
  get language() {
    return split(tagOf(this, "language")).language;
  }
  get script() {
    return split(tagOf(this, "script")).script;
  }
  get region() {
    return split(tagOf(this, "region")).region;
  }
  getTextInfo() {
    const { script } = split(native.maximizeLocale(tagOf(this, "getTextInfo")));
    return { direction: RIGHT_TO_LEFT.test(script) ? "rtl" : "ltr" };
  }
  getWeekInfo() {
    const { region } = split(native.maximizeLocale(tagOf(this, "getWeekInfo")));
    const { firstDay, weekend, minimalDays } = data.week;
    const of = (table) => table[region] ?? table["001"];
    return { firstDay: of(firstDay), weekend: [...of(weekend)], minimalDays: of(minimalDays) };
  }
}
Object.defineProperty(Locale, "length", { value: 1 });
Object.defineProperty(Locale.prototype, Symbol.toStringTag, { value: "Intl.Locale", configurable: true });
// As accessors, which is how the proposal had them first.
for (const [name, method] of [["textInfo", "getTextInfo"], ["weekInfo", "getWeekInfo"]]) {
  Object.defineProperty(Locale.prototype, name, { get: { [name]() { return this[method](); } }[name], configurable: true, enumerable: false });
}
define(Intl, { getCanonicalLocales, Locale });
