"""Encounters, answers and scored encounters for the tests of the metrics, in a few words each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from evals.scores import AnsweredCode, GoldCode, ScoredEncounter
from medcoding.coded_encounter import CodedEncounter, FinalCode, MustNotCode, Provenance
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Setting
from medcoding.proposal import EvidenceQuote, Source
from medcoding.result import CodeLine, CodingResult, Cost, Rationale, Route, Stamp

CODES: Final = ("E11.9", "E11.22", "N18.31", "I10", "I50.22", "J44.1", "Z79.4", "J1815")
"""Seven diagnoses, two of them of one category, and one HCPCS code."""

_CHAPTERS: Final = {"E": "4", "N": "14", "I": "9", "J": "10", "Z": "21"}


def system_of(code: str) -> CodeSystem:
    """HCPCS for the one HCPCS code, else ICD-10-CM."""
    return CodeSystem.HCPCS if code == "J1815" else CodeSystem.ICD10CM


def scored(
    gold: str, answer: str | None, case_id: str = "case", confidences: Sequence[float] = (), **changes: Any
) -> ScoredEncounter:
    """Codes as blank-separated lists in their order, the first of each first-listed; no answer is None."""
    given = (answer or "").split()
    sure = tuple(confidences) or (0.5,) * len(given)
    facts: dict[str, Any] = {
        "case_id": case_id,
        "setting": Setting.OUTPATIENT,
        "answered": answer is not None,
        "gold": tuple(GoldCode(**_line(code, n)) for n, code in enumerate(gold.split(), start=1)),
        "answer": tuple(
            AnsweredCode(**_line(code, n), confidence=c, route=Route.CODER)
            for n, (code, c) in enumerate(zip(given, sure, strict=True), start=1)
        ),
    }
    return ScoredEncounter(**(facts | changes))


def scored_encounters(least: int = 1, most: int = 8) -> st.SearchStrategy[tuple[ScoredEncounter, ...]]:
    """Sets of encounters, some without an answer, each case once."""
    codes = st.lists(st.sampled_from(CODES), unique=True, max_size=6).map(" ".join)
    answers = st.none() | codes
    pairs = st.lists(st.tuples(codes, answers), min_size=least, max_size=most)
    return pairs.map(lambda found: tuple(scored(g, a, f"case-{n}") for n, (g, a) in enumerate(found)))


def coded(text: str, *lines: FinalCode, **changes: Any) -> CodedEncounter:
    """An outpatient visit of one document, after the change of edition."""
    facts: dict[str, Any] = {
        "case_id": "case",
        "setting": Setting.OUTPATIENT,
        "date_of_service": date(2026, 11, 2),
        "documents": (Document(document_id="note", text=text),),
        "codes": lines,
        "provenance": Provenance(origin="synthetic", certified_coder=False),
    }
    return CodedEncounter(**(facts | changes))


def final(code: str, sequence: int = 1, evidence: tuple[EvidenceQuote, ...] = ()) -> FinalCode:
    """A gold line."""
    return FinalCode(**_line(code, sequence, chapter=False), evidence=evidence)


def line(code: str, sequence: int = 1, evidence: tuple[EvidenceQuote, ...] = ()) -> CodeLine:
    """An answered line."""
    rationale = Rationale(
        summary="", index_path=(), characters=(), instructions=(), guidelines=(), alternatives=(), would_change=""
    )
    return CodeLine(
        **_line(code, sequence, chapter=False),
        title="",
        confidence=0.8,
        confidence_reasons=(),
        documentation_score=1.0,
        route=Route.CODER,
        source=Source.RULES,
        evidence=evidence,
        rationale=rationale,
    )


def result(*lines: CodeLine, case_id: str = "case", cost: Cost | None = None) -> CodingResult:
    """An answer."""
    return CodingResult(
        case_id=case_id,
        edition="FY2027",
        setting=Setting.OUTPATIENT,
        date_of_service=date(2026, 11, 2),
        route=Route.CODER,
        codes=lines,
        not_coded=(),
        findings=(),
        cost=cost or Cost(),
        stamp=Stamp(code="", prompt="", model="", codebook="", index="", settings=""),
    )


def quote(text: str, words: str, nth: int = 0) -> EvidenceQuote:
    """The nth place of the words in the text of the one document."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    return EvidenceQuote(document_id="note", start=start, end=start + len(words), text=words)


def forbidden(*codes: str) -> tuple[MustNotCode, ...]:
    """Codes that would be wrong."""
    return tuple(MustNotCode(code=code, why="not documented") for code in codes)


def _line(code: str, sequence: int, *, chapter: bool = True) -> dict[str, Any]:
    role = CodeRole.FIRST_LISTED if sequence == 1 else CodeRole.SECONDARY
    system = system_of(code)
    facts: dict[str, Any] = {"system": system, "code": code, "role": role, "sequence": sequence}
    if chapter and system is CodeSystem.ICD10CM:
        facts["chapter"] = _CHAPTERS.get(code[0])
    return facts
