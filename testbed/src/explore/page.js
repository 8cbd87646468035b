"use strict";
const graph = JSON.parse(document.getElementById("graph").textContent);
const text = (number) => graph.texts[number];
const at = (name) => document.querySelector(`[data-at="${name}"]`);
const KINDS = [["person", "people"], ["protocol", "protocol"], ["time", "timers"], ["fault", "faults"], ["adversary", "adversary"]];
const SCREENS = {
  TOKEN_AVAILABLE: "Scan this code, or type it, on the device that has the account.",
  TokenAvailable: "Scan this code, or type it, on the device that has the account.",
  CONNECTING: "The devices connect.",
  Connecting: "The devices connect.",
  AUTHENTICATING: "Compare the account or the address, and answer.",
  Authenticating: "Compare the account or the address, and answer.",
  IN_PROGRESS: "The account is transferred.",
  InProgress: "The account is transferred.",
  DONE: "The link has ended.",
  Done: "The link has ended.",
  Error: "The link has failed.",
  INIT: "The link begins.",
  Init: "The link begins.",
};

// The way: of each state, the number of the step that was taken. `ahead` is where Forward leads.
let way = [];
let ahead = [];

function read() {
  way = [];
  ahead = [];
  let state = 0;
  for (const part of location.hash.slice(1).split(".").filter((part) => /^\d+$/.test(part))) {
    const step = graph.steps[state][Number(part)];
    if (!step || step.to === null) break;
    way.push(Number(part));
    state = step.to;
  }
  draw();
}

function states() {
  const all = [0];
  for (const number of way) all.push(graph.steps[all.at(-1)][number].to);
  return all;
}

function go(next, forward = []) {
  way = next;
  ahead = forward;
  history.replaceState(null, "", way.length ? `#${way.join(".")}` : location.pathname + location.search);
  draw();
}

function shortest(goal) {
  const from = new Map([[0, null]]);
  const queue = [0];
  for (let first = 0; first < queue.length && !from.has(goal); first++) {
    graph.steps[queue[first]].forEach((step, number) => {
      if (step.to !== null && !from.has(step.to)) {
        from.set(step.to, [queue[first], number]);
        queue.push(step.to);
      }
    });
  }
  if (!from.has(goal)) return null;
  const found = [];
  for (let state = goal; from.get(state); state = from.get(state)[0]) found.unshift(from.get(state)[1]);
  return found;
}

function draw() {
  const all = states();
  const state = all.at(-1);
  const seen = graph.states[state];
  for (const side of [0, 1]) {
    const client = text(seen.clients[side]);
    at(`client-${side}`).textContent = client.replace(/^screen /, "");
    const key = Object.keys(SCREENS).find((name) => client.replace(/^screen /, "").startsWith(name));
    at(`says-${side}`).textContent = key ? SCREENS[key] : "";
    at(`daemon-${side}`).textContent = text(seen.daemons[side]);
    at(`timers-${side}`).textContent = text(seen.timers[side]) || "none";
    at(`flight-${side}`).textContent = seen.flight[side].map(text).join(" · ") || "nothing";
  }
  document.getElementById("code").hidden = !/TOKEN_AVAILABLE|TokenAvailable/.test(text(seen.clients[0]));
  document.getElementById("violated").textContent = (seen.violated || []).map((number) => `VIOLATED ${text(number)}`).join(", ");
  document.getElementById("back").disabled = way.length === 0;
  document.getElementById("forward").disabled = ahead.length === 0;
  document.getElementById("where").textContent = `${way.length} ${way.length === 1 ? "step" : "steps"} from the beginning`;
  steps(state);
  const lines = all.slice(0, -1).flatMap((from, number) => graph.steps[from][way[number]].lines.map(text));
  sequence(lines);
  const list = document.getElementById("way");
  list.replaceChildren(...all.slice(0, -1).map((from, number) => {
    const item = document.createElement("li");
    item.textContent = text(graph.steps[from][way[number]].text);
    return item;
  }));
}

