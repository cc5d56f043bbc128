// A server of which one tenant leaks into the host: what the dashboard shows of it, as it happens. It gives what it saw of the alarm.
//
// `given` has the names of the tenant that `leaks`, of the one that `saws` and of the one that the lab has `weighed`, and the folder for `pictures`, if any are wanted.

import assert from "node:assert/strict";
import { join } from "node:path";

import { SIZES, browse, check, given, sign_in } from "./browser.mjs";

const { leaks, saws, weighed, pictures } = given;

await browse(async (open) => {
  // Nobody has run its bundle in the lab.
  const page = await open({ fine: ["404"] });
  await sign_in(page);
  await page.locator(".live").getByText("Live").waitFor();
  const alarms = page.getByRole("region", { name: "Alarms" });

  // Nothing is asked for again by hand: what comes, comes by itself.
  await page.locator(".tile.warning, .tile.critical").waitFor({ timeout: given.patience_ms });
  const seen = Date.now();
  const alarm = alarms.locator("article", { hasText: "DayflyMemoryHigh" });
  await alarm.getByText("warning, firing").waitFor();
  await alarm.getByText("What to do").click();
  assert.ok((await alarm.locator(".runbook").textContent()).length > 100, "there is a runbook");

  // The mark is in the list, and on the chart in its colour; the curve rises.
  const memory = page.locator("figure", { hasText: "Memory over time" });
  for (const kind of ["Alarm", "Deploy", "Start"]) await page.locator(".marks").first().getByText(kind, { exact: true }).first().waitFor();
  // The chart has it with the next sample, and the curve goes on.
  const look = () => memory.locator("canvas").evaluate(look_at_chart);
  let drawn = await look();
  for (const until = Date.now() + 30_000; (drawn.mark <= 0.5 || drawn.rise <= 0.15) && Date.now() < until; drawn = await look()) {
    await page.waitForTimeout(500);
  }
  assert.ok(drawn.mark > 0.5, `the mark goes through the chart: ${JSON.stringify(drawn)}`);
  assert.ok(drawn.limit > 0.5, `the limit goes across: ${JSON.stringify(drawn)}`);
  assert.ok(drawn.rise > 0.15, `the curve rises: ${JSON.stringify(drawn)}`);
  assert.match(await memory.getByRole("img").getAttribute("aria-label"), /In use: last [\d.]+ MiB, least [\d.]+ MiB, most/);

  // By keys, and as a table.
  await memory.getByRole("img").focus();
  await page.keyboard.press("ArrowLeft");
  await memory.getByRole("status").getByText(/In use [\d.]+ MiB/).waitFor();
  await memory.getByText("Figures as a table").click();
  await memory.getByRole("row").nth(3).waitFor();
  await check(page, "the overview with an alarm");
  await memory.getByText("Figures as a table").click();

  // The tenant that saws is silent; the one that leaks is told by its requests alone, as what it leaks is the host's.
  await page.getByRole("link", { name: saws, exact: true }).click();
  await page.getByRole("heading", { name: saws, level: 1 }).waitFor();
  await alarms.getByText("None is active.").waitFor();
  await check(page, "the tenant that saws");

  // The lab's staircase is beside the curve of what it does here.
  await page.getByRole("link", { name: "All tenants" }).click();
  await page.getByRole("link", { name: weighed, exact: true }).click();
  await page.getByText(/Where its runs share objects it grows: [\d.]+ K?i?B a run/).waitFor();
  const stairs = page.locator("figure", { hasText: "The lab’s staircase" }).getByRole("img");
  assert.match(await stairs.getAttribute("aria-label"), /Live bytes: last [\d.]+ [KM]iB, least [\d.]+ [KM]iB/);
  assert.ok(await stairs.locator("canvas").isVisible());
  await check(page, "the tenant that was weighed");
  if (pictures) await take(open);
  await page.close_well();
  return { seen };
});

/** Shares of the chart: how high the line of an alarm's mark is, how wide that of the limit, and how far the curve has risen. */
function look_at_chart(canvas) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (name) => {
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    probe.fillRect(0, 0, 1, 1);
    return probe.getImageData(0, 0, 1, 1).data;
  };
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const places = (name) => {
    const [red, green, blue] = colour(name);
    const found = [];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = 4 * (y * width + x);
        if (data[at + 3] > 200 && Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 24) found.push([x, y]);
      }
    }
    return found;
  };
  const most = (places, axis) => {
    const counts = {};
    places.forEach((place) => (counts[place[axis]] = (counts[place[axis]] ?? 0) + 1));
    return Math.max(0, ...Object.values(counts));
  };
  const curve = places("blue").sort(([one], [two]) => one - two);
  const height_of = (part) => part.reduce((sum, [, y]) => sum + y, 0) / part.length;
  const tenth = Math.ceil(curve.length / 10);
  return {
    mark: (most(places("mark-alarm"), 0) * (4 + 4)) / 4 / height,
    limit: (most(places("red"), 1) * (8 + 5)) / 8 / width,
    rise: curve.length ? (height_of(curve.slice(0, tenth)) - height_of(curve.slice(-tenth))) / height : 0,
  };
}

/** Pictures for the README. */
async function take(open) {
  for (const [name, settings] of [
    ["light", { size: SIZES.desk }], ["dark", { size: SIZES.desk, dark: true }], ["phone", { size: SIZES.phone, deviceScaleFactor: 1.5 }],
  ]) {
    const page = await open(settings);
    await sign_in(page);
    await page.locator(".live").getByText("Live").waitFor();
    await page.getByRole("link", { name: leaks, exact: true }).waitFor();
    await page.locator(".tile.warning, .tile.critical").waitFor();
    await page.screenshot({ path: join(pictures, `dashboard-${name}.png`) });
    await page.close_well();
  }
}
