// The part of the history that is shown, and what is added to it as it comes.

export const RANGES = [
  { name: "1 h", label: "The last hour", seconds: 3_600 },
  { name: "6 h", label: "The last 6 hours", seconds: 21_600 },
  { name: "24 h", label: "The last 24 hours", seconds: 86_400 },
  { name: "7 d", label: "The last 7 days", seconds: 604_800 },
];

/** Points of a chart: each sample of an hour, and no more than a small chart has room for. */
const POINTS = 400;

/** What to ask the history for. */
export function wanted({ seconds }) {
  const to = Math.floor(Date.now() / 1_000);
  return { from: to - seconds, to, points: POINTS };
}

/**
 * Adds a sample to a history of single samples, in place of what is too old by now. `gap` is the time from the sample before, if that is
 * known. To a history whose points are put together of several nothing can be added: this gives false, and it has to be asked for again
 * in time.
 */
export function append(history, sample, { seconds }, gap) {
  const { time, step } = history;
  if (time.length > 0 && sample.time <= time.at(-1)) return true;
  if (!(step < 1.5 * gap)) return false;
  const columns = Object.entries(history).filter(([key, column]) => Array.isArray(column) && key !== "marks");
  columns.forEach(([key, column]) => column.push(sample[key] ?? null));
  Object.assign(history, { from: sample.time - seconds, to: sample.time });
  while (time[0] < history.from) columns.forEach(([, column]) => column.shift());
  return true;
}

/** The last number of a history that is known. */
export const last = (history, key) => history[key]?.findLast((value) => value !== null);
