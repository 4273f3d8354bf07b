"use strict";
// Without this script everything is on the page already; it only ties the notes and the codes together.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const cases = all(".case");
  const gentle = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const refsOf = (mark) => mark.dataset.refs.split(" ");
  const caseOf = (element) => element.closest(".case");
  const target = (hash) => document.getElementById(hash.slice(1));

  function showCase(shown) {
    cases.forEach((one) => { one.hidden = one !== shown; });
    all(".switcher a").forEach((link) => {
      if (link.hash === "#" + shown.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }

  function select(shown, ids) {
    shown.classList.toggle("selecting", ids.length > 0);
    all(".item", shown).forEach((item) => {
      const chosen = ids.includes(item.id);
      item.classList.toggle("selected", chosen);
      item.open = chosen;
    });
    all("mark", shown).forEach((mark) => {
      mark.classList.toggle("lit", refsOf(mark).some((ref) => ids.includes(ref)));
    });
    const quotes = all(".selected a.quote", shown).length;
    document.getElementById("said").textContent = ids.length ? `Quotes marked in the note: ${quotes}` : "Nothing selected";
  }

  // Beside each other, the notes scroll in their own frame and the answer stays where it is.
  function reveal(mark, behavior = gentle) {
    const frame = mark.closest(".notes");
    const offset = mark.getBoundingClientRect().top - frame.getBoundingClientRect().top;
    frame.scrollTo({ top: frame.scrollTop + offset - frame.clientHeight / 3, behavior });
  }

  function chooseItem(item, behavior = gentle) {
    const before = item.getBoundingClientRect().top;
    select(caseOf(item), [item.id]);
    scrollBy(0, item.getBoundingClientRect().top - before);
    const lit = caseOf(item).querySelector("mark.lit");
    if (lit) reveal(lit, behavior);
    history.replaceState(null, "", "#" + item.id);
  }

  function chooseMark(mark) {
    const ids = refsOf(mark);
    select(caseOf(mark), ids);
    const items = ids.map((id) => document.getElementById(id));
    items[0].scrollIntoView({ block: "nearest", behavior: gentle });
    history.replaceState(null, "", "#" + ids[0]);
  }

  function clear(shown) {
    select(shown, []);
    history.replaceState(null, "", "#" + shown.id);
  }

  function follow(hash) {
    const found = hash && target(hash);
    const shown = (found && caseOf(found)) || cases[0];
    if (!shown) return;
    showCase(shown);
    if (found && found.matches(".item")) {
      chooseItem(found, "auto");
      found.scrollIntoView({ block: "nearest" });
    } else if (found && found.matches("mark")) {
      chooseMark(found);
      reveal(found, "auto");
    } else if (found) {
      scrollTo(0, 0);
    }
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const summary = event.target.closest(".item > summary");
    const mark = event.target.closest("mark");
    const quote = event.target.closest("a.quote");
    const link = event.target.closest("a.code-link");
    if (!(summary || mark || quote || link)) return;
    event.preventDefault();
    if (summary && summary.parentElement.open) clear(caseOf(summary));
    else if (summary) chooseItem(summary.parentElement);
    else if (mark) chooseMark(mark);
    else if (quote) revealQuote(quote);
    else follow(link.hash);
  });

  function revealQuote(quote) {
    const mark = target(quote.hash);
    reveal(mark);
    if (getComputedStyle(mark.closest(".notes")).position !== "sticky") mark.scrollIntoView({ block: "center", behavior: gentle });
    mark.firstElementChild.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cases.filter((one) => !one.hidden).forEach(clear);
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all(".item:not([open])");
    closed.forEach((item) => { item.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((item) => { item.open = false; }));
  addEventListener("hashchange", () => follow(location.hash));

  document.documentElement.classList.add("js");
  follow(location.hash);
})();
