"""Split: documents into sections and numbered sentences, every one an exact span of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agent.tables import rows
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.encounter import Document, Encounter

_LINE: Final = re.compile(r"[^\n]*\n?")
_HEADING_DRESS: Final = re.compile(r"^[\s#*_=•\-]*(?:[IVX]+\.|\d{1,2}[.)])?[\s*_]*|[\s*_=#:]+$")
_INLINE: Final = re.compile(r"^[\s*#_]*([A-Za-z][A-Za-z &/()'.,-]{0,60}?)\s*\**:\**(?=\s|$)")
_ITEM: Final = re.compile(
    r"^\s*(?:[-•*–·▪●>]+|\(?\d{1,2}[.)](?=\s)|#\d*(?=\s)|[a-z][.)](?=\s(?!coli\b|diff|pylori\b)))\s*"
)
_INNER_ITEM: Final = re.compile(r"(?:\(?\d{1,2}[.)]|#\s?\d+)\s+")
"""A list mark within a line: `1) HTN - lisinopril. 2) Gout - allopurinol.`"""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])([\"')\]]*)\s+(?=[\"'(\[]?[A-Z0-9#])")
_NOT_AN_END: Final = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|st|vs|no|approx|pt|pts|dept|fig|e\.g|i\.e|etc|inc|sr|jr|hx|dx|rx|sx|tx)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_ANNOUNCES_ASSESSMENT: Final = re.compile(
    r"(?:my |the |our |overall |clinical )*(?:impression|assessment|(?:working |final )?diagnos[ie]s)"
    r"(?: today| at this time)? (?:is|are|remains?|includes?)\b"
)
_COPIED_WORDS: Final = 6
_LONGEST_SENTENCE: Final = 1_000
"""Code points. Reading a sentence takes time quadratic in its mentions; an endless list must not stop the flow."""

_MINIMUM_HEADING: Final = 2


class HeadingTable:
    """Which headings open which kind of section."""

    def __init__(self) -> None:
        self._kinds = {row["heading"]: SectionKind(row["section"]) for row in rows("headings.tsv")}

    def kind(self, heading: str) -> SectionKind | None:
        """Kind of section a heading opens, None for words that are no heading."""
        return self._kinds.get(" ".join(heading.lower().split()))


def split(encounter: Encounter, headings: HeadingTable) -> Chart:
    """Cut every document; sentences are numbered through the encounter from 1."""
    sections = tuple(s for d in encounter.documents for s in _sections(d, headings))
    texts = {d.document_id: d.text for d in encounter.documents}
    sentences: list[Sentence] = []
    first_said: dict[str, int] = {}
    for section in sections:
        for span in _sentence_spans(texts[section.document_id], section):
            sentences.append(_numbered(len(sentences) + 1, section, span, texts, first_said))
    return Chart(encounter=encounter, sections=sections, sentences=tuple(sentences))


def _numbered(
    number: int, section: Section, span: Span, texts: Mapping[str, str], first_said: dict[str, int]
) -> Sentence:
    """Number a sentence and link it to the first one with the same words."""
    words = " ".join(span.of(texts[section.document_id]).lower().split())
    copied = first_said.get(words)
    if len(words.split()) >= _COPIED_WORDS:
        first_said.setdefault(words, number)
    kind = SectionKind.ASSESSMENT if _ANNOUNCES_ASSESSMENT.match(words) else section.kind
    return Sentence(number=number, document_id=section.document_id, span=span, section=kind, copied_from=copied)


def _sections(document: Document, headings: HeadingTable) -> Iterator[Section]:
    """Sections that partition the document: each runs from its heading to the next one."""
    starts: list[tuple[int, SectionKind, str]] = [(0, SectionKind.OTHER, "")]
    for line in _LINE.finditer(document.text):
        kind, title = _heading(line.group(), headings)
        if kind and title:
            starts.append((line.start(), kind, title))
    ends = [start for start, _, _ in starts[1:]] + [len(document.text)]
    for (start, kind, title), end in zip(starts, ends, strict=True):
        if end > start:
            yield Section(document_id=document.document_id, kind=kind, title=title, span=Span(start=start, end=end))


def _heading(line: str, headings: HeadingTable) -> tuple[SectionKind | None, str]:
    """The heading a line is or begins with. Short headings (`PE`, `S`) need a colon or capitals."""
    bare = _HEADING_DRESS.sub("", _HEADING_DRESS.sub("", line.strip()))
    kind = headings.kind(bare)
    if kind and (len(bare) > _MINIMUM_HEADING or bare.isupper()):
        return kind, bare
    inline = _INLINE.match(line)
    if inline and (kind := headings.kind(inline.group(1))):
        return kind, inline.group(1)
    return None, ""


def _sentence_spans(text: str, section: Section) -> Iterator[Span]:
    """Sentences of a section, its heading words left out."""
    body = section.span.start
    if section.title:
        at = text.find(section.title, section.span.start, section.span.end)
        body = at + len(section.title)
        body += len(text[body : section.span.end]) - len(text[body : section.span.end].lstrip("*_=#: \t"))
    for start, end in _paragraphs(text, body, section.span.end):
        yield from _cut(text, start, end)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Lines, with hard-wrapped continuation lines joined to the line they continue."""
    begun: int | None = None
    finish = start
    for line in _LINE.finditer(text, start, end):
        words = line.group().strip()
        continues = begun is not None and words[:1].islower() and not _ITEM.match(line.group())
        if begun is not None and not (continues and text[begun:finish].rstrip()[-1:] not in ".:!?"):
            yield begun, finish
            begun = None
        if words:
            begun = line.start() if begun is None else begun
            finish = line.end()
    if begun is not None:
        yield begun, finish


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Sentences of one paragraph; list marks and outer white space stay outside the spans."""
    item = _ITEM.match(text[start:end])
    start += item.end() if item else 0
    for boundary in _SENTENCE_END.finditer(text, start, end):
        if not _NOT_AN_END.search(text[start : boundary.start()]):
            yield from _trimmed(text, start, boundary.end(1))
            mark = _INNER_ITEM.match(text, boundary.end(), end)
            start = mark.end() if mark else boundary.end()
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without outer white space; one too long for a sentence is cut at white space."""
    while end - start > _LONGEST_SENTENCE:
        space = text.rfind(" ", start + 1, start + _LONGEST_SENTENCE)
        stop = space if space > start else start + _LONGEST_SENTENCE
        yield from _trimmed(text, start, stop)
        start = stop
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    end -= len(words) - len(words.rstrip())
    if end > start:
        yield Span(start=start, end=end)
