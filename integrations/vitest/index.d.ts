/** What is run, and what the runs share: as the flags of `dayfly leak check`. */
export interface Options {
  /** Files of JSON, in turns. */
  props?: string | string[];
  /** URLs for a fetch handler, in turns. */
  url?: string | string[];
  /** Globals that all runs share; `console` by default. */
  share?: string | string[];
  /** JavaScript that is evaluated once, as the server's own. */
  host?: string | string[];
  runs?: number;
  /** Fail, too, if something of the last run is held. */
  strict?: boolean;
  /** Bytes a run that are no failure. */
  maxGrowth?: number;
  /** Leaks that are known and accepted. */
  baseline?: string;
  sourceMap?: string;
  /** The program; `$DAYFLY` or `dayfly` by default. */
  dayfly?: string;
}

export interface Leak {
  verdict: "growing" | "bounded";
  path: string;
  runs_held: number;
  retained_bytes: number;
  retainers: string[];
  read_at: string[];
  written_at: string[];
  via: string | null;
  fix: string;
}

export interface Report {
  verdict: "clean" | "bounded" | "growing";
  bytes_per_run: number;
  runs: number;
  warm_up: number;
  share: string[];
  heap_bytes: number[];
  leaks: Leak[];
  /** Timers that still waited when a run was over. */
  pending: { by: string; set_at: string[] }[];
  /** Whether it would fail a build. */
  fails: boolean;
}

export function leakCheck(app: string, options?: Options): Promise<Report>;
export function describeLeaks(report: Report): string;

/** What `@dayfly/leak-check/vitest` and `@dayfly/leak-check/jest` add to what is expected of the path of a bundle. */
export interface ToLeak {
  toLeak(options?: Options): Promise<void>;
}

/** For `expect.extend`, where neither of those is imported. */
export const matchers: {
  toLeak(app: string, options?: Options): Promise<{ pass: boolean; message: () => string }>;
};
