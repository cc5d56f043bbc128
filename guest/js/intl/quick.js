// A short way for the numbers that are formatted most: those whose text is digits in groups between what never changes. What
// that is, a format is asked for once; the rounding is that of decimal digits, as in the long way.

import { keyOf } from "./cache.js";

/** How many formats are remembered. */
const MOST_FORMATS = 64;
const formats = new Map();

/** The slots of the format that was made with these arguments, if they are plain and it is remembered. */
export function recall(locales, options) {
  const key = keyOf(locales, options);
  return { key, slots: key === undefined ? undefined : formats.get(key) };
}

/** Remembers what a format was made of; what `quick` finds out is shared by all that are like it. */
export function remember({ key }, slots) {
  slots.quick = { template: undefined };
  if (key === undefined) return;
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(key, slots);
}

/** What is beyond may lose digits when it is rounded as a whole number. */
const MOST = 1e12;

/**
 * The text of a number, if a format's options allow the short way. A format goes the long way first: one that is made for
 * a single number shall not pay for the others.
 */
export function quick(slots, value, partsOf) {
  const state = slots.quick;
  if (state.template === undefined) {
    state.template = "later";
    return undefined;
  }
  if (state.template === "later") state.template = isPlain(slots) ? template(slots, partsOf) : null;
  if (state.template === null || !(Math.abs(value) < MOST)) return undefined;
  const digits = round(String(Math.abs(value)), slots.minimumFractionDigits, slots.maximumFractionDigits);
  if (digits === undefined) return undefined;
  const { group, decimal, positive, negative } = state.template;
  const [start, end] = value < 0 || Object.is(value, -0) ? negative : positive;
  let [integer, fraction] = digits;
  if (group !== "") {
    let grouped = "";
    for (; integer.length > 3; integer = integer.slice(0, -3)) grouped = group + integer.slice(-3) + grouped;
    integer += grouped;
  }
  return start + (fraction === "" ? integer : integer + decimal + fraction) + end;
}

function isPlain(slots) {
  return slots.notation === "standard" &&
    (slots.style === "decimal" || (slots.style === "currency" && slots.currencyDisplay !== "name")) &&
    slots.roundingType === "fractionDigits" && slots.roundingMode === "halfExpand" && slots.roundingIncrement === 1 &&
    slots.signDisplay === "auto" && slots.trailingZeroDisplay === "auto" && slots.minimumIntegerDigits === 1 &&
    slots.numberingSystem === "latn" && (slots.useGrouping === "auto" || slots.useGrouping === "always" || slots.useGrouping === false);
}

/** What a format writes around and between digits; null if its groups are not of three. */
function template({ useGrouping }, partsOf) {
  const sample = (value) => {
    const parts = partsOf(value);
    const first = parts.findIndex(({ type }) => type === "integer");
    const last = parts.findLastIndex(({ type }) => type === "integer" || type === "fraction");
    const text = (parts) => parts.map(({ value }) => value).join("");
    return { parts, around: [text(parts.slice(0, first)), text(parts.slice(last + 1))] };
  };
  const [large, small, negative] = [sample(1234567), sample(1234), sample(-1234567)];
  const integers = ({ parts }) => parts.filter(({ type }) => type === "integer").map(({ value }) => value).join(" ");
  if (useGrouping !== false && (integers(large) !== "1 234 567" || integers(small) !== "1 234")) return null;
  if (small.around.join() !== large.around.join()) return null;
  const of = (type, value) => partsOf(value).find((part) => part.type === type)?.value ?? "";
  return { group: useGrouping === false ? "" : of("group", 1234), decimal: of("decimal", 0.125), positive: large.around, negative: negative.around };
}

/** The digits before and after the point, rounded half away from zero; none where the number is written with an exponent. */
function round(text, least, most) {
  if (text.includes("e")) return undefined;
  let [integer, fraction = ""] = text.split(".");
  if (fraction.length > most) {
    const isUp = fraction[most] >= "5";
    fraction = fraction.slice(0, most);
    if (isUp) {
      // A one before the digits keeps their zeros.
      const next = String(BigInt(`1${integer}${fraction}`) + 1n);
      const end = next.length - most;
      fraction = next.slice(end);
      integer = next[0] === "1" ? next.slice(1, end) : `1${next.slice(1, end)}`;
    }
    let end = fraction.length;
    while (end > least && fraction[end - 1] === "0") end -= 1;
    fraction = fraction.slice(0, end);
  }
  return [integer, fraction.padEnd(least, "0")];
}
