"""What a walk of the Alphabetic Index reads: which entries say a word on their path, and where references lead.

Made once a build from the index file, since resolving fifteen thousand references takes seconds; a few megabytes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medcoding.alphabetic_index import AlphabeticIndex, IndexLine
from medcoding.cross_references import inflections, main_keys
from medcoding.errors import DependencyError, IntegrityError
from medcoding.index_entries import DRUG_COLUMNS, NEOPLASM_COLUMNS
from retrieval.index_words import JOINED, spoken

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]

COLUMNS: Final = ("", *NEOPLASM_COLUMNS, *DRUG_COLUMNS)
"""Columns of the tables; a reference stores the place of its own."""

_JOINER_WEIGHT: Final = 0.1
_TAKEN_FOR_GRANTED: Final = 0.1
_JOINING: Final = JOINED | {"off", "out"}
_BRACKETS: Final = re.compile(r"\s*\[([^\]]*)\]")
_CODE_REMARK: Final = re.compile(r"\s+--? code\b.*")
_ALTERNATIVES: Final = re.compile(r"([\w-]+) (?:and/or|or) ([\w-]+)")
_FOLLOWED: Final = frozenset({"entry", "subterm_missing"})
_REBUILD: Final = "run 'chartwright index build'"


class Postings(NamedTuple):
    """For word number `n` the entries `entries[starts[n]:starts[n + 1]]`, ascending, and what the word weighs there."""

    starts: Ids
    entries: Ids
    weights: Weights

    def of(self, word: int) -> tuple[Ids, Weights]:
        """Entries of a word and its weight there."""
        begin, end = self.starts[word], self.starts[word + 1]
        return self.entries[begin:end], self.weights[begin:end]


class WalkTables(NamedTuple):
    """One index edition. Arrays over entries begin with an empty place, so that an entry's id is its place."""

    vocabulary: tuple[str, ...]
    """Every word of a title or of a nonessential modifier, sorted."""
    rarity: Weights
    """Weight of each word: inverse document frequency over lines."""
    said: Postings
    """Words of the titles of a path, inflections and alternatives by the weight of the word they stand for."""
    silent: Postings
    """Nonessential words of a path that its titles do not say."""
    last: Ids
    """The last entry below each."""
    parent: Ids
    path_weight: Weights
    """What the titles of a path weigh together."""
    books: Ids
    """The first entry of each book, and one past the last."""
    mains: Ids
    """Main term of each key."""
    key_words: Postings
    """For each word the keys of main terms that hold it."""
    key_lengths: Ids
    references: Ids
    """Rows of entry, target, column and whether it is a "see also", by entry."""
    alternates: NDArray[np.int64]
    """Pairs of words of which a title needs only one, each as `pair_code`, ascending."""
    alternates_at: Ids
    """The entry that holds the title of each pair."""
    alternates_weight: Weights
    """What the word of a pair weighs there that the other stands for."""


def make_tables(index: AlphabeticIndex) -> WalkTables:
    """Read a whole index. Takes about ten seconds for the official one."""
    lines = list(index.lines())
    titles = [read_title(line.title) for line in lines]
    counts = Counter(word for title in titles for word in title)
    silent = [_modifiers(line) for line in lines]
    vocabulary = tuple(sorted({*counts, *(word for found in silent for word in found)}))
    numbers = {word: number for number, word in enumerate(vocabulary)}
    rarity = {word: _rarity(word, counts[word], len(lines)) for word in vocabulary}
    keys = [(line.id, spoken(key)) for line in lines if line.parent is None for key in _keys(line.title)]
    weights = _title_weights(lines, titles, rarity)
    said_on, silent_on, path_weight = _paths(lines, titles, silent, weights)
    pairs = sorted(_alternates(lines, titles, weights, numbers, said_on))
    return WalkTables(
        vocabulary=vocabulary,
        rarity=np.array([rarity[word] for word in vocabulary], dtype=np.float32),
        said=_postings(said_on, numbers),
        silent=_postings(silent_on, numbers),
        last=np.array([0, *(line.last for line in lines)], dtype=np.int32),
        parent=np.array([0, *(line.parent or 0 for line in lines)], dtype=np.int32),
        path_weight=np.array([0.0, *path_weight], dtype=np.float32),
        books=_books(lines),
        mains=np.array([main for main, _ in keys], dtype=np.int32),
        key_words=_postings((dict.fromkeys(key, 1.0) for _, key in keys), numbers, first=0),
        key_lengths=np.array([len(key) for _, key in keys], dtype=np.int32),
        references=_references(index),
        alternates=np.array([pair for pair, _, _ in pairs], dtype=np.int64),
        alternates_at=np.array([entry for _, entry, _ in pairs], dtype=np.int32),
        alternates_weight=np.array([weight for _, _, weight in pairs], dtype=np.float32),
    )


