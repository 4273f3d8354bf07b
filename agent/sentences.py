"""Sentences: stretches of text to the sentences, list items and table rows a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from medcoding.chart import Span

_LINE: Final = re.compile(r"[^\n]*\n?")
_ITEM: Final = re.compile(
    r"^\s*(?:[-•*–·▪●>]+|\(?\d{1,2}[.)](?=\s)|#\d*(?=\s)|#(?=[A-Za-z])|[a-z][.)](?=\s(?!coli\b|diff|pylori\b)))\s*"
)
_INNER_ITEM: Final = re.compile(r"(?:\(?\d{1,2}[.)]|#\s?\d+)\s+")
"""A list mark within a line: `1) HTN - lisinopril. 2) Gout - allopurinol.`"""

_NUMBERED: Final = re.compile(r"(?<!\S)(?:\((\d{1,2})\)|#?(\d{1,2})[.)])[ \t]+(?=[A-Za-z?])")
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?])([\"')\]]*)\s+(?=[\"'(\[]?[A-Z0-9#?+])"
    r"|(?:(?<=[a-z][a-z)][.!])|(?<=\d[.!]))([\"')\]]*)\s+(?=[a-z])"
)
"""In front of a capital any full stop ends a sentence; in front of a small letter one behind a word or a number."""

_NOT_AN_END: Final = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|st|vs|no|approx|pt|pts|dept|fig|e\.g|i\.e|etc|inc|sr|jr|hx|dx|rx|sx|tx)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_NOT_AN_END_BEFORE_SMALL: Final = re.compile(
    r"\b(?:[A-Za-z]|(?<![.\d])\d|dr|mrs?|ms|st|vs|no|approx|pts?|dept|figs?|etc|inc|incl|sr|jr|[hdrst]x|spp?|"
    r"subsp|var|ca|cf|wks?"
    r"|mos?|yrs?|hrs?|mins?|sec|ext|lat|ant|post|med|temp|resp|avg|max|assoc|prob|poss|susp|esp|sl|neg|pos|staph|"
    r"strep)"
    r"\.$|\?$",
    re.IGNORECASE,
)
_RUN_ON: Final = re.compile(r";\s+(?!(?:this|that|it|which|and|but|so|however|these|those|both|all)\b)", re.IGNORECASE)
"""Between the problems of a list of diagnoses; what refers back stays with what it speaks of."""

_LONGEST_SENTENCE: Final = 1_000
"""Code points. Reading a sentence takes time quadratic in its mentions; an endless list must not stop the flow."""


def sentence_spans(text: str, start: int, end: int, *, run_on: bool = False) -> Iterator[Span]:
    """Sentences of `text[start:end]`, in order; list marks and outer white space stay outside.

    With `run_on` a semicolon ends one too, as between the problems of a list of diagnoses.
    """
    for first, last in _paragraphs(text, start, end):
        for begun, ended in _listed(text, first, last):
            for span in _cut(text, begun, ended):
                yield from _parted(text, span) if run_on else (span,)


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


def _listed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The items of a list that runs on in one line: `1. RA 2. Sjogren's 3. osteoporosis`."""
    marks = list(_NUMBERED.finditer(text, start, end))
    numbers = [int(mark.group(1) or mark.group(2)) for mark in marks]
    places = [start]
    expected = 1 if len(numbers) > 1 and numbers[0] == 1 else 0
    for mark, number in zip(marks, numbers, strict=True):
        if expected and number == expected:
            places.append(mark.start())
            expected += 1
    if len(places) > 2:
        yield from ((a, b) for a, b in zip(places, [*places[1:], end], strict=True) if text[a:b].strip())
    else:
        yield start, end


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Sentences of one paragraph or list item."""
    item = _ITEM.match(text[start:end])
    start += item.end() if item else 0
    for boundary in _SENTENCE_END.finditer(text, start, end):
        small = boundary.group(2) is not None
        no_end = _NOT_AN_END_BEFORE_SMALL if small else _NOT_AN_END
        if no_end.search(text[start : boundary.start()]):
            continue
        yield from _trimmed(text, start, boundary.end(2 if small else 1))
        mark = _INNER_ITEM.match(text, boundary.end(), end)
        start = mark.end() if mark else boundary.end()
    yield from _trimmed(text, start, end)


def _parted(text: str, span: Span) -> Iterator[Span]:
    """The stretches between the semicolons of a sentence, those inside brackets left alone."""
    start = span.start
    for mark in _RUN_ON.finditer(text, span.start, span.end):
        if text.count("(", start, mark.start()) <= text.count(")", start, mark.start()):
            yield from _trimmed(text, start, mark.start())
            start = mark.end()
    yield from _trimmed(text, start, span.end)


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
