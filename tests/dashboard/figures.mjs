// How soon the dashboard is usable, in milliseconds from the navigation's start to rows and a chart; then it stays open for `seconds`.

import { browse, given, sign_in } from "./browser.mjs";

await browse(async (open) => {
  const page = await open();
  await sign_in(page);
  const usable = [];
  for (let round = 0; round < 7; round += 1) {
    if (round > 0) await page.reload();
    const when = await page.waitForFunction(() => document.querySelector(".tenants tbody tr") && document.querySelector("figure canvas") && performance.now());
    usable.push(Math.round(await when.jsonValue()));
  }
  await page.waitForTimeout(given.seconds * 1_000);
  await page.close_well();
  // The first one waits for the token.
  return usable.slice(1);
});