def write_tables(path: Path, tables: WalkTables) -> None:
    """Keep tables for `load_tables`."""
    flat: dict[str, NDArray[np.generic]] = {}
    for name, value in tables._asdict().items():
        if isinstance(value, Postings):
            flat |= {f"{name}.{part}": array for part, array in value._asdict().items()}
        elif name != "vocabulary":
            flat[name] = value
    flat["vocabulary"] = np.frombuffer("\n".join(tables.vocabulary).encode(), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **flat)


def load_tables(path: Path) -> WalkTables:
    """What `write_tables` kept. Raises when the file is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as flat:
            found = {name: flat[name] for name in flat.files}
        fields: dict[str, Any] = {name: found[name] for name in WalkTables._fields if name in found}
        fields["vocabulary"] = tuple(found["vocabulary"].tobytes().decode().split("\n"))
        for name in ("said", "silent", "key_words"):
            fields[name] = Postings(*(found[f"{name}.{part}"] for part in Postings._fields))
        return WalkTables(**fields)
    except FileNotFoundError:
        raise DependencyError(f"The table {path.name} is missing from the index; {_REBUILD}.") from None
    except Exception:  # noqa: BLE001 - a damaged archive ends in errors of zip, numpy and Python alike
        raise IntegrityError(f"The table {path.name} of the index is damaged; {_REBUILD}.") from None


@lru_cache(maxsize=16_384)
def read_title(title: str) -> dict[str, str]:
    """The words of a title, each with the word it may stand in for: an inflection, an alternative, or itself."""
    bare = _CODE_REMARK.sub("", _BRACKETS.sub("", title))
    first, *others = inflections(bare) or ("",)
    base = spoken(first)
    read = {word: word for word in base}
    for form in others:
        for place, word in enumerate(spoken(form)):
            read.setdefault(word, base[min(place, len(base) - 1)] if base else word)
    only_joins = bool(base) and _JOINING.issuperset(spoken(bare))  # `from, off, out of` says one thing
    for word in spoken(bare):
        read.setdefault(word, base[0] if only_joins else word)
    for one, other in _ALTERNATIVES.findall(bare):
        for word, instead in zip(spoken(other), spoken(one), strict=False):
            read[word] = read.get(instead, word)
    return read


def _keys(title: str) -> list[str]:
    """Forms of a main term; what stands in brackets need not be said."""
    return sorted(main_keys(_BRACKETS.sub("", title)) or main_keys(title))


def pair_code(one: int, other: int) -> int:
    """A pair of words by their numbers, in any order."""
    return (min(one, other) << 32) | max(one, other)


def _alternates(
    lines: Iterable[IndexLine],
    titles: Iterable[Mapping[str, str]],
    weights: Iterable[Mapping[str, float]],
    numbers: Mapping[str, int],
    said_on: Sequence[Mapping[str, float]],
) -> Iterator[tuple[int, int, float]]:
    """Pair, entry and weight; a word that is said further up adds nothing, so it is said once there."""
    for line, title, weight in zip(lines, titles, weights, strict=True):
        above = said_on[line.parent - 1] if line.parent else {}
        for word, stands_for in title.items():
            if word not in {stands_for, *above}:
                yield pair_code(numbers[word], numbers[stands_for]), line.id, weight[stands_for]


def _modifiers(line: IndexLine) -> tuple[str, ...]:
    """Words in parentheses or brackets."""
    texts = (*line.nonessential, *_BRACKETS.findall(line.title))
    return tuple(dict.fromkeys(word for text in texts for word in spoken(text)))


def _rarity(word: str, lines: int, total: int) -> float:
    return _JOINER_WEIGHT if word in JOINED else float(np.log1p(total / (lines + 1)))


def _title_weights(
    lines: Sequence[IndexLine], titles: Sequence[Mapping[str, str]], rarity: Mapping[str, float]
) -> list[dict[str, float]]:
    """What each word of each title weighs.

    Of main terms that begin alike the longest is meant (`Fracture, traumatic`), so what it adds need not be said.
    """
    largest: dict[str, IndexLine] = {}
    for line, title in zip(lines, titles, strict=True):
        if line.parent is None and title:
            first = largest.setdefault(f"{line.book} {next(iter(title))}", line)
            if line.last - line.id > first.last - first.id:
                largest[f"{line.book} {next(iter(title))}"] = line
    qualified = {line.id for line in largest.values()}
    return [
        {
            word: rarity[word] * (_TAKEN_FOR_GRANTED if line.id in qualified and place else 1.0)
            for place, word in enumerate(dict.fromkeys(title.values()))
        }
        for line, title in zip(lines, titles, strict=True)
    ]


def _paths(
    lines: Sequence[IndexLine],
    titles: Sequence[Mapping[str, str]],
    silent: Sequence[Iterable[str]],
    weights: Sequence[Mapping[str, float]],
) -> tuple[list[dict[str, float]], list[dict[str, float]], list[float]]:
    """What each line's whole path says, what it may leave out, and the weight of its titles."""
    said_on: list[dict[str, float]] = []
    silent_on: list[dict[str, float]] = []
    path_weight: list[float] = []
    for line, title, modifiers, weight in zip(lines, titles, silent, weights, strict=True):
        above = line.parent - 1 if line.parent else None
        said = dict(said_on[above]) if above is not None else {}
        fresh = {word for word in title.values() if word not in said}
        said |= {word: weight[stands_for] for word, stands_for in title.items() if word not in said}
        said_on.append(said)
        path_weight.append((path_weight[above] if above is not None else 0.0) + sum(weight[word] for word in fresh))
        left_out = silent_on[above] if above is not None else {}
        silent_on.append({**left_out, **dict.fromkeys(modifiers, 1.0)})
    bare = [{w: v for w, v in s.items() if w not in said} for s, said in zip(silent_on, said_on, strict=True)]
    return said_on, bare, path_weight


