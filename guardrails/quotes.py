"""The words around quotes: which mentions and sentences of the record they touch, each looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeVar

from medcoding.chart import Chart, Span
from medcoding.mention import Mention
from medcoding.proposal import EvidenceQuote

Item = TypeVar("Item")


class Place(NamedTuple):
    """Where a quote stands; compared faster than the quote itself."""

    document_id: str
    start: int
    end: int


class _Placed(NamedTuple):
    start: int
    end: int
    mention: Mention


class Quotes:
    """A record's documents with what was found in them, ready to be asked about places."""

    def __init__(self, chart: Chart, mentions: tuple[Mention, ...]) -> None:
        self._texts = {d.document_id: d.text for d in chart.encounter.documents}
        self._chart = chart
        self._mentions = mentions
        self._sentence_texts: dict[Place, str] = {}
        self._touched: dict[Place, tuple[Mention, ...]] = {}

    def text_of(self, document_id: str) -> str:
        """A document's text, empty when the encounter has no such document."""
        return self._texts.get(document_id, "")

    def touched_by(self, quote: EvidenceQuote) -> tuple[Mention, ...]:
        """The mentions that share a character with a quote."""
        place = place_of(quote)
        found = self._touched.get(place)
        if found is None:
            near = self._mentions_by_document.get(place.document_id, ())
            found = tuple(m.mention for m in near if m.start < place.end and place.start < m.end)
            self._touched[place] = found
        return found

    def sentence_text(self, quote: EvidenceQuote) -> str:
        """The sentences a quote touches, in lower case; the quote itself where the chart is not cut up."""
        place = place_of(quote)
        found = self._sentence_texts.get(place)
        if found is None:
            spans = self._sentences_by_document.get(place.document_id, ())
            text = self.text_of(place.document_id)
            touched = (text[s.start : s.end] for s in spans if s.start < place.end and place.start < s.end)
            found = self._sentence_texts[place] = " ".join(touched).lower()
        return found or quote.text.lower()

    def in_one_sentence(self, one: EvidenceQuote, other: EvidenceQuote) -> bool:
        """True where a sentence touches both quotes; where the chart is not cut up, where the quotes overlap."""
        if one.document_id != other.document_id:
            return False
        spans = self._sentences_by_document.get(one.document_id) or (Span(start=one.start, end=one.end),)
        return any(
            s.start < one.end and one.start < s.end and s.start < other.end and other.start < s.end for s in spans
        )

    @cached_property
    def _mentions_by_document(self) -> Mapping[str, tuple[_Placed, ...]]:
        placed = ((m.document_id, _Placed(m.span.start, m.span.end, m)) for m in self._mentions)
        return _grouped(placed)

    @cached_property
    def _sentences_by_document(self) -> Mapping[str, tuple[Span, ...]]:
        return _grouped((sentence.document_id, sentence.span) for sentence in self._chart.sentences)


def place_of(quote: EvidenceQuote) -> Place:
    """Where a quote stands."""
    return Place(quote.document_id, quote.start, quote.end)


def _grouped(items: Iterable[tuple[str, Item]]) -> Mapping[str, tuple[Item, ...]]:
    groups: dict[str, list[Item]] = {}
    for key, item in items:
        groups.setdefault(key, []).append(item)
    return {key: tuple(group) for key, group in groups.items()}
