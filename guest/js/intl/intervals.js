// How two times are written as one, as ICU does it: the pattern for the largest field in which they differ.
import { join, parsePattern } from "./patterns.js";

/** The fields in which two times may differ, the largest first, with their letters in patterns. */
const FIELDS = [
  ["era", "G"], ["year", "y"], ["month", "M"], ["day", "d"], ["halfday", "a"], ["hour", "h"], ["minute", "m"], ["second", "s"], ["millisecond", "S"],
];
const RANK = Object.fromEntries(FIELDS.map(([name], rank) => [name, rank]));
const ofField = (at, field) => (field === "halfday" ? at.hour >= 12 : at[field]);

/** Fields of the letters of a pattern, by their rank in `FIELDS`. */
const LETTER_RANK = { G: 0, y: 1, M: 2, L: 2, d: 3, E: 3, c: 3, a: 4, b: 4, B: 4, h: 5, H: 5, K: 5, k: 5, m: 6, s: 7, S: 8 };

function count(skeleton) {
  const counts = {};
  for (const letter of skeleton) counts[letter === "L" ? "M" : letter] = (counts[letter === "L" ? "M" : letter] ?? 0) + 1;
  return counts;
}

export class Intervals {
  #locale;
  #generator;
  #kept = new Map();

  constructor(locale, generator) {
    this.#locale = locale;
    this.#generator = generator;
  }

