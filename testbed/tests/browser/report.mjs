// The page of a report: node report.mjs PAGE FOLDER "VERDICT"
import { pathToFileURL } from "node:url";
import { audited, browser, check, fits, opened, walked } from "./browser.mjs";

const [path, folder, verdict] = process.argv.slice(2);
const address = pathToFileURL(path).href;
const chromium = await browser();
const views = [
  ["light", { viewport: { width: 1280, height: 800 }, colorScheme: "light" }],
  ["dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
  ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true }],
];
try {
  for (const [name, options] of views) {
    const context = await chromium.newContext({ ...options, reducedMotion: "reduce" });
    const { page, faults } = await opened(context, address);
    check((await page.getByRole("status").first().textContent()).includes(verdict), `${name}: the verdict is another`);
    await fits(page, name);
    await page.screenshot({ path: `${folder}/${name}.png` });
    await audited(page, name);
    await walked(page, name, 60);

    // A link into a closed part opens it.
    const anchor = await page.evaluate(() => document.querySelector("details.way:not([open])")?.id);
    if (anchor) {
      await page.goto(`${address}#${anchor}`);
      check(await page.evaluate((id) => document.getElementById(id).open, anchor), `${name}: ${anchor} stays closed`);
      await page.screenshot({ path: `${folder}/${name}-way.png` });
    }
    for (const part of ["matrix", "machines", "mutants", "history", "growth", "faults", "speed", "interop", "requirements"]) {
      if (await page.locator(`#${part}`).count()) {
        await page.evaluate((id) => document.getElementById(id).scrollIntoView(), part);
        await page.screenshot({ path: `${folder}/${name}-${part}.png` });
      }
    }
    // Each link leads somewhere.
    const dead = await page.evaluate(() =>
      [...document.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)));
    check(dead.length === 0, `${name}: no anchors: ${dead.slice(0, 5).join(", ")}`);
    // The filter, by keyboard.
    await page.locator("#filter").focus();
    await page.keyboard.type("R-IMP-3");
    check(await page.locator("#R-IMP-3").isVisible(), `${name}: the filter hides what is asked for`);
    check(!(await page.locator("#R-MSG-1").isVisible()), `${name}: the filter hides nothing`);
    await page.locator("#filter").fill("");
    // A part opens and closes with a key.
    const part = page.locator("#R-IMP-3");
    await part.locator("summary").focus();
    await page.keyboard.press("Enter");
    check(await part.evaluate((details) => details.open), `${name}: Enter opens nothing`);
    // The whole page, with everything open.
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await fits(page, `${name}, all open`);
    if (name === "light") await audited(page, `${name}, all open`);
    check(faults.length === 0, `${name}: ${faults.join("\n")}`);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    console.log(`${name}: first view after ${Math.round(paint)} ms`);
    await context.close();
  }
} finally {
  await chromium.close();
}