function steps(state) {
  const groups = KINDS.map(([kind, name]) => {
    const own = graph.steps[state].map((step, number) => [step, number]).filter(([step]) => step.kind === kind);
    if (!own.length) return null;
    const group = document.createElement("div");
    group.className = "kind";
    const label = document.createElement("span");
    label.textContent = name;
    group.append(label, ...own.map(([step, number]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text(step.text) + (step.to === null ? " (beyond this page)" : "");
      button.disabled = step.to === null;
      button.addEventListener("click", () => {
        go([...way, number]);
        document.querySelector("#steps button:not(:disabled)")?.focus();
      });
      return button;
    }));
    return group;
  }).filter(Boolean);
  if (!groups.length) {
    const end = document.createElement("p");
    end.textContent = "Nothing more happens.";
    groups.push(end);
  }
  document.getElementById("steps").replaceChildren(...groups);
}

const NAMES = { IC: "New Client", ID: "New Daemon", ED: "Old Daemon", EC: "Old Client", ID2: "New Daemon (2)", IC2: "New Client (2)", X: "Intruder" };

function sequence(lines) {
  const read = lines.map((line) => {
    const note = /^Note over ([\w,]+): (.*)$/.exec(line);
    if (note) return { note: note[1].split(","), label: note[2] };
    const arrow = /^(\w+?)(-->>|->>|--x)(\w+): (.*)$/.exec(line);
    return arrow ? { from: arrow[1], kind: arrow[2], to: arrow[3], label: arrow[4] } : { label: line, note: ["ID"] };
  });
  const used = new Set(read.flatMap((line) => line.note || [line.from, line.to]));
  const people = ["IC", "ID", "ED", "EC", "ID2", "IC2", "X"].filter((name) => used.has(name) || ["IC", "ID", "ED", "EC"].includes(name));
  const place = (name) => 70 + 190 * people.indexOf(name);
  const height = 40 + 32 * (read.length + 1);
  let width = 70 + 190 * people.length;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const add = (kind, attributes, content) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (content !== undefined) element.textContent = content;
    svg.append(element);
    width = Math.max(width, content && attributes["text-anchor"] !== "middle" ? Number(attributes.x) + 7 * content.length + 8 : 0);
  };
  for (const name of people) {
    add("text", { x: place(name), y: 22, "text-anchor": "middle" }, NAMES[name]);
    add("path", { d: `M${place(name)} 32V${height}`, class: "life" });
  }
  read.forEach((line, number) => {
    const y = 40 + 32 * (number + 1);
    if (line.note) {
      const columns = line.note.map(place);
      const [from, to] = [Math.min(...columns), Math.max(...columns)];
      add("rect", { x: from - 50, y: y - 16, width: Math.max(to - from + 100, 7 * line.label.length + 16), height: 22, rx: 4 });
      add("text", { x: from - 42, y }, line.label);
    } else {
      const [from, to] = [place(line.from), place(line.to)];
      const back = from < to ? to - 8 : to + 8;
      add("path", { d: `M${from} ${y}H${to}`, ...(line.kind.startsWith("--") ? { "stroke-dasharray": "6 4" } : {}) });
      add("path", { d: line.kind === "--x" ? `M${back} ${y - 4}L${to} ${y + 4}M${back} ${y + 4}L${to} ${y - 4}` : `M${back} ${y - 4}L${to} ${y}L${back} ${y + 4}` });
      add("text", { x: Math.min(from, to) + 10, y: y - 6 }, line.label);
    }
  });
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  svg.setAttribute("aria-hidden", "true");
  document.getElementById("drawing").replaceChildren(...(read.length ? [svg] : []));
}

document.getElementById("back").addEventListener("click", () => go(way.slice(0, -1), [way.at(-1), ...ahead]));
document.getElementById("forward").addEventListener("click", () => go([...way, ahead[0]], ahead.slice(1)));
document.getElementById("again").addEventListener("click", () => go([], [...way, ...ahead]));
document.getElementById("goal").addEventListener("change", (event) => {
  const goal = graph.goals[Number(event.target.value)];
  const found = event.target.value !== "" && goal && shortest(goal.state);
  if (found) go(found);
});
document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", read);
read();
