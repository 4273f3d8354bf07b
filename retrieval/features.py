"""What the learned reranker sees of a candidate: its words, its vectors, its place in the tree, as one row of numbers.

Everything comes from the query and the list of candidates itself, so a row says how a candidate stands among the
others; nothing is read from the store.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log1p
from sys import intern
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medcoding.codebook import Codebook
from retrieval.fusion import RANK_CONSTANT
from retrieval.wording import forms, reduce_title

_GENERAL: Final = frozenset({"other", "unspecified", "nos", "nec", "not", "elsewhere", "classified", "specified"})
_OPEN: Final = frozenset({"unspecified", "nos"})
_STEM: Final = 5
"""Letters by which `hypertensive` and `hypertension` meet."""

_GRAM: Final = 3
_CATEGORY: Final = 3
_SUBCATEGORY: Final = 5
"""Printed characters of a four-character code (`E11.2`)."""

_MOST_AHEAD: Final = 20
_REMEMBERED: Final = 8_192
"""Texts whose words are kept, of some 6 kB each."""

_RARE: Final = 12.0
"""Weight of a word that no surface holds: about that of one that a single surface holds."""

FEATURES: Final = (
    *("surface_f1", "surface_said", "surface_unsaid", "surface_unsaid_words", "surface_stems", "surface_letters"),
    *("title_f1", "title_said", "title_unsaid", "title_unsaid_words", "title_stems", "title_letters"),
    *("said_by_either", "said_with_above", "above_adds", "exact", "same_words", "is_title"),
    *("title_other", "title_open", "query_open", "both_open", "query_words", "query_weight"),
    *("dense", "dense_behind", "dense_place", "sparse", "sparse_behind", "fused_place"),
    *("characters", "category_share", "category_best", "category_dense", "subcategory_share", "subcategory_dense"),
    *("first_of_category", "category_weight", "siblings_ahead"),
    *("walk", "dictionary"),
)
"""Names of the columns, in order."""


class ScoredWay(NamedTuple):
    """A billable code and the best way that led to it, before reranking."""

    code: str
    title: str
    """As printed."""
    surface: str
    """The wording that was found."""
    dense: float
    """Best cosine of the code's surfaces that the dense search returned; 0 where only words found it."""
    sparse: float
    """Best BM25 score likewise, as the store returns it."""
    fused_rank: int
    """From 1."""
    walk: float = 0.0
    """How well a walk of the Alphabetic Index fits, 0 to 1; 0 without one."""
    dictionary: float = 0.0
    """How well a dictionary term fits, 0 to 1; 0 without one."""
    above: str = ""
    """Titles of the entries above the code, in any order."""


class _Words(NamedTuple):
    forms: tuple[str, ...]
    distinct: frozenset[str]
    telling: frozenset[str]
    stems: frozenset[str]
    letters: frozenset[str]


class _Branch(NamedTuple):
    """The candidates of one category or subcategory."""

    share: float
    """Of the distinct wordings found."""
    best: int
    """Fused rank of the first."""
    dense: float
    """Highest cosine."""
    reach: float
    """Reciprocal ranks, summed."""


class _Told(NamedTuple):
    """How a text and the query share their words."""

    f1: float
    said: float
    """Share of the query's weight that the text says."""
    unsaid: float
    """Share of the text's weight that the query does not say."""
    unsaid_words: int
    stems: float
    letters: float


def features(query: str, ways: Sequence[ScoredWay], weights: Mapping[str, float]) -> NDArray[np.float32]:
    """One row a candidate, one column for each of `FEATURES`, all finite. `weights` are those of words, by rarity."""
    said = _words(query)
    weight = _weight(said.telling, weights)
    lexical = np.array([_lexical(said, weight, way, weights) for way in ways], dtype=np.float32)
    if not ways:
        return np.zeros((0, len(FEATURES)), dtype=np.float32)
    given = np.array([(way.walk, way.dictionary) for way in ways], dtype=np.float32)
    return np.column_stack([lexical, _scores(ways), _places(ways), given])


def titles_above(codebook: Codebook, code: str) -> str:
    """What `ScoredWay.above` holds: reduced titles of the categories and codes above a code."""
    above = (entry for entry in codebook.ancestors(code) if entry.kind in {"category", "subcategory"})
    return " ".join(reduce_title(entry.title) for entry in above)


