"use strict";
// A link into a closed part opens it.
function open() {
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { /* It is no name of this page. */ }
  const target = document.getElementById(name);
  if (!target) return;
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", open);
open();
// The filter of the requirements.
const filter = document.getElementById("filter");
if (filter) {
  const all = [...document.querySelectorAll(".requirement")].map((part) => [part, part.textContent.toLowerCase()]);
  filter.addEventListener("input", () => {
    const asked = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const [part, text] of all) {
      part.hidden = !text.includes(asked);
      shown += !part.hidden;
    }
    document.getElementById("filtered").textContent = asked ? ` ${shown} of ${all.length}` : "";
  });
}
