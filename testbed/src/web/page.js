// Draws the screens that the server sends, and sends back what a person does. All that is drawn is text: nothing of a screen is markup.
"use strict";

const tab = document.documentElement.dataset.tab;
const screen = document.getElementById("screen");
const said = document.getElementById("said");
const news = document.getElementById("news");
const SVG = "http://www.w3.org/2000/svg";
// Pixels of a frame's width, and milliseconds between frames.
const WIDTH = 960;
const PAUSE = 150;
// Bytes of an image that the server takes.
const LARGEST = 8 * 1024 * 1024;

let shown = { screen: null, ended: false, blocks: [] };
let drawn = [];
let camera = null;
let over = false;

/** Makes an element with properties and content: texts and elements. */
function element(name, properties = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...content);
  return made;
}

/** Shows a remark to the person, or none. */
function remark(text) {
  if (said.textContent !== (text || "")) said.textContent = text || "";
}

/** Sends a request of this tab, and shows what is said about it. */
async function send(path, body, kind, of = shown.screen) {
  const headers = { "content-type": kind, "x-handfast-tab": tab, "x-handfast-screen": String(of) };
  try {
    const answer = await fetch(path, { method: "POST", headers, body, credentials: "same-origin", redirect: "error" });
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    if (!over) return { status: 0, text: "The command does not answer. Look at its terminal." };
    return { status: 0 };
  }
}

/** Sends an action of the screen. */
async function act(action) {
  const answer = await send("act", JSON.stringify({ screen: shown.screen, ...action }), "application/json");
  remark(answer.text);
}

/** Presses a button. Where there is a field, its text goes along. */
function press(key) {
  const field = screen.querySelector("input[data-field]");
  if (key === "Enter" && field) {
    act({ typed: field.value, enter: true });
    if (field.type === "password") field.value = "";
  } else {
    act({ key });
  }
}

function field(block, label) {
  const id = "field";
  const input = element("input", { id, type: block.masked ? "password" : "text", autocomplete: "off", spellcheck: false, maxLength: block.masked ? 65536 : 512 });
  input.dataset.field = "";
  input.setAttribute("autocapitalize", "none");
  input.setAttribute("aria-describedby", "checked");
  if (label) label.replaceWith(element("label", { htmlFor: id }, label.textContent));
  else input.setAttribute("aria-label", "Text");
  // A typed text is checked at once; a password is sent when it is complete. One text is on its way at a time: of several, the last one to
  // arrive need not be the last one that was typed.
  let checking = false;
  const check = async () => {
    if (checking) return;
    checking = true;
    for (let sent; input.isConnected && sent !== input.value; ) {
      sent = input.value;
      await act({ typed: sent });
    }
    checking = false;
  };
  if (!block.masked) input.addEventListener("input", check);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    press("Enter");
  });
  return input;
}

/** The words of a row: a line ends between words, and not at the hyphens of an option. */
function words(text) {
  return text.split(/( +)/).filter(Boolean).map((word) => (word.trim() ? element("span", {}, word) : word));
}

/** A button that copies a text. */
function copier(text) {
  const button = element("button", { type: "button", className: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      news.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected: copy it with Ctrl-C";
    }
  });
  return button;
}

function code({ side, path }) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "QR code of the token");
  svg.setAttribute("shape-rendering", "crispEdges");
  for (const [fill, d] of [["#fff", `M0 0h${side}v${side}H0z`], ["#000", path]]) {
    const part = document.createElementNS(SVG, "path");
    part.setAttribute("fill", fill);
    part.setAttribute("d", d);
    svg.append(part);
  }
  return element("div", { className: "code" }, svg);
}

function steps({ names, now }) {
  const list = element("ol", { className: "steps" });
  list.setAttribute("aria-label", "Steps");
  names.forEach((name, at) => {
    const step = element("li", { className: at < now ? "past" : at === now ? "now" : "" }, name);
    if (at === now) step.setAttribute("aria-current", "step");
    list.append(step);
  });
  return list;
}

/** A choice of an image: by a dialog, dropped, or pasted. */
function chooser() {
  const input = element("input", { type: "file", accept: "image/*", id: "file" });
  input.addEventListener("change", () => {
    const [file] = input.files;
    // The same file may be chosen again, with another content: a browser reports a choice that differs from the last one.
    input.value = "";
    if (file) choose(file);
  });
  const place = element("div", { className: "drop" }, element("label", { htmlFor: "file" }, "An image of the QR code"), input, element("p", { className: "faint" }, "Or drop it here, or paste it."));
  place.addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
  return place;
}

