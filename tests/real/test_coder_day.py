"""A coder's day in a real Chromium: by keyboard alone, under a hundred injections, quickly, at 200 %, in the dark."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from agent.pipeline import Pipeline
from agent.queries import post
from agent.review.desk import Desk
from agent.serve.app import create_app
from agent.serve.doors import build_desk
from agent.settings import Settings
from agent.store.case_store import CaseStore
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.encounter import Document
from medcoding.review import AnswerFinding, Reject, RejectReason
from tests.desks import coded_by, knee_visit, seat
from tests.real.browser import Ran, chromium, serving, shot
from tests.real.injections import PAYLOADS
from tests.stores import opened_store

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

LOCAL: Final = Actor(id="local", tenant=LOCAL_TENANT, roles=frozenset(Role))
VISIT: Final = """CHIEF COMPLAINT
Follow-up of diabetes and knee pain.

HISTORY OF PRESENT ILLNESS
63 year old woman with right knee pain for two years, worse on stairs. She denies chest pain. Mother had breast cancer.

MEDICATIONS
Metformin 1000 mg twice daily, lisinopril 20 mg daily, naproxen as needed.

ASSESSMENT AND PLAN
1. Primary osteoarthritis of right knee. Start physical therapy, naproxen.
2. Hypertension, well controlled on lisinopril.
3. Type 2 diabetes with diabetic neuropathy, on metformin. Increase metformin.
4. Asthma, stable on albuterol.
5. Chronic kidney disease. Recheck creatinine in 3 months.
"""
LIT: Final = """async (count) => {
  const picks = [...document.querySelectorAll("#codes [data-pick]")], spent = [];
  for (let turn = 0; turn < count; turn++) {
    const pick = picks[turn % picks.length], started = performance.now();
    pick.click();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    if (!document.querySelector(`#notes mark.lit[data-refs~="${pick.dataset.pick}"]`)) throw new Error("not lit");
    spent.push(performance.now() - started);
    await new Promise((done) => setTimeout(done, 40));
  }
  return spent.sort((a, b) => a - b);
}"""
CONTRAST: Final = """() => {
  const parse = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (one) => { for (let at = one; at; at = at.parentElement) {
    const color = parse(getComputedStyle(at).backgroundColor); if (color.length === 3 || color[3] === 1) return color; }
    return [255, 255, 255]; };
  const poor = [];
  for (const one of document.querySelectorAll("body *")) {
    const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!says || !one.checkVisibility() || one.closest(".unseen, .skip, button:disabled")) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 20)}`;
    if (ratio < 4.5) poor.push(`${name} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
