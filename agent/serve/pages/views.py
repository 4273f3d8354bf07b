"""What the templates are given: a case arranged for the page, and nothing that tells a seed from a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.page import Quoted, Segment, split_at_quotes
from agent.review.on_desk import OnDesk
from medcoding.encounter import Document
from medcoding.finding import Finding, Severity
from medcoding.proposal import EvidenceQuote, NotCoded
from medcoding.result import CodeLine
from medcoding.review import Disposition, ReviewedLine


class NoteView(NamedTuple):
    """One document of the record, cut at every boundary of a quote."""

    id: str
    document: Document
    segments: tuple[Segment, ...]
    quotes: int
    """Highlights in it."""


class LineView(NamedTuple):
    """One line of the set."""

    line: ReviewedLine
    suggestion: CodeLine | None
    place: int | None
    """Its place among the kept lines; None for a rejected one."""
    pressing: tuple[Finding, ...]
    """Findings on it that must be resolved."""
    advice: int
    """Findings on it that need no answer."""


class UncodedView(NamedTuple):
    """Something the record mentions that was left out."""

    id: str
    thing: NotCoded


class FindingView(NamedTuple):
    """One finding with the line it speaks of."""

    finding: Finding
    line: str | None
    open: bool
    answerable: bool
    """Whether a reason can answer it; plain facts cannot be argued with."""


class CaseView(NamedTuple):
    """A case arranged for the page."""

    case: OnDesk
    notes: tuple[NoteView, ...]
    lines: tuple[LineView, ...]
    uncoded: tuple[UncodedView, ...]
    findings: tuple[FindingView, ...]

    @property
    def decided(self) -> int:
        """Suggestions that somebody decided on."""
        return sum(view.line.disposition is not None for view in self.lines)


def case_view(case: OnDesk, *, with_notes: bool = True) -> CaseView:
    """Arrange a case; the notes are left out where only the codes are shown again."""
    uncoded = tuple(UncodedView(f"n{n}", thing) for n, thing in enumerate(case.result.not_coded, start=1))
    return CaseView(
        case=case,
        notes=tuple(_notes(case, uncoded)) if with_notes else (),
        lines=_lines(case),
        uncoded=uncoded,
        findings=tuple(_finding(case, finding) for finding in case.findings),
    )


def quote_refs(case: OnDesk) -> Iterable[tuple[EvidenceQuote, str]]:
    """Every quote with the line it carries."""
    return ((quote, line.id) for line in case.now.lines for quote in line.evidence)


def _notes(case: OnDesk, uncoded: Sequence[UncodedView]) -> Iterable[NoteView]:
    coded = [Quoted(q, line.id, line.code, n) for n, line in enumerate(case.now.lines, 1) for q in line.evidence]
    left = [Quoted(q, u.id, f"not coded: {u.thing.reason}", None) for u in uncoded for q in u.thing.evidence]
    for number, document in enumerate(case.encounter.documents, start=1):
        here = [entry for entry in (*coded, *left) if entry.quote.document_id == document.document_id]
        segments = split_at_quotes(document.text, here)
        yield NoteView(f"note-{number}", document, segments, sum(segment.begins for segment in segments))


def _lines(case: OnDesk) -> tuple[LineView, ...]:
    views, place = [], 0
    for line in case.now.lines:
        kept = line.disposition is not Disposition.REJECTED
        place += kept
        about = [f for f in case.findings if line.code in f.codes]
        pressing = tuple(f for f in about if f.severity is not Severity.ADVISE and f.override is None) if kept else ()
        views.append(
            LineView(
                line=line,
                suggestion=case.line_as_suggested(line.id),
                place=place if kept else None,
                pressing=pressing,
                advice=sum(f.severity is Severity.ADVISE for f in about) if kept else 0,
            )
        )
    return tuple(views)


def _finding(case: OnDesk, finding: Finding) -> FindingView:
    kept = {line.code: line.id for line in case.now.kept}
    line = next((kept[code] for code in finding.codes if code in kept), None)
    relevant = not finding.codes or line is not None
    return FindingView(
        finding=finding,
        line=line,
        open=finding.severity is not Severity.ADVISE and finding.override is None and relevant,
        answerable=not finding.rule.startswith(("existence.", "evidence.verbatim")),
    )
