// Which pattern a locale has for the fields that are asked for: the generator of patterns of UTS 35, as ICU has it, whose
// distances and order decide between patterns that are nearly alike.

/** The fields of a date, in the order in which a skeleton lists them. */
export const FIELDS = [
  "era", "year", "quarter", "month", "week", "weekOfMonth", "weekday", "dayOfYear", "dayOfWeekInMonth", "day",
  "dayPeriod", "hour", "minute", "second", "fractionalSecond", "zone",
];
const [ERA, YEAR, QUARTER, MONTH, WEEK, WEEK_OF_MONTH, WEEKDAY, DAY_OF_YEAR, DAY_OF_WEEK_IN_MONTH, DAY, DAY_PERIOD, HOUR, MINUTE, SECOND, FRACTION, ZONE] =
  FIELDS.keys();
const DATE_MASK = (1 << DAY_PERIOD) - 1;
const TIME_MASK = (1 << FIELDS.length) - 1 - DATE_MASK;

// How a field is written. What is closer in these numbers is more alike.
const NUMERIC = 0x100;
const NARROW = -0x101;
const SHORTER = -0x102;
const SHORT = -0x103;
const LONG = -0x104;
const DELTA = 0x10;
const EXTRA_FIELD = 0x10000;
const MISSING_FIELD = 0x1000;

/** For each letter its field, and from which length on it is of which type. */
const LETTERS = {
  G: [ERA, [1, SHORT], [4, LONG], [5, NARROW]],
  y: [YEAR, [1, NUMERIC]],
  Y: [YEAR, [1, NUMERIC + DELTA]],
  Q: [QUARTER, [1, NUMERIC], [3, SHORT], [4, LONG], [5, NARROW]],
  M: [MONTH, [1, NUMERIC], [3, SHORT], [4, LONG], [5, NARROW]],
  L: [MONTH, [1, NUMERIC + DELTA], [3, SHORT - DELTA], [4, LONG - DELTA], [5, NARROW - DELTA]],
  w: [WEEK, [1, NUMERIC]],
  W: [WEEK_OF_MONTH, [1, NUMERIC]],
  E: [WEEKDAY, [1, SHORT], [4, LONG], [5, NARROW], [6, SHORTER]],
  c: [WEEKDAY, [1, NUMERIC + 2 * DELTA], [3, SHORT - 2 * DELTA], [4, LONG - 2 * DELTA], [5, NARROW - 2 * DELTA], [6, SHORTER - 2 * DELTA]],
  D: [DAY_OF_YEAR, [1, NUMERIC]],
  F: [DAY_OF_WEEK_IN_MONTH, [1, NUMERIC]],
  d: [DAY, [1, NUMERIC]],
  a: [DAY_PERIOD, [1, SHORT], [4, LONG], [5, NARROW]],
  b: [DAY_PERIOD, [1, SHORT - DELTA], [4, LONG - DELTA], [5, NARROW - DELTA]],
  B: [DAY_PERIOD, [1, SHORT - 3 * DELTA], [4, LONG - 3 * DELTA], [5, NARROW - 3 * DELTA]],
  H: [HOUR, [1, NUMERIC + 10 * DELTA]],
  k: [HOUR, [1, NUMERIC + 11 * DELTA]],
  h: [HOUR, [1, NUMERIC]],
  K: [HOUR, [1, NUMERIC + DELTA]],
  m: [MINUTE, [1, NUMERIC]],
  s: [SECOND, [1, NUMERIC]],
  S: [FRACTION, [1, NUMERIC]],
  v: [ZONE, [1, SHORT - 2 * DELTA], [4, LONG - 2 * DELTA]],
  z: [ZONE, [1, SHORT], [4, LONG]],
  O: [ZONE, [1, SHORT - DELTA], [4, LONG - DELTA]],
};
const CANONICAL = [..."GyQMwWEDFdaHmsSv"];

/** The parts of a pattern: literals with their quotes taken off, and fields. */
export function parsePattern(pattern) {
  const parts = [];
  const literal = (value) => {
    const last = parts.at(-1);
    if (last !== undefined && last.letter === undefined) last.value += value;
    else parts.push({ letter: undefined, length: 0, value });
  };
  for (let at = 0; at < pattern.length;) {
    const letter = pattern[at];
    if (letter === "'") {
      let end = at + 1;
      let text = "";
      for (; end < pattern.length; end += 1) {
        if (pattern[end] !== "'") text += pattern[end];
        else if (pattern[end + 1] === "'") text += pattern[end += 1];
        else break;
      }
      literal(end === at + 1 ? "'" : text);
      at = end + 1;
    } else if (/[A-Za-z]/.test(letter)) {
      let end = at + 1;
      while (pattern[end] === letter) end += 1;
      parts.push({ letter, length: end - at, value: undefined });
      at = end;
    } else {
      literal(letter);
      at += 1;
    }
  }
  return parts;
}

