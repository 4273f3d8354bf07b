"""The Alphabetic Index looked up as a coder does: main term, then subterms in any order, references followed.

Any word of a phrase may be the main term. Below it an entry is reached when its titles are said; words in parentheses
cost nothing, a title that is not said counts against the entry more than a word of the phrase that is left over,
because a code must not claim what the record does not. Where nothing below is said, the main term's own code is the
answer (guideline I.A.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.index_entries import AnyEntry, IndexTerm
from retrieval import index_folder as layout
from retrieval.index_folder import IndexFolder
from retrieval.index_words import JOINED
from retrieval.table_columns import Column, columns_of, words_of_columns
from retrieval.walk_question import QuestionReader, Said, WalkQuestion
from retrieval.walk_tables import COLUMNS, WalkTables, Weights, load_tables, make_tables, read_title

_MOST_BELOW: Final = 16
_MOST_FOLLOWED: Final = 3
_MOST_STEPS: Final = 3
_UNSAID: Final = 1.5
"""Power of the share of a path that is said: above 1, for what a code claims counts more than what is left over."""
_SILENT: Final = 0.97
"""What a word is worth that only a nonessential modifier says: a title that says it is meant."""
_SEE: Final = 0.99
_SEE_ALSO: Final = 0.97
"""What a way over a reference is worth, so that the direct one is preferred."""
_LEAST: Final = 0.05
_WORTH_FOLLOWING: Final = 0.8
"""Share of a path that must be said for its reference to be followed, however little of the phrase that is."""
_CACHED: Final = 1_024
_SAME_COLUMN: Final = (Column("", 1.0),)


class Walk(NamedTuple):
    """One way through the index to a code."""

    codes: tuple[str, ...]
    """The code or stem printed there, manifestations in brackets behind it."""
    path: tuple[str, ...]
    """Titles from the main term on; one that begins with "see" names where a reference was followed, the last one the
    column of a table."""
    fit: float
    """0 to 1; 1 where the phrase and the path say the same."""
    unsaid: tuple[str, ...]
    """Words of the path that the phrase does not say."""
    left: tuple[str, ...]
    """Words of the phrase that the path does not use."""
    entry: int


class _Used(NamedTuple):
    """What was used up on the way to where a search begins: words of the phrase as bits, and titles by weight."""

    places: int = 0
    covered: float = 0.0
    path_weight: float = 0.0
    path_said: float = 0.0
    path: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    start: int = 0
    """The entry a reference led to; 0 on the direct way."""
    column: str = ""
    factor: float = 1.0


class _Reach(NamedTuple):
    """What a phrase says of every entry from `first` on: weight of the phrase used, of the path, of what is said."""

    first: int
    covered: Weights
    path_weight: Weights
    path_said: Weights
    places: NDArray[np.int64]
    fit: Weights


class _Landing(NamedTuple):
    fit: float
    entry: int
    column: str
    places: int
    used: _Used


class IndexWalker:
    """Walks of one index edition. Safe to share between threads; remembers the last phrases."""

    def __init__(self, index: AlphabeticIndex, tables: WalkTables) -> None:
        self._index, self._tables = index, tables
        self._reader = QuestionReader(tables)
        self._cached = lru_cache(maxsize=_CACHED)(self._walks)

    def walks(self, phrase: str, limit: int = 12) -> tuple[Walk, ...]:
        """Ways to a code, the best first, each entry once; none when no word of the phrase is a main term."""
        return self._cached(phrase, limit)

    def _walks(self, phrase: str, limit: int) -> tuple[Walk, ...]:
        asked = self._reader.read(phrase)
        mains = (self._below(main, asked, _Used(), _MOST_STEPS) for main in asked.mains)
        landings = list(chain.from_iterable(mains))
        landings.sort(key=lambda landing: (-landing.fit, landing.entry, landing.column))
        found: dict[tuple[int, str], Walk] = {}
        for landing in landings:
            if len(found) == limit:
                break
            place = landing.entry, landing.column
            if place not in found and (walk := self._walk(landing, asked)):
                found[place] = walk
        return tuple(found.values())

    def _below(self, first: int, asked: WalkQuestion, used: _Used, steps: int) -> Iterator[_Landing]:
        """The best entries from `first` to the last one below it, and those that references there lead to."""
        columns = self._columns(first, asked, used)
        reach = self._reach(first, asked, used, words_of_columns(columns[0].name))
        for place in _best(reach.fit):
            for column in columns:
                fit = float(reach.fit[place]) * column.factor
                yield _Landing(fit, first + place, column.name, int(reach.places[place]), used)
        if steps:
            for target, further in self._references(reach, asked, used):
                yield from self._below(target, asked, further, steps - 1)

    def _columns(self, first: int, asked: WalkQuestion, used: _Used) -> tuple[Column, ...]:
        neoplasms, drugs = self._tables.books[2:4]
        if first < neoplasms:
            return _SAME_COLUMN
        return columns_of("neoplasms" if first < drugs else "drugs", asked.words, used.column)

    def _reach(self, first: int, asked: WalkQuestion, used: _Used, passing: frozenset[str]) -> _Reach:
        """`passing` are words that choose a column: every row of a table uses them."""
        last = int(self._tables.last[first])
        covered = np.full(last - first + 1, used.covered, dtype=np.float32)
        said, places = np.zeros_like(covered), np.full(len(covered), used.places, dtype=np.int64)
        for place, ways in enumerate(asked.said):
            worth, told = _told(ways, first, last)
            said += told
            places[worth > 0] |= 1 << place
            if not used.places >> place & 1:
                covered += asked.weights[place] * (worth if asked.words[place] not in passing else np.float32(1.0))
        for entry, weight in asked.said_twice:
            if first <= entry <= last:
                said[entry - first : self._tables.last[entry] - first + 1] -= weight
        path = self._tables.path_weight[first : last + 1]
        if used.start:  # what the reference names is given
            path, said = path - path[0], said - said[0]
        path, said = path + used.path_weight, said + used.path_said
        used_share = np.minimum(1.0, covered / max(asked.total, 1e-6))
        said_share = np.clip(said / np.maximum(path, 1e-6), 0.0, 1.0)
        return _Reach(first, covered, path, said, places, used.factor * used_share * said_share**_UNSAID)

    def _references(self, reach: _Reach, asked: WalkQuestion, used: _Used) -> Iterator[tuple[int, _Used]]:
        """Where the best references of a range lead, with what was used up to there."""
        held = self._tables.references
        rows = held[slice(*np.searchsorted(held[:, 0], (reach.first, reach.first + len(reach.fit))))]
        best = np.argsort(-reach.fit[rows[:, 0] - reach.first], kind="stable")[:_MOST_FOLLOWED]
        for entry, target, column, also in rows[best].tolist():
            at = entry - reach.first
            said = reach.path_said[at] >= _WORTH_FOLLOWING * reach.path_weight[at]
            if said and target != used.start:
                factor = used.factor * (_SEE_ALSO if also else _SEE)
                found = self._used_up_to(entry, target, reach, asked, used)
                yield target, found._replace(column=COLUMNS[column] or used.column, factor=factor)

    def _used_up_to(self, entry: int, target: int, reach: _Reach, asked: WalkQuestion, used: _Used) -> _Used:
        at, titles = entry - reach.first, self._titles(entry, used)
        return _Used(
            places=int(reach.places[at]),
            covered=float(reach.covered[at]),
            path_weight=float(reach.path_weight[at]),
            path_said=float(reach.path_said[at]),
            path=(*titles, f"see {', '.join(self._path(target))}"),
            unsaid=(*used.unsaid, *_unsaid(titles[len(used.path) :], asked)),
            start=target,
        )

    def _walk(self, landing: _Landing, asked: WalkQuestion) -> Walk | None:
        """The landing with its codes; None where the entry prints none."""
        entry = self._index.entry(landing.entry)
        codes = _codes(entry, landing.column) if entry else ()
        if not codes:
            return None
        titles = self._titles(landing.entry, landing.used)
        passing = words_of_columns(landing.column)
        return Walk(
            codes=codes,
            path=(*titles, *filter(None, [landing.column.replace("_", " ")])),
            fit=min(1.0, landing.fit),
            unsaid=(*landing.used.unsaid, *_unsaid(titles[len(landing.used.path) :], asked)),
            left=tuple(
                word for n, word in enumerate(asked.words) if not landing.places >> n & 1 and word not in passing
            ),
            entry=landing.entry,
        )

    def _titles(self, entry: int, used: _Used) -> tuple[str, ...]:
        """Titles from the main term on; behind a reference only those below the entry it led to."""
        path = self._path(entry)
        return (*used.path, *path[len(self._path(used.start)) :]) if used.start else path

    def _path(self, entry: int) -> tuple[str, ...]:
        found = self._index.entry(entry)
        return found.path if found else ()


def open_walkers(folder: IndexFolder, editions: Iterable[str]) -> dict[str, IndexWalker]:
    """The walker of each edition that has an Alphabetic Index, by the edition's name."""
    return {name: walker for name in editions if (walker := open_walker(folder, name))}


