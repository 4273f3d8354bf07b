"""The page a coder looks at: marks, links, inertness, and what stands on it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.page import ROUTE_WORDS, SOURCE_WORDS, Quoted, confidence_word, render_page, split_at_quotes
from medcoding.candidate import SimilarEncounter
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.finding import Finding, Severity
from medcoding.proposal import EvidenceQuote, NotCoded, NotCodedReason, Source
from medcoding.result import (
    Alternative,
    CharacterOrigin,
    CitedGuideline,
    CodeLine,
    CodingResult,
    Cost,
    Instruction,
    Rationale,
    Route,
    Stamp,
    SuggestionAnswer,
)

NOTE: Final = "ASSESSMENT\r\nType 2 diabetes with diabetic kidney disease, stage 3b.\r\nPossible sleep apnea.\r\n"
HOSTILE: Final = (
    "</script><script>alert(1)</script> <img src=x onerror=alert(1)> \x00 \u202eexe.\u202c שלום \U0001f469\u200d⚕️ "
    "{{ 7 * 7 }} --></mark></div></article>\n" + "x" * 20_000
)
VOID: Final = {"meta", "br", "img", "link"}


class Mark(NamedTuple):
    """One highlighted run of a note, as the page shows it."""

    start: int
    text: str
    attributes: dict[str, str | None]


class PageReader(HTMLParser):
    """Reads a page back: every start tag, the text of the notes, and the marks with their offsets in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.notes: list[str] = []
        self.marks: list[Mark] = []
        self.words = ""
        self._note_depth = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a note or a mark begins."""
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "div" and attributes.get("class") == "text":
            self.notes.append("")
            self._note_depth = len(self.open)
        if tag == "mark":
            self.marks.append(Mark(len(self.notes[-1]), "", attributes))

    def handle_endtag(self, tag: str) -> None:
        """Insist that tags close in order."""
        assert self.open.pop() == tag
        if len(self.open) < self._note_depth:
            self._note_depth = 0

    def handle_data(self, data: str) -> None:
        """Gather words, and those of notes and marks apart."""
        self.words += data
        if not self._note_depth:
            return
        self.notes[-1] += data
        if "mark" in self.open:
            last = self.marks[-1]
            self.marks[-1] = last._replace(text=last.text + data)

    def ids(self) -> list[str]:
        """Every id on the page."""
        return [identity for _, attributes in self.tags if (identity := attributes.get("id"))]


def encounter(text: str = NOTE, **changes: Any) -> Encounter:
    """An outpatient encounter of one document."""
    fields: dict[str, Any] = {
        "case_id": "case-1",
        "setting": Setting.OUTPATIENT,
        "date_of_service": date(2026, 4, 14),
        "documents": (Document(document_id="doc-1", text=text, type="progress_note", author="A. Author, MD"),),
    }
    return Encounter(**(fields | changes))


def quote(words: str, text: str = NOTE) -> EvidenceQuote:
    """The first place where the words stand."""
    start = text.index(words)
    return EvidenceQuote(document_id="doc-1", start=start, end=start + len(words), text=words, section="assessment")


def rationale(**changes: Any) -> Rationale:
    """A rationale in which every part says something of its own."""
    fields: dict[str, Any] = {
        "summary": "The summary.",
        "index_path": ("Diabetes", "type 2", "E11.22"),
        "characters": (CharacterOrigin(characters="E11.2", meaning="with kidney complications", origin="documented"),),
        "instructions": (Instruction(kind="code_first", at="E08", text="The instruction.", status="to check"),),
        "guidelines": (CitedGuideline(id="I.C.4.a", edition="FY2026", text="The digest."),),
        "alternatives": (Alternative(code="E11.9", title="The other title", why_not="The reason against."),),
        "would_change": "The one fact.",
        "similar_encounters": (SimilarEncounter(case_id="past-7", score=0.91, codes=("N18.32",)),),
    }
    return Rationale(**(fields | changes))


def line(code: str, sequence: int, *evidence: EvidenceQuote, **changes: Any) -> CodeLine:
    """One code of the answer."""
    fields: dict[str, Any] = {
        "system": CodeSystem.ICD10CM,
        "title": f"Title of {code}",
        "role": CodeRole.SECONDARY,
        "confidence": 0.91,
        "confidence_reasons": ("The confidence reason.",),
        "documentation_score": 0.42,
        "route": Route.CODER,
        "source": Source.LLM,
        "rationale": rationale(),
    }
    return CodeLine(code=code, sequence=sequence, evidence=evidence, **(fields | changes))


def result(*codes: CodeLine, **changes: Any) -> CodingResult:
    """An answer with those codes."""
    fields: dict[str, Any] = {
        "case_id": "case-1",
        "edition": "FY2026",
        "setting": Setting.OUTPATIENT,
        "date_of_service": date(2026, 4, 14),
        "route": Route.CODER,
        "not_coded": (),
        "findings": (),
        "cost": Cost(tokens_in=1234, tokens_out=56, stage_ms={"retrieve": 300.0, "verify": 900.0}),
        "stamp": Stamp(code="c0de", prompt="9a0", model="30de1", codebook="b00c", index="1de3", settings="5e77"),
    }
    return CodingResult(codes=codes, **(fields | changes))


DIABETES: Final = line("E11.22", 1, quote("Type 2 diabetes with diabetic kidney disease"))
KIDNEY: Final = line("N18.32", 2, quote("kidney disease, stage 3b"))
APNEA: Final = NotCoded(
    text="sleep apnea",
    evidence=(quote("Possible sleep apnea"),),
    code="G47.33",
    reason=NotCodedReason.UNCERTAIN,
    detail="Not coded as if it existed.",
)


def read(*answers: tuple[Encounter, CodingResult]) -> PageReader:
    """Render and read back."""
    return PageReader(render_page(answers))


def test_quotes_are_marked_at_their_exact_offsets() -> None:
    """Each mark covers exactly the code points of its quote, and links to the code it carries."""
    page = read((encounter(), result(DIABETES, not_coded=(APNEA,))))
    diabetes, apnea = page.marks
    assert (diabetes.start, diabetes.text) == (DIABETES.evidence[0].start, DIABETES.evidence[0].text)
    assert diabetes.attributes["data-refs"] == "code-1"
    assert diabetes.attributes["data-footnote"] == "1"
    assert (apnea.start, apnea.text) == (APNEA.evidence[0].start, APNEA.evidence[0].text)
    assert (apnea.attributes["class"], apnea.attributes["data-refs"]) == ("uncoded", "not-coded-1")


def test_overlapping_quotes_are_cut_at_every_boundary() -> None:
    """Where two quotes overlap, the shared words belong to both codes and the rest to one."""
    page = read((encounter(), result(DIABETES, KIDNEY)))
    assert [(mark.text, mark.attributes["data-refs"]) for mark in page.marks] == [
        ("Type 2 diabetes with diabetic ", "code-1"),
        ("kidney disease", "code-1 code-2"),
        (", stage 3b", "code-2"),
    ]
    assert [mark.attributes.get("data-footnote") for mark in page.marks] == [None, "1", "2"]


def test_the_note_is_shown_whole_with_its_line_ends() -> None:
    """The note's text on the page is the text received, carriage returns included."""
    assert read((encounter(), result(DIABETES, KIDNEY))).notes == [NOTE]


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(-5, 45), st.integers(-5, 45)), max_size=6))
def test_segments_join_to_the_text(text: str, ranges: list[tuple[int, int]]) -> None:
    """Whatever the quotes, the segments in a row are the text, and each is covered by the quotes that span it."""
    quotes = [EvidenceQuote(document_id="d", start=a, end=b, text=text[max(a, 0) : max(b, 0)]) for a, b in ranges]
    segments = split_at_quotes(text, [Quoted(entry, str(n), "label", n) for n, entry in enumerate(quotes)])
    assert "".join(segment.text for segment in segments) == text
    assert all(one.start + len(one.text) == other.start for one, other in pairwise(segments))
    for segment in segments:
        middle = range(segment.start, segment.start + len(segment.text))
        covering = [
            str(n) for n, (a, b) in enumerate(ranges) if 0 <= a <= middle.start and middle.stop <= b <= len(text)
        ]
        assert list(segment.refs) == covering


