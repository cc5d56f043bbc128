// Run by tests/all/cli/leak.rs under Vitest and under Jest, with an app that grows and one that does not beside it.
import { describeLeaks, leakCheck, matchers } from "@dayfly/leak-check";

expect.extend(matchers);

test("a bundle that grows is told with its line", async () => {
  const report = await leakCheck("story.js", { runs: 10 });
  expect(report.verdict).toBe("growing");
  expect(report.fails).toBe(true);
  expect(describeLeaks(report)).toContain("set at story.js:2:1");
  await expect("story.js").toLeak({ runs: 10 });
  await expect(expect("story.js").not.toLeak({ runs: 10 })).rejects.toThrow(/growing: \d+ bytes a run[^]*console\.error/);
}, 60_000);

test("one that is mended does not leak", async () => {
  await expect("mended.js").not.toLeak({ runs: 10, share: ["console", "process"], strict: true });
}, 60_000);

test("one that is bounded fails if that is asked for", async () => {
  await expect("bounded.js").not.toLeak({ runs: 10 });
  await expect("bounded.js").toLeak({ runs: 10, strict: true });
}, 60_000);

test("an app that fails is no verdict", async () => {
  await expect(leakCheck("nothing.js")).rejects.toThrow("dayfly leak check: ");
}, 60_000);