def open_walker(folder: IndexFolder, edition: str) -> IndexWalker | None:
    """The walker of an edition; None where it has no Alphabetic Index.

    Where the index was built without its tables they are made anew, which takes seconds for a whole one.
    """
    index = folder.alphabetic_index(edition)
    if index is None:
        return None
    path = folder.folder / layout.ALPHABETIC_INDEX / tables_name(edition)
    return IndexWalker(index, load_tables(path) if path.is_file() else make_tables(index))


def tables_name(edition: str) -> str:
    """The file beside an edition's Alphabetic Index that holds its tables."""
    return f"icd10cm-{edition.lower()}.walk.npz"


def _told(ways: Sequence[Said], first: int, last: int) -> tuple[Weights, Weights]:
    """What one word is worth to every entry of a range, and the weight of the titles that it says there."""
    worth, told = np.zeros((2, last - first + 1), dtype=np.float32)
    for way in ways:
        silent = way.silent[way.silent.searchsorted(first) : way.silent.searchsorted(last, "right")]
        low, high = way.entries.searchsorted(first), way.entries.searchsorted(last, "right")
        if len(silent):
            worth[silent - first] = way.factor * _SILENT
        if low < high:
            at = way.entries[low:high] - first
            worth[at] = way.factor
            told[at] = way.factor * way.weights[low:high]
    return worth, told


def _best(fit: Weights) -> list[int]:
    """Places of the best entries, in printed order where they are alike."""
    places = np.flatnonzero(fit >= _LEAST)
    if len(places) > _MOST_BELOW:
        places = places[np.argsort(-fit[places], kind="stable")[:_MOST_BELOW]]
    return [int(place) for place in places]


def _unsaid(titles: Sequence[str], asked: WalkQuestion) -> tuple[str, ...]:
    """Words of titles for which the phrase has none."""
    read = [read_title(title) for title in titles if not title.startswith("see ")]
    said = {stands_for for title in read for word, stands_for in title.items() if word in asked.known}
    every = dict.fromkeys(stands_for for title in read for stands_for in title.values())
    return tuple(word for word in every if word not in said and word not in JOINED)


def _codes(entry: AnyEntry, column: str) -> tuple[str, ...]:
    if isinstance(entry, IndexTerm):
        return (entry.code, *entry.manifestations) if entry.code else ()
    return tuple(cell.code for name, cell in entry.cells() if name == column)
