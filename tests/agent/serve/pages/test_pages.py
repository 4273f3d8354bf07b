"""Behaviour of the coder's pages: what is shown is escaped, what is pressed is done, what runs is ours alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from agent.access.settings import AccessSettings
from agent.pipeline import Pipeline
from agent.review.settings import ReviewSettings
from agent.serve.app import create_app
from agent.serve.pages.rendering import REASON_WORDS
from agent.settings import Settings
from agent.store.case_store import CaseStore
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.encounter import Document
from tests.desks import KNEE, coded_by, knee_visit
from tests.stores import opened_store

LOCAL: Final = Actor(id="local", tenant=LOCAL_TENANT, roles=frozenset(Role))
SCRIPT: Final = "<script>alert(1)</script><img src=x onerror=alert(2)>"
STATIC: Final = Path(__file__).parents[4] / "agent" / "serve" / "pages" / "static"
TEMPLATES: Final = STATIC.parent / "templates"


class Page(NamedTuple):
    """A local installation with one case open."""

    client: httpx.AsyncClient
    store: CaseStore
    case: str
    headers: dict[str, str]

    async def part(self, path: str, **form: Any) -> str:
        """A part of the page; a change when a form is given."""
        url = f"/work/{self.case}/{path}"
        if not form:
            answer = await self.client.get(url, headers=self.headers)
        else:
            answer = await self.client.post(url, data=form, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def step(self, seen: int, **form: Any) -> str:
        """One step, when so many had been taken."""
        return await self.part("steps", version="1", seen=str(seen), **form)


@pytest.fixture
async def page(pipeline: Pipeline, settings: Settings, tmp_path: Path) -> AsyncIterator[Page]:
    """One case whose names and words hold scripts."""
    note = Document(document_id=f"note {SCRIPT}", text=f"{KNEE}\n{SCRIPT} \x1b[31m", type="visit", author=SCRIPT)
    async for opened in _opened(pipeline, settings, tmp_path, knee_visit(SCRIPT, documents=(note,))):
        yield opened


async def _opened(pipeline: Pipeline, settings: Settings, folder: Path, encounter: Any) -> AsyncIterator[Page]:
    with opened_store(folder) as store:
        case = await coded_by(pipeline, store, encounter, LOCAL)
        transport = httpx.ASGITransport(create_app(pipeline, settings, store))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            html = (await client.get(f"/work/{case}")).text
            csrf = re.search(r'"X-CSRF-Token":"([^"]+)"', html)
            assert csrf
            yield Page(client, store, case, {"X-CSRF-Token": csrf.group(1), "HX-Request": "true"})


class TestWhatRuns:
    """No script but ours, no style but ours, nothing from elsewhere."""

    async def test_every_page_has_the_strict_policy(self, page: Page) -> None:
        """Nothing inline, nothing from elsewhere, no frame, no form to another place."""
        for path in ("/work", f"/work/{page.case}", f"/work/{page.case}/codes", "/supervision", "/work/" + "0" * 32):
            answer = await page.client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy

    async def test_what_a_record_holds_is_text(self, page: Page) -> None:
        """A script in the note, in its name, in its author and in the case's id is shown and never markup."""
        for path in ("/work", f"/work/{page.case}", f"/work/{page.case}/codes", f"/work/{page.case}/timeline"):
            html = (await page.client.get(path)).text
            assert "<script>alert" not in html
            assert "<img" not in html
        assert "&lt;script&gt;alert(1)" in (await page.client.get(f"/work/{page.case}")).text

    async def test_no_control_character_reaches_the_page(self, page: Page) -> None:
        """An escape sequence is shown as its picture."""
        html = (await page.client.get(f"/work/{page.case}")).text
        assert "\x1b" not in html
        assert "␛[31m" in html

    def test_templates_hold_nothing_inline(self) -> None:
        """No event attribute, no style attribute, no script or style element with a body, no address of elsewhere."""
        for path in TEMPLATES.glob("*.j2"):
            html = path.read_text(encoding="utf-8")
            assert not re.search(r"\son[a-z]+\s*=|\sstyle\s*=|<style|hx-on|javascript:|\|\s*safe\b", html), path.name
            assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)", html), path.name
            assert not re.search(r"(?:src|href|action)=\"(?!/|#|\{)", html), path.name

    def test_our_script_makes_no_markup_of_text(self) -> None:
        """Nothing in it parses markup or runs text."""
        script = (STATIC / "desk.js").read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)

    def test_htmx_stands_with_its_licence(self) -> None:
        """The vendored script has its licence beside it."""
        assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["../router.py", "htmx.LICENSE", "..%2Frouter.py", "nothing.css"])
    async def test_only_assets_are_served(self, page: Page, name: str) -> None:
        """No path leads out of the folder."""
        assert (await page.client.get(f"/static/{name}")).status_code == 404


