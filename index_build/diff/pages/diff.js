"use strict";
// Without this script everything is on the page already; it only hides what was not asked for.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = document.getElementById("words");
  if (!words) return;
  const buttons = all("button[data-kind]");
  const chapters = all(".chapter").map((section) => ({
    section,
    link: document.querySelector(`nav a[href="#${section.id}"]`),
    rows: all("tbody tr", section).map((row) => ({ row, text: row.textContent.toLowerCase() })),
  }));

  function show() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.kind);
    let shown = 0;
    for (const { section, link, rows } of chapters) {
      let here = 0;
      for (const { row, text } of rows) {
        const fits = (!kinds.length || kinds.includes(row.dataset.kind)) && asked.every((word) => text.includes(word));
        row.hidden = !fits;
        here += fits;
      }
      section.hidden = here === 0;
      link.parentElement.hidden = here === 0;
      link.querySelector("span").textContent = here;
      shown += here;
    }
    document.getElementById("said").textContent = asked.length || kinds.length ? `${shown} shown` : "";
  }

  buttons.forEach((button) => button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    show();
  }));
  words.addEventListener("input", show);
  document.documentElement.classList.add("js");
  show();
})();
