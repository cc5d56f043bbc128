// Rounding by digits, for the abstract operations of FormatJS that do it by division: the same results in a tenth of the time.
// A number is a mantissa, which is a bigint that is not negative, and an exponent of ten.

/** Whether digits that are cut off make what is left of them, which ends with `last`, one larger. */
function isUp(tail, last, mode) {
  if (!/[1-9]/.test(tail)) return false;
  if (mode === "zero") return false;
  if (mode === "infinity") return true;
  if (tail[0] !== "5" || /[1-9]/.test(tail.slice(1))) return tail[0] >= "5";
  return mode === "half-infinity" || (mode === "half-even" && last % 2 === 1);
}

/** A number in units of this power of ten, as digits, and the number that it is then. */
function round(x, magnitude, mode) {
  const digits = String(x._mantissa);
  const cut = magnitude - x._exponent;
  if (cut <= 0) return { digits: digits === "0" ? "0" : digits + "0".repeat(-cut), rounded: x };
  const head = digits.slice(0, -cut) || "0";
  const tail = digits.slice(-cut).padStart(cut, "0");
  const left = isUp(tail, Number(head.at(-1)), mode) ? String(BigInt(head) + 1n) : head;
  return { digits: left, rounded: /[1-9]/.test(tail) ? new x.constructor(`${left}e${magnitude}`) : x };
}

/** Takes at most so many zeros from the end of a fraction. */
function trim(text, most) {
  let end = text.length;
  for (; most > 0 && text[end - 1] === "0"; most -= 1) end -= 1;
  if (text[end - 1] === ".") end -= 1;
  return text.slice(0, end);
}

/** `ToRawFixed` of ECMA-402, without an increment. */
export function toRawFixed(x, least, most, mode) {
  const { digits, rounded } = round(x, -most, mode);
  const padded = digits.padStart(most + 1, "0");
  const integer = padded.slice(0, padded.length - most);
  const text = most === 0 ? integer : trim(`${integer}.${padded.slice(-most)}`, most - least);
  return { formattedString: text, roundedNumber: rounded, integerDigitsCount: integer.length, roundingMagnitude: -most };
}

/** `ToRawPrecision` of ECMA-402. */
export function toRawPrecision(x, least, most, mode) {
  let digits = "0".repeat(most);
  let rounded = x;
  let exponent = 0;
  if (!x.isZero()) {
    exponent = String(x._mantissa).length - 1 + x._exponent;
    ({ digits, rounded } = round(x, exponent - most + 1, mode));
    if (digits.length > most) {
      exponent += 1;
      digits = digits.slice(0, -1);
    }
  }
  let text;
  if (exponent >= most - 1) text = digits + "0".repeat(exponent - most + 1);
  else if (exponent >= 0) text = trim(`${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`, most - least);
  else text = trim(`0.${"0".repeat(-exponent - 1)}${digits}`, most - least);
  return { formattedString: text, roundedNumber: rounded, integerDigitsCount: Math.max(exponent, 0) + 1, roundingMagnitude: exponent - most + 1 };
}
