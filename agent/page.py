"""The page a coder looks at: the notes with the evidence marked in place, beside the codes and their rationales.

One HTML file with nothing from elsewhere: template, style and script stand in `agent/pages/` and are inlined. The
content security policy admits that one script by its digest, so text from a note can never run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent.printable import printable
from medcoding.encounter import Document, Encounter
from medcoding.finding import Finding, Severity
from medcoding.proposal import EvidenceQuote, NotCoded, Source
from medcoding.result import CodeLine, CodingResult, Cost, Route

_PAGES: Final = Path(__file__).parent / "pages"

ROUTE_WORDS: Final = {
    Route.AUTO: "automatic",
    Route.CODER: "coder review",
    Route.DOCUMENTATION: "documentation query",
}
ROUTE_MARKS: Final = {Route.AUTO: "automatic", Route.CODER: "review", Route.DOCUMENTATION: "query"}
SOURCE_WORDS: Final = {Source.LLM: "model", Source.ENCODER: "encoder", Source.RULES: "rules"}
SEVERITY_WORDS: Final = {
    Severity.REJECT: "rejected",
    Severity.MUST_RESOLVE: "must resolve",
    Severity.ADVISE: "advice",
}


class Segment(NamedTuple):
    """A run of a document's text that the same quotes cover throughout."""

    text: str
    start: int
    """Offset of its first code point in the document."""
    refs: tuple[str, ...]
    """Ids of the items whose quotes cover it; empty for plain text."""
    label: str
    """What those items are, for a tooltip."""
    coded: bool
    """False when only things left uncoded are quoted here."""
    begins: bool
    """True where a quote begins: the place that links lead to."""
    footnote: str
    """Sequence numbers of the codes whose quotes end here."""


class Quoted(NamedTuple):
    """A quote, and the item of the page that rests on it."""

    quote: EvidenceQuote
    ref: str
    label: str
    number: int | None
    """The code's sequence number; None for something left uncoded."""


class Note(NamedTuple):
    """One document, cut at every boundary of a quote."""

    id: str
    document: Document
    segments: tuple[Segment, ...]


class CodeItem(NamedTuple):
    """One code of the answer."""

    id: str
    line: CodeLine
    pressing: tuple[Finding, ...]
    """Findings that speak of the code and are more than advice."""


class UncodedItem(NamedTuple):
    """One thing the record mentions that was left uncoded."""

    id: str
    thing: NotCoded


class Stage(NamedTuple):
    """Time spent in one step, and its share of the whole."""

    name: str
    milliseconds: float
    share: float


class Case(NamedTuple):
    """One encounter with its answer, arranged for the page."""

    id: str
    encounter: Encounter
    result: CodingResult
    notes: tuple[Note, ...]
    codes: tuple[CodeItem, ...]
    uncoded: tuple[UncodedItem, ...]
    findings: tuple[tuple[Severity, tuple[Finding, ...]], ...]
    """Grouped, the gravest severity first; severities without findings are left out."""
    stages: tuple[Stage, ...]

    @property
    def rules_only(self) -> bool:
        """True when no model chose anything: the fallback, or an installation without one."""
        if not self.codes:
            return self.result.cost.tokens_out == 0
        return all(item.line.source is Source.RULES for item in self.codes)

    def anchor(self, quote: EvidenceQuote) -> str | None:
        """Id of the place in the note where the quote begins; None when its words do not stand there."""
        for note in self.notes:
            if note.document.document_id == quote.document_id and _stands_in(note.document.text, quote):
                return f"{note.id}-{quote.start}"
        return None

    def item_of(self, code: str) -> str | None:
        """Id of the item that shows the code; None when the code is not in the answer."""
        return next((item.id for item in self.codes if item.line.code == code), None)


