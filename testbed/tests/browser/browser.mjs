// The browser, and the checks that every page has to pass.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts Chromium from the system: HANDFAST_CHROMIUM, or the one of Debian. */
export function browser(args = []) {
  const executablePath = process.env.HANDFAST_CHROMIUM || "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", ...args] });
}

/** Fails the test. */
export function check(holds, text) {
  if (!holds) throw new Error(text);
}

/** Opens a page that may not load anything else. Gives the page, and what went wrong in it. */
export async function opened(context, address) {
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const own = request.url().startsWith(new URL(address).origin) || request.url().startsWith("file:");
    if (!own && !request.url().startsWith("data:") && !request.url().startsWith("blob:")) faults.push(`asks ${request.url()}`);
  });
  await page.goto(address);
  return { page, faults };
}

/** Runs axe-core. No finding that is serious or critical may be left. */
export async function audited(page, name) {
  // The page's policy forbids scripts of others; the driver's own world has none.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const shown = grave.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
  check(grave.length === 0, `${name}: ${shown.join("\n")}`);
}

/** Whether the page is wider than its window, as a whole. */
export async function fits(page, name) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(wide <= window, `${name}: the page is ${wide} wide, its window ${window}`);
}

/** Walks through the page with Tab alone: each control is reached, in the page's order, and shows that it has the focus. At most `most`
 * of them. The focus goes back to where it was. */
export async function walked(page, name, most = 100) {
  const before = await page.evaluateHandle(() => document.activeElement);
  const count = await page.evaluate((most) => {
    const all = [...document.querySelectorAll("a[href], button:not(:disabled), input:not(:disabled), select, summary, [tabindex='0']")];
    const seen = all.filter((one) => one.checkVisibility({ visibilityProperty: true }));
    globalThis.controls = seen.slice(0, most);
    controls[0]?.focus();
    return controls.length;
  }, most);
  const at_control = async (at) => {
    const [reached, marked, shown] = await page.evaluate((at) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const place = document.activeElement.getBoundingClientRect();
      const inside = place.bottom > 0 && place.right > 0 && place.top < innerHeight && place.left < innerWidth;
      return [document.activeElement === controls[at], outlineStyle !== "none" && outlineWidth !== "0px" && inside, controls[at].outerHTML.slice(0, 120)];
    }, at);
    check(reached, `${name}: Tab does not lead to ${shown}`);
    check(marked, `${name}: no mark of the focus at ${shown}`);
  };
  for (let at = 1; at < count; at++) {
    await page.keyboard.press("Tab");
    await at_control(at);
  }
  if (count > 1) {
    // The first one, from the second.
    await page.evaluate(() => controls[1].focus());
    await page.keyboard.press("Shift+Tab");
    await at_control(0);
  }
  await before.evaluate((element) => element.focus());
}
