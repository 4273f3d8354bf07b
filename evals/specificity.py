"""Specificity: a code of the right category that says less, or more, than the record supports.

Only ICD-10-CM has the tree this is read from. Guidelines I.A.9.b (unspecified), I.A.6.b (NOS), I.B.2 (level of detail).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from itertools import takewhile
from typing import Final, NamedTuple

from medcoding.codebook import Codebook, CodebookEntry
from medcoding.record import Record

CATEGORY_LENGTH: Final = 3

_UNSPECIFIED: Final = re.compile(r"(?<!\bor )\bunspecified\b", re.IGNORECASE)
"""Not in `stage 1 through stage 4, or unspecified chronic kidney disease`, which names a range."""
_UNCOMPLICATED: Final = re.compile(r"\buncomplicated\b|\bwithout complications?\b", re.IGNORECASE)
_WITHOUT: Final = re.compile(r"\bwithout\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_NOS: Final = re.compile(r"\bNOS\b")


class Detail(StrEnum):
    """How the answered code of a category stands to the gold code of the same category."""

    EXACT = "exact"
    """The same to the last character."""
    UNDER = "under"
    """Says less than the record supports: a stem, an unspecified or default choice where gold names one."""
    OVER = "over"
    """Says more than the record supports: the same, the other way round."""
    OTHER = "other"
    """As much, but something else: the other side, another type, another stage or encounter."""


class DetailPair(Record):
    """A gold code and the answered code of its category it was compared with."""

    gold: str
    answered: str
    detail: Detail


class Silence(NamedTuple):
    """How much the words of an entry leave open; compared item by item, the larger leaves more open."""

    default: bool
    """The book's choice where the record adds nothing: uncomplicated, or `without …` under a term called NOS."""
    unspecified: int
    """How often the title says unspecified."""


class _Branch(NamedTuple):
    """Where a code parts from another of its category."""

    entry: CodebookEntry
    """The first entry of its lineage that the other code does not share."""
    code: CodebookEntry


def silence(entry: CodebookEntry) -> Silence:
    """What an entry leaves open, from its title and its inclusion terms."""
    called_nos = any(_NOS.search(term) for term in entry.notes.inclusion_terms)
    default = bool(_UNCOMPLICATED.search(entry.title) or (called_nos and _WITHOUT.search(entry.title)))
    return Silence(default, len(_UNSPECIFIED.findall(entry.title)))


def compare_detail(gold: str, answered: str, codebook: Codebook) -> Detail:
    """How two codes of one category differ in detail.

    A stem says less than what stands below it. Otherwise the two entries at which their lineages part are compared: the
    one that leaves more open says less, or, where both leave as much open, the one whose words are part of the
    other's. The code itself must leave something open too (`J45.998` stands under "other and unspecified" and is not
    unspecified). Neither: the detail is another one.
    """
    if gold == answered:
        return Detail.EXACT
    if gold.startswith(answered):
        return Detail.UNDER
    if answered.startswith(gold):
        return Detail.OVER
    ours, theirs = _branch(answered, gold, codebook), _branch(gold, answered, codebook)
    if ours is None or theirs is None:
        return Detail.OTHER
    if _says_less(ours, theirs):
        return Detail.UNDER
    return Detail.OVER if _says_less(theirs, ours) else Detail.OTHER


def detail_pairs(gold: Iterable[str], answered: Iterable[str], codebook: Codebook) -> tuple[DetailPair, ...]:
    """Each gold code beside the answered code of its category, one to one, in order of the gold code.

    Left out: gold codes whose category was not answered, and categories with a single billable code, where there was
    no detail to choose. Codes that agree are paired first, then those that share the longest beginning.
    """
    wanted, given = _by_category(gold), _by_category(answered)
    pairs = [
        pair
        for category in wanted.keys() & given.keys()
        if len(codebook.billable_under(category)) > 1
        for pair in _paired(wanted[category], given[category], codebook)
    ]
    return tuple(sorted(pairs, key=lambda p: p.gold))


def _paired(gold: set[str], answered: set[str], codebook: Codebook) -> list[DetailPair]:
    ranked = sorted((-_shared_length(g, a), g != a, g, a) for g in gold for a in answered)
    free_gold, free_answered = set(gold), set(answered)
    pairs = []
    for _, _, g, a in ranked:
        if g in free_gold and a in free_answered:
            pairs.append(DetailPair(gold=g, answered=a, detail=compare_detail(g, a, codebook)))
            free_gold.remove(g)
            free_answered.remove(a)
    return pairs


def _shared_length(one: str, other: str) -> int:
    """Number of leading characters that two codes share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _by_category(codes: Iterable[str]) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        grouped[code[:CATEGORY_LENGTH]].add(code)
    return grouped


def _branch(code: str, other: str, codebook: Codebook) -> _Branch | None:
    shared = {entry.code for entry in codebook.lineage(other)}
    own = [entry for entry in codebook.lineage(code) if entry.code not in shared]
    return _Branch(own[-1], own[0]) if own and shared else None


def _says_less(one: _Branch, other: _Branch) -> bool:
    ours, theirs = silence(one.entry), silence(other.entry)
    says_part = ours == theirs and _words(one.entry) < _words(other.entry)
    return (ours > theirs or says_part) and any(silence(one.code))


def _words(entry: CodebookEntry) -> frozenset[str]:
    return frozenset(_WORD.findall(entry.title.lower()))