def render_page(answers: Sequence[tuple[Encounter, CodingResult]]) -> str:
    """One self-contained HTML page for one or several encounters with their answers. Same answers, same page."""
    script = (_PAGES / "page.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            cases=[_case(position, *answer) for position, answer in enumerate(answers, start=1)],
            style=Markup((_PAGES / "page.css").read_text(encoding="utf-8")),  # noqa: S704 our own file
            script=Markup(script),  # noqa: S704 our own file
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def split_at_quotes(text: str, quoted: Sequence[Quoted]) -> tuple[Segment, ...]:
    """Cut a text at every boundary of a quote. Joined again, the segments are the text."""
    standing = [entry for entry in quoted if _stands_in(text, entry.quote)]
    edges = {0, len(text)} | {e.quote.start for e in standing} | {e.quote.end for e in standing}
    return tuple(_segment(text, start, end, standing) for start, end in pairwise(sorted(edges)))


def confidence_word(confidence: float) -> str:
    """The word beside a confidence bar; for reading only, routing has its own bars."""
    if confidence >= 0.85:
        return "high"
    return "moderate" if confidence >= 0.6 else "low"


def _segment(text: str, start: int, end: int, quoted: Sequence[Quoted]) -> Segment:
    over = [entry for entry in quoted if entry.quote.start <= start and end <= entry.quote.end]
    ending = {entry.number for entry in over if entry.number is not None and entry.quote.end == end}
    return Segment(
        text=text[start:end],
        start=start,
        refs=_distinct(entry.ref for entry in over),
        label=", ".join(_distinct(entry.label for entry in over)),
        coded=any(entry.number is not None for entry in over),
        begins=any(entry.quote.start == start for entry in over),
        footnote=",".join(str(number) for number in sorted(ending)),
    )


def _stands_in(text: str, quote: EvidenceQuote) -> bool:
    return 0 <= quote.start < quote.end <= len(text) and text[quote.start : quote.end] == quote.text


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _case(position: int, encounter: Encounter, result: CodingResult) -> Case:
    """The first encounter's ids carry no prefix, so that `#code-1` is a link that works everywhere."""
    prefix = "" if position == 1 else f"e{position}-"
    codes = _code_items(prefix, result)
    uncoded = tuple(UncodedItem(f"{prefix}not-coded-{n}", thing) for n, thing in enumerate(result.not_coded, start=1))
    return Case(
        id=f"encounter-{position}",
        encounter=encounter,
        result=result,
        notes=_notes(prefix, encounter, _quoted(codes, uncoded)),
        codes=codes,
        uncoded=uncoded,
        findings=_by_severity(result.findings),
        stages=_stages(result.cost),
    )


def _code_items(prefix: str, result: CodingResult) -> tuple[CodeItem, ...]:
    lines = sorted(result.codes, key=lambda line: line.sequence)
    pressing = [finding for finding in result.findings if finding.severity is not Severity.ADVISE]
    return tuple(
        CodeItem(f"{prefix}code-{n}", line, tuple(f for f in pressing if line.code in f.codes))
        for n, line in enumerate(lines, start=1)
    )


def _quoted(codes: Iterable[CodeItem], uncoded: Iterable[UncodedItem]) -> list[Quoted]:
    of_codes = [Quoted(quote, i.id, i.line.code, i.line.sequence) for i in codes for quote in i.line.evidence]
    of_uncoded = [
        Quoted(quote, i.id, f"not coded: {i.thing.reason}", None) for i in uncoded for quote in i.thing.evidence
    ]
    return of_codes + of_uncoded


def _notes(prefix: str, encounter: Encounter, quoted: Sequence[Quoted]) -> tuple[Note, ...]:
    notes = []
    for n, document in enumerate(encounter.documents, start=1):
        here = [entry for entry in quoted if entry.quote.document_id == document.document_id]
        notes.append(Note(f"{prefix}note-{n}", document, split_at_quotes(document.text, here)))
    return tuple(notes)


def _by_severity(findings: Sequence[Finding]) -> tuple[tuple[Severity, tuple[Finding, ...]], ...]:
    groups = ((severity, tuple(f for f in findings if f.severity is severity)) for severity in Severity)
    return tuple((severity, group) for severity, group in groups if group)


def _stages(cost: Cost) -> tuple[Stage, ...]:
    total = sum(cost.stage_ms.values()) or 1.0
    return tuple(Stage(name.replace("_", " "), spent, spent / total) for name, spent in cost.stage_ms.items())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_showable,
    )
    environment.filters |= {"percent": _percent, "spaced": _spaced, "confidence_word": confidence_word}
    environment.globals |= {
        "route_words": ROUTE_WORDS,
        "route_marks": ROUTE_MARKS,
        "source_words": SOURCE_WORDS,
        "severity_words": SEVERITY_WORDS,
    }
    return environment


def _showable(value: object) -> object:
    """Every value the template prints passes here, so no control character reaches the page from anywhere."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
