"""Evidence: does the answer point at the words that carry a code? By token, and by substring."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.proposal import EvidenceQuote
from medcoding.record import Record

_WORD: Final = re.compile(r"\w+")


class EvidenceOverlap(Record):
    """What gold and answer quote for one code that both hold; all fields are counts."""

    code: str
    tokens_gold: int
    """Words of the record inside a gold quote. A word counts once, however many quotes hold it."""
    tokens_answered: int
    tokens_shared: int
    quotes_gold: int
    quotes_found: int
    """Gold quotes that some answered quote matches."""
    quotes_answered: int
    quotes_supported: int
    """Answered quotes that some gold quote matches."""


class _WordPlaces(NamedTuple):
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def overlap(
    code: str, gold: Sequence[EvidenceQuote], answered: Sequence[EvidenceQuote], texts: Mapping[str, str]
) -> EvidenceOverlap:
    """Count what two sets of quotes share. `texts` are the documents by id; a quote of no document holds no token."""
    gold_tokens, answered_tokens = _tokens(gold, texts), _tokens(answered, texts)
    return EvidenceOverlap(
        code=code,
        tokens_gold=len(gold_tokens),
        tokens_answered=len(answered_tokens),
        tokens_shared=len(gold_tokens & answered_tokens),
        quotes_gold=len(gold),
        quotes_found=sum(any(matches(quote, other) for other in answered) for quote in gold),
        quotes_answered=len(answered),
        quotes_supported=sum(any(matches(quote, other) for other in gold) for quote in answered),
    )


def matches(one: EvidenceQuote, other: EvidenceQuote) -> bool:
    """Two quotes match when they share a character of the record, or when the words of one stand inside the other.

    The second half pardons a quote from a copied-forward passage: the same words at another place.
    """
    if one.document_id == other.document_id and one.start < other.end and other.start < one.end:
        return True
    ours, theirs = _words(one.text), _words(other.text)
    return bool(ours.strip()) and (ours in theirs or theirs in ours)


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _tokens(quotes: Sequence[EvidenceQuote], texts: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Words touched by the quotes, as document id and offset."""
    found: set[tuple[str, int]] = set()
    for quote in quotes:
        words = _word_places(texts.get(quote.document_id, ""))
        touched = words.starts[bisect_right(words.ends, quote.start) : bisect_left(words.starts, quote.end)]
        found.update((quote.document_id, start) for start in touched)
    return frozenset(found)


@lru_cache(maxsize=64)
def _word_places(text: str) -> _WordPlaces:
    places = [match.span() for match in _WORD.finditer(text)]
    return _WordPlaces(tuple(start for start, _ in places), tuple(end for _, end in places))
