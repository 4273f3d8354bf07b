"""What a search can find, held in memory: wordings, the groups of billable codes they lead to, and what is masked.

A group is one reduced title: its codes differ by side, encounter or `unspecified` alone, and the note's attributes
choose among them. Brute force over every wording, so that a benchmark measures the vectors and the fusion, not a graph.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index_build.editions.packaged import FY2026
from index_build.findable.surfaces import edition_surfaces
from medcoding.codebook import CodebookEntry
from retrieval.wording import reduce_title
from training.term_pairs import HeldOut, TermPair, beginnings, main_term_key, text_key

WordingKind = Literal["title", "header", "inclusion", "clinical", "index"]
BoolVector = NDArray[np.bool_]
IdVector = NDArray[np.int64]

TITLES: Final[frozenset[WordingKind]] = frozenset({"title", "header"})
"""What is never hidden: a user always has the titles, of billable codes and of headers."""

_AFTER: Final = "\x7f"


class Wording(NamedTuple):
    """One text in the space and the codes or stems it leads to."""

    text: str
    codes: tuple[str, ...]
    kind: WordingKind
    main_term: str = ""
    words: str = ""
    """What the product's search by words finds it by; empty where words alone do not find it."""


@dataclass(frozen=True)
class SearchSpace:
    """Wordings and groups, and which leads to which."""

    wordings: tuple[Wording, ...]
    groups: tuple[tuple[str, ...], ...]
    """Billable codes that share a reduced title."""
    titles: tuple[str, ...]
    """The reduced title of each group."""
    flat: IdVector
    """Wordings of the first group, then of the second, and so on; the first of each is its title."""
    starts: IdVector
    """Where each group begins in `flat`."""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The text of every wording."""
        return tuple(wording.text for wording in self.wordings)

    @cached_property
    def kinds(self) -> NDArray[np.str_]:
        """The kind of every wording."""
        return np.array([wording.kind for wording in self.wordings])

    def groups_under(self, code: str) -> IdVector:
        """Groups that hold a code at or below this one."""
        codes, groups = self._by_code
        first, last = bisect_left(codes, code), bisect_left(codes, code + _AFTER)
        return np.unique(np.array(groups[first:last], dtype=np.int64))

    def group_of(self, code: str) -> int:
        """The group that holds a billable code. Raises `KeyError` for any other."""
        return self._group_of[code]

    def near(self, code: str) -> IdVector:
        """Wordings, titles aside, that lead to the code, below it or above it: what a query of it must not see."""
        codes, places = self._by_stem
        first, last = bisect_left(codes, code), bisect_left(codes, code + _AFTER)
        found = list(places[first:last])
        for shorter in beginnings(code)[:-1]:
            found += places[bisect_left(codes, shorter) : bisect_left(codes, shorter + "\x00")]
        return np.unique(np.array(found, dtype=np.int64))

    def of_kinds(self, *kinds: WordingKind) -> BoolVector:
        """Which wordings are of these kinds."""
        found: BoolVector = np.isin(self.kinds, kinds)
        return found

    def without_inclusions_of(self, held_out: HeldOut) -> BoolVector:
        """Which wordings stay when the inclusion terms and index paths near a held-out concept go; titles stay."""
        return np.array(
            [w.kind in TITLES or w.kind == "clinical" or not any(map(held_out.touches, w.codes)) for w in self.wordings]
        )

    def without_main_terms_of(self, held_out: HeldOut) -> BoolVector:
        """Which wordings stay when the held-out main terms of the index go."""
        return np.array([main_term_key(w.main_term) not in held_out.main_terms for w in self.wordings])

    def without_texts(self, texts: Iterable[str], kind: WordingKind) -> BoolVector:
        """Which wordings stay when those of a kind that read like one of some texts go."""
        keys = {text_key(text) for text in texts}
        return np.array([w.kind != kind or text_key(w.text) not in keys for w in self.wordings])

    @cached_property
    def _group_of(self) -> dict[str, int]:
        return {code: number for number, group in enumerate(self.groups) for code in group}

    @cached_property
    def _by_code(self) -> tuple[list[str], list[int]]:
        pairs = sorted((code, number) for number, group in enumerate(self.groups) for code in group)
        return [code for code, _ in pairs], [number for _, number in pairs]

    @cached_property
    def _by_stem(self) -> tuple[list[str], list[int]]:
        pairs = sorted(
            (code, place) for place, w in enumerate(self.wordings) if w.kind not in TITLES for code in w.codes
        )
        return [code for code, _ in pairs], [place for _, place in pairs]


def build_space(entries: Sequence[CodebookEntry], further: Iterable[TermPair] = ()) -> SearchSpace:
    """The packaged edition's surfaces, and pairs of other sources beside them."""
    surfaces = edition_surfaces(FY2026, entries)
    found = [Wording(s.text, s.codes, _kind(s.kind), words=s.findable().words or "") for s in surfaces]
    titled = [w for w in found if w.kind == "title"]
    others = [w for w in found if w.kind != "title"]
    others += _distinct(Wording(p.text, (p.code,), _kind(p.source), p.main_term) for p in further)
    groups = tuple(w.codes for w in titled)
    bare = SearchSpace((), groups, (), np.zeros(0, np.int64), np.zeros(0, np.int64))
    members: dict[int, list[int]] = {number: [number] for number in range(len(groups))}
    for place, wording in enumerate(others, start=len(titled)):
        for number in {int(g) for code in wording.codes for g in bare.groups_under(code)}:
            members[number].append(place)
    sizes = [len(members[number]) for number in range(len(groups))]
    return SearchSpace(
        wordings=(*titled, *others),
        groups=groups,
        titles=tuple(w.text for w in titled),
        flat=np.array([place for number in range(len(groups)) for place in members[number]], dtype=np.int64),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
    )


def best_by_group(space: SearchSpace, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of wordings (queries x wordings) as the maximum of each group (queries x groups)."""
    best: NDArray[np.float32] = np.maximum.reduceat(scores[:, space.flat], space.starts, axis=1)
    return best


def ancestor_titles(entries: Iterable[CodebookEntry]) -> dict[str, str]:
    """Reduced titles of the categories and codes above each code, joined."""
    titles = {entry.code: reduce_title(entry.title) for entry in entries}
    found: dict[str, str] = defaultdict(str)
    for code in titles:
        found[code] = " ".join(titles[shorter] for shorter in beginnings(code)[:-1] if shorter in titles)
    return found


def _kind(kind: str) -> WordingKind:
    assert kind in {*TITLES, "inclusion", "clinical", "index"}
    return kind


def _distinct(wordings: Iterable[Wording]) -> list[Wording]:
    return list({(w.text.lower(), w.codes): w for w in wordings}.values())
