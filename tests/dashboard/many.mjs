// Many alarms that come at once: how often the page asks for them, and by what it judges memory. Then the table of so many tenants:
// sorted and paged by clicks, by keys alone, and on a phone.
//
// `given` has how many `tenants` there are, each of which a request to `pages` brings an alarm, `users` who use what they are asked to, and the
// `thresholds` of the configuration.

import assert from "node:assert/strict";

import { SIZES, browse, check, given, sign_in } from "./browser.mjs";

/** How many rows a page has. */
const ROWS = 50;

/** The columns that are sorted by, from where who uses most of what is first. */
const SORTS = { "Peak memory": ["memory", given.users[1]], "CPU time": ["cpu", given.users[2]], Failures: ["errors", given.users[2]] };

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, "µs": 1, ms: 1e3, s: 1e6 };

const names = (page) => page.locator(".tenants tbody a").allTextContents();
const total = given.tenants + given.users.length;

/** Waits until the table has the page that begins with this row. */
const paged = (page, first) => page.getByText(`${first}–${Math.min(total, first + ROWS - 1)} of ${total}`, { exact: true }).waitFor();

await browse(async (open) => {
  // Nobody has run in the lab what is opened at last.
  const page = await open({ fine: ["404"] });
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
  const at_once = asked - before;
  // More of each in another order, so that no two orders are the same.
  for (const [index, uses] of [["memory/8", "cpu/4", "fail/1"], ["memory/24", "cpu/1"], ["memory/16", "cpu/16", "fail/1", "fail/2", "fail/3"], ["fail/1", "fail/2"]].entries()) {
    for (const use of uses) await fetch(`${given.pages}/${given.users[index]}/${use}`);
  }
  await by_clicks(page);
  await by_keys(page);
  await page.close_well();
  const phone = await open({ size: SIZES.phone });
  await on_a_phone(phone);
  await phone.close_well();
  return { asked: at_once };
});

/** The names and numbers of a column as they are shown. */
async function column(page, name) {
  const rows = await page.locator(".tenants").evaluate((table, name) => {
    const index = [...table.querySelectorAll("thead th")].findIndex((header) => header.textContent === name);
    return [...table.querySelectorAll("tbody tr")].map((row) => [row.querySelector("a").textContent, row.cells[index].innerText]);
  }, name);
  return rows.map(([tenant, text]) => {
    const [, number, unit] = text.match(/^([\d.,]+)(?: (B|[KMG]iB|µs|ms|s))?/) ?? assert.fail(`${name}: ${text}`);
    return [tenant, Number(number.replaceAll(",", "")) * (UNITS[unit] ?? 1)];
  });
}

/** Waits until the table is sorted by a column, and fails if its numbers are not. */
async function sorted(page, name) {
  await page.locator("th[aria-sort=descending]", { hasText: name }).waitFor();
  const rows = await column(page, name);
  const numbers = rows.map(([, number]) => number);
  assert.equal(rows.length, ROWS);
  assert.deepEqual(numbers, numbers.toSorted((one, other) => other - one), name);
  assert.ok(new Set(numbers).size >= 3, `${name}: ${numbers}`);
  assert.equal(rows[0][0], SORTS[name][1], name);
}

async function by_clicks(page) {
  await paged(page, 1);
  for (const name of ["Failures", "CPU time", "Peak memory"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await sorted(page, name);
  }
  const [seen, button] = [await names(page), (name) => page.getByRole("button", { name, exact: true })];
  assert.ok(await button("Previous").isDisabled());
  await button("Next").click();
  await paged(page, ROWS + 1);
  const next = await names(page);
  assert.deepEqual([next.length, next.filter((name) => seen.includes(name))], [ROWS, []]);
  await check(page, "the second page of tenants");
  await button("Previous").click();
  await paged(page, 1);
  // By another column it begins anew.
  await button("Next").click();
  await paged(page, ROWS + 1);
  await button("Failures").click();
  await paged(page, 1);
  await sorted(page, "Failures");
}

async function by_keys(page) {
  await page.reload();
  await paged(page, 1);
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  const tab_to = async (name) => {
    for (let presses = 0; (await focused()) !== name; presses += 1) {
      assert.ok(presses < 2 * ROWS, `no tab leads to ${name}`);
      await page.keyboard.press("Tab");
    }
  };
  for (const [name, key] of [["Failures", "Enter"], ["Peak memory", "Space"], ["CPU time", "Enter"]]) {
    await tab_to(name);
    await page.keyboard.press(key);
    await sorted(page, name);
    assert.equal(await focused(), name, "the focus stays where it was");
  }
  await tab_to("Next");
  for (let first = ROWS + 1; first <= total; first += ROWS) {
    await page.keyboard.press("Enter");
    await paged(page, first);
  }
  // There is no next page, and whoever has no mouse can go back at once.
  await page.getByRole("button", { name: "Next", exact: true, disabled: true }).waitFor();
  assert.equal(await focused(), "Previous");
  for (let first = total - (total % ROWS) - ROWS + 1; first > 0; first -= ROWS) {
    await page.keyboard.press("Space");
    await paged(page, first);
  }
  await page.getByRole("button", { name: "Previous", exact: true, disabled: true }).waitFor();
  assert.equal(await focused(), "Next");
  // A row is opened, and the way back goes by keys as well.
  await tab_to(SORTS["CPU time"][1]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: SORTS["CPU time"][1], level: 1 }).waitFor();
  await tab_to("All tenants");
  await page.keyboard.press("Enter");
  await paged(page, 1);
}

async function on_a_phone(page) {
  await sign_in(page);
  await paged(page, 1);
  for (const [name, dark] of [["Failures", false], ["Peak memory", true], ["CPU time", false], ["CPU time", true]]) {
    const what = `tenants by ${name} on a phone, ${dark ? "dark" : "light"}`;
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    await page.getByLabel("Sort by").selectOption(SORTS[name][0]);
    await sorted(page, name);
    // What it is sorted by is seen without moving the table.
    const [right, screen] = await page.locator("th[aria-sort]").evaluate((header) => [header.getBoundingClientRect().right, innerWidth]);
    assert.ok(right > 0 && right <= screen, `${what}: the column ends at ${right} of ${screen}`);
    await check(page, what);
  }
  await page.getByRole("button", { name: "Next", exact: true }).click();
  await paged(page, ROWS + 1);
}
