// `Intl.DateTimeFormat`, with the data of CLDR. Patterns are chosen as ICU chooses them (patterns.js, intervals.js); calendars
// other than the Gregorian one are not there.
import data from "intl:data";
import { kept } from "./cache.js";
import { complete, slotOf } from "./class.js";
import { Intl, define } from "./namespace.js";
import { DEFAULT_LOCALE, LookupSupportedLocales, ResolveLocale, parse, register } from "./locales.js";
import { Generator, parsePattern, join, skeletonOf } from "./patterns.js";
import { Intervals } from "./intervals.js";
import { DEFAULT_ZONE, canonicalZone, offsetAt, zoneName } from "./zones.js";

const { apply } = Reflect;
const dateValue = Date.prototype.valueOf;
const slots = new WeakMap();

/** Each locale's data, with what is made of it. */
const locales = {};
for (const [tag, entry] of Object.entries(data.dates)) {
  if (typeof entry === "string") continue;
  const generator = new Generator(entry);
  locales[tag] = { ...entry, generator, intervals: new Intervals(entry, generator), ca: ["gregory", "iso8601"], nu: Object.keys(data.digits), hc: [null, "h11", "h12", "h23", "h24"] };
}
for (const [tag, other] of Object.entries(data.dates)) {
  if (typeof other === "string") locales[tag] = locales[other];
}
const available = new Set(Object.keys(locales));
register("Intl.DateTimeFormat", available, { regional: true });

/** Each component: its values, and its letters in a skeleton for each of them. */
const COMPONENTS = {
  weekday: { narrow: "EEEEE", long: "EEEE", short: "EEE" },
  era: { narrow: "GGGGG", long: "GGGG", short: "GGG" },
  year: { "2-digit": "yy", numeric: "y" },
  month: { narrow: "MMMMM", long: "MMMM", short: "MMM", "2-digit": "MM", numeric: "M" },
  day: { "2-digit": "dd", numeric: "d" },
  dayPeriod: { narrow: "BBBBB", long: "BBBB", short: "B" },
  hour: { "2-digit": "hh", numeric: "h" },
  minute: { "2-digit": "mm", numeric: "m" },
  second: { "2-digit": "ss", numeric: "s" },
  fractionalSecondDigits: { 1: "S", 2: "SS", 3: "SSS" },
  timeZoneName: { long: "zzzz", short: "z", longOffset: "OOOO", shortOffset: "O", longGeneric: "vvvv", shortGeneric: "v" },
};
const DATE_COMPONENTS = ["weekday", "year", "month", "day"];
const TIME_COMPONENTS = ["dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"];
const STYLES = ["full", "long", "medium", "short"];
const HOURS = { h11: "K", h12: "h", h23: "H", h24: "k" };

function option(options, name, values, fallback) {
  const value = options[name];
  if (value === undefined) return fallback;
  const text = String(value);
  if (values !== undefined && !values.includes(text)) throw new RangeError(`Value ${text} out of range for Intl.DateTimeFormat options property ${name}`);
  return text;
}

const TYPE = /^[a-z0-9]{3,8}(?:-[a-z0-9]{3,8})*$/i;

function typeOption(options, name) {
  const value = option(options, name);
  if (value !== undefined && !TYPE.test(value)) throw new RangeError(`Invalid ${name} : ${value}`);
  return value?.toLowerCase();
}