  /** How two times are written with the fields of a skeleton. */
  for(skeleton) {
    let interval = this.#kept.get(skeleton);
    if (interval === undefined) {
      interval = new Interval(this.#locale, this.#generator, skeleton);
      if (this.#kept.size >= 32) this.#kept.clear();
      this.#kept.set(skeleton, interval);
    }
    return interval;
  }
}

class Interval {
  #patterns = {};
  #locale;
  #generator;
  #pattern;
  #datePattern;
  #timePattern;

  constructor(locale, generator, skeleton) {
    this.#locale = locale;
    this.#generator = generator;
    this.#pattern = generator.best(skeleton, false);
    const { date, time, plainDate, plainTime } = split(skeleton);
    const found = this.#findPatterns(plainDate, plainTime, date, time);
    if (time === "") return;
    if (date === "") {
      const pattern = generator.best(`yMd${time}`, false);
      for (const field of ["day", "month", "year"]) this.#patterns[field] = { whole: pattern };
      this.#patterns.era = { whole: generator.best(`GyMd${time}`, false) };
      return;
    }
    if (!found) return;
    let longer = skeleton;
    for (const [field, letter] of [["day", "d"], ["month", "M"], ["year", "y"], ["era", "G"]]) {
      if (date.includes(letter)) continue;
      longer = letter + longer;
      this.#patterns[field] = { whole: generator.best(longer, false) };
    }
    const datePattern = generator.best(date, false);
    for (const field of ["halfday", "hour", "minute"]) {
      const parts = this.#patterns[field];
      if (parts?.both) this.#patterns[field] = splitInTwo(join(locale.dateTimeFormats[2], parts.both, datePattern));
    }
  }

  #findPatterns(plainDate, plainTime, date, time) {
    let skeleton = plainTime || plainDate;
    if (skeleton === "") return false;
    if (date !== "") this.#datePattern = this.#generator.best(date, false);
    if (time !== "") this.#timePattern = this.#generator.best(time, false);
    let { best, difference } = this.#closest(skeleton);
    if (difference === -1) return false;
    if (plainTime !== "") {
      for (const field of ["minute", "hour", "halfday"]) this.#setPattern(field, skeleton, best, difference);
      return true;
    }
    this.#setPattern("day", skeleton, best, difference);
    const extended = this.#setPattern("month", skeleton, best, difference, true);
    if (extended !== undefined) ({ skeleton, best } = extended);
    this.#setPattern("year", skeleton, best, difference, true);
    this.#setPattern("era", skeleton, best, difference, true);
    return true;
  }

  /** The listed skeleton that is most like this one: how they differ is 0, not; 1, in lengths; 2, in the kind of zone; -1, in fields. */
  #closest(skeleton) {
    const isReplaced = /[zkKabB]/.test(skeleton) && !(skeleton in this.#locale.intervalFormats);
    const wanted = count(isReplaced ? skeleton.replaceAll("z", "v").replaceAll("k", "H").replaceAll("K", "h").replace(/[ab]/g, "") : skeleton);
    let best = "";
    let bestDistance = Infinity;
    let difference = 0;
    for (const key of Object.keys(this.#locale.intervalFormats)) {
      const given = count(key);
      let distance = 0;
      let kind = 1;
      for (const letter of new Set([...Object.keys(wanted), ...Object.keys(given)])) {
        const [mine = 0, other = 0] = [wanted[letter], given[letter]];
        if (mine === other) continue;
        if (mine === 0 || other === 0) {
          kind = -1;
          distance += 0x1000;
        } else if (letter === "M" && (mine <= 2) !== (other <= 2)) distance += 0x100;
        else distance += Math.abs(mine - other);
      }
      if (distance >= bestDistance) continue;
      [best, bestDistance, difference] = [key, distance, kind];
      if (distance === 0) {
        difference = 0;
        break;
      }
    }
    if (isReplaced && difference !== -1) difference = 2;
    return { best, difference };
  }

  #setPattern(field, skeleton, best, difference, mayExtend = false) {
    const { intervalFormats } = this.#locale;
    const patternOf = (key, name) => {
      const formats = intervalFormats[key];
      if (name === "hour") return formats?.h ?? formats?.H;
      return formats?.[FIELDS[RANK[name]][1]];
    };
    let pattern = patternOf(best, field);
    let extended;
    if (pattern === undefined) {
      if (isIgnored(best, field)) return undefined;
      if (field === "halfday") {
        pattern = patternOf(best, "hour");
        if (pattern !== undefined) this.#patterns.halfday = splitInTwo(adjust(pattern, skeleton, best, difference));
        return undefined;
      }
      if (!mayExtend) return undefined;
      const letter = FIELDS[RANK[field]][1];
      extended = { skeleton: letter + skeleton, best: letter + best };
      pattern = patternOf(extended.best, field);
      if (pattern === undefined && difference === 0) {
        const closest = this.#closest(extended.best);
        if (closest.difference !== -1) {
          pattern = patternOf(closest.best, field);
          best = closest.best;
          ({ difference } = closest);
        }
      }
    }
    if (pattern === undefined) return undefined;
    this.#patterns[field] = splitInTwo(difference === 0 ? pattern : adjust(pattern, skeleton, best, difference));
    return extended;
  }

  /** The parts of two times, by a function that gives those of one pattern and time; none if they are written as one. */
  parts(from, to, partsOf) {
    const field = FIELDS.find(([name]) => ofField(from, name) !== ofField(to, name))?.[0];
    if (field === undefined) return undefined;
    const pattern = this.#patterns[field];
    const mark = (parts, source) => parts.map((part) => ({ ...part, source }));
    if (pattern?.first !== undefined) return ofBoth(partsOf(pattern.first, from), partsOf(pattern.second, to));
    if (pattern === undefined && isIgnored(this.#pattern, field)) return undefined;
    const fallback = (whole) => fill(this.#locale.intervalFormatFallback, mark(partsOf(whole, from), "startRange"), mark(partsOf(whole, to), "endRange"));
    if (RANK[field] >= RANK.halfday && this.#datePattern !== undefined && this.#timePattern !== undefined) {
      return fill(this.#locale.dateTimeFormats[2], fallback(this.#timePattern), mark(partsOf(this.#datePattern, from), "shared"));
    }
    return fallback(pattern?.whole ?? this.#pattern);
  }
}

/** Parts put into the places of a pattern. */
function fill(pattern, ...values) {
  return pattern.split(/\{(\d)\}/).flatMap((text, index) => {
    if (index % 2 === 1) return values[text];
    return text === "" ? [] : [{ type: "literal", value: text.replaceAll("'", ""), source: "shared" }];
  });
}

/** The parts of two times: what lies between the fields that are said of both is a time's own, and the rest is of both. */
function ofBoth(first, second) {
  const own = (parts, others, source) => {
    const isTwice = ({ type }) => type !== "literal" && others.some((other) => other.type === type);
    const [start, end] = [parts.findIndex(isTwice), parts.findLastIndex(isTwice)];
    return parts.map((part, index) => ({ ...part, source: index >= start && index <= end && start >= 0 ? source : "shared" }));
  };
  return [...own(first, second, "startRange"), ...own(second, first, "endRange")];
}

/** Whether a pattern shows nothing as small as a field. */
function isIgnored(pattern, field) {
  let smallest = -1;
  for (const { letter } of parsePattern(pattern)) smallest = Math.max(smallest, LETTER_RANK[letter] ?? -1);
  return RANK[field] > smallest;
}

/** A pattern of two times, which ends for the first where a letter comes again. */
function splitInTwo(pattern) {
  const seen = new Set();
  let isQuoted = false;
  let end = pattern.length;
  let last;
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at];
    if (letter === "'") isQuoted = !isQuoted;
    const isField = !isQuoted && /[A-Za-z]/.test(letter);
    if (isField && letter !== last) {
      if (seen.has(letter)) {
        end = at;
        break;
      }
      seen.add(letter);
    }
    last = isField ? letter : undefined;
  }
  return { both: pattern, first: pattern.slice(0, end), second: pattern.slice(end) };
}

/** Makes the fields of a pattern as long as they are wanted. */
function adjust(pattern, skeleton, best, difference) {
  const [wanted, given] = [count(skeleton), count(best)];
  if (difference === 2) pattern = pattern.replaceAll("v", wanted.z ? "z" : "v").replaceAll("h", wanted.K ? "K" : "h").replaceAll("H", wanted.k ? "k" : "H");
  return pattern.replace(/'[^']*'|([A-Za-z])\1*/g, (run, letter) => {
    if (letter === undefined) return run;
    const name = letter === "L" ? "M" : letter;
    const [mine = 0, other = 0] = [wanted[name], given[name]];
    return other === run.length && mine > other ? letter.repeat(mine) : run;
  });
}

/** The date and the time of a skeleton, as they are and in the least form. */
function split(skeleton) {
  const counts = count(skeleton);
  const some = (letters) => [...letters].map((letter) => letter.repeat(counts[letter] ?? 0)).join("");
  const date = [...skeleton].filter((letter) => "GyYMLEcdDQ".includes(letter)).join("");
  const time = [...skeleton].filter((letter) => !"GyYMLEcdDQ".includes(letter)).join("");
  const month = counts.M ?? 0;
  const weekday = (counts.E ?? 0) || (counts.c ?? 0);
  const plainDate = some("Gy") + (month < 3 ? "M".repeat(Math.min(month, 1)) : "M".repeat(month)) + (weekday <= 3 ? "E".repeat(Math.min(weekday, 1)) : "E".repeat(weekday)) + (counts.d ? "d" : "");
  const one = (letter) => (counts[letter] ? letter : "");
  const hour = counts.H || counts.k ? "H" : counts.h || counts.K ? "h" : "";
  const plainTime = hour + one("m") + one("z") + one("v") + one("B");
  return { date, time, plainDate, plainTime };
}
