import type { ToLeak } from "./index.js";

declare global {
  namespace jest {
    /** As `@types/jest` has them. */
    interface Matchers<R, T = {}> extends ToLeak {}
  }
}
declare module "expect" {
  /** As `@jest/globals` has them. */
  interface Matchers<R extends void | Promise<void>, T = unknown> extends ToLeak {}
}
