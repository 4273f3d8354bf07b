"""Does the look-up walk find every entry of the Alphabetic Index again, from the words that the entry prints?

Each path with a code is asked for as a clinician would say it, nonessential words left out: once as printed, once with
its titles shuffled; each row of the tables once for each column. The first walk must lead to the entry's own code. Two
entries that say the same words with different codes cannot be told apart by their words: either counts, and is counted.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from agent.settings import load_settings
from evals.bootstrap import SEED
from index_build.findable.index_wordings import phrase
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.errors import InputError
from medcoding.index_entries import BOOKS, AnyEntry, Book, DrugColumn, IndexTerm, NeoplasmColumn
from medcoding.record import Record
from retrieval.index_folder import open_index
from retrieval.index_walk import IndexWalker, open_walker
from retrieval.index_words import spoken

_NOTE: Final = "Note:"
_SHOWN: Final = 50
_SAME_WORDS: Final = 0.9999
"""Fit of a walk that says exactly what was asked, perhaps in another inflection."""
_FRAMES: Final[dict[NeoplasmColumn | DrugColumn, str]] = {
    "malignant_primary": "malignant neoplasm of {}",
    "malignant_secondary": "secondary malignant neoplasm of {}",
    "ca_in_situ": "neoplasm in situ of {}",
    "benign": "benign neoplasm of {}",
    "uncertain": "neoplasm of uncertain behavior of {}",
    "unspecified": "neoplasm of unspecified behavior of {}",
    "accidental": "accidental poisoning by {}",
    "self_harm": "intentional self-harm poisoning by {}",
    "assault": "poisoning by {}, assault",
    "undetermined": "poisoning by {}, undetermined",
    "adverse_effect": "adverse effect of {}",
    "underdosing": "underdosing of {}",
}


class AskedEntry(NamedTuple):
    """An entry, one of its codes, and what is asked for it."""

    book: Book
    path: tuple[str, ...]
    code: str
    phrases: tuple[str, ...]
    """As printed, and shuffled where there is more than one title."""


class MissedEntry(Record):
    """An entry that its own words did not lead to."""

    book: str
    path: tuple[str, ...]
    code: str
    phrase: str
    found: str
    """The code of the first walk, empty where there was none."""
    by: tuple[str, ...]
    """Its path."""


class WalkReport(Record):
    """How many entries were found at the first place."""

    edition: str
    asked: dict[str, int]
    """Phrases by book."""
    own_code: int
    """Phrases whose first walk leads to the entry's own code."""
    same_words: int
    """Phrases that another entry with another code says in the same words, and whose first walk leads to that one."""
    missed: int
    exact: float
    """Share of phrases of the first two kinds."""
    p50_ms: float
    p95_ms: float
    first_missed: tuple[MissedEntry, ...]


def measure_index_walk(
    index_dir: Path | None = None, edition: str = "", sample: int = 0, told: Callable[[int, int], None] | None = None
) -> WalkReport:
    """Ask for every entry of an edition's index, or for a sample. Raises `InputError` when it has no index."""
    folder = open_index(load_settings(index_dir=index_dir).index_dir)
    name = edition or folder.codebooks().latest.edition.name
    index, walker = folder.alphabetic_index(name), open_walker(folder, name)
    if index is None or walker is None:
        raise InputError(f"{name} has no Alphabetic Index; run 'chartwright index build --official FOLDER' with one.")
    entries = list(asked_entries(index))
    same = _by_words(entries)
    seeded = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    chosen = seeded.sample(entries, min(sample, len(entries))) if sample else entries
    return _report(name, chosen, same, walker, told)


def asked_entries(index: AlphabeticIndex) -> Iterator[AskedEntry]:
    """Every entry with a code, its phrases; rows of a table once a column."""
    shuffle = random.Random(SEED).shuffle  # noqa: S311 - an order, not a secret
    for line in index.lines():
        entry = index.entry(line.id)
        if entry and not any(title.startswith(_NOTE) for title in entry.path):
            for code, frame in _codes(entry):
                titles = [text for title in entry.path if (text := phrase(("", title)))]
                named = entry.path[1:] if entry.book == "neoplasms" else entry.path
                words = phrase(named) if named else ""
                shuffled = titles[:]
                shuffle(shuffled)
                others = [" ".join(shuffled)] if len(titles) > 1 and frame == "{}" else []
                if words:
                    yield AskedEntry(entry.book, entry.path, code, (frame.format(words), *others))


def _codes(entry: AnyEntry) -> Iterator[tuple[str, str]]:
    """Codes of an entry, each with the sentence that asks for it."""
    if isinstance(entry, IndexTerm):
        if entry.code:
            yield entry.code, "{}"
        return
    yield from ((cell.code, _FRAMES[column]) for column, cell in entry.cells())


def _by_words(entries: Sequence[AskedEntry]) -> dict[frozenset[str], set[str]]:
    """The codes of all entries that say the same words."""
    same: dict[frozenset[str], set[str]] = defaultdict(set)
    for entry in entries:
        same[frozenset(spoken(entry.phrases[0]))].add(entry.code)
    return same


def _report(
    edition: str,
    entries: Sequence[AskedEntry],
    same: dict[frozenset[str], set[str]],
    walker: IndexWalker,
    told: Callable[[int, int], None] | None,
) -> WalkReport:
    own = shared = 0
    missed: list[MissedEntry] = []
    times: list[float] = []
    for number, entry in enumerate(entries, start=1):
        for said in entry.phrases:
            begun = time.perf_counter()
            first = next(iter(walker.walks(said, 1)), None)
            times.append((time.perf_counter() - begun) * 1000)
            code = first.codes[0] if first else ""
            own += code == entry.code
            by = first.path if first else ()
            alike = code in same[frozenset(spoken(entry.phrases[0]))] or bool(first and first.fit >= _SAME_WORDS)
            if code != entry.code and alike:
                shared += 1
            elif code != entry.code:
                missed.append(
                    MissedEntry(book=entry.book, path=entry.path, code=entry.code, phrase=said, found=code, by=by)
                )
        if told:
            told(number, len(entries))
    asked = Counter(entry.book for entry in entries for _ in entry.phrases)
    quantiles = statistics.quantiles(times, n=20, method="inclusive")
    return WalkReport(
        edition=edition,
        asked={book: asked[book] for book in BOOKS},
        own_code=own,
        same_words=shared,
        missed=len(missed),
        exact=round((own + shared) / max(1, asked.total()), 6),
        p50_ms=round(quantiles[9], 2),
        p95_ms=round(quantiles[18], 2),
        first_missed=tuple(missed[:_SHOWN]),
    )
