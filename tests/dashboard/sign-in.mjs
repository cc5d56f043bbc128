// Who has no token sees a form, and with a wrong one what is wrong; with a right one the figures, until they sign out.

import assert from "node:assert/strict";

import { SIZES, browse, check, given, sign_in } from "./browser.mjs";

await browse(async (open) => {
  for (const [size, dark] of [["desk", false], ["desk", true], ["phone", false], ["phone", true]]) {
    const page = await open({ size: SIZES[size], dark, fine: ["401"] });
    const what = `${size}, ${dark ? "dark" : "light"}`;
    const response = await page.goto(given.url);
    assert.equal(response.status(), 200);
    const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = back.match(/\d+/g).slice(0, 3).every((part) => Number(part) > 128);
    assert.equal(light, !dark, `${what}: the page is ${back}`);
    await check(page, `${what}: the form`);

    // By keys alone: the field has the focus.
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The server does not know this token.").waitFor();
    await check(page, `${what}: the form with an error`);

    await sign_in(page);
    await page.getByRole("heading", { name: "Memory over time" }).waitFor();
    await page.getByRole("rowheader", { name: "hello" }).waitFor();
    await check(page, `${what}: the overview`);
    await page.reload();
    await page.getByRole("heading", { name: "Memory over time" }).waitFor();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token of the admin API").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem("dayfly-token")), null);
    await page.close_well();
  }
});