def test_a_quote_that_does_not_stand_in_the_note_is_not_marked() -> None:
    """Words that the offsets do not cover mark nothing, and the page says that they are not verbatim."""
    invented = EvidenceQuote(document_id="doc-1", start=0, end=5, text="fever")
    elsewhere = EvidenceQuote(document_id="doc-9", start=0, end=5, text="ASSES")
    page = read((encounter(), result(line("R50.9", 1, invented, elsewhere))))
    assert page.marks == []
    assert page.words.count("not in the note word for word") == 2


def test_hostile_text_is_inert_wherever_it_stands() -> None:
    """Markup, template code and control characters in any field end up as text: one script, no image, no NUL."""
    evidence = EvidenceQuote(document_id="doc-1", start=0, end=40, text=HOSTILE[:40])
    hostile = line("E11.22", 1, evidence, title=HOSTILE, rationale=rationale(summary=HOSTILE, would_change=HOSTILE))
    left_out = NotCoded(text=HOSTILE, evidence=(evidence,), reason=NotCodedReason.NEGATED, detail=HOSTILE)
    source = encounter(HOSTILE, case_id='"><script>alert(2)</script>'[:200])
    page = read((source, result(hostile, not_coded=(left_out,))))
    names = [tag for tag, _ in page.tags]
    assert names.count("script") == 1
    assert not {"img", "iframe", "object", "link", "base", "form"} & set(names)
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert not set("\x00\u202e\u202c") & set(page.words)
    assert "{{ 7 * 7 }}" in page.words
    assert page.open == []


