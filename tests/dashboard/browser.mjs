// Chromium, driven by Playwright. What is looked at is given as JSON, the first argument: `url` and `token` of an admin API, the program
// `chromium`, and what one test needs besides.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

export const given = JSON.parse(process.argv[2]);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

/** Runs `look` with what opens pages, and prints what it gives as JSON. */
export async function browse(look) {
  // Its own sandbox cannot be set up by root, and nothing is looked at here but our own pages.
  const options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--disable-sync", "--disable-component-update", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath: given.chromium, args: options });
  try {
    process.stdout.write(JSON.stringify((await look((settings) => open(browser, settings))) ?? null));
  } finally {
    await browser.close();
  }
}

/**
 * A page that notes what is wrong: errors of scripts, what the content security policy refused, requests to elsewhere. `fine` are
 * those that a test expects. `close` fails if there was any other.
 */
async function open(browser, { size = SIZES.desk, dark = false, fine = [], ...settings } = {}) {
  // With less motion no colour is looked at while it changes.
  const context = await browser.newContext({ viewport: size, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error.stack)));
  page.on("dialog", async (dialog) => (wrong.push(`a dialog: ${dialog.message()}`), await dialog.dismiss()));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== given.url && protocol !== "data:") wrong.push(`a request to ${request.url()}`);
  });
  page.close_well = async () => {
    await context.close();
    assert.deepEqual(wrong.filter((text) => !fine.some((part) => text.includes(part))), []);
  };
  return page;
}

/** Signs in, at an address within the dashboard. */
export async function sign_in(page, hash = "") {
  await page.goto(`${given.url}/${hash}`);
  await page.getByLabel("Token of the admin API").fill(given.token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Fails where axe finds something, by its rules of WCAG and those of good practice; or where the page is wider than the screen. */
export async function check(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`) }));
  assert.deepEqual(found, [], `${what}: axe finds something`);
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= screen, `${what}: it is ${wide} pixels wide on a screen of ${screen}`);
}
