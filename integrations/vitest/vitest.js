// Adds `toLeak` to Vitest's `expect`, and to its types.
import { expect } from "vitest";
import { matchers } from "./index.js";

expect.extend(matchers);