/** A pattern of these parts. */
function printPattern(parts) {
  return parts.map(({ letter, length, value }) => (letter ? letter.repeat(length) : /[A-Za-z']/.test(value) ? `'${value.replaceAll("'", "''")}'` : value)).join("");
}

/** What a skeleton, or a pattern, asks for: of each field the type, the letters, and the letters in their least form. */
function matcher(skeleton) {
  const wanted = { types: new Array(FIELDS.length).fill(0), letters: new Array(FIELDS.length).fill(""), base: new Array(FIELDS.length).fill("") };
  for (const { letter, length } of parsePattern(skeleton)) {
    if (letter !== undefined && LETTERS[letter]) set(wanted, letter, length);
  }
  if (wanted.types[MINUTE] && wanted.types[FRACTION] && !wanted.types[SECOND]) set(wanted, "s", 1);
  if (wanted.types[HOUR]) {
    if (!/[hK]/.test(wanted.letters[HOUR][0])) clear(wanted, DAY_PERIOD);
    else if (!wanted.types[DAY_PERIOD]) set(wanted, "a", 1);
  }
  return wanted;
}

function set({ types, letters, base }, letter, length) {
  const [field, ...rows] = LETTERS[letter];
  const [least, type] = rows.findLast(([least]) => length >= least);
  types[field] = type > 0 ? type + length : type;
  letters[field] = letter.repeat(length);
  base[field] = letter.repeat(least);
}

function clear({ types, letters, base }, field) {
  types[field] = 0;
  letters[field] = base[field] = "";
}

const maskOf = (types) => types.reduce((mask, type, field) => (type ? mask | (1 << field) : mask), 0);

/** How much a set of fields counts, each of which is this far from what is wanted. */
function weigh(mask, each) {
  let sum = 0;
  for (; mask !== 0; mask &= mask - 1) sum += each;
  return sum;
}

/** Whether a pattern has seconds and hours, of which ICU makes one with minutes and seconds. */
function minutesAndSeconds(pattern) {
  const parts = parsePattern(pattern);
  const start = parts.findIndex(({ letter }) => letter === "m");
  const end = parts.findIndex(({ letter }) => letter === "s");
  if (start < 0 || end < start) return undefined;
  return printPattern(parts.slice(start, end + 1));
}

/** How many patterns that were asked for are kept. */
const MOST_PATTERNS = 128;

/** The patterns of a locale. */
export class Generator {
  #patterns = new Map();
  #entries = [];
  #locale;

  constructor(locale) {
    this.#locale = locale;
    for (const letter of CANONICAL) this.#add(letter);
    for (const style of [0, 1, 2, 3]) {
      this.#add(locale.dateFormats[style]);
      this.#add(locale.timeFormats[style]);
      if (style === 2) {
        const short = minutesAndSeconds(locale.timeFormats[style]);
        if (short !== undefined) this.#add(short);
      }
    }
    for (const [skeleton, pattern] of Object.entries(locale.availableFormats)) this.#add(pattern, skeleton);
    // ICU goes through its table by first letters, capitals first.
    const rank = ({ base }) => base.charCodeAt(0);
    this.#entries.sort((one, other) => rank(one) - rank(other));
  }

  /** Adds a pattern, of which a skeleton may say what it is for. Those of `availableFormats` replace others. */
  #add(pattern, skeleton) {
    const { types, letters, base } = matcher(skeleton ?? pattern);
    const entry = { types, letters, mask: maskOf(types), base: base.join(""), pattern, isSpecified: skeleton !== undefined };
    const sameBase = this.#entries.find((other) => other.base === entry.base);
    if (sameBase && !sameBase.isSpecified && skeleton === undefined) return;
    const original = letters.join("");
    const same = this.#entries.find((other) => other.letters.join("") === original);
    if (same && (skeleton === undefined || same.isSpecified)) return;
    const duplicate = this.#entries.find((other) => other.base === entry.base && other.types.every((type, field) => type === types[field]));
    if (duplicate) Object.assign(duplicate, entry);
    else this.#entries.push(entry);
  }

  /** The entry that is most like what is wanted of the fields in `mask`, with the fields that it lacks and has beyond. */
  #bestRaw({ types }, mask) {
    const fields = maskOf(types) & mask;
    let best = { sum: Infinity, missing: -1 };
    for (const entry of this.#entries) {
      const missing = fields & ~entry.mask;
      const extra = entry.mask & ~fields;
      let sum = weigh(extra, EXTRA_FIELD) + weigh(missing, MISSING_FIELD);
      for (let both = fields & entry.mask; both !== 0 && sum <= best.sum; both &= both - 1) {
        const field = 31 - Math.clz32(both & -both);
        sum += Math.abs(types[field] - entry.types[field]);
      }
      if (sum > best.sum || (sum === best.sum && missing <= best.missing)) continue;
      best = { sum, missing, extra, entry };
      if (sum === 0) break;
    }
    return best;
  }

  /** The pattern for a skeleton; hours are as long as it says if `hourLength`. */
  best(skeleton, hourLength = true) {
    const key = `${skeleton} ${hourLength}`;
    let pattern = this.#patterns.get(key);
    if (pattern === undefined) {
      pattern = this.#find(skeleton, hourLength);
      if (this.#patterns.size >= MOST_PATTERNS) this.#patterns.clear();
      this.#patterns.set(key, pattern);
    }
    return pattern;
  }

  #find(skeleton, hourLength) {
    const wanted = matcher(skeleton);
    const { entry, missing, extra } = this.#bestRaw(wanted, -1);
    if (missing === 0 && extra === 0) return this.#adjust(wanted, entry.pattern, entry, hourLength);
    const fields = maskOf(wanted.types);
    const date = this.#appending(wanted, fields & DATE_MASK, hourLength);
    const time = this.#appending(wanted, fields & TIME_MASK, hourLength);
    if (date === "" || time === "") return date + time;
    const month = wanted.base[MONTH].length;
    const style = month === 4 ? (wanted.types[WEEKDAY] ? 0 : 1) : month === 3 ? 2 : 3;
    return join(this.#locale.atTimeFormats[style], time, date);
  }

  #appending(wanted, fields, hourLength) {
    if (fields === 0) return "";
    let { entry, missing } = this.#bestRaw(wanted, fields);
    let pattern = this.#adjust(wanted, entry.pattern, entry, hourLength);
    const both = (1 << SECOND) | (1 << FRACTION);
    for (let last = 0; missing !== 0 && missing !== last;) {
      if ((missing & both) === 1 << FRACTION && (fields & both) === both) {
        pattern = this.#adjust(wanted, pattern, entry, hourLength, true);
        missing &= ~(1 << FRACTION);
        continue;
      }
      last = missing;
      const found = this.#bestRaw(wanted, missing);
      ({ entry } = found);
      const added = this.#adjust(wanted, entry.pattern, entry, hourLength);
      const top = 31 - Math.clz32(missing & ~found.missing);
      ({ missing } = found);
      const item = this.#locale.appendItems[FIELDS[top]];
      if (item !== undefined) pattern = join(item, pattern, added, `'${this.#locale.fieldNames[FIELDS[top]] ?? ""}'`);
    }
    return pattern;
  }

  /** Makes the fields of a pattern as long as they are wanted. */
  #adjust(wanted, pattern, { isSpecified, types, letters }, hourLength, fraction = false) {
    const parts = parsePattern(pattern).flatMap((part) => {
      const field = LETTERS[part.letter]?.[0];
      if (field === undefined) return [part];
      if (fraction && field === SECOND) {
        const decimal = { letter: undefined, length: 0, value: this.#locale.decimal };
        return [part, decimal, { letter: "S", length: wanted.letters[FRACTION].length, value: undefined }];
      }
      if (wanted.types[field] === 0) return [part];
      const asked = wanted.letters[field];
      let length = asked[0] === "E" && asked.length < 3 ? 3 : asked.length;
      if ((field === HOUR && !hourLength) || field === MINUTE || field === SECOND) ({ length } = part);
      else if (isSpecified && asked[0] !== "c" && asked[0] !== "e") {
        const isNumeric = LETTERS[part.letter].findLast((row) => Array.isArray(row) && part.length >= row[0])[1] > 0;
        if (letters[field].length === length || isNumeric !== types[field] > 0) ({ length } = part);
      }
      const keeps = field === HOUR || field === MONTH || field === WEEKDAY || (field === YEAR && asked[0] !== "Y");
      return [{ letter: keeps ? part.letter : asked[0], length, value: undefined }];
    });
    return printPattern(parts);
  }
}

/** Puts patterns into the places of a pattern. */
export function join(pattern, ...values) {
  return pattern.replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** The fields of a pattern, as a skeleton. */
export function skeletonOf(pattern) {
  const letters = new Array(FIELDS.length).fill("");
  for (const { letter, length } of parsePattern(pattern)) {
    if (LETTERS[letter]) letters[LETTERS[letter][0]] = letter.repeat(length);
  }
  return letters.join("");
}
