// Compiled by tests/all/cli/leak.rs: the types of `toLeak` under Vitest.
import { expect, test } from "vitest";
import "@dayfly/leak-check/vitest";

test("the types know it", async () => {
  await expect("story.js").not.toLeak({ runs: 10, share: ["console"] });
  // @ts-expect-error a number of runs is a number
  await expect("story.js").toLeak({ runs: "10" });
});