UNNAMED: Final = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary")]
  .filter((one) => one.checkVisibility() && !one.closest("[hidden], [type=hidden]"))
  .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
  .map((one) => one.outerHTML.slice(0, 80))"""


class Day(NamedTuple):
    """A running installation for a browser."""

    url: str
    store: CaseStore
    desk: Desk
    pipeline: Pipeline

    def case(self, **visit: Any) -> str:
        """A case, handed in and coded."""
        with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
            return aside.submit(asyncio.run, coded_by(self.pipeline, self.store, knee_visit(**visit), LOCAL)).result()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def day(pipeline: Pipeline, settings: Settings, tmp_path: Path) -> Iterator[Day]:
    """A local installation over a store of its own."""
    with opened_store(tmp_path) as store, serving(create_app(pipeline, settings, store)) as url:
        yield Day(url, store, build_desk(pipeline, settings, store), pipeline)


def watched(browser: Browser, day: Day, **context: Any) -> tuple[Page, Ran]:
    """A page with somebody who listens."""
    page = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context}).new_page()
    ran = Ran(day.url)
    ran.watch(page)
    return page, ran


def clean(page: Page, ran: Ran) -> None:
    """Nothing ran that is not ours, nothing was asked from elsewhere, nothing was refused."""
    assert (ran.dialogs, ran.errors, ran.elsewhere, ran.violations(page)) == ([], [], [], [])


def test_a_whole_day_by_keyboard(day: Day, browser: Browser, tmp_path: Path) -> None:
    """Worklist, evidence, modify, query, attest: no mouse, no script error, every step in the trail."""
    case = day.case(text=VISIT)
    page, ran = watched(browser, day)
    keys = page.keyboard
    page.goto(f"{day.url}/work")
    shot(page, tmp_path, "worklists")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url("**/work/*")
    progress, chosen = page.locator("#progress"), page.locator("#codes .line.selected")
    count = page.locator("#codes .line").count()
    for place in range(count):
        keys.press("j")
        page.wait_for_function("() => document.querySelectorAll('#notes mark.lit').length > 0")
        page.wait_for_function("(code) => document.querySelector('#detail h2')?.textContent.includes(code)",
                               arg=chosen.get_attribute("data-code"))  # fmt: skip
        code = chosen.get_attribute("data-code")
        if place == 0:
            shot(page, tmp_path, "evidence")
        if code == "N18.9":
            keys.press("m")
            page.wait_for_selector("#detail fieldset")
            shot(page, tmp_path, "modify")
            focused = page.evaluate("document.activeElement.textContent")
            keys.press("Enter")
            page.wait_for_function("() => document.querySelector('.line.selected')?.dataset.code === 'N18.1'")
            assert focused.startswith("N18.1")
            query(page, tmp_path)
        else:
            keys.press("3" if code == "J45.909" else "a")
        page.wait_for_function("(said) => document.querySelector('#progress').textContent.startsWith(said)",
                               arg=f"{place + 1} of {count} decided")  # fmt: skip
    keys.press("s")
    page.wait_for_selector("#detail .final")
    shot(page, tmp_path, "attest")
    keys.press("Enter")
    page.wait_for_function("() => document.querySelector('#progress').textContent.includes('attested by')")
    assert "attested by" in progress.inner_text()
    shot(page, tmp_path, "attested")
    keys.press("?")
    assert page.locator("#help").is_visible()
    keys.press("Escape")
    keys.press("t")
    page.wait_for_selector("#detail .timeline")
    clean(page, ran)
    done = [event.action for event in day.store.timeline(LOCAL, case)]
    assert done.count("review.evidence") == count
    assert {"review.accept", "review.reject", "review.modify", "query.sent", "attested"} <= set(done)
    final = day.desk.signed(LOCAL, case).final
    assert "N18.1" in {line.code for line in final.lines}
    assert "J45.909" not in {line.code for line in final.lines}


def query(page: Page, folder: Path) -> None:
    """Query the provider about the chosen line, by keyboard."""
    keys = page.keyboard
    keys.press("q")
    page.wait_for_selector("#composer")
    shot(page, folder, "query")
    keys.press("Control+A")
    keys.type("Dr. Lee")
    keys.press("Enter")
    page.wait_for_function("() => document.querySelector('#detail h2')?.textContent === 'The query was sent'")
    page.wait_for_function("() => document.querySelector('#queries-title').textContent.includes('1')")
    keys.press("Escape")


def test_fast_hands_lose_nothing(day: Day, browser: Browser) -> None:
    """Keys pressed faster than the server answers are all done, in order, each on the code it was pressed for."""
    case = day.case(text=VISIT)
    page, ran = watched(browser, day)
    page.goto(f"{day.url}/work/{case}")
    count = page.locator("#codes .line").count()
    for place in range(count):
        page.keyboard.press("j")
        page.keyboard.press("a" if place % 2 else "2")
    page.wait_for_function("(said) => document.querySelector('#progress').textContent.includes(said)",
                           arg=f"{count} of {count} decided")  # fmt: skip
    states = [line.disposition for line in day.desk.again(LOCAL, case).now.lines]
    assert states == ["accepted" if place % 2 else "rejected" for place in range(count)]
    clean(page, ran)


def test_a_hundred_injections_and_none_runs(day: Day, browser: Browser) -> None:
    """In notes, their names and authors, the case's own id, queries, answers, reasons and questions: nothing runs."""
    assert len(set(PAYLOADS)) >= 100
    documents = tuple(
        Document(document_id=f"{n} {payload}"[:200], text=f"{VISIT}\n{payload}", type=payload, author=payload)
        for n, payload in enumerate(PAYLOADS)
    )
    case = day.case(case_id=PAYLOADS[0], documents=documents, specialty=PAYLOADS[6])
    found = day.desk.open(LOCAL, case)
    for payload in PAYLOADS:
        wording = post.Wording(payload, f"Sodium {payload}"[:200], f"What does it reflect {payload}", (),
                               found.now.lines[0].evidence)  # fmt: skip
        try:
            post.send(day.desk, seat(found, LOCAL), wording)
        except post.LeadingQueryError:  # the linter has its own word about some of them
            post.send(day.desk, seat(found, LOCAL), wording._replace(about="Sodium", question="What does it reflect?"))
    reject = Reject(line="s1", reason=RejectReason.OTHER, note=PAYLOADS[0])
    found = day.desk.act(seat(found, LOCAL), reject)
    for finding in found.findings:
        if finding.severity == "must_resolve" and not finding.override:
            answer = AnswerFinding(rule=finding.rule, codes=finding.codes, reason=PAYLOADS[0])
            found = day.desk.act(seat(found, LOCAL), answer)
    page, ran = watched(browser, day)
    for path in ("/work", f"/work/{case}"):
        page.goto(day.url + path)
        page.wait_for_timeout(300)
        clean(page, ran)
    for key in ("j", "j", "n", "]", "x", "t", "s", "j"):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for place in range(0, len(PAYLOADS), 10):
        page.locator(f"#note-{place + 1}").scroll_into_view_if_needed()
        page.locator(f"#note-{place + 1} .text").hover()
    for payload in PAYLOADS[:: len(PAYLOADS) // 12]:
        ask(page, "b", "#books-q", payload)
        ask(page, "w", "#why-question", payload)
    clean(page, ran)
    assert page.evaluate("document.querySelectorAll('#main script, #main img, #main iframe, #main svg').length") == 0


def ask(page: Page, key: str, field: str, words: str) -> None:
    """Open a panel, write into it, and send it."""
    page.keyboard.press(key)
    page.wait_for_selector(field)
    page.locator(field).fill(words)
    page.locator(field).press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(250)
    page.locator("#main").focus()


def test_forty_documents_are_quick(day: Day, browser: Browser) -> None:
    """First paint within a second, and a click lights its words within a tenth of one (p95); the best of three counts.

    The machine may be busy with other things; the figures are printed.
    """
    documents = tuple(
        Document(document_id=f"doc-{n}", text=VISIT.replace("63 year", f"{n + 20} year"), type="progress note")
        for n in range(40)
    )
    case = day.case(case_id="forty", documents=documents)
    paints, clicks = [], []
    for _ in range(3):
        page, ran = watched(browser, day)
        page.goto(f"{day.url}/work/{case}")
        page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        spent = page.evaluate(LIT, 100)
        clicks.append(spent[94])
        clean(page, ran)
        page.context.close()
    said = (
        f"first paint {', '.join(f'{p:.0f}' for p in paints)} ms; click p95 {', '.join(f'{c:.0f}' for c in clicks)} ms"
    )
    sys.stderr.write(f"\n40 documents: {said}\n")
    assert min(paints) <= 1000
    assert min(clicks) <= 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_readable_in_light_and_dark(day: Day, browser: Browser, tmp_path: Path, scheme: str) -> None:
    """Every word stands out from its ground (WCAG AA, 4.5 : 1), and every control has a name."""
    case = day.case(text=VISIT)
    page, ran = watched(browser, day, color_scheme=scheme)
    for path, key, selector in (
        ("/work", "k", "main"), (f"/work/{case}", "j", "#detail dl"), (f"/work/{case}", "b", "#books-q"),
        ("/supervision", "k", "main"),
    ):  # fmt: skip
        page.goto(day.url + path)
        page.keyboard.press(key)
        page.wait_for_selector(selector)
        page.wait_for_timeout(150)
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(UNNAMED) == []
    page.goto(f"{day.url}/work/{case}")
    page.keyboard.press("j")
    page.wait_for_selector("#detail dl")
    for key in ("m", "q"):
        page.keyboard.press(key)
        page.wait_for_selector("#detail form")
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(UNNAMED) == []
        page.keyboard.press("Escape")
    shot(page, tmp_path, f"case-{scheme}")
    clean(page, ran)


def test_works_at_twice_the_size(day: Day, browser: Browser, tmp_path: Path) -> None:
    """At 200 % nothing runs off the side, and the words of a code stay in sight beside it while it is decided."""
    case = day.case(text=VISIT)
    page, ran = watched(browser, day, viewport={"width": 720, "height": 450}, device_scale_factor=2)
    for path in ("/work", f"/work/{case}", "/supervision"):
        page.goto(day.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{day.url}/work/{case}")
    for _ in range(4):
        page.keyboard.press("j")
        page.wait_for_timeout(200)
        for selector in ("#notes mark.lit.here", "#codes .line.selected .pick"):
            box = page.locator(selector).first.bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 450, (selector, box)
    shot(page, tmp_path, "zoom")
    clean(page, ran)


def test_landmarks_and_live_regions_are_there(day: Day, browser: Browser) -> None:
    """A screen reader finds the record, the codes and the details by name, and hears what was done."""
    case = day.case(text=VISIT)
    page, _ = watched(browser, day)
    page.goto(f"{day.url}/work/{case}")
    for role, name in (("navigation", "Documents"), ("region", "Record"), ("region", "Details"), ("main", None)):
        found = page.get_by_role(role, name=name) if name else page.get_by_role(role)  # type: ignore[arg-type]
        assert found.count() == 1, (role, name)
    assert page.get_by_role("heading", level=1).inner_text() == "visit-1"
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_function("() => document.querySelector('#said').textContent.startsWith('Accepted')")
    assert page.locator("#said").get_attribute("aria-live") == "polite"
    assert page.evaluate("document.activeElement.dataset.pick") == "s1", "focus stays on the line"
