"""How many of the tabular list's instructional notes the guardrails really execute: each one is tried.

For every note a minimal case is made (the code that carries it, a code it names, in the wrong order or left out but
stated) and the rule of its kind has to speak.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from guardrails.case import Case, Rule
from guardrails.instructional_notes import (
    companion_is_coded,
    documented_beside,
    etiology_first,
    excluded_pair,
    manifestation_follows,
    partner_is_coded,
    underlying_condition_leads,
)
from medcoding.chart import Chart, SectionKind, Span
from medcoding.codebook import Codebook, CodebookEntry
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.mention import Assertion, Mention
from medcoding.notes import NOTE_KINDS, InstructionalNote, NoteKind
from medcoding.proposal import Proposal, ProposedCode, Source
from medcoding.record import Record

_TRIED: Final = 6
"""Codes below a note and codes it names that are tried before it counts as not executed."""

_CHART: Final = Chart(
    encounter=Encounter(
        case_id="note",
        setting=Setting.OUTPATIENT,
        date_of_service=dt.date(2026, 4, 15),
        documents=(Document(document_id="d", text="stated"),),
    ),
    sections=(),
    sentences=(),
)
_BESIDE: Final[dict[NoteKind, Rule]] = {
    "use_additional_code": partner_is_coded,
    "code_also": companion_is_coded,
    "excludes2": documented_beside,
}


class ExecutedNotes(Record):
    """The notes of one kind."""

    kind: NoteKind
    notes: int
    heads: int
    """Lines that only open a list (`such as:`) whose lines below name codes; executed through those."""
    without_codes: int
    """Lines that name no code and open no list."""
    executed: int
    """Lines on which a rule spoke."""
    share: float
    """Executed lines and heads, as a share of all."""


def executed_notes(codebook: Codebook, every: int = 1) -> tuple[ExecutedNotes, ...]:
    """Try every note of an edition, or those of each so-manieth entry that prints any."""
    tally: Counter[tuple[NoteKind, str]] = Counter()
    for entry in islice((e for e in codebook.entries() if e.notes), 0, None, every):
        for kind in NOTE_KINDS:
            for state in _states(codebook, entry, kind):
                tally[kind, state] += 1
    return tuple(_row(kind, tally) for kind in NOTE_KINDS)


def _states(codebook: Codebook, entry: CodebookEntry, kind: NoteKind) -> Iterator[str]:
    """For each line of one entry: `executed`, `head`, `without codes` or `silent`."""
    notes = entry.notes.of(kind)
    targeted = [bool(note.targets) for note in notes]
    for place, note in enumerate(notes):
        if _speaks(codebook, entry, kind, note):
            yield "executed"
        elif not note.targets and any(targeted[place + 1 :]) and note.text.rstrip().endswith(":"):
            yield "head"
        else:
            yield "silent" if note.targets else "without codes"


def _speaks(codebook: Codebook, entry: CodebookEntry, kind: NoteKind, note: InstructionalNote) -> bool:
    """True when some code below the entry, with some code the note names, makes the rule of this kind speak."""
    below = codebook.billable_under(entry.code)[:_TRIED]
    if not note.targets:
        return kind == "code_first" and any(_leads_wrongly(codebook, code) for code in below)
    named = list(_named(codebook, note))
    return any(_is_told(codebook, kind, code, other) for code in below for other in named if other != code)


def _is_told(codebook: Codebook, kind: NoteKind, code: str, other: str) -> bool:
    if kind == "excludes1":
        return bool(excluded_pair(_case(codebook, code, other)))
    if kind == "code_first":
        return bool(etiology_first(_case(codebook, code, other)))
    return any(other in f.mend_codes for f in _BESIDE[kind](_case(codebook, code, stated=other)))


def _leads_wrongly(codebook: Codebook, code: str) -> bool:
    alone = _case(codebook, code)
    return bool(underlying_condition_leads(alone) or manifestation_follows(alone))


def _named(codebook: Codebook, note: InstructionalNote) -> Iterator[str]:
    """Billable codes that the note names, from each of its targets."""
    found = 0
    for target in note.targets:
        for stem in dict.fromkeys((target.first, target.last, target.first[:3], target.last[:3])):
            for code in codebook.billable_under(stem):
                if target.holds(code):
                    yield code
                    found += 1
                    if found >= _TRIED:
                        return


def _case(codebook: Codebook, *codes: str, stated: str = "") -> Case:
    lines = tuple(
        ProposedCode(
            system=CodeSystem.ICD10CM,
            code=code,
            role=CodeRole.SECONDARY,
            sequence=sequence,
            mention_ids=(),
            evidence=(),
            source=Source.RULES,
            strength=1.0,
            reason="",
        )
        for sequence, code in enumerate(codes, start=1)
    )
    mentions = (_mention(stated),) if stated else ()
    return Case(_CHART, Proposal(codes=lines, not_coded=()), codebook, edition_in_force=True, mentions=mentions)


def _mention(concept: str) -> Mention:
    return Mention(
        id=1,
        document_id="d",
        span=Span(start=0, end=6),
        text="stated",
        sentence=1,
        section=SectionKind.ASSESSMENT,
        assertion=Assertion.PRESENT,
        query="stated",
        concept=concept,
    )


def _row(kind: NoteKind, tally: Counter[tuple[NoteKind, str]]) -> ExecutedNotes:
    states = {state: count for (found, state), count in tally.items() if found == kind}
    notes = sum(states.values())
    heads, executed = states.get("head", 0), states.get("executed", 0)
    return ExecutedNotes(
        kind=kind,
        notes=notes,
        heads=heads,
        without_codes=states.get("without codes", 0),
        executed=executed,
        share=round((heads + executed) / notes, 4) if notes else 0.0,
    )