def test_unshowable_characters_keep_their_place() -> None:
    """A control character is replaced by one visible character, so that offsets still count."""
    (shown,) = read((encounter("a\x00b\x1bc\u202ed\te\r\n\U0001f600"), result())).notes
    assert shown == "a␀b␛c�d\te\r\n\U0001f600"


def test_markup_and_ids_are_sound() -> None:
    """Every tag is closed in order, no id stands twice, and every link inside the page leads somewhere."""
    findings = (finding(Severity.MUST_RESOLVE, "N18.32"),)
    answer = result(DIABETES, KIDNEY, not_coded=(APNEA,), findings=findings)
    page = read((encounter(), answer), (encounter(case_id="case-2"), answer))
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    links = {str(attributes["href"]) for tag, attributes in page.tags if tag == "a"}
    assert links
    assert all(link.startswith("#") and link[1:] in page.ids() for link in links)


def test_several_encounters_stand_side_by_side_behind_a_switcher() -> None:
    """Each encounter has its own notes and codes, the switcher names them, and the first keeps the plain ids."""
    other = encounter("Hypertension.", case_id="case-2")
    codes = line("I10", 1, quote("Hypertension", "Hypertension."))
    page = read((encounter(), result(DIABETES)), (other, result(codes, case_id="case-2")))
    assert page.notes == [NOTE, "Hypertension."]
    assert [mark.attributes["data-refs"] for mark in page.marks] == ["code-1", "e2-code-1"]
    assert [a["href"] for tag, a in page.tags if tag == "a" and "encounter" in str(a["href"])] == [
        "#encounter-1",
        "#encounter-2",
    ]


def test_one_encounter_needs_no_switcher() -> None:
    """The switcher appears only when there is something to switch to."""
    assert "nav" not in [tag for tag, _ in read((encounter(), result(DIABETES))).tags]