def _postings(rows: Iterable[Mapping[str, float]], numbers: Mapping[str, int], first: int = 1) -> Postings:
    """Rows of words turned round; the first row has the number `first`."""
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for row, said in enumerate(rows, start=first):
        for word, weight in said.items():
            if word in numbers:
                found[numbers[word]].append((row, weight))
    flat = [pair for number in range(len(numbers)) for pair in found.get(number, ())]
    sizes = [len(found.get(number, ())) for number in range(len(numbers))]
    return Postings(
        starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        entries=np.array([row for row, _ in flat], dtype=np.int32),
        weights=np.array([weight for _, weight in flat], dtype=np.float32),
    )


def _books(lines: Sequence[IndexLine]) -> Ids:
    """First entries of diseases, external causes, neoplasms and drugs; a book that is empty begins where it would."""
    counts = Counter(line.book for line in lines)
    order = ("diseases", "external_causes", "neoplasms", "drugs")
    sizes = [counts[book] for book in order]  # type: ignore[index]
    return np.concatenate([[1], 1 + np.cumsum(sizes)]).astype(np.int32)


def _references(index: AlphabeticIndex) -> Ids:
    rows = [
        (held.entry, held.resolution.entry, COLUMNS.index(held.resolution.column), held.kind == "see_also")
        for held in index.references()
        if held.resolution.kind in _FOLLOWED and held.resolution.entry
    ]
    return np.array(sorted(rows), dtype=np.int32).reshape(len(rows), 4)
