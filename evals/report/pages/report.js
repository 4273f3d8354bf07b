"use strict";
// Without this script everything is on the page already; it only hides what was not asked for.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  for (const section of all(".cases")) {
    const words = section.querySelector("input");
    const said = section.querySelector("[role=status]");
    const cases = all(".case", section).map((one) => ({ one, text: one.textContent.toLowerCase() }));
    words.addEventListener("input", () => {
      const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { one, text } of cases) {
        one.hidden = !asked.every((word) => text.includes(word));
        shown += !one.hidden;
      }
      said.textContent = asked.length ? `${shown} of ${cases.length} shown` : "";
    });
  }

  function follow() {
    const found = document.getElementById(location.hash.slice(1));
    if (!found || !found.matches(".case")) return;
    found.hidden = false;
    found.open = true;
    found.scrollIntoView({ block: "start" });
  }

  document.documentElement.classList.add("js");
  addEventListener("hashchange", follow);
  follow();
})();
