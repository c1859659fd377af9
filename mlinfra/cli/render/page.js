"use strict";
// Filter, search, fold, and light up a node's neighbours. The page is whole without it.
const search = document.querySelector("#search");
const changes = [...document.querySelectorAll("details.change")];
const chips = [...document.querySelectorAll(".chip input")];
const found = document.querySelector("#found");

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const actions = new Set(chips.filter((chip) => chip.checked).map((chip) => chip.value));
  let shown = 0;
  let all = 0;
  for (const change of changes) {
    const text = change.textContent.toLowerCase();
    change.hidden = !(actions.has(change.dataset.action) && words.every((word) => text.includes(word)));
    const count = Number(change.dataset.count ?? 1); // one row may stand for many objects
    all += count;
    shown += change.hidden ? 0 : count;
  }
  for (const section of document.querySelectorAll("section.changes")) {
    section.hidden = !section.querySelector("details.change:not([hidden])");
  }
  found.textContent = `${shown} of ${all} shown`;
}

function fold(open) {
  for (const change of changes) if (!change.hidden) change.open = open;
}

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details.change");
  if (!target) return;
  target.hidden = false;
  target.open = true;
  target.closest("section.changes").hidden = false;
  target.querySelector("summary").focus();
}

function light(address, on) {
  for (const edge of document.querySelectorAll(".edges path")) {
    const { from, to } = edge.dataset;
    if (from !== address && to !== address) continue;
    edge.classList.toggle("lit", on);
    for (const end of [from, to]) {
      document.querySelector(`[data-node="${CSS.escape(end)}"]`)?.classList.toggle("lit", on);
    }
  }
}

if (search) {
  search.addEventListener("input", filter);
  chips.forEach((chip) => chip.addEventListener("change", filter));
  document.querySelector("#open").addEventListener("click", () => fold(true));
  document.querySelector("#close").addEventListener("click", () => fold(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filter();
    }
  });
  addEventListener("hashchange", follow);
  filter();
  follow();
}
for (const node of document.querySelectorAll("[data-node]")) {
  for (const [name, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) {
    node.addEventListener(name, () => light(node.dataset.node, on));
  }
}
