"use strict";
// The page is whole without this: it adds a filter, opens what a link points into, and opens findings for print.
const form = document.getElementById("filter");
const input = document.getElementById("filter-text");
const cases = Array.from(document.querySelectorAll("details.case"), (element) => ({
  element,
  text: element.querySelector("summary").textContent.toLowerCase(),
}));

form.hidden = cases.length === 0;
form.addEventListener("submit", (event) => event.preventDefault());
input.addEventListener("input", () => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { element, text } of cases) {
    element.hidden = !words.every((word) => text.includes(word));
    shown += element.hidden ? 0 : 1;
  }
  for (const family of document.querySelectorAll("details.family")) {
    family.hidden = words.length > 0 && !family.querySelector("details.case:not([hidden])");
    if (words.length > 0) family.open = !family.hidden;
  }
  document.getElementById("filter-count").value = words.length > 0 ? `${shown} of ${cases.length} cases` : "";
});

const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".card .variant:first-of-type")) details.open = true;
});