class TestCase:
    """The page of one case."""

    async def test_marks_slice_to_their_quotes(self, page: Page) -> None:
        """Every highlight names the lines it carries, and holds the words of the record."""
        html = (await page.client.get(f"/work/{page.case}")).text
        marks = re.findall(r'<mark [^>]*data-refs="([^"]+)"[^>]*>([^<]*)</mark>', html)
        assert ("s1", "Primary osteoarthritis of right knee") in marks
        assert any(refs.startswith("n") for refs, _ in marks)

    async def test_rejecting_costs_no_more_than_accepting(self, page: Page) -> None:
        """One key each: a for accept, a digit for each reason, on every line."""
        html = await page.part("codes")
        keys = re.findall(r'data-key="([^"]+)"', html)
        lines = html.count('class="line ')
        assert keys.count("a") == lines
        for number in range(1, len(REASON_WORDS) + 1):
            assert keys.count(str(number)) == lines

    async def test_a_step_changes_the_codes_and_says_so(self, page: Page) -> None:
        """Accept, reject with a reason, undo: the pane comes back, with words for a screen reader."""
        assert "Accepted M17.11." in await page.step(0, kind="accept", line="s1")
        rejected = await page.step(1, kind="reject", line="s2", reason="copied_forward")
        assert "rejected: copied forward" in rejected
        assert 'role="status"' in rejected
        assert "Undone." in await page.step(2, kind="undo")

    async def test_an_old_page_changes_nothing(self, page: Page) -> None:
        """A step from a state that has passed is a conflict with its mend."""
        await page.step(0, kind="accept", line="s1")
        form = {"kind": "accept", "line": "s2", "version": "1", "seen": "0"}
        answer = await page.client.post(f"/work/{page.case}/steps", data=form, headers=page.headers)
        assert answer.status_code == 409
        assert "look at it again" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "form",
        [{}, {"kind": "delete"}, {"kind": "accept"}, {"kind": "accept", "line": "s99"}, {"kind": "move", "line": "s1"},
         {"kind": "modify", "line": "s1", "role": "king"}, {"kind": "reject", "line": "s1", "reason": "dull"},
         {"kind": "add", "code": "<script>"}, {"kind": "accept", "line": "s1", "version": "x"}],
    )  # fmt: skip
    async def test_nonsense_is_refused_in_one_sentence(self, page: Page, form: dict[str, str]) -> None:
        """Whatever a form holds, the answer is a problem and never a fault of the server."""
        sent = {"version": "1", "seen": "0", **form}
        answer = await page.client.post(f"/work/{page.case}/steps", data=sent, headers=page.headers)
        assert answer.status_code in {404, 422}
        assert answer.json()["detail"].endswith(".")

    async def test_the_picker_offers_the_other_side(self, page: Page) -> None:
        """Modify shows the left knee, and choosing it changes the line and says what was suggested."""
        assert "M17.12" in await page.part("lines/s1/edit")
        html = await page.step(0, kind="modify", line="s1", code="M17.12")
        assert "suggested <s>M17.11</s>" in html

    async def test_the_reasons_come_with_their_guideline(self, page: Page) -> None:
        """The rationale names section and edition; that it was opened counts."""
        html = await page.part("evidence/s1", csrf="")
        assert re.search(r"<b>I\.[A-Z]\.\d+", html)
        assert "FY20" in html

    async def test_the_books_are_walked_beside_the_case(self, page: Page) -> None:
        """A code shows its notes and its place; words find codes."""
        assert "Osteoarthritis of knee" in await page.part("books", q="M17")
        assert "I10" in await page.part("books", q="hypertension")

    async def test_words_selected_in_the_record_carry_an_added_code(self, page: Page) -> None:
        """The words become its quote; a code without words says that it cannot be attested."""
        words = {"document": f"note {SCRIPT}", "start": str(KNEE.index("right knee pain")), "text": "right knee pain"}
        assert "Resting on" in await page.part("books", q="M25.561", adding="1", **words)
        await page.step(0, kind="add", code="M25.561", **words)
        assert "has no verbatim evidence" not in await page.part("codes")
        await page.step(1, kind="add", code="J45.909")
        assert "J45.909 has no verbatim evidence" in await page.part("codes")

    async def test_what_was_left_out_can_be_coded_all_the_same(self, page: Page) -> None:
        """By keyboard: its own words come along as the quote."""
        html = await page.part("codes")
        assert html.count("Code it all the same") >= 1
        words = {"document": f"note {SCRIPT}", "start": str(KNEE.index("right knee pain")), "text": "right knee pain"}
        assert "Resting on" in await page.part("books", q="M25.561", adding="1", **words)

    async def test_a_question_gets_a_grounded_answer(self, page: Page) -> None:
        """For and against, with the record's words or that it says nothing."""
        assert "supported" in await page.part("why", code="I10", question="")
        assert "The record says nothing" in await page.part("why", code="J45.909", question="Why not?")

    async def test_a_leading_query_comes_back_with_its_mends(self, page: Page) -> None:
        """Nothing that was written is lost; mended, the query is sent and listed."""
        codes = await page.part("codes")
        assert "None was asked" in codes
        html = await page.part("lines/s1/query")
        indicator = re.search(r'name="indicator" value="([^"]+)" checked', html)
        assert indicator
        place = indicator.group(1).replace("&lt;", "<").replace("&gt;", ">")
        form = {"version": "1", "seen": "0", "line": "s1", "to": "Dr. Lee", "about": "Knee", "indicator": place}
        refused = await page.part("queries", **form, question="Please document the DRG, agree?", options="")
        assert "It leads to an answer" in refused
        assert "It speaks of payment" in refused
        assert "Please document the DRG" in refused
        sent = await page.part(
            "queries", **form, question="What is the cause of the knee pain?", options="Injury\nWear"
        )
        assert "The query was sent" in sent
        assert "Unable to determine" in sent
        assert "Dr. Lee" in await page.part("codes")

    async def test_attesting_shows_what_is_open_then_the_set(self, page: Page) -> None:
        """First the open suggestions, then the codes in order with the digest they are attested by."""
        assert "accept, modify or reject it" in await page.part("attest")
        lines = (await page.part("codes")).count('class="line ')
        for number in range(lines):
            await page.step(number, kind="accept", line=f"s{number + 1}")
        ready = await page.part("attest")
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', ready)
        assert digest
        done = await page.part("attestation", version="1", seen=str(lines), digest=digest.group(1))
        assert "attested by" in done
        assert "attested the set" in await page.part("timeline")

    async def test_a_case_that_is_not_there_is_a_page_too(self, page: Page) -> None:
        """A reader gets words and a way back."""
        for name in ("0" * 32, "nothing", "..%2f..%2fetc"):
            answer = await page.client.get(f"/work/{name}")
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith(("text/html", "application/problem+json"))


class TestSeeds:
    """What a page must not tell."""

    async def test_nothing_on_the_page_tells_a_seed(
        self, pipeline: Pipeline, settings: Settings, tmp_path: Path
    ) -> None:
        """Before attesting no word or attribute sets it apart; afterwards the coder is told."""
        seeded = settings.model_copy(update={"review": ReviewSettings(seed_share=1.0), "access": AccessSettings()})
        async for page in _opened(pipeline, seeded, tmp_path, knee_visit()):
            html = await page.part("codes")
            assert not re.search(r"seed|control(?!s)", html)
            assert '<th scope="col" class="number">Codes' not in (await page.client.get("/work")).text
            lines = [
                re.sub(r"s\d+|[A-Z]\d\d\.?\w*|\d+", "", line) for line in re.findall(r'<li class="line [^>]*>', html)
            ]
            assert len(set(lines)) == 1
            count = len(lines)
            for number in range(count):
                await page.step(number, kind="accept", line=f"s{number + 1}")
            digest = re.search(r'name="digest" value="([0-9a-f]{64})"', await page.part("attest"))
            assert digest
            done = await page.part("attestation", version="1", seen=str(count), digest=digest.group(1))
            assert "was a control" in done
