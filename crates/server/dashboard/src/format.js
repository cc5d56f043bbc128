// Numbers with their units. A number that is not there is a dash.

const NONE = "–";
const is = (number) => typeof number === "number" && Number.isFinite(number);

/** Three digits that count: 1.23, 12.3, 123, 1,234. */
function digits(number) {
  const whole = Math.floor(Math.abs(number)).toString().length;
  return number.toLocaleString("en", { maximumFractionDigits: number === 0 ? 0 : Math.max(0, 3 - whole) });
}

export function bytes(number) {
  if (!is(number)) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  // Of 1,000 on, so that no number has four digits.
  while (Math.abs(number) >= 1000 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${digits(number)} ${units[unit]}`;
}

/** A time in microseconds. */
export function microseconds(number) {
  if (!is(number)) return NONE;
  if (number < 1_000) return `${digits(number)} µs`;
  if (number < 1_000_000) return `${digits(number / 1_000)} ms`;
  return seconds(number / 1_000_000);
}

export function seconds(number) {
  if (!is(number)) return NONE;
  if (number < 1) return `${digits(number * 1_000)} ms`;
  if (number < 120) return `${digits(number)} s`;
  if (number < 7_200) return `${Math.round(number / 60)} min`;
  if (number < 172_800) return `${Math.round(number / 3_600)} h`;
  return `${Math.round(number / 86_400)} days`;
}

export const count = (number) => (is(number) ? Math.round(number).toLocaleString("en") : NONE);
export const rate = (number) => (is(number) ? `${digits(number)}/s` : NONE);
export const ratio = (number) => (is(number) ? `${digits(number * 100)} %` : NONE);
/** Milliseconds of processor time in each second, as a share of one processor. */
export const cpu = (number) => (is(number) ? `${digits(number / 10)} %` : NONE);

/** A value of an alarm, by the unit that it says. */
export function of(unit, number) {
  return ({ bytes, ratio, seconds, count }[unit] ?? ((value) => `${is(value) ? digits(value) : NONE} ${unit}`))(number);
}

export const two = (number) => String(number).padStart(2, "0");

/** The time of day, or the day too if it is long ago. Unix seconds. */
export function time(at) {
  if (!is(at)) return NONE;
  const date = new Date(at * 1_000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return Math.abs(Date.now() / 1_000 - at) < 43_200 ? clock : `${day(date)}, ${clock}`;
}

export const day = (date) => date.toLocaleDateString("en", { day: "numeric", month: "short" });

/** The first digits of a bundle's digest. */
export const short = (digest) => (digest ? digest.slice(0, 12) : NONE);