def word_weights(texts: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency of every word of some texts, as BM25 has it."""
    counts = Counter(word for text in texts for word in set(forms(text)))
    return {word: float(np.log(1 + (len(texts) - n + 0.5) / (n + 0.5))) for word, n in counts.items()}


def _lexical(said: _Words, weight: float, way: ScoredWay, weights: Mapping[str, float]) -> tuple[float, ...]:
    surface, title = _words(way.surface), _words(way.title)
    above = _words(way.above).telling
    direct = said.telling & (surface.telling | title.telling)
    adds = (said.telling & above) - direct
    query_open, title_open = bool(said.distinct & _OPEN), bool(title.distinct & _OPEN)
    by_either, by_above = _weight(direct, weights) / weight, _weight(adds, weights) / weight
    return (
        *_told(said, surface, weight, weights),
        *_told(said, title, weight, weights),
        by_either,
        by_either + by_above,
        by_above,
        said.forms == surface.forms,
        said.distinct == surface.distinct,
        surface.telling == title.telling,
        "other" in title.distinct,
        title_open,
        query_open,
        query_open and title_open,
        len(said.forms),
        weight,
    )


def _told(said: _Words, text: _Words, weight: float, weights: Mapping[str, float]) -> _Told:
    shared = said.telling & text.telling
    unsaid = text.telling - shared
    in_both, in_text = _weight(shared, weights), _weight(unsaid, weights)
    return _Told(
        _f1(said.telling, text.telling),
        in_both / weight,
        in_text / (in_both + in_text + 1e-6),
        len(unsaid),
        _f1(said.stems, text.stems),
        _f1(said.letters, text.letters),
    )


def _scores(ways: Sequence[ScoredWay]) -> NDArray[np.float32]:
    dense = np.array([way.dense for way in ways], dtype=np.float32)
    sparse = np.array([way.sparse for way in ways], dtype=np.float32)
    rank = np.array([way.fused_rank for way in ways], dtype=np.float32)
    sparse = sparse / max(float(sparse.max()), 1e-6)
    place = np.log1p(_place(dense))
    return np.column_stack([dense, dense - dense.max(), place, sparse, sparse - _next_best(sparse), np.log1p(rank)])


def _places(ways: Sequence[ScoredWay]) -> NDArray[np.float32]:
    """How the candidates around it stand, in its category and in its subcategory."""
    categories, subcategories = _branches(ways, _CATEGORY), _branches(ways, _SUBCATEGORY)
    total = sum(branch.reach for branch in categories.values())
    passed: Counter[str] = Counter()
    ahead: dict[int, int] = {}
    for place in sorted(range(len(ways)), key=lambda place: ways[place].fused_rank):
        stem = ways[place].code[:_CATEGORY]
        ahead[place] = passed[stem]
        passed[stem] += 1
    rows: list[tuple[float, ...]] = []
    for place, way in enumerate(ways):
        category, subcategory = categories[way.code[:_CATEGORY]], subcategories[way.code[:_SUBCATEGORY]]
        rows.append(
            (
                len(way.code),
                category.share,
                log1p(category.best),
                way.dense - category.dense,
                subcategory.share,
                way.dense - subcategory.dense,
                way.fused_rank == category.best,
                category.reach / total,
                min(ahead[place], _MOST_AHEAD),
            )
        )
    return np.array(rows, dtype=np.float32)


def _branches(ways: Sequence[ScoredWay], length: int) -> dict[str, _Branch]:
    """Branches of the tree by the first characters of their codes. Votes are wordings: many codes may share one."""
    members: dict[str, list[ScoredWay]] = defaultdict(list)
    for way in ways:
        members[way.code[:length]].append(way)
    wordings = len({way.surface for way in ways})
    return {
        stem: _Branch(
            share=len({way.surface for way in found}) / wordings,
            best=min(way.fused_rank for way in found),
            dense=max(0.0, *(way.dense for way in found)),
            reach=sum(1 / (RANK_CONSTANT + way.fused_rank) for way in found),
        )
        for stem, found in members.items()
    }


def _next_best(values: NDArray[np.float32]) -> float:
    """The second largest: the leader's lead over it is what tells a clear answer."""
    return float(np.partition(values, -2)[-2]) if len(values) > 1 else 0.0


def _place(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rank of each value, 0 for the largest; equal ones share theirs."""
    ordered = np.sort(values)
    return (len(values) - np.searchsorted(ordered, values, side="right")).astype(np.float32)


def _weight(words: frozenset[str], weights: Mapping[str, float]) -> float:
    return sum([weights.get(word, _RARE) for word in words]) + 1e-6 if words else 1e-6


def _f1(left: frozenset[str], right: frozenset[str]) -> float:
    shared = len(left & right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


@lru_cache(maxsize=_REMEMBERED)
def _words(text: str) -> _Words:
    spoken = forms(text)
    distinct = frozenset(spoken)
    padded = f" {' '.join(spoken)} "
    return _Words(
        spoken,
        distinct,
        distinct - _GENERAL,
        frozenset(word[:_STEM] for word in distinct - _GENERAL),
        frozenset([intern(padded[start : start + _GRAM]) for start in range(len(padded) - _GRAM + 1)]),
    )