/** `CreateDateTimeFormat` of ECMA-402. */
function initialize(format, tags, given, required, defaults) {
  const requested = Intl.getCanonicalLocales(tags);
  const options = given === undefined ? { __proto__: null } : toObject(given);
  option(options, "localeMatcher", ["lookup", "best fit"]);
  let calendar = typeOption(options, "calendar");
  if (calendar === "gregorian") calendar = "gregory";
  const numberingSystem = typeOption(options, "numberingSystem");
  const hour12 = options.hour12 === undefined ? undefined : Boolean(options.hour12);
  let hourCycle = option(options, "hourCycle", Object.keys(HOURS));
  if (hour12 !== undefined) hourCycle = null;
  const resolved = ResolveLocale(available, requested, { nu: numberingSystem, ca: calendar, hc: hourCycle }, ["nu", "ca", "hc"], locales, () => DEFAULT_LOCALE);
  const locale = locales[resolved.dataLocale];
  const [tag] = LookupSupportedLocales(available, requested);
  const wanted = calendar ?? (tag === undefined ? undefined : parse(tag).keywords.ca);
  if (wanted !== undefined && wanted !== resolved.ca && data.calendars.includes(wanted)) {
    throw new RangeError(`Intl.DateTimeFormat has no data for the calendar "${wanted}": this engine has gregory, iso8601`);
  }
  const zone = options.timeZone === undefined ? DEFAULT_ZONE : canonicalZone(String(options.timeZone));
  const asked = {};
  for (const [name, values] of Object.entries(COMPONENTS)) {
    let value;
    if (name === "fractionalSecondDigits") {
      value = options[name];
      if (value !== undefined) {
        value = Number(value);
        if (!(value >= 1 && value <= 3)) throw new RangeError("fractionalSecondDigits value is out of range.");
        value = Math.floor(value);
      }
    } else value = option(options, name, Object.keys(values));
    if (value !== undefined) asked[name] = value;
  }
  option(options, "formatMatcher", ["basic", "best fit"]);
  const dateStyle = option(options, "dateStyle", STYLES);
  const timeStyle = option(options, "timeStyle", STYLES);
  if (dateStyle !== undefined || timeStyle !== undefined) {
    const [name] = Object.keys(asked);
    if (name !== undefined) throw new TypeError(`Can't set option ${name} when ${dateStyle === undefined ? "timeStyle" : "dateStyle"} is used`);
    if (required === "date" && timeStyle !== undefined) throw new TypeError("Invalid option : timeStyle");
    if (required === "time" && dateStyle !== undefined) throw new TypeError("Invalid option : dateStyle");
  } else {
    const isAsked = (name) => asked[name] !== undefined;
    const isEnough = (required !== "time" && DATE_COMPONENTS.some(isAsked)) || (required !== "date" && TIME_COMPONENTS.some(isAsked));
    if (!isEnough && defaults !== "time") asked.year = asked.month = asked.day = "numeric";
    if (!isEnough && defaults !== "date") asked.hour = asked.minute = asked.second = "numeric";
  }
  const preferred = locale.hourCycle;
  let cycle = resolved.hc ?? preferred;
  if (hour12 !== undefined) cycle = hour12 ? locale.hourCycle12 : locale.hourCycle24;
  const { pattern, hasHour } = dateStyle === undefined && timeStyle === undefined
    ? componentPattern(locale, asked, cycle)
    : stylePattern(locale, dateStyle, timeStyle, cycle);
  slots.set(format, {
    locale, pattern, parts: parsePattern(pattern), zone, dateStyle, timeStyle,
    tag: resolved.locale, calendar: resolved.ca, numberingSystem: resolved.nu, digits: data.digits[resolved.nu],
    hourCycle: hasHour ? cycle : undefined, bound: undefined, interval: undefined,
  });
}

function toObject(value) {
  if (value === null) throw new TypeError("Cannot convert undefined or null to object");
  return Object(value);
}

function componentPattern({ generator }, asked, cycle) {
  let skeleton = "";
  for (const [name, values] of Object.entries(COMPONENTS)) {
    if (asked[name] !== undefined) skeleton += values[asked[name]];
  }
  const pattern = withHours(generator.best(skeleton.replaceAll("h", HOURS[cycle])), cycle);
  return { pattern, hasHour: asked.hour !== undefined };
}

function stylePattern({ generator, dateFormats, timeFormats, atTimeFormats }, dateStyle, timeStyle, cycle) {
  const date = dateFormats[STYLES.indexOf(dateStyle)];
  const time = timeFormats[STYLES.indexOf(timeStyle)];
  if (timeStyle === undefined) return { pattern: date, hasHour: false };
  const pattern = dateStyle === undefined ? time : join(atTimeFormats[STYLES.indexOf(dateStyle)], time, date);
  if (pattern.includes(HOURS[cycle])) return { pattern, hasHour: true };
  const skeleton = skeletonOf(pattern).replace(/[abB]/g, "").replace(/[hHkK]/g, HOURS[cycle]);
  return { pattern: withHours(generator.best(skeleton), cycle), hasHour: true };
}

/** A pattern with the hours of this cycle. */
function withHours(pattern, cycle) {
  let isQuoted = false;
  let last;
  let result = "";
  for (const letter of pattern) {
    if (letter === "'") isQuoted = !isQuoted;
    const isHour = !isQuoted && /[hHkK]/.test(letter);
    if (isHour && last === "d") result += " ";
    result += isHour ? HOURS[cycle] : letter;
    last = letter;
  }
  return result;
}

// Times ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const DAY = 86400000;

/** The fields of a time in a zone. */
export function fieldsAt(time, zone) {
  const { offset, isDaylight } = offsetAt(zone, time);
  const local = time + offset * 1000;
  const days = Math.floor(local / DAY);
  const within = local - days * DAY;
  // From the days since 1970 to a date, by eras of 400 years that begin in March.
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10;
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0);
  return {
    time, zone, offset, isDaylight,
    era: year > 0 ? 1 : 0,
    year: year > 0 ? year : 1 - year,
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    weekday: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(within / 3600000),
    minute: Math.floor(within / 60000) % 60,
    second: Math.floor(within / 1000) % 60,
    millisecond: within % 1000,
  };
}

