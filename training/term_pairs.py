"""Pairs of a clinical wording and the code it means, split by concept, so that what is measured was never learned.

Sources: titles and inclusion terms of the packaged edition, our own table of clinical terms and, where its file is
given, the Alphabetic Index. Two parts are held out, both by seed: the inclusion terms of a fifth of the codes that have
any, with everything that leads to such a code, below it or to a code above it; and a tenth of the index's main terms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from index_build.editions.load import load_editions
from index_build.editions.packaged import FY2026
from index_build.findable.index_wordings import index_wordings, phrase
from index_build.findable.terms import clinical_terms
from index_build.readers.alphabetic_index import read_index_paths, read_index_xml
from medcoding.codebook import CodebookEntry
from medcoding.errors import InputError
from medcoding.index_entries import IndexContent, IndexTerm
from retrieval.wording import forms, reduce_title

SEED: Final = 5
INCLUSION_SHARE: Final = 0.2
"""Of the codes that have inclusion terms, the share that is held out."""

MAIN_TERM_SHARE: Final = 0.1
"""Of the index's main terms, the share that is held out."""

_CATEGORY: Final = 3

PairSource = Literal["title", "inclusion", "clinical", "index"]


class TermPair(NamedTuple):
    """A wording and the code, billable or a header, that it leads to."""

    text: str
    code: str
    source: PairSource
    main_term: str = ""
    """Of a pair from the index, the main term it stands under."""


class HeldOut(NamedTuple):
    """The concepts that nothing is learned of."""

    codes: frozenset[str]
    """Codes whose inclusion terms are the queries."""
    above: frozenset[str]
    """Every shorter beginning of such a code that may be a code."""
    main_terms: frozenset[str]
    """Main terms of the index, as `main_term_key` writes them."""

    @property
    def digest(self) -> str:
        """What tells this split from another, 12 hexadecimal characters."""
        named = "\n".join([*sorted(self.codes), "", *sorted(self.main_terms)])
        return hashlib.sha256(named.encode()).hexdigest()[:12]

    def touches(self, code: str) -> bool:
        """True for a held-out code, what is below one and what is above one."""
        return code in self.above or not self.codes.isdisjoint(beginnings(code))

    def is_query(self, pair: TermPair) -> bool:
        """True when the pair itself is one that is asked for."""
        if pair.source == "index":
            return main_term_key(pair.main_term) in self.main_terms
        return pair.source == "inclusion" and pair.code in self.codes


class TermPairs(NamedTuple):
    """Every pair, by what it is for. Nothing in `training` leads to a held-out concept or reads like a query."""

    training: tuple[TermPair, ...]
    inclusion_queries: tuple[TermPair, ...]
    index_queries: tuple[TermPair, ...]
    held_out: HeldOut


def packaged_entries() -> tuple[CodebookEntry, ...]:
    """Categories and codes of the packaged edition, in book order. Takes some seconds."""
    contents = load_editions(())
    (entries,) = (content.entries for content in contents if content.edition.name == FY2026.name)
    return tuple(entry for entry in entries if entry.kind in {"category", "subcategory"})


def read_index_terms(path: Path) -> tuple[IndexTerm, ...]:
    """Terms of the Alphabetic Index to diseases: official XML or a path file. Raises `InputError` for another file."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; give the file of the Alphabetic Index.")
    reader = read_index_paths if path.suffix == ".jsonl" else read_index_xml
    return tuple(reader(path, "diseases"))


def gather_pairs(entries: Sequence[CodebookEntry], index: Sequence[IndexTerm] = (), seed: int = SEED) -> TermPairs:
    """Pairs of the book, of our own table and of the index, split."""
    held_out = hold_out(entries, index, seed)
    codes = {entry.code for entry in entries}
    pairs = [p for p in (*book_pairs(entries), *clinical_pairs(), *index_pairs(index)) if p.code in codes]
    asked = [pair for pair in pairs if held_out.is_query(pair)]
    asked_texts = {text_key(pair.text) for pair in asked}
    return TermPairs(
        training=tuple(p for p in pairs if not held_out.touches(p.code) and text_key(p.text) not in asked_texts),
        inclusion_queries=tuple(p for p in asked if p.source == "inclusion"),
        index_queries=tuple(p for p in asked if p.source == "index"),
        held_out=held_out,
    )


def hold_out(entries: Iterable[CodebookEntry], index: Iterable[IndexTerm] = (), seed: int = SEED) -> HeldOut:
    """The held-out concepts. A digest of code and seed decides, so another edition does not shuffle the rest."""
    bearing = (entry.code for entry in entries if entry.notes.inclusion_terms)
    codes = frozenset(code for code in bearing if _chosen(f"{seed}:{code}", INCLUSION_SHARE))
    mains = {main_term_key(term.path[0]) for term in index}
    return HeldOut(
        codes=codes,
        above=frozenset(shorter for code in codes for shorter in beginnings(code)[:-1]),
        main_terms=frozenset(main for main in mains if _chosen(f"{seed}:{main}", MAIN_TERM_SHARE)),
    )


def book_pairs(entries: Iterable[CodebookEntry]) -> Iterator[TermPair]:
    """Reduced titles and inclusion terms as printed."""
    for entry in entries:
        if text := reduce_title(entry.title):
            yield TermPair(text, entry.code, "title")
        for term in entry.notes.inclusion_terms:
            yield TermPair(term, entry.code, "inclusion")


def clinical_pairs() -> Iterator[TermPair]:
    """Our own terms, one pair for every stem."""
    for term in clinical_terms():
        for stem in term.stems:
            yield TermPair(term.text, stem, "clinical")


def index_pairs(index: Sequence[IndexTerm]) -> Iterator[TermPair]:
    """Index paths with a code as a clinician would say them."""
    mains = {phrase(term.path).lower(): term.path[0] for term in index if term.code}
    for wording in index_wordings(IndexContent("", diseases=index)):
        yield TermPair(wording.text, wording.codes[0], "index", mains[wording.text.lower()])


def beginnings(code: str) -> tuple[str, ...]:
    """`E11.21` as `E11`, `E11.2`, `E11.21`: the code and all that could stand above it."""
    lengths = (length for length in range(_CATEGORY, len(code) + 1) if code[length - 1] != ".")
    return tuple(code[:length] for length in lengths)


def text_key(text: str) -> str:
    """A wording in normal forms: two that differ only in case, plural or articles are one."""
    return " ".join(forms(text))


def main_term_key(title: str) -> str:
    """The first word of a main term: `Failure, failed` and `Failure` belong together."""
    return title.split(",", maxsplit=1)[0].strip().lower()


def _chosen(name: str, share: float) -> bool:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) < share * 2**32
