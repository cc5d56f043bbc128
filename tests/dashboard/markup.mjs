// What a tenant writes is text wherever the dashboard shows it: nothing of it runs, and nothing of it becomes an element.

import assert from "node:assert/strict";

import { browse, check, given, sign_in } from "./browser.mjs";

const { tenant, markup } = given;

await browse(async (open) => {
  // Nobody has run its bundle in the lab.
  const page = await open({ fine: ["404"] });
  await sign_in(page, `#/tenants/${tenant}`);
  const shown = async (where, what) => {
    const found = where.getByText(markup).first();
    await found.waitFor().catch(() => assert.fail(`${what} does not show ${markup}`));
  };
  await shown(page.getByRole("log"), "the console");
  const failure = page.locator(".failures details").first();
  await failure.locator("summary").click();
  await shown(failure, "a failure");
  await page.getByRole("region", { name: "Receipts" }).getByText("app-threw 500").first().waitFor();
  // A stack in the author's files, by a map that the server never has.
  assert.match(await failure.locator("pre").textContent(), /app\.mjs:\d+:\d+/);
  await page.getByLabel("Use a source map").setInputFiles({ name: "app.mjs.map", mimeType: "application/json", buffer: Buffer.from(given.map) });
  await page.getByText("Places are those of app.mjs.map.").waitFor();
  assert.match(await failure.locator("pre").textContent(), /src\/<b>shop<\/b>\.ts:70:\d+/);
  // What comes while it is open comes by itself.
  const before = await page.getByRole("log").getByRole("listitem").count();
  await fetch(given.again);
  await page.waitForFunction((before) => document.querySelectorAll("[role=log] li").length > before, before);
  await check(page, "a tenant's page");

  const made = await page.evaluate(() => [document.querySelectorAll("main img, main b, main script, main iframe").length, globalThis.hacked]);
  assert.deepEqual(made, [0, undefined]);
  await page.close_well();
});
