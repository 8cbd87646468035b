// Both clients in a browser: node web.mjs HANDFAST ARCHIVE FOLDER PART, where the archive's password is `hunter2`. The part is how the
// token is taken in a whole link (camera, typed, image), or `others`.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { audited, browser, check, fits, opened, walked } from "./browser.mjs";

const [handfast, archive, folder, part] = process.argv.slice(2);
// Milliseconds until a screen is given up: of a machine that is busy with others.
const PATIENCE = 300_000;
const own = mkdtempSync(join(tmpdir(), "handfast-web-"));
const running = new Set();

/** Starts a command with a page. */
async function command(args) {
  // The archive is named as a person in its folder names it.
  const child = spawn(handfast, args, { cwd: dirname(archive), stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let seen = "";
  const ended = new Promise((done) => child.on("close", (code) => (running.delete(child), done({ code, seen }))));
  const address = await new Promise((done, failed) => {
    child.stderr.on("data", (bytes) => {
      seen += bytes;
      const found = seen.match(/http:\/\/\S+/);
      if (found) done(found[0]);
    });
    child.on("close", () => failed(new Error(`no address is printed: ${seen}`)));
  });
  return { address, ended, child };
}

const importing = (store, more = []) => command(["import", "--web", "--key-type", "p256", "--rendezvous", "direct", "--store", join(own, store), ...more]);
const exporting = (peer, more = []) => command(["export", "--web", "--archive", basename(archive), "--peer", peer, ...more]);
const shows = (page, text) => page.getByText(text).first().waitFor({ timeout: PATIENCE });
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** Reaches a button by Tab alone, and presses it. */
async function by_keyboard(page, name) {
  for (let tabs = 0; tabs < 30; tabs++) {
    const here = await page.evaluate(() => document.activeElement.tagName === "BUTTON" && document.activeElement.textContent);
    if (here === name) return page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
  }
  throw new Error(`no Tab leads to ${name}`);
}

/** Looks at a screen: the audit, the width, a picture, and the keyboard. */
async function look(page, name) {
  await audited(page, name);
  await fits(page, name);
  await walked(page, name);
  const news = await page.locator("#news").textContent();
  check(!/[.:?!…]\.(\s|$)/.test(news), `${name}: two marks end a part of what is announced: ${news}`);
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** Draws the code of a page as a video of a camera: uncompressed, grey, with a border around it. */
async function video(page, path) {
  const { side, modules } = await page.evaluate(() => {
    const svg = document.querySelector(".code svg");
    const dark = svg.querySelectorAll("path")[1].getAttribute("d");
    return { side: svg.viewBox.baseVal.width, modules: [...dark.matchAll(/M(\d+) (\d+)h/g)].map((at) => [+at[1], +at[2]]) };
  });
  const [width, height, scale] = [640, 480, 9];
  const luma = Buffer.alloc(width * height, 200);
  const [left, top] = [(width - side * scale) >> 1, (height - side * scale) >> 1];
  const fill = (x, y, size, shade) => {
    for (let row = y; row < y + size; row++) luma.fill(shade, row * width + x, row * width + x + size);
  };
  fill(left, top, side * scale, 235);
  for (const [x, y] of modules) fill(left + x * scale, top + y * scale, scale, 16);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((width * height) / 2, 128)]);
  writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`), ...Array(10).fill(frame)]));
}

/** A picture of the code, as a person would make one. */
async function picture(page, path) {
  await page.locator(".code").screenshot({ path });
}

/** Whether a picture has the dark and the light of a code: neither a black frame nor the pattern of Chromium's own camera has them. */
async function has_code(page, bytes) {
  const [dark, light] = await page.evaluate(async (bytes) => {
    const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
    const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, picture.width, picture.height);
    let [dark, light] = [0, 0];
    for (let at = 0; at < data.length; at += 4) {
      const luma = (data[at] + data[at + 1] + data[at + 2]) / 3;
      dark += luma < 60;
      light += luma > 180;
    }
    return [dark, light].map((count) => count / (data.length / 4));
  }, [...bytes]);
  return dark > 0.1 && light > 0.4;
}

/** Waits until the camera's picture is drawn with the code in it. */
async function sees_code(page, name) {
  await page.waitForFunction(() => document.querySelector("video")?.videoWidth > 0, undefined, { timeout: PATIENCE });
  for (let tries = 0; tries < 200; tries++) {
    const next = () => new Promise((done) => document.querySelector("video").requestVideoFrameCallback(() => done(true)));
    await page.waitForFunction(next, undefined, { timeout: PATIENCE });
    if (await has_code(page, await page.locator("video").screenshot())) return;
  }
  throw new Error(`${name}: the camera's picture does not show the code`);
}

/** The screens of an import up to the token. */
async function token_of(page, name) {
  await shows(page, "The token:");
  await look(page, `${name}-import-token`);
  const token = await page.locator(".token code").textContent();
  const peer = (await page.locator(".row").first().textContent()).match(/--peer (\S+)/)[1];
  return { token, peer };
}

/** A whole link from page to page. With a typed token, the users compare a string too. */
async function link(name, options, chromium, way) {
  const fresh = await chromium.newContext({ ...options, reducedMotion: "reduce" });
  const compares = way === "typed";
  const more = compares ? ["--sas"] : [];
  const started = await importing(`store-${name}`, more);
  const { page: new_page, faults } = await opened(fresh, started.address);
  const { token, peer } = await token_of(new_page, name);
  const second = await exporting(peer, more);
  const camera = join(own, `${name}.y4m`);
  if (way === "camera") await video(new_page, camera);
  const args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${camera}`];
  const other = way === "camera" ? await browser(args) : chromium;
  const context = await other.newContext({ ...options, reducedMotion: "reduce" });
  const { page: old_page, faults: old_faults } = await opened(context, second.address);
  const act = way === "typed" ? by_keyboard : press;

  await shows(old_page, "The password of");
  await old_page.keyboard.type("wrong");
  await old_page.keyboard.press("Enter");
  await shows(old_page, "Wrong password");
  check((await old_page.locator("#field").inputValue()) === "", `${name}: a password stays in its field`);
  await look(old_page, `${name}-export-password`);
  await old_page.keyboard.type("hunter2");
  await old_page.keyboard.press("Enter");
  await shows(old_page, "How is the token to be taken?");
  await look(old_page, `${name}-export-choice`);
  if (way === "typed") {
    await act(old_page, "Type or paste the token");
    await shows(old_page, "Next:");
    await old_page.keyboard.type(token.replace("://", ":/"));
    await shows(old_page, "No token: at character");
    await look(old_page, `${name}-export-typing`);
    check((await old_page.locator("#field").getAttribute("aria-invalid")) === "true", `${name}: the flaw is not in the field`);
    await old_page.keyboard.press("ControlOrMeta+a");
    await old_page.keyboard.type(token);
    await shows(old_page, "This is a token.");
    await old_page.keyboard.press("Enter");
  } else {
    await act(old_page, "Scan the QR code");
    await shows(old_page, "Start the camera, and hold");
    await look(old_page, `${name}-export-scan`);
    if (way === "image") {
      const path = join(own, `${name}.png`);
      writeFileSync(path, "no image");
      await old_page.locator("#file").setInputFiles(path);
      await shows(old_page, "is no PNG image");
      await look(old_page, `${name}-export-image`);
      // The same name is chosen again, as after another try: the browser has to see a choice in it.
      await picture(new_page, path);
      await old_page.locator("#file").setInputFiles(path);
    } else {
      // The frames wait until the screen has been looked at: a code that is found ends it.
      let go_on;
      const looked = new Promise((done) => (go_on = done));
      await old_page.route("**/frame", async (route) => {
        await looked;
        await route.continue();
      });
      await act(old_page, "Start the camera");
      await sees_code(old_page, name);
      await look(old_page, `${name}-export-camera`);
      go_on();
    }
  }
  if (compares) {
    const strings = [];
    for (const [page, side] of [[new_page, "import"], [old_page, "export"]]) {
      await shows(page, "Does it show the same?");
      await look(page, `${name}-${side}-comparison`);
      strings.push((await page.locator(".row.strong").allTextContents()).slice(-2).join());
    }
    check(strings[0] === strings[1], `${name}: the strings are ${strings}`);
    await act(new_page, "The same");
    await act(old_page, "The same");
  } else {
    await shows(old_page, "Is it yours");
    await look(old_page, `${name}-export-confirm`);
    await act(old_page, "Give it the account");
  }
  await shows(new_page, "Is this the account that you want here?");
  await look(new_page, `${name}-import-account`);
  await act(new_page, "Import it");
  await shows(new_page, "Its password:");
  await new_page.keyboard.type("wrong");
  await new_page.keyboard.press("Enter");
  await shows(new_page, "Wrong password. 2 tries are left.");
  check((await new_page.locator("#news").textContent()).includes("2 tries"), `${name}: the wrong password is not announced`);
  await look(new_page, `${name}-import-password`);
  await new_page.keyboard.type("hunter2");
  await new_page.keyboard.press("Enter");
  await shows(new_page, "The account is on this device.");
  await shows(old_page, "The account is on the new device.");
  await look(new_page, `${name}-import-done`);
  await look(old_page, `${name}-export-done`);
  for (const { ended } of [started, second]) {
    const { code, seen } = await ended;
    check(code === 0 && !seen.includes("hunter2"), `${name}: exit code ${code}: ${seen}`);
  }
  // The server has ended: the stream that the page closed is no fault.
  check(faults.length + old_faults.length === 0, `${name}: ${[...faults, ...old_faults].join("\n")}`);
  await fresh.close();
  await context.close();
  if (other !== chromium) await other.close();
}

/** A camera that is there, and cannot be used: each reason leads back to the choice, which shows it. */
async function refusals() {
  const denies = await browser(["--use-fake-device-for-media-stream", "--deny-permission-prompts"]);
  const context = await denies.newContext({ reducedMotion: "reduce" });
  const started = await exporting("127.0.0.1:9");
  const { page, faults } = await opened(context, started.address);
  await shows(page, "The password of");
  await page.keyboard.type("hunter2");
  await page.keyboard.press("Enter");
  const start = async () => {
    await shows(page, "How is the token to be taken?");
    await press(page, "Scan the QR code");
    await shows(page, "Start the camera, and hold");
    await press(page, "Start the camera");
  };
  await start();
  await shows(page, "The browser does not allow this page to use the camera.");
  await look(page, "refused-camera");
  check((await page.locator("#news").textContent()).includes("does not allow"), "a refused camera is not announced");
  // The other errors of getUserMedia, as the browser gives them.
  for (const [error, text] of [["NotReadableError", "The camera is used by another program"], ["SecurityError", "The browser cannot use the camera."]]) {
    await page.evaluate((error) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", error));
    }, error);
    await start();
    await shows(page, text);
  }
  // The token can still be typed.
  await press(page, "Type or paste the token");
  await shows(page, "Next:");
  started.child.kill("SIGINT");
  await shows(page, "Canceled on this device.");
  check((await started.ended).code === 13, "an interrupted export has another exit code");
  check(faults.length === 0, `refusals: ${faults.join("\n")}`);
  await denies.close();
}

/** Screens that a link shows for moments only, texts that look like markup, other tabs, and a browser without a camera. */
async function others(chromium) {
  const context = await chromium.newContext({ reducedMotion: "reduce" });
  const started = await exporting("127.0.0.1:9");
  const { page } = await opened(context, started.address);
  await shows(page, "The password of");
  await page.evaluate(() =>
    draw({ screen: 1000, ended: false, blocks: [
      { is: "title", text: "Give an account to another device" }, { is: "steps", names: ["Init", "In progress", "Done"], now: 1 },
      { is: "text", text: "<img src=x onerror=alert(1)><b>bold</b>", style: "plain" }, { is: "row", text: "<script>alert(2)</script>", style: "strong" },
      { is: "bar", done: 30, total: 100 }, { is: "buttons", buttons: [{ key: "Esc", does: "cancel" }] } ] }));
  await look(page, "progress");
  check((await page.locator("#screen img, #screen b, #screen script").count()) === 0, "a text is taken for markup");
  await page.reload();
  await shows(page, "The password of");
  // Another tab of this browser takes over, and another browser is refused.
  const { page: two } = await opened(context, started.address);
  await shows(two, "The password of");
  await shows(page, "This page is open in another tab");
  await look(page, "moved");
  const stranger = await chromium.newContext();
  const refused = await (await stranger.newPage()).goto(started.address);
  check(refused.status() === 403 && (await refused.text()).includes("works once"), `a second browser gets ${refused.status()}`);
  await two.keyboard.type("hunter2");
  await two.keyboard.press("Enter");
  await shows(two, "How is the token to be taken?");
  await press(two, "Scan the QR code");
  await shows(two, "Start the camera, and hold");
  await press(two, "Start the camera");
  await shows(two, "This device has no camera.");
  await shows(two, "How is the token to be taken?");
  await look(two, "no-camera");
  // Escape leads back, and out.
  await press(two, "Scan the QR code");
  await shows(two, "Start the camera, and hold");
  await two.keyboard.press("Escape");
  await shows(two, "How is the token to be taken?");
  await two.keyboard.press("Escape");
  await shows(two, "Canceled on this device.");
  await look(two, "canceled");
  check((await started.ended).code === 13, "a canceled export has another exit code");

  // A camera that the user does not allow, or that another program has.
  await refusals();

  // A camera that is taken away.
  const fake = await browser(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  const with_camera = await fake.newContext({ reducedMotion: "reduce" });
  const again = await exporting("127.0.0.1:9");
  const { page: lost } = await opened(with_camera, again.address);
  await shows(lost, "The password of");
  await lost.keyboard.type("hunter2");
  await lost.keyboard.press("Enter");
  await shows(lost, "How is the token to be taken?");
  await press(lost, "Scan the QR code");
  await shows(lost, "Start the camera, and hold");
  await press(lost, "Start the camera");
  await lost.waitForFunction(() => document.querySelector("video")?.videoWidth > 0, undefined, { timeout: PATIENCE });
  await look(lost, "camera");
  await lost.evaluate(() => camera.getVideoTracks()[0].dispatchEvent(new Event("ended")));
  await shows(lost, "The camera is gone.");
  check(await lost.evaluate(() => camera === null), "the camera stays on");
  // The command ends while the page is open.
  again.child.kill("SIGINT");
  await shows(lost, "Canceled on this device.");
  check((await again.ended).code === 13, "an interrupted export has another exit code");
  await fake.close();
}

const chromium = await browser();
const large = { width: 1280, height: 900 };
const parts = {
  others: () => others(chromium),
  camera: () => link("light", { viewport: large, colorScheme: "light" }, chromium, "camera"),
  typed: () => link("dark", { viewport: large, colorScheme: "dark" }, chromium, "typed"),
  image: () => link("phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true }, chromium, "image"),
};
try {
  await parts[part]();
} finally {
  for (const child of running) child.kill();
  await chromium.close();
  rmSync(own, { recursive: true, force: true });
}