def test_nothing_comes_from_elsewhere() -> None:
    """The page holds no address, no import and no reference to another file."""
    page = render_page([(encounter(), result(DIABETES, KIDNEY, not_coded=(APNEA,)))])
    assert not re.search(r"(?i)https?://|//[a-z0-9-]+\.|@import|url\(", page)
    assert not [1 for _, attributes in PageReader(page).tags if "src" in attributes]


def test_the_policy_admits_exactly_the_inlined_script() -> None:
    """The content security policy forbids everything by default and names the digest of the script as it stands."""
    page = render_page([(encounter(), result(DIABETES))])
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}'" in policy[1]


def test_an_answer_without_codes_says_so() -> None:
    """An empty code list, and the other empty lists, have a sentence each."""
    words = read((encounter(), result())).words
    assert "No code is proposed for this encounter." in words
    assert "Nothing was set aside." in words
    assert "No rule had anything to say." in words


def test_no_answers_make_a_page_too() -> None:
    """With nothing to show the page still says so."""
    assert "No encounter was coded." in read().words


def test_the_whole_rationale_is_there_without_a_script() -> None:
    """Every part of the rationale stands in the page itself, inside a disclosure that needs no script."""
    page = read((encounter(), result(DIABETES)))
    parts = ["The summary.", "type 2", "with kidney complications", "code first", "The instruction.", "to check"]
    parts += ["I.C.4.a", "The digest.", "E11.9", "The other title", "The reason against.", "The one fact."]
    parts += ["past-7", "0.91", "N18.32", "The confidence reason.", "91% high", "documented 42%", "model"]
    assert [part for part in parts if part not in page.words] == []
    assert ("details", {"class": "item code", "id": "code-1"}) in page.tags


def test_a_shipped_example_is_called_one() -> None:
    """A reader must not take for attested what nobody attested."""
    attested = SimilarEncounter(case_id="past-7", score=0.91, codes=("N18.32",))
    for past, shown in ((attested, False), (attested.model_copy(update={"attested": False}), True)):
        why = DIABETES.rationale.model_copy(update={"similar_encounters": (past,)})
        words = read((encounter(), result(DIABETES.model_copy(update={"rationale": why})))).words
        assert ("shipped example, attested by nobody" in words) is shown


def test_codes_stand_in_sequence() -> None:
    """The codes are shown in the order of their sequence numbers, however they arrive."""
    words = read((encounter(), result(KIDNEY, DIABETES))).words
    assert words.index("Title of E11.22") < words.index("Title of N18.32")


def test_what_was_left_out_has_its_reason_and_quote() -> None:
    """A thing left uncoded shows reason, detail, the code considered and a link to its words in the note."""
    page = read((encounter(), result(not_coded=(APNEA,))))
    for part in ("uncertain in this setting", "Not coded as if it existed.", "G47.33", "“Possible sleep apnea”"):
        assert part in page.words
    assert f"#note-1-{APNEA.evidence[0].start}" in [attributes.get("href") for _, attributes in page.tags]


def finding(severity: Severity, *codes: str) -> Finding:
    """A finding whose words name its severity."""
    return Finding(
        rule=f"rule.{severity}",
        severity=severity,
        codes=codes,
        message=f"Message {severity}.",
        source="I.B.2",
        mend="Do it.",
    )


def test_findings_stand_by_severity() -> None:
    """The gravest findings come first, with source, rule and mend, and link to the code they speak of."""
    advice, resolve, reject = (finding(s, "E11.22") for s in (Severity.ADVISE, Severity.MUST_RESOLVE, Severity.REJECT))
    page = read((encounter(), result(DIABETES, findings=(advice, resolve, reject))))
    places = [page.words.index(f"Message {severity}.") for severity in Severity]
    assert places == sorted(places)
    assert "2 findings" in page.words
    assert "I.B.2 · rule.reject" in page.words
    assert {"class": "code-link", "href": "#code-1"} in [attributes for _, attributes in page.tags]


