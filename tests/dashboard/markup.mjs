// What a tenant writes is text wherever the dashboard shows it: nothing of it runs, and nothing of it becomes an element. Its page is looked at
// on a desk and on a phone, light and dark. Then a source map: it is that of one bundle, stays over reloads, and goes nowhere.
//
// `given` has the `tenant` that writes `markup`, a `map` of its bundle, where it fails `again`, and the command that has it `deploy` the next
// bundle, with a folder for the `cache`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { SIZES, browse, check, given, sign_in } from "./browser.mjs";

const { tenant, markup } = given;

await browse(async (open) => {
  // Nobody has run its bundle in the lab.
  const page = await open({ fine: ["404"] });
  const sent = [];
  page.on("request", (request) => (request.method() !== "GET" || request.postData() !== null) && sent.push(request.url()));
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
  await give(page, "app.mjs.map", given.map);
  await page.getByText("Places are those of app.mjs.map.").waitFor();
  assert.match(await failure.locator("pre").textContent(), /src\/<b>shop<\/b>\.ts:70:\d+/);
  // What comes while it is open comes by itself.
  const before = await page.getByRole("log").getByRole("listitem").count();
  await fetch(given.again);
  await page.waitForFunction((before) => document.querySelectorAll("[role=log] li").length > before, before);
  await check(page, "a tenant's page");

  const made = await page.evaluate(() => [document.querySelectorAll("main img, main b, main script, main iframe").length, globalThis.hacked]);
  assert.deepEqual(made, [0, undefined]);
  await page.emulateMedia({ colorScheme: "dark" });
  await check(page, "a tenant's page, dark");
  const phone = await open({ size: SIZES.phone, fine: ["404"] });
  await on_a_phone(phone);
  await phone.close_well();
  await maps(page);
  assert.deepEqual(sent, []);
  await page.close_well();
});

async function give(page, name, text) {
  await page.getByLabel("Use a source map").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });
}

/** As it comes, and with all open that can be opened and what is wrong with a map said. */
async function on_a_phone(page) {
  await sign_in(page, `#/tenants/${tenant}`);
  await page.getByRole("log").getByText(markup).first().waitFor();
  await page.getByRole("region", { name: "Receipts" }).getByText("app-threw 500").first().waitFor();
  await page.getByText("The lab has not seen this bundle.").waitFor();
  await page.locator(".limits dd").first().waitFor();
  await check(page, "a tenant's page on a phone");
  await page.locator(".failures summary").first().click();
  for (const figures of await page.getByText("Figures as a table").all()) {
    if (await figures.isVisible()) await figures.click();
  }
  await page.locator("#alarms summary").first().click();
  await give(page, "a-name-that-is-long-and-has-nowhere-to-be-broken.mjs.map", "{");
  await page.getByText("is no source map").waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await check(page, `a tenant's page on a phone, ${colorScheme}, all open`);
  }
}

/** Waits until the stacks of failures, newest first, begin in these files. */
async function stacks(page, files) {
  await page.waitForFunction((files) => {
    const first = [...document.querySelectorAll(".failures pre")].map((pre) => pre.textContent.match(/[^\s()\/]+(?=:\d+:\d+)/)?.[0]);
    return files.every((file, index) => first[index] === file);
  }, files).catch(async () => assert.fail(`${files}: ${await page.locator(".failures pre").allTextContents()}`));
}

async function maps(page) {
  const count = await page.locator(".failures pre").count();
  // It is there after a reload, and for a failure that comes after it.
  await page.reload();
  await page.getByText("Places are those of app.mjs.map.").waitFor();
  await stacks(page, Array(count).fill("b>.ts"));
  await fetch(given.again);
  await stacks(page, Array(count + 1).fill("b>.ts"));

  // Not for another bundle of the same tenant.
  const which = page.getByLabel("Of bundle");
  assert.ok(!(await which.isVisible()), "there is one bundle");
  execFileSync(given.deploy[0], given.deploy.slice(1), { env: { ...process.env, XDG_CACHE_HOME: given.cache } });
  await fetch(`${given.again}/fails`);
  await page.locator(".failures summary", { hasText: "the next one fails" }).waitFor();
  await stacks(page, ["next.mjs", "b>.ts"]);
  const [next, first] = await which.locator("option").evaluateAll((options) => options.map(({ value }) => value));
  assert.equal(await which.inputValue(), next);
  assert.equal(await page.getByText("Places are those of").count(), 0);
  await check(page, "a tenant's page with two bundles");

  // There is room for one that is large, and for none that is too large; what was given first goes.
  const large = (characters) => JSON.stringify({ version: 3, sources: [`${"x".repeat(characters)}.ts`], names: [], mappings: "AAAA" });
  await give(page, "huge.map", large(4_100_000));
  await page.getByText("Places are those of huge.map. It is too large to be kept over a reload.").waitFor();
  await page.reload();
  await stacks(page, ["next.mjs", "b>.ts"]);
  await give(page, "large.map", large(3_999_700));
  await page.getByText("Places are those of large.map.", { exact: true }).waitFor();
  await stacks(page, ["next.mjs", "app.mjs"]);
  await page.reload();
  await page.getByText("Places are those of large.map.", { exact: true }).waitFor();

  // It is given for the bundle that is chosen, and forgotten by a button, or when its user signs out.
  await which.selectOption(first);
  await give(page, "app.mjs.map", given.map);
  await page.getByText("Places are those of app.mjs.map.").waitFor();
  await stacks(page, ["next.mjs", "b>.ts"]);
  await page.getByRole("button", { name: "Forget it" }).click();
  await stacks(page, ["next.mjs", "app.mjs"]);
  // Of a bundler that writes it in sections as well.
  await give(page, "app.mjs.map", JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map: JSON.parse(given.map) }] }));
  await stacks(page, ["next.mjs", "b>.ts"]);
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key !== "dayfly-range")), []);
}
