// `dayfly leak check` for test runners: a function, and a matcher for the `expect` of Vitest and of Jest.
import { execFile } from "node:child_process";

/** What the program ends with if it has a verdict: clean or accepted, growing, bounded. */
const VERDICTS = new Set([0, 1, 3]);

/**
 * Runs `dayfly leak check` on a bundle; gives its report.
 * `fails` says whether it would fail a build: it grows, or is bounded and `strict` was asked for, and is not accepted.
 */
export function leakCheck(app, options = {}) {
  const { props, url, share, host, runs, strict, maxGrowth, baseline, sourceMap, dayfly = process.env.DAYFLY ?? "dayfly" } = options;
  const list = (flag, values) => values === undefined ? [] : [flag, ...[values].flat()];
  const words = [
    "leak", "check", "--json", ...list("--props", props), ...list("--url", url),
    ...(share === undefined ? [] : ["--share", [share].flat().join(",")]),
    ...[host ?? []].flat().flatMap((file) => ["--host", file]),
    ...list("--runs", runs === undefined ? undefined : String(runs)), ...(strict ? ["--strict"] : []),
    ...list("--max-growth", maxGrowth === undefined ? undefined : String(maxGrowth)), ...list("--baseline", baseline),
    ...list("--source-map", sourceMap), "--", String(app),
  ];
  return new Promise((resolve, reject) => {
    execFile(dayfly, words, { maxBuffer: 256 << 20 }, (error, out, err) => {
      const code = error === null ? 0 : error.code;
      if (!VERDICTS.has(code)) {
        return reject(new Error(`dayfly leak check: ${err.trim() || message(out) || error.message}`, { cause: error }));
      }
      resolve({ ...JSON.parse(out), fails: code !== 0 });
    });
  });
}

function message(out) {
  try {
    return JSON.parse(out).failure?.message;
  } catch {
    return undefined;
  }
}

/** The worst of a report in some lines: what holds, where it was read and written, and what mends it. */
export function describeLeaks({ verdict, bytes_per_run, leaks }) {
  const lines = [`${verdict}: ${bytes_per_run} bytes a run`];
  for (const { path, read_at, written_at, retainers, fix } of leaks.slice(0, 5)) {
    lines.push(`  ${path}`);
    if (read_at.length > 0) lines.push(`    read at ${read_at[0]}`);
    if (written_at.length > 0) lines.push(`    set at ${written_at[0]}`);
    lines.push(...retainers.slice(1).map((step) => `    ${step}`), `    to mend it: ${fix}`);
  }
  return lines.join("\n");
}

/** For `expect.extend`: `await expect("dist/server.mjs").not.toLeak({ props: "props.json" })`. */
export const matchers = {
  async toLeak(app, options) {
    const report = await leakCheck(app, options);
    return { pass: report.fails, message: () => `${app} is ${describeLeaks(report)}` };
  },
};