@pytest.mark.parametrize(("source", "shown"), [(Source.RULES, True), (Source.ENCODER, False), (Source.LLM, False)])
def test_a_banner_tells_when_only_rules_answered(source: Source, shown: bool) -> None:
    """The banner appears when every code was chosen by rules, and only then."""
    page = read((encounter(), result(line("E11.22", 1, source=source))))
    assert ("Rules only." in page.words) is shown


def test_a_banner_tells_when_no_model_was_asked_at_all() -> None:
    """An empty answer in which no model spoke carries the banner too; one that a model declined does not."""
    assert "Rules only." in read((encounter(), result(cost=Cost()))).words
    assert "Rules only." not in read((encounter(), result())).words


def test_the_footer_holds_stamp_cost_and_edition() -> None:
    """Stamp, milliseconds by stage, tokens, edition and date of service stand at the foot."""
    words = read((encounter(), result(DIABETES))).words
    for part in ("c0de", "9a0", "30de1", "b00c", "1de3", "5e77", "900 ms", "1,234 in", "FY2026", "2026-04-14"):
        assert part in words


def test_what_the_sender_suggested_is_compared_with_the_answer() -> None:
    """Each suggestion is shown with where we agree, which code stands instead, or why nothing supports it."""

    def said(code: str, verdict: str, why: str, instead: str | None = None) -> SuggestionAnswer:
        return SuggestionAnswer.model_validate(
            {"system": "icd10cm", "code": code, "title": "", "verdict": verdict, "why": why, "instead": instead}
        )

    answers = (
        said("E11.22", "agree", "The record says so."),
        said("E11.9", "differ", "The record leads to a complication.", "E11.22"),
        said("I10", "not_supported", "The record says the patient does not have it."),
    )
    words = read((encounter(), result(DIABETES, suggestions_answered=answers))).words
    for part in ("agree", "differ", "instead", "not supported", "The record says the patient does not have it."):
        assert part in words


@pytest.mark.parametrize("route", list(Route))
@pytest.mark.parametrize("source", list(Source))
def test_every_route_and_source_has_its_word(route: Route, source: Source) -> None:
    """No route and no source is without a word for the coder."""
    words = read((encounter(), result(line("E11.22", 1, route=route, source=source), route=route))).words
    assert ROUTE_WORDS[route] in words
    assert SOURCE_WORDS[source] in words


@pytest.mark.parametrize(("confidence", "word"), [(1.0, "high"), (0.85, "high"), (0.6, "moderate"), (0.59, "low")])
def test_confidence_has_a_word(confidence: float, word: str) -> None:
    """The word changes at the written bars."""
    assert confidence_word(confidence) == word


def test_the_same_answers_make_the_same_page() -> None:
    """Rendering has no clock and no chance in it."""
    answers = [(encounter(), result(DIABETES, KIDNEY, not_coded=(APNEA,)))]
    assert render_page(answers) == render_page(answers)


@pytest.mark.real
def test_a_link_to_a_code_selects_it_in_a_browser(tmp_path: Path) -> None:
    """Opened at `#code-2`, the page shows that code's rationale and lights its words, under its own policy."""
    browser = shutil.which("chromium")
    assert browser, "chromium is missing; install Debian's chromium"
    file = tmp_path / "page.html"
    file.write_text(render_page([(encounter(), result(DIABETES, KIDNEY))]), encoding="utf-8", newline="")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command = [browser, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"{file.as_uri()}#code-2"]
    shown = PageReader(subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout)
    assert [a["id"] for _, a in shown.tags if "selected" in str(a.get("class"))] == ["code-2"]
    assert [mark.text for mark in shown.marks if "lit" in str(mark.attributes["class"]).split()] == [
        "kidney disease",
        ", stage 3b",
    ]
