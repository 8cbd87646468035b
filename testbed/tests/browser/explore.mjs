// The page of a walk: node explore.mjs PAGE FOLDER
import { pathToFileURL } from "node:url";
import { audited, browser, check, fits, opened, walked } from "./browser.mjs";

const [path, folder] = process.argv.slice(2);
const address = pathToFileURL(path).href;
const chromium = await browser();
const views = [
  ["light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
  ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true }],
];
try {
  for (const [name, options] of views) {
    const context = await chromium.newContext({ ...options, reducedMotion: "reduce" });
    const { page, faults } = await opened(context, address);
    const where = () => page.locator("#where").textContent();
    check((await where()) === "0 steps from the beginning", `${name}: it does not begin at the beginning`);
    await audited(page, `${name}, beginning`);
    await page.screenshot({ path: `${folder}/${name}-begin.png` });
    await walked(page, name);
    // Ten steps, by keyboard alone: the next step has the focus.
    await page.locator("#steps button:not(:disabled)").first().focus();
    for (let step = 1; step <= 10; step++) {
      await page.keyboard.press("Enter");
      check((await where()) === `${step} ${step === 1 ? "step" : "steps"} from the beginning`, `${name}: step ${step} is not taken`);
    }
    await page.screenshot({ path: `${folder}/${name}-walk.png`, fullPage: true });
    const daemon = () => page.locator('[data-at="daemon-0"]').textContent();
    const [there, hash] = [await daemon(), await page.evaluate(() => location.hash)];
    check(hash.split(".").length === 10, `${name}: the address does not hold the way: ${hash}`);
    // Back, and forward again.
    await page.locator("#back").click();
    check((await where()) === "9 steps from the beginning", `${name}: Back does not lead back`);
    await page.locator("#forward").click();
    check((await daemon()) === there, `${name}: Forward leads elsewhere`);
    // A link leads to the same state in another page, and a damaged one as far as it goes.
    const other = await opened(context, address + hash);
    check((await other.page.locator('[data-at="daemon-0"]').textContent()) === there, `${name}: a link leads elsewhere`);
    await other.page.goto(`${address}#0.99.x`);
    await other.page.reload();
    check((await other.page.locator("#where").textContent()) === "1 step from the beginning", `${name}: a damaged link`);
    await other.page.close();
    // The shortest way to a goal.
    await page.locator("#goal").selectOption({ label: "both succeed" });
    check((await daemon()).startsWith("done"), `${name}: the goal is not reached`);
    await fits(page, name);
    await audited(page, `${name}, goal`);
    await page.screenshot({ path: `${folder}/${name}-goal.png` });
    await page.locator("#again").click();
    check((await where()) === "0 steps from the beginning", `${name}: it does not begin again`);
    check(faults.length === 0, `${name}: ${faults.join("\n")}`);
    await context.close();
  }
} finally {
  await chromium.close();
}
