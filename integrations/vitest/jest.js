// Adds `toLeak` to Jest's `expect`, and to its types.
import { matchers } from "./index.js";

expect.extend(matchers);
