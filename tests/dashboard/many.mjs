// Hundreds of alarms that come at once: how often the page asks for them, and by what it judges memory.
//
// `given` has how many `tenants` there are, each of which a request to `pages` brings an alarm, and the `thresholds` of the configuration.

import assert from "node:assert/strict";

import { browse, given, sign_in } from "./browser.mjs";

await browse(async (open) => {
  const page = await open();
  let asked = 0;
  page.on("request", (request) => (asked += new URL(request.url()).pathname === "/v1/alarms"));
  await sign_in(page);
  await page.locator(".live").getByText("Live").waitFor();
  await page.getByText("None is active.").waitFor();
  const meter = page.getByLabel("Share of the memory limit in use");
  assert.deepEqual(await meter.evaluate(({ low, high }) => [low, high]), given.thresholds);

  const before = asked;
  for (let number = 0; number < given.tenants; number += 1) await fetch(`${given.pages}/t${number}`);
  await page.locator(".tile.warning").getByText(`${given.tenants} firing`).waitFor();
  await page.waitForTimeout(1_000);
  await page.close_well();
  return { asked: asked - before };
});