document.addEventListener("paste", (event) => {
  const image = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
  if (image && shown.blocks.some((block) => block.is === "image")) choose(image);
});

/** Gives a picture as PNG: what the server reads, whatever the picture was. */
function png(picture, width, height) {
  const canvas = element("canvas", { width, height });
  canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Sends an image that a person chose. */
async function choose(file) {
  const of = shown.screen;
  remark("The image is being read.");
  let body = file;
  if (file.type !== "image/png") {
    try {
      const picture = await createImageBitmap(file);
      body = await png(picture, picture.width, picture.height);
    } catch {
      return remark("This is no image that the browser can read. Take a screenshot of it.");
    }
  } else if (file.size <= LARGEST) {
    try {
      // Its content now: a file that another program changes or removes cannot be sent.
      body = new Blob([await file.arrayBuffer()]);
    } catch {
      return remark("The file cannot be read any more. Choose it again.");
    }
  }
  if (body.size > LARGEST) return remark("The image is too large. Cut it down to the QR code.");
  const answer = await send("image", body, "image/png", of);
  if (shown.screen === of) remark(answer.text);
}

/** Looks through the camera as long as the screen is shown. */
async function watch(video) {
  const of = shown.screen;
  const lacks = (name) => shown.screen === of && act({ camera: name });
  let stream;
  try {
    if (!navigator.mediaDevices) throw { name: "NotFoundError" };
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  } catch (error) {
    return lacks(String(error.name));
  }
  if (shown.screen !== of) return stream.getTracks().forEach((track) => track.stop());
  camera = stream;
  stream.getVideoTracks()[0].addEventListener("ended", () => camera === stream && lacks("lost"));
  video.srcObject = stream;
  try {
    await video.play();
  } catch {
    // The element was taken away.
  }
  while (shown.screen === of && camera === stream) {
    if (video.videoWidth) {
      const scale = Math.min(1, WIDTH / video.videoWidth);
      const body = await png(video, Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
      if (shown.screen !== of || camera !== stream) break;
      const answer = await send("frame", body, "image/png", of);
      if (shown.screen !== of) break;
      if (answer.found) return stop();
      // A frame that was late says nothing.
      if (answer.status === 200 || answer.status === 0) remark(answer.text);
      if (answer.status === 0) break;
    }
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

/** Switches the camera off. */
function stop() {
  if (camera) camera.getTracks().forEach((track) => track.stop());
  camera = null;
}

function looking() {
  const video = element("video", { muted: true, playsInline: true, className: "camera" });
  video.setAttribute("aria-label", "The picture of the camera");
  return video;
}

function buttons({ buttons: all }) {
  const row = element("div", { className: "buttons" });
  all.forEach(({ key, does }, at) => {
    const first = at === 0 && !["Esc", "Ctrl-C"].includes(key);
    const button = element("button", { type: "button", className: first ? "first" : "" }, does[0].toUpperCase() + does.slice(1));
    button.dataset.key = key;
    button.addEventListener("click", () => press(key));
    row.append(button);
  });
  return row;
}

function bar({ done, total }) {
  const progress = element("progress", { max: total, value: done });
  progress.setAttribute("aria-label", "Transfer");
  const percent = Math.floor((100 * done) / total);
  return element("div", { className: "bar" }, progress, element("span", {}, `${percent} %`));
}

/** Makes the element of a part. */
function part(block, before) {
  switch (block.is) {
    case "title": return element("h1", {}, block.text);
    case "steps": return steps(block);
    case "text": return element("p", { className: block.style }, block.text);
    case "row": return element("p", { className: `row ${block.style}` }, ...words(block.text));
    case "token": return element("div", { className: "token" }, element("code", {}, block.text), copier(block.text));
    case "field": return field(block, before);
    case "code": return code(block);
    case "bar": return bar(block);
    case "camera": return looking();
    case "image": return chooser();
    case "buttons": return buttons(block);
    default: return element("p");
  }
}

/** Draws a screen. Of the same screen only the parts that differ are drawn anew, and never a field, in which somebody types. */
function draw(next) {
  const same = next.screen === shown.screen;
  const quarter = (blocks) => {
    const transfer = blocks.find((block) => block.is === "bar");
    return transfer ? Math.floor((4 * transfer.done) / transfer.total) : 0;
  };
  const before = same ? quarter(shown.blocks) : 0;
  if (same) {
    const next_is = next.blocks.map((block) => block.is);
    const field_at = (blocks) => blocks.findIndex((block) => block.is === "field");
    // The field keeps its place, and all before it.
    const keeps = field_at(next.blocks) === field_at(shown.blocks) ? field_at(shown.blocks) : -1;
    next.blocks.forEach((block, at) => {
      const old = shown.blocks[at];
      if (old && JSON.stringify(old) === JSON.stringify(block)) return;
      if (old && old.is === block.is && ["field", "camera", "image"].includes(block.is)) return;
      if (at === keeps - 1) return;
      const had = drawn[at]?.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
      const made = part(block);
      if (drawn[at]) drawn[at].replaceWith(made);
      else screen.append(made);
      drawn[at] = made;
      if (had) made.querySelector(`[data-key="${had}"]`)?.focus();
    });
    while (drawn.length > next_is.length) drawn.pop().remove();
    shown = next;
  } else {
    stop();
    remark("");
    shown = next;
    drawn = [];
    screen.replaceChildren();
    next.blocks.forEach((block) => {
      const made = part(block, drawn.at(-1));
      if (block.is === "field" && drawn.length) drawn[drawn.length - 1] = screen.lastElementChild;
      screen.append(made);
      drawn.push(made);
    });
    const video = screen.querySelector("video");
    if (video) watch(video);
    (screen.querySelector("input[data-field]") ?? screen).focus({ preventScroll: true });
  }
  const input = screen.querySelector("input[data-field]");
  if (input) {
    const now = next.blocks.find((block) => block.is === "field");
    input.setAttribute("aria-invalid", String(now.wrong));
    const check = input.nextElementSibling;
    screen.querySelectorAll("#checked").forEach((other) => other.removeAttribute("id"));
    if (check?.tagName === "P") check.id = "checked";
  }
  announce(next, same, before, quarter(next.blocks));
  if (next.ended) finish();
}

/** Says what changed to those who do not see it: each screen, what is wrong with what is typed, and each quarter of a transfer. */
function announce(next, same, before, quarter) {
  const texts = next.blocks.filter((block) => ["text", "row"].includes(block.is) && block.style !== "faint");
  if (!same) {
    const steps = next.blocks.find((block) => block.is === "steps");
    // A part that ends a sentence by itself needs no other mark.
    const ended = (text) => (/[.:?!…]$/.test(text) ? text : `${text}.`);
    news.textContent = [steps?.names[steps.now], ...texts.map((block) => block.text)].filter(Boolean).map(ended).join(" ");
  } else if (quarter > before) {
    news.textContent = `${25 * quarter} %`;
  } else {
    const wrong = texts.filter((block) => block.style === "wrong").map((block) => block.text).join(" ");
    if (wrong && news.textContent !== wrong) news.textContent = wrong;
  }
}

/** There is nothing to do any more. Remarks on the end may follow, until the server closes the stream. */
function finish() {
  over = true;
  stop();
  document.title = `Over: ${document.title.replace(/^Over: /, "")}`;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || over) return;
  const button = screen.querySelector('button[data-key="Esc"]') ?? screen.querySelector('button[data-key="n"]');
  if (button) button.click();
});

const screens = new EventSource(`screens?tab=${tab}`);
screens.addEventListener("screen", (event) => draw(JSON.parse(event.data)));
screens.addEventListener("open", () => remark(""));
screens.addEventListener("moved", () => {
  over = true;
  stop();
  screens.close();
  shown = { screen: null, ended: true, blocks: [] };
  screen.replaceChildren(element("h1", {}, "This page is open in another tab"), element("p", {}, "That tab goes on with it. Close this one."));
  news.textContent = "This page is open in another tab, which goes on with it.";
});
screens.addEventListener("error", () => {
  if (over) return screens.close();
  remark(screens.readyState === EventSource.CLOSED ? "The command has ended, or this page is open in another tab. Look at the command's terminal." : "The command does not answer. Look at its terminal.");
});
