"""False quotes: words that nobody wrote, words that are not quite there, and true words that say the opposite.

Each is handed to the guardrails as the evidence of a code, claimed as present. None may be accepted.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.mentions import find
from agent.parts import Parts
from agent.sections import split
from guardrails.case import Case
from guardrails.check import check, rejected_codes
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.mention import Assertion
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode, Source
from medcoding.record import Record

_CONDITIONS: Final = (
    ("J18.9", "pneumonia"),
    ("I26.99", "pulmonary embolism"),
    ("I50.9", "heart failure"),
    ("I10", "hypertension"),
    ("E11.9", "type 2 diabetes"),
    ("J44.9", "COPD"),
    ("J45.909", "asthma"),
    ("N39.0", "urinary tract infection"),
    ("K80.20", "gallstones"),
    ("K35.80", "acute appendicitis"),
    ("I63.9", "stroke"),
    ("I48.91", "atrial fibrillation"),
    ("N18.9", "chronic kidney disease"),
    ("D64.9", "anemia"),
    ("C50.919", "breast cancer"),
    ("C18.9", "colon cancer"),
    ("C61", "prostate cancer"),
    ("M10.9", "gout"),
    ("F32.A", "depression"),
    ("F41.9", "anxiety"),
    ("G40.909", "epilepsy"),
    ("K21.9", "GERD"),
    ("E03.9", "hypothyroidism"),
    ("E78.5", "hyperlipidemia"),
    ("I21.9", "myocardial infarction"),
    ("A41.9", "sepsis"),
    ("L03.90", "cellulitis"),
    ("I82.409", "deep vein thrombosis"),
    ("G30.9", "Alzheimer disease"),
    ("R07.9", "chest pain"),
    ("R06.02", "shortness of breath"),
    ("R55", "syncope"),
)
_FRAMES: Final = {
    "negated": (
        "Denies {c}.",
        "No {c}.",
        "No evidence of {c} today.",
        "{C} was ruled out.",
        "Negative for {c}.",
        "Came without {c}.",
        "No history of {c}.",
        "She does not have {c}.",
        "No fever, cough, rash or {c}.",
        "Never had {c}.",
        "There are no signs of {c}.",
        "Free of {c} at this time.",
        "Work-up: {c} excluded.",
    ),
    "family": (
        "Mother has {c}.",
        "Family history of {c}.",
        "Father died of {c} at 60.",
        "Sister: {c}.",
        "FH: {c} in a brother.",
        "Maternal grandmother with {c}.",
    ),
    "uncertain": (
        "Possible {c}.",
        "Probable {c}.",
        "Suspected {c}, awaiting tests.",
        "Rule out {c}.",
        "Concern for {c}.",
        "{C} is suspected.",
        "Questionable {c}.",
        "Cannot exclude {c}.",
    ),
    "hypothetical": (
        "Return if {c} develops.",
        "Discussed the risk of {c}.",
        "Monitor for {c}.",
        "Should she develop {c}, stop the drug.",
    ),
}
_AROUND: Final = (
    "Seen for a follow-up of the knee. Walks well.",
    "Vitals stable. Medication list reviewed with the patient.",
    "Sleeps well, eats well. Works as a teacher.",
    "Right ankle sprain is healing.",
)
_DAY: Final = dt.date(2026, 4, 15)


class FalseQuotes(Record):
    """How many false quotes were handed in, and how many were accepted."""

    offered: dict[str, int]
    """By kind: invented, paraphrased, misplaced, and the wrong polarities."""
    accepted: dict[str, int]
    """Those whose code no rule removes, by kind. The figure that has to be 0."""
    held_up: int
    """Of the accepted ones those that a person is asked about."""


class FalseQuote(NamedTuple):
    """One code with one false quote on one note."""

    kind: str
    code: str
    note: str
    quote: EvidenceQuote


def false_quotes(wanted: int, seed: int = 1) -> Iterator[FalseQuote]:
    """Half of them true words of the wrong polarity, half words that do not stand there."""
    chance = random.Random(seed)  # noqa: S311 - draws examples, guards nothing
    for number in range(wanted):
        code, words = chance.choice(_CONDITIONS)
        if number % 2:
            yield _of_wrong_polarity(chance, code, words)
        else:
            yield _not_there(chance, code, words)


def measure_false_quotes(parts: Parts, wanted: int, seed: int = 1) -> FalseQuotes:
    """Hand them in one by one, as an outpatient visit whose proposer claims that the condition is present."""
    offered: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    held_up = 0
    for one in false_quotes(wanted, seed):
        findings = check(_case(parts, one))
        offered[one.kind] += 1
        if one.code not in rejected_codes(findings):
            accepted[one.kind] += 1
            held_up += any(one.code in f.codes and f.severity == "must_resolve" for f in findings)
    return FalseQuotes(offered=dict(offered), accepted=dict(accepted), held_up=held_up)


def accepted_quotes(parts: Parts, wanted: int, seed: int = 1) -> Iterator[FalseQuote]:
    """Those that are accepted, to see why. The notes are our own."""
    for one in false_quotes(wanted, seed):
        if one.code not in rejected_codes(check(_case(parts, one))):
            yield one


def _of_wrong_polarity(chance: random.Random, code: str, words: str) -> FalseQuote:
    kind = chance.choice(sorted(_FRAMES))
    frame = chance.choice(_FRAMES[kind])
    sentence = frame.format(c=words, C=words[0].upper() + words[1:])
    before, after = chance.sample(_AROUND, 2)
    note = f"{before} {sentence} {after}"
    start = note.lower().index(words.lower(), len(before))
    whole = chance.random() < 0.2 and kind in {"negated", "uncertain"}
    if whole:
        start, end = len(before) + 1, len(before) + 1 + len(sentence)
    else:
        end = start + len(words)
    return FalseQuote(kind, code, note, _quote(note, start, end))


def _not_there(chance: random.Random, code: str, words: str) -> FalseQuote:
    before, after = chance.sample(_AROUND, 2)
    note = f"{before} Assessment: {words}, stable. {after}"
    start = note.index(words)
    true = _quote(note, start, start + len(words))
    kind = chance.choice(("invented", "paraphrased", "misplaced"))
    changes: dict[str, object]
    if kind == "invented":
        changes = {"text": f"{words} confirmed by the specialist"}
    elif kind == "paraphrased":
        changes = {"text": chance.choice((f"{words.title()}s", f"{words}; ", f"the {words}", words[:-1], words[::-1]))}
    else:
        shift = chance.choice((-3, 1, 40, -len(note)))
        changes = {"start": start + shift, "end": start + len(words) + shift}
    return FalseQuote(kind, code, note, true.model_copy(update=changes))


def _quote(note: str, start: int, end: int) -> EvidenceQuote:
    return EvidenceQuote(document_id="d", start=start, end=end, text=note[start:end], assertion=Assertion.PRESENT)


def _case(parts: Parts, one: FalseQuote) -> Case:
    encounter = Encounter(
        case_id="false-quote",
        setting=Setting.OUTPATIENT,
        date_of_service=_DAY,
        documents=(Document(document_id="d", text=one.note, author_role="physician"),),
    )
    chart = split(encounter, parts.headings)
    chosen = parts.codebooks.for_date(_DAY)
    line = ProposedCode(
        system=CodeSystem.ICD10CM,
        code=one.code,
        role=CodeRole.FIRST_LISTED,
        sequence=1,
        mention_ids=(),
        evidence=(one.quote,),
        source=Source.LLM,
        strength=1.0,
        reason="claimed",
    )
    mentions = find(chart, parts.mention_rules)
    return Case(chart, Proposal(codes=(line,), not_coded=()), chosen.codebook, chosen.in_force, mentions)
