import "vitest";
import type { ToLeak } from "./index.js";

declare module "vitest" {
  interface Matchers<T = any> extends ToLeak {}
  interface Assertion<T = any> extends ToLeak {}
}
