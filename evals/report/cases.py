"""The worst cases of a run, gold and answer side by side, with the text from the suite and the evidence marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agent.page import Quoted, Segment, split_at_quotes
from evals.ledger import LostCode, WrongCode
from evals.metrics import every_code, f1
from evals.report.shown import Shown
from evals.run_record import EncounterRecord
from evals.scores import AnsweredCode, EvidencePlace, GoldCode
from evals.stage_totals import STAGE_WORDS
from medcoding.coded_encounter import CodedEncounter
from medcoding.proposal import EvidenceQuote

_MOST: Final = 100
_GOLD: Final = "gold"
_ANSWER: Final = "answer"


class CodeRow(NamedTuple):
    """One code of either side."""

    code: str
    about: str
    """Role, confidence, indicator: what is said beside it."""
    verdict: str
    """`right`, or where it was lost or came in."""
    is_right: bool
    why: str = ""
    """Why the gold forbids it."""


class Text(NamedTuple):
    """One document, cut at the quotes of both sides."""

    name: str
    segments: tuple[Segment, ...]


class CasePage(NamedTuple):
    """One encounter for the page."""

    id: str
    case_id: str
    facts: str
    purpose: str
    failure: str
    wrong: int
    lost: int
    f1: float | None
    gold: tuple[CodeRow, ...]
    answer: tuple[CodeRow, ...]
    texts: tuple[Text, ...]
    """Empty where the suite is not at hand."""


def worst_cases(shown: Shown, most: int = _MOST) -> tuple[CasePage, ...]:
    """Encounters with most lost and wrong codes first, and those that the failure classes name as examples."""
    named = {example.case_id for one in shown.classes for example in one.examples}
    open_to_all = (e for e in shown.run.encounters if e.case_id not in shown.held_out)
    ranked = sorted((e for e in open_to_all if _faults(e)), key=_badness)
    chosen = {e.case_id for e in ranked[:most]} | named
    return tuple(_page(e, shown.encounters.get(e.case_id)) for e in ranked if e.case_id in chosen)


def anchor(case_id: str) -> str:
    """The id of a case on the page: letters and digits, whatever the case is called."""
    return "case-" + "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}-" for c in case_id)


def _faults(entry: EncounterRecord) -> int:
    if entry.ledger is None:
        return max(1, len(entry.scored.gold))
    return len(entry.ledger.lost) + len(entry.ledger.wrong)


def _badness(entry: EncounterRecord) -> tuple[int, float, str]:
    return -_faults(entry), _f1(entry) or 0.0, entry.case_id


def _f1(entry: EncounterRecord) -> float | None:
    part = f1(every_code(entry.scored))
    return part.numerator / part.denominator if part.denominator else None


def _page(entry: EncounterRecord, encounter: CodedEncounter | None) -> CasePage:
    lost = {code.code: code for code in entry.ledger.lost} if entry.ledger else {}
    wrong = {code.code: code for code in entry.ledger.wrong} if entry.ledger else {}
    why = {line.code: line.why for line in encounter.must_not} if encounter else {}
    scored = entry.scored
    return CasePage(
        id=anchor(entry.case_id),
        case_id=entry.case_id,
        facts=_facts(entry, encounter),
        purpose=encounter.purpose if encounter else "",
        failure=entry.failure or "",
        wrong=len(wrong),
        lost=len(lost) if entry.ledger else len(scored.gold),
        f1=_f1(entry),
        gold=tuple(_gold_row(code, lost.get(code.code), answered=scored.answered) for code in scored.gold),
        answer=tuple(_answer_row(code, wrong.get(code.code), why) for code in scored.answer),
        texts=_texts(entry, encounter) if encounter else (),
    )


def _facts(entry: EncounterRecord, encounter: CodedEncounter | None) -> str:
    facts = [entry.scored.setting.value, entry.scored.specialty or ""]
    if encounter:
        age = f"{encounter.patient.age} years" if encounter.patient.age is not None else ""
        facts += [
            encounter.coding_date.isoformat(),
            age,
            encounter.patient.sex or "",
            ", ".join(encounter.guideline_ids),
        ]
    return " · ".join(filter(None, facts))


def _gold_row(code: GoldCode, lost: LostCode | None, *, answered: bool) -> CodeRow:
    about = _about(code)
    if not answered:
        return CodeRow(code.code, about, "no answer", is_right=False)
    if lost is None:
        return CodeRow(code.code, about, "right", is_right=True)
    beside = f", {lost.nearest} instead" if lost.nearest else ""
    return CodeRow(code.code, about, f"not {STAGE_WORDS[lost.lost_at]}{beside}", is_right=False)


def _answer_row(code: AnsweredCode, wrong: WrongCode | None, why: Mapping[str, str]) -> CodeRow:
    about = f"{_about(code)}, {code.confidence:.2f}"
    if wrong is None:
        return CodeRow(code.code, about, "right", is_right=True)
    place = ", ".join(filter(None, (wrong.section.replace("_", " "), wrong.assertion)))
    verdict = f"wrong, {wrong.came_in_at.value}{f' from {place}' if place else ''}"
    forbidden = next((reason for stem, reason in why.items() if code.code.startswith(stem)), "")
    return CodeRow(code.code, about, verdict, is_right=False, why=forbidden)


def _about(code: GoldCode) -> str:
    role = code.role.value.replace("_", " ")
    return f"{role}, POA {code.poa}" if code.poa else role


def _texts(entry: EncounterRecord, encounter: CodedEncounter) -> tuple[Text, ...]:
    texts = []
    for document in encounter.documents:
        quoted = [
            *_quoted(_GOLD, entry.scored.gold, document.document_id, document.text),
            *_quoted(_ANSWER, entry.scored.answer, document.document_id, document.text),
        ]
        name = (document.type or document.document_id).replace("_", " ")
        texts.append(Text(name, split_at_quotes(document.text, quoted)))
    return tuple(texts)


def _quoted(side: str, codes: Sequence[GoldCode], document_id: str, text: str) -> list[Quoted]:
    return [
        Quoted(_quote(place, text), side, f"{side} {code.code}", None)
        for code in codes
        for place in code.evidence
        if place.document_id == document_id
    ]


def _quote(place: EvidencePlace, text: str) -> EvidenceQuote:
    return EvidenceQuote(
        document_id=place.document_id, start=place.start, end=place.end, text=text[place.start : place.end]
    )
