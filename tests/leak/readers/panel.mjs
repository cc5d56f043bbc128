// Opens a heap snapshot in the Memory panel of the DevTools that Chromium has in it, as a person would, and prints what the summary
// shows, as JSON:
//
//   node panel.mjs FOLDER FILE [SCREENSHOT.png]
//
// FOLDER has the npm packages of package.json in its node_modules, and `chromium` is on the path.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const WAIT = { timeout: 120_000 };
const [folder, file, screenshot] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(folder), "package.json"))("playwright-core");
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "memory-panel-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim(),
  viewport: { width: 1400, height: 1100 },
  args: ["--no-sandbox", "--remote-debugging-port=0", "--remote-allow-origins=*"],
});
let page;
try {
  // DevTools is a page of the browser's own, about another page of it.
  const [port] = fs.readFileSync(path.join(profile, "DevToolsActivePort"), "utf8").split("\n");
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const { id } = targets.find(({ type }) => type === "page");
  page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/devtools/devtools_app.html?ws=127.0.0.1:${port}/devtools/page/${id}`);
  await page.getByRole("tab", { name: "Memory" }).click(WAIT);
  const chooser = page.waitForEvent("filechooser", WAIT);
  await page.getByRole("button", { name: "Load profile" }).first().click(WAIT);
  await (await chooser).setFiles(file);
  // Its size is said once it has been read.
  await page.getByRole("treeitem", { name: /, [\d.,]+\s?[kMG]?B$/ }).click(WAIT);
  await page.getByText("Retained size").first().waitFor(WAIT);
  const rows = page.locator("tr").filter({ hasText: "×" });
  await rows.first().waitFor(WAIT);
  const cells = await rows.evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent.trim())));
  const options = page.locator("select option").filter({ hasText: "Native context" });
  await options.first().waitFor({ ...WAIT, state: "attached" });
  console.log(JSON.stringify({
    title: await page.getByRole("treeitem").last().getAttribute("aria-label"),
    classes: cells.map(([name, distance, shallow, retained]) => ({ name, distance, shallow, retained })),
    realms: await options.allTextContents(),
  }));
} finally {
  if (screenshot && page) await page.screenshot({ path: screenshot });
  await context.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
