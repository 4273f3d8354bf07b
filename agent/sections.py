"""Split: documents into sections and numbered sentences, every one an exact span of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.copied import Copies
from agent.headings import Heading
from agent.headings import HeadingTable as HeadingTable  # noqa: PLC0414
from agent.sentences import sentence_spans
from agent.statements import DIAGNOSIS_SECTIONS
from agent.unheaded import kind_by_wording, speaks_of_relative
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.encounter import Document, Encounter, Setting

_LINE: Final = re.compile(r"[^\n]*\n?")
_ROW: Final = re.compile(r"[^|\n]*\|[^|\n]*\||[^\t\n]+\t+[^\t\n]+\t+\S|[^|\n]+\|[^|\n]+")
_REPORT: Final = re.compile(r"imag|radiolog|patholog|\blab|laborator|microbiolog|cytolog", re.IGNORECASE)
"""Documents of those who do not treat the patient: their impression is a finding (I.A.19, III.B)."""

_ANNOUNCES_ASSESSMENT: Final = re.compile(
    r"(?:my |the |our |overall |clinical )*(?:impression|assessment|(?:working |final )?diagnos[ie]s)"
    r"(?: today| at this time)? (?:is|are|remains?|includes?)\b"
)
_BEHIND_A_TITLE: Final = re.compile(r"\.?[*_=#: \t]*(?:->|→|=>)?[*_=#: \t]*")
_FINDINGS: Final = frozenset(
    {SectionKind.RESULTS, SectionKind.PHYSICAL_EXAM, SectionKind.VITALS, SectionKind.PROCEDURES}
)
"""In running dictation the diagnosis stands where the film is told; only a headed note keeps findings apart."""

_CUT_AT_SEMICOLONS: Final = DIAGNOSIS_SECTIONS - {SectionKind.ASSESSMENT_PLAN}


def split(encounter: Encounter, headings: HeadingTable) -> Chart:
    """Cut every document; sentences are numbered through the encounter from 1."""
    sections = tuple(s for d in encounter.documents for s in _sections(d, headings, encounter.setting))
    texts = {d.document_id: d.text for d in encounter.documents}
    copies = Copies()
    sentences: list[Sentence] = []
    for section in sections:
        text = texts[section.document_id]
        run_on = section.kind in _CUT_AT_SEMICOLONS
        for span in sentence_spans(text, _body(text, section), section.span.end, run_on=run_on):
            sentences.append(_numbered(len(sentences) + 1, section, span, span.of(text), copies))
    return Chart(encounter=encounter, sections=sections, sentences=tuple(sentences))


def _numbered(number: int, section: Section, span: Span, words: str, copies: Copies) -> Sentence:
    """Number a sentence, say what it is for, and link it to the first one with the same words."""
    kind = section.kind
    if _ANNOUNCES_ASSESSMENT.match(words.lower()):
        kind = SectionKind.ASSESSMENT
    elif kind is SectionKind.OTHER or (kind in DIAGNOSIS_SECTIONS and speaks_of_relative(words)):
        kind = kind_by_wording(words)
    return Sentence(
        number=number,
        document_id=section.document_id,
        span=span,
        section=kind,
        copied_from=copies.first_author(number, words),
    )


def _sections(document: Document, headings: HeadingTable, setting: Setting) -> Iterator[Section]:
    """Sections that partition the document: each runs from its heading to the next one."""
    reported = setting is Setting.INPATIENT and bool(_REPORT.search(document.type or ""))
    starts = [Heading(0, 0, SectionKind.OTHER, ""), *_headings(document.text, headings)]
    ends = [heading.start for heading in starts[1:]] + [len(document.text)]
    for heading, end in zip(starts, ends, strict=True):
        kind = heading.kind
        if reported and kind in DIAGNOSIS_SECTIONS | {SectionKind.OTHER}:
            kind = SectionKind.RESULTS
        if end > heading.start:
            span = Span(start=heading.start, end=end)
            yield Section(document_id=document.document_id, kind=kind, title=heading.title, span=span)


def _body(text: str, section: Section) -> int:
    """Where a section's content begins, behind its heading's words."""
    if not section.title:
        return section.span.start
    at = text.find(section.title, section.span.start, section.span.end) + len(section.title)
    behind = _BEHIND_A_TITLE.match(text, at, section.span.end)
    return behind.end() if behind else at


def _headings(text: str, headings: HeadingTable) -> Iterator[Heading]:
    """Every heading in order, and the places where what one opened is over (a heading without words).

    One at the beginning of a line holds until the next such one; one within a line holds to the line's end, as does a
    complaint given on its heading's own line; a table ends with its rows.
    """
    held, passing, in_table = SectionKind.OTHER, False, False
    for line in _LINE.finditer(text):
        words = line.group()
        if not words.strip():
            continue
        on_line = [_softened(h, held, line.start()) for h in _of_line(words, line.start(), headings)]
        table = None if on_line else headings.of_table(words)
        if table:
            on_line = [Heading(line.start(), line.end(), table, words.strip())]
        elif not on_line and not in_table and headings.is_row_of_diagnoses(words):
            table = SectionKind.PROBLEM_LIST
            on_line = [Heading(line.start(), line.start(), table, "")]
        over = passing or (in_table and not _ROW.search(words))
        in_table = table is not None or (in_table and not over and not on_line)
        begins = bool(on_line) and not text[line.start() : on_line[0].start].strip()
        if over and not begins:
            yield Heading(line.start(), line.start(), held, "")
        yield from on_line
        passing = bool(on_line) and not begins
        if begins and not table:
            held = on_line[-1].kind
            passing = held is SectionKind.CHIEF_COMPLAINT and bool(text[on_line[-1].body : line.end()].strip())
            held = SectionKind.OTHER if passing else held


def _softened(heading: Heading, held: SectionKind, line_start: int) -> Heading:
    """A finding's label within a line of running dictation ends what was before it and opens nothing."""
    if held is SectionKind.OTHER and heading.kind in _FINDINGS and heading.start > line_start:
        return Heading(heading.start, heading.start, SectionKind.OTHER, "")
    return heading


def _of_line(words: str, start: int, headings: HeadingTable) -> Iterator[Heading]:
    """The heading a line begins with and those within it, each behind the one before."""
    opened = headings.opened_by(words, start)
    if opened:
        yield opened
    body = opened.body if opened else start
    for heading in headings.within(words, start):
        if heading.start >= body:
            yield heading
            body = heading.body