const WIDTHS = ["abbreviated", "abbreviated", "abbreviated", "abbreviated", "wide", "narrow"];
const TYPES = {
  G: "era", y: "year", M: "month", L: "month", d: "day", E: "weekday", c: "weekday", a: "dayPeriod", b: "dayPeriod", B: "dayPeriod",
  h: "hour", H: "hour", k: "hour", K: "hour", m: "minute", s: "second", S: "fractionalSecond", z: "timeZoneName", O: "timeZoneName", v: "timeZoneName",
};

function fieldText({ locale, digits, parts }, letter, length, at) {
  const number = (value, least = length) => {
    const text = String(value).padStart(least, "0");
    return digits === undefined ? text : text.replace(/\d/g, (digit) => digits[digit]);
  };
  const width = WIDTHS[length] ?? "wide";
  switch (letter) {
    case "G": return locale.eras[width][at.era];
    case "y": return length === 2 ? number(at.year % 100, 2) : number(at.year);
    case "M": return length <= 2 ? number(at.month + 1) : locale.months.format[width][at.month];
    case "L": return length <= 2 ? number(at.month + 1) : locale.months.standalone[width][at.month];
    case "d": return number(at.day);
    case "E": return locale.days.format[width][at.weekday];
    case "c": return locale.days.standalone[width][at.weekday];
    case "a": return locale.dayPeriods[width][at.hour < 12 ? "am" : "pm"];
    case "B": return dayPeriod(locale, width, at, parts);
    case "h": return number(at.hour % 12 || 12);
    case "K": return number(at.hour % 12);
    case "H": return number(at.hour);
    case "k": return number(at.hour || 24);
    case "m": return number(at.minute);
    case "s": return number(at.second);
    case "S": return number(String(at.millisecond).padStart(3, "0").slice(0, length).padEnd(length, "0"));
    default: return zoneName(locale, letter, length, at);
  }
}

/** The part of the day; noon has a name of its own where no smaller field is shown that is not zero. */
function dayPeriod(locale, width, { hour, minute, second }, parts) {
  const has = (letter) => parts.some((part) => part.letter === letter);
  const isExact = (minute === 0 || !has("m")) && (second === 0 || !has("s"));
  const names = locale.dayPeriods[width];
  const { rules } = locale;
  if (isExact && hour === 12 && rules.noon && names.noon) return names.noon;
  const [name] = Object.entries(rules).find(([, [from, before]]) => before !== undefined && (from < before ? hour >= from && hour < before : hour >= from || hour < before)) ?? [];
  return names[name] ?? names[hour < 12 ? "am" : "pm"];
}

/** The parts that a pattern gives. */
function formatParts(slot, pattern, at) {
  const result = [];
  for (const { letter, length, value } of pattern) {
    if (letter === undefined) result.push({ type: "literal", value });
    else result.push({ type: TYPES[letter], value: fieldText({ ...slot, parts: pattern }, letter, length, at) });
  }
  return result;
}

/** The text that a slot's pattern gives; as in V8 its spaces are plain ones, where CLDR has narrow ones before AM and PM. */
function formatText(slot, at) {
  let text = "";
  for (const { letter, length, value } of slot.parts) text += letter === undefined ? value : fieldText(slot, letter, length, at);
  return text.includes("\u202f") ? text.replaceAll("\u202f", " ") : text;
}

/** A time value that can be shown. */
function timeOf(date) {
  const time = date === undefined ? Date.now() : Number(date);
  if (!(Math.abs(time) <= 8.64e15)) throw new RangeError("Invalid time value");
  return Math.trunc(time) + 0;
}

// The class ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function DateTimeFormat(locales = undefined, options = undefined) {
  if (new.target === undefined) return new DateTimeFormat(locales, options);
  const slot = slotFor(locales, options);
  // What the object is asked for is its own; what it was made of is not.
  slots.set(this, { ...slot, bound: undefined });
}

const slotFor = kept((locales, options) => {
  const key = {};
  initialize(key, locales, options, "any", "date");
  return slots.get(key);
});

