// The coder's page: keys, highlights, focus. No text of a note is ever turned into markup here.
(() => {
  "use strict";

  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const KEYS = "chartwright.keys";

  let selected = null; // id of the chosen line
  let quote = 0; // which of its quotes is shown
  let busy = false; // a step is on its way
  let waiting = []; // keys pressed meanwhile
  let looking = 0; // timer of the evidence that is about to be opened

  const say = (words) => { const said = find("#said"); if (said) said.textContent = words; };
  const warn = (words) => {
    const alert = find("#alert");
    alert.textContent = words;
    alert.hidden = !words;
  };

  // --- highlights -----------------------------------------------------------------------------------------------

  const marksOf = (line) => all(`#notes mark[data-refs~="${CSS.escape(line)}"]`);
  const begins = (line) => marksOf(line).filter((mark, place, marks) =>
    mark.hasAttribute("data-begins") || place === 0 || marks[place - 1].nextElementSibling !== mark);

  function light(line) {
    for (const mark of all("#notes mark.lit")) mark.classList.remove("lit", "here");
    for (const mark of marksOf(line)) mark.classList.add("lit");
    find("#notes")?.classList.toggle("selecting", marksOf(line).length > 0);
  }

  function show(line, which) {
    const places = begins(line);
    if (!places.length) return;
    quote = (which + places.length) % places.length;
    for (const mark of all("#notes mark.here")) mark.classList.remove("here");
    for (let part = places[quote]; part?.matches(`mark[data-refs~="${CSS.escape(line)}"]`); part = part.nextElementSibling) part.classList.add("here");
    places[quote].scrollIntoView({ block: "center", behavior: "instant" });
    if (places.length > 1) say(`Quote ${quote + 1} of ${places.length}`);
  }

  // --- lines ----------------------------------------------------------------------------------------------------

  const lines = () => all("#codes .line");
  const lineOf = (id) => find(`#line-${CSS.escape(id)}`);

  function mark(id) {
    for (const line of all("[data-line].selected")) line.classList.remove("selected");
    const line = lineOf(id);
    if (!line) return null;
    line.classList.add("selected");
    line.closest("details")?.setAttribute("open", "");
    return line;
  }

  function select(id, { focus = true } = {}) {
    const line = mark(id);
    if (!line) return;
    selected = id;
    light(id);
    show(id, 0);
    if (focus) {
      find("[data-pick]", line).focus({ preventScroll: true });
      line.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
  }

  function open(id) {
    select(id);
    clearTimeout(looking);
    looking = setTimeout(() => { const pick = lineOf(id) && find("[data-pick]", lineOf(id)); if (pick) htmx.trigger(pick, "click"); }, 120);
  }

  function step(by) {
    const every = lines();
    if (!every.length) return;
    const at = every.findIndex((line) => line.dataset.line === selected);
    const next = at < 0 ? (by > 0 ? 0 : every.length - 1) : Math.min(every.length - 1, Math.max(0, at + by));
    open(every[next].dataset.line);
  }

  // --- rows of a worklist ---------------------------------------------------------------------------------------

  function row(by) {
    const links = all("[data-row] a[data-open]");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by))].focus();
  }

  // --- documents ------------------------------------------------------------------------------------------------

  function goto(id) {
    const note = document.getElementById(id);
    if (!note) return;
    for (const link of all(".documents a")) link.toggleAttribute("aria-current", link.dataset.document === id);
    note.scrollIntoView({ block: "start", behavior: "instant" });
    note.focus({ preventScroll: true });
  }

  function turn(by) {
    const links = all(".documents a");
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
    if (next) goto(next.dataset.document);
  }

  function gotoQuote(documentId, start) {
    const note = all("#notes .note").find((one) => one.dataset.documentId === documentId);
    const place = note && all("[data-start]", note).filter((part) => Number(part.dataset.start) <= Number(start)).pop();
    if (!place) return;
    for (const other of all("#notes mark.here")) other.classList.remove("here");
    place.classList.add("here");
    place.scrollIntoView({ block: "center", behavior: "instant" });
  }

  // --- words selected in the record -----------------------------------------------------------------------------

  function selection() {
    const chosen = document.getSelection();
    const text = chosen ? chosen.toString() : "";
    const anchor = chosen && chosen.rangeCount ? chosen.getRangeAt(0).startContainer : null;
    const part = anchor && (anchor.nodeType === Node.TEXT_NODE ? anchor.parentElement : anchor).closest("#notes [data-start]");
    const note = part && part.closest(".note");
    if (!text.trim() || !note) return null;
    const before = [...(anchor.textContent || "").slice(0, chosen.getRangeAt(0).startOffset)].length;
    return { document: note.dataset.documentId, start: String(Number(part.dataset.start) + before), text };
  }

  // --- keys -----------------------------------------------------------------------------------------------------

  const writing = (target) => target.closest("input:not([type=checkbox]), textarea, select, dialog[open]");
  const silent = () => localStorage.getItem(KEYS) === "off";

  function keyed(key, line) {
    const own = line && lineOf(line) ? find(`[data-key="${CSS.escape(key)}"]`, lineOf(line)) : null;
    return own || all(`[data-key="${CSS.escape(key)}"]`).find((one) => !one.closest(".line")) || null;
  }

  function press(key, line) {
    const control = keyed(key, line);
    if (!control) return false;
    if (busy && control.matches("[hx-post$='/steps']")) { waiting.push([key, line]); return true; }
    if (control.matches("a[href^='#']")) { document.getElementById(control.hash.slice(1))?.focus(); find(`[aria-labelledby="${CSS.escape(control.hash.slice(1))}"] a[data-open]`)?.focus(); return true; }
    control.click();
    return true;
  }

  const MOVES = {
    j: () => (find("#codes") ? step(1) : row(1)),
    k: () => (find("#codes") ? step(-1) : row(-1)),
    ArrowDown: () => (find("#codes") ? false : row(1)),
    ArrowUp: () => (find("#codes") ? false : row(-1)),
    n: () => selected && show(selected, quote + 1),
    p: () => selected && show(selected, quote - 1),
    "]": () => turn(1),
    "[": () => turn(-1),
    f: () => {
      const open = all("[data-finding]");
      const next = open[(open.indexOf(document.activeElement) + 1) % Math.max(1, open.length)];
      if (next) { next.scrollIntoView({ block: "nearest" }); (find("input:not([type=hidden])", next) || next).focus(); }
    },
    x: () => {
      const list = find("#uncoded");
      if (!list) return;
      list.setAttribute("open", "");
      const picks = all("[data-pick]", list);
      const next = picks[(picks.indexOf(document.activeElement) + 1) % Math.max(1, picks.length)];
      if (next) { next.scrollIntoView({ block: "nearest" }); open(next.dataset.pick); }
    },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && writing(event.target) && !event.target.closest("dialog")) {
      event.target.blur();
      const line = selected && lineOf(selected);
      if (line) find("[data-pick]", line).focus({ preventScroll: true });
      return;
    }
    if (writing(event.target) || find("dialog[open]")) return;
    if (event.key === ".") { toggleKeys(); return; }
    if (event.key !== "?" && silent()) return;
    if (event.key in MOVES) {
      if (MOVES[event.key]() !== false) event.preventDefault();
      return;
    }
    if (press(event.key, selected)) event.preventDefault();
  });

  function toggleKeys() {
    if (silent()) localStorage.removeItem(KEYS); else localStorage.setItem(KEYS, "off");
    say(silent() ? "Single keys are off" : "Single keys are on");
    keysState();
  }
  const keysState = () => { const state = find("#keys-state"); if (state) state.textContent = silent() ? "(off now)" : "(on now)"; };

  // --- clicks ---------------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    let hit;
    if ((hit = at("#notes mark[data-refs]"))) {
      const refs = hit.dataset.refs.split(" ");
      const next = refs[(refs.indexOf(selected) + 1) % refs.length];
      open(next);
      for (const other of all("#notes mark.here")) other.classList.remove("here");
      hit.classList.add("here");
    } else if ((hit = at("[data-pick]"))) {
      clearTimeout(looking);
      if (hit.dataset.pick !== selected) select(hit.dataset.pick);
    } else if ((hit = at("[data-select]"))) {
      open(hit.dataset.select);
    } else if ((hit = at("[data-goto-start]"))) {
      gotoQuote(hit.dataset.gotoDocument, hit.dataset.gotoStart);
    } else if ((hit = at("a[data-document]"))) {
      event.preventDefault();
      goto(hit.dataset.document);
    } else if (at("[data-help]")) {
      keysState();
      find("#help").showModal();
    }
  });

  // --- htmx -----------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", (event) => {
    warn("");
    const asking = event.detail.elt;
    if (asking.matches("[data-add], [data-add-quote]")) {
      event.detail.parameters.append?.("adding", "1");
      const words = selection();
      if (words) for (const [name, value] of Object.entries(words)) event.detail.parameters.append(name, value);
    }
  });

  let latest = null; // the last request for the details: an earlier one that answers later must not overwrite it
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.path.endsWith("/steps")) busy = true;
    if (event.detail.target?.id !== "detail") return;
    clearTimeout(looking);
    latest = event.detail.xhr;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const path = event.detail.requestConfig.path;
    if (!path.endsWith("/steps")) return;
    busy = false;
    const next = waiting.shift();
    if (next && event.detail.successful) setTimeout(() => press(...next));
    else waiting = [];
  });

  let scrolled = 0; // of the codes, before they are put in anew
  document.addEventListener("htmx:beforeSwap", (event) => {
    scrolled = find("#codes")?.scrollTop ?? 0;
    if (event.detail.target?.id === "detail" && event.detail.xhr !== latest) event.detail.shouldSwap = false;
  });

  // Only when it has settled: until then htmx still exchanges the attributes of elements with the same id.
  document.addEventListener("htmx:afterSettle", (event) => {
    const { target, requestConfig, elt } = event.detail;
    const asked = requestConfig.elt;
    if (target.id === "codes" || elt.id === "codes") {
      find("#codes").scrollTop = scrolled;
      if (selected) mark(selected);
      const line = selected && lineOf(selected);
      const fromDetail = asked && asked.closest("#detail");
      if (requestConfig.path.endsWith("/attestation")) {
        htmx.ajax("GET", requestConfig.path.replace(/attestation$/, "attest"), "#detail");
        find("#detail").focus();
      } else if (line && fromDetail && requestConfig.path.endsWith("/steps")) open(selected);
      else if (line && !document.activeElement.closest("#detail")) find("[data-pick]", line).focus({ preventScroll: true });
    }
    if (target.id === "answer") target.scrollIntoView({ block: "nearest" });
    if (target.id === "detail") {
      target.scrollTop = 0;
      if (asked && asked.hasAttribute("data-focus")) {
        const first = find("[data-first]", target) || find("input:not([type=hidden]):not([type=checkbox]), button:not([disabled]), select, textarea", target);
        (first || target).focus();
      }
    }
  });

  const problem = (response) => {
    try { return JSON.parse(response).detail; } catch { return "The server did not answer as expected; load the page again."; }
  };
  document.addEventListener("htmx:responseError", (event) => warn(problem(event.detail.xhr.response)));
  document.addEventListener("htmx:sendError", () => warn("The server cannot be reached; try again in a moment."));

  // --- idle log-off ---------------------------------------------------------------------------------------------

  function watch(seconds) {
    setTimeout(async () => {
      const left = await fetch("/session", { cache: "no-store" }).then((answer) => answer.text()).then(Number).catch(() => 0);
      if (left > 0) watch(left); else location.replace("/login");
    }, (seconds + 1) * 1000);
  }
  const idle = Number(document.body.dataset.idle || 0);
  if (idle) watch(idle);
})();