// The patterns that are asked for most are found when the engine is made.
for (const options of [
  undefined, { year: "numeric", month: "short", day: "numeric" }, { year: "numeric", month: "long", day: "numeric" }, { month: "short", day: "numeric" },
  { weekday: "long", year: "numeric", month: "long", day: "numeric" }, { weekday: "short", month: "short", day: "numeric" }, { year: "numeric", month: "2-digit", day: "2-digit" },
  { hour: "numeric", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit" }, { year: "numeric", month: "long" }, { year: "numeric", month: "short" },
  { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }, { hour: "numeric", minute: "numeric", second: "numeric" },
  { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
]) {
  initialize({}, DEFAULT_LOCALE, options, "any", "date");
}

/** Two times as the parts of one text, which say whose they are. */
function rangeParts(slot, start, end) {
  slot.interval ??= slot.locale.intervals.for(skeletonOf(slot.pattern));
  const { zone } = slot;
  const [from, to] = [fieldsAt(start, zone), fieldsAt(end, zone)];
  const parts = slot.interval.parts(from, to, (pattern, at) => formatParts(slot, parsePattern(pattern), at));
  if (parts === undefined) return formatParts(slot, slot.parts, from).map((part) => ({ ...part, source: "shared" }));
  return parts;
}

function rangeOf(start, end) {
  if (start === undefined || end === undefined) throw new TypeError("startDate or endDate cannot be undefined");
  return [timeOf(start), timeOf(end)];
}

const methods = class {
  get format() {
    const slot = slotOf(slots, this, "Intl.DateTimeFormat.prototype.format");
    slot.bound ??= Object.defineProperty((date) => formatText(slot, fieldsAt(timeOf(date), slot.zone)), "name", { value: "" });
    return slot.bound;
  }
  formatToParts(date) {
    const slot = slotOf(slots, this, "Intl.DateTimeFormat.prototype.formatToParts");
    return formatParts(slot, slot.parts, fieldsAt(timeOf(date), slot.zone));
  }
  formatRange(startDate, endDate) {
    const slot = slotOf(slots, this, "Intl.DateTimeFormat.prototype.formatRange");
    const [start, end] = rangeOf(startDate, endDate);
    const parts = rangeParts(slot, start, end);
    return parts.every(({ source }) => source === "shared") ? formatText(slot, fieldsAt(start, slot.zone)) : parts.map(({ value }) => value).join("");
  }
  formatRangeToParts(startDate, endDate) {
    const slot = slotOf(slots, this, "Intl.DateTimeFormat.prototype.formatRangeToParts");
    return rangeParts(slot, ...rangeOf(startDate, endDate));
  }
  resolvedOptions() {
    const slot = slotOf(slots, this, "Intl.DateTimeFormat.prototype.resolvedOptions");
    const { tag: locale, calendar, numberingSystem, zone, hourCycle, dateStyle, timeStyle } = slot;
    const resolved = { locale, calendar, numberingSystem, timeZone: zone.name };
    if (hourCycle !== undefined) Object.assign(resolved, { hourCycle, hour12: hourCycle === "h11" || hourCycle === "h12" });
    if (dateStyle === undefined && timeStyle === undefined) Object.assign(resolved, componentsOf(slot.parts));
    if (dateStyle !== undefined) resolved.dateStyle = dateStyle;
    if (timeStyle !== undefined) resolved.timeStyle = timeStyle;
    return resolved;
  }
};

/** The options that a pattern is for. */
function componentsOf(parts) {
  const found = {};
  for (const [name, values] of Object.entries(COMPONENTS)) {
    for (const { letter, length } of parts) {
      if (letter === undefined) continue;
      const like = { H: "h", k: "h", K: "h", L: "M", c: "E", a: "" }[letter] ?? letter;
      const text = like.repeat(letter === "E" || letter === "G" ? Math.max(length, 3) : length);
      const [value] = Object.entries(values).find(([, letters]) => letters === text) ?? [];
      if (value !== undefined) found[name] = name === "fractionalSecondDigits" ? Number(value) : value;
    }
  }
  return found;
}

complete(DateTimeFormat, methods, available, (options) => option(toObject(options), "localeMatcher", ["lookup", "best fit"]));

// What goes by it ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A method that formats a date with these parts of it. */
function localeString(name, required, defaults) {
  const slotFor = kept((locales, options) => {
    const key = {};
    initialize(key, locales, options, required, defaults);
    return slots.get(key);
  });
  return class {
    static [name](locales = undefined, options = undefined) {
      const time = apply(dateValue, this, []);
      if (Number.isNaN(time)) return "Invalid Date";
      const slot = slotFor(locales, options);
      return formatText(slot, fieldsAt(time, slot.zone));
    }
  }[name];
}

/** A method that ends with the zone's name, as V8's does. */
function zoned(name) {
  const original = Date.prototype[name];
  return class {
    static [name]() {
      const text = apply(original, this, []);
      return text === "Invalid Date" ? text : `${text} (Coordinated Universal Time)`;
    }
  }[name];
}

define(Date.prototype, {
  toString: zoned("toString"),
  toTimeString: zoned("toTimeString"),
  toLocaleString: localeString("toLocaleString", "any", "all"),
  toLocaleDateString: localeString("toLocaleDateString", "date", "date"),
  toLocaleTimeString: localeString("toLocaleTimeString", "time", "time"),
});
