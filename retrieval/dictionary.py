"""The term dictionary: exact clinical wording, found in running text, with the codes it leads to.

Built from our own table of clinical terms, from titles and from inclusion terms. A term matches on normal forms
(`retrieval.wording`), so word endings and articles do not matter; words of side and severity may stand between.

The file holds one line a wording: its normal forms, a tab, the term as JSON; lines are in order of the forms. Terms are
read when they are found, since 120,000 records would take seconds and hundreds of megabytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple

import orjson
from pydantic import ValidationError

from medcoding.errors import DependencyError, IntegrityError
from medcoding.record import Record
from retrieval.wording import LATERALITY_WORDS, Token, forms

TermSource = Literal[
    "clinical",
    "inclusion",
    "title",
    "drug",
    "procedure",
    "supply",
    "index",
    "neoplasm_table",
    "drug_table",
    "crosswalk",
]

_PASSED_OVER: Final = LATERALITY_WORDS | {
    "mild", "moderate", "severe", "acute", "chronic", "new", "recent", "ongoing", "persistent", "intermittent",
    "worsening", "stable", "known", "significant", "marked", "possible", "underlying", "his", "her", "their", "my",
    "side", "sided", "upper", "lower", "primary", "recurrent", "uncontrolled", "controlled", "poorly", "well",
}  # fmt: skip
"""Words that may stand inside a term without breaking it; they still choose among its codes later."""

_LONGEST: Final = 12


class Term(Record):
    """One wording and where it leads."""

    text: str
    stems: tuple[str, ...]
    """Codes, or stems to be expanded by the note's attributes."""
    source: TermSource
    history_code: str = ""
    """Code when the condition is past and resolved."""
    family_code: str = ""
    """Code when a relative has it."""
    chronic: bool = False
    """Reported whenever the record documents it as current (guidelines IV.I and III)."""
    needs: tuple[str, ...] = ()
    """Beginnings of codes of which one must be coded for this one to count: the condition a drug is for, the injury
    an external cause explains."""


class TermMatch(NamedTuple):
    """A term found in a run of tokens: positions first to last, inclusive."""

    term: Term
    first: int
    last: int


class Dictionary:
    """Longest-match lookup of terms in tokens. 120,000 wordings take 30 MB. Safe to share between threads."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._take(_written(_keyed(terms)))

    @classmethod
    def load(cls, path: Path) -> Dictionary:
        """Read the file that `write_terms` wrote. Raises when it is missing or damaged."""
        dictionary = cls(())
        try:
            dictionary._take(_checked(path.read_bytes()))
        except FileNotFoundError:
            raise DependencyError("The term dictionary is missing; run 'chartwright index build'.") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _damaged() from None
        return dictionary

    def __len__(self) -> int:
        return len(self._keys)

    def lookup(self, text: str) -> Term | None:
        """The term that is exactly this wording, if any."""
        key = " ".join(forms(text))
        place = bisect_left(self._keys, key)
        return self._term(place) if key and self._is_at(place, key) else None

    def find(self, run: Sequence[Token]) -> list[TermMatch]:
        """Terms in a run of tokens: leftmost, then longest, never overlapping."""
        matches: list[TermMatch] = []
        position = 0
        while position < len(run):
            match = self._longest(run, position)
            if match:
                matches.append(match)
            position = match.last + 1 if match else position + 1
        return matches

    def _longest(self, run: Sequence[Token], first: int) -> TermMatch | None:
        """The longest term that starts at `first`; both taking and passing over a neutral word are tried."""
        best: tuple[int, int] | None = None
        best_length = 0
        trails: list[tuple[str, int, int]] = [(run[first].form, 1, first)]
        while trails:
            key, length, last = trails.pop()
            place = bisect_left(self._keys, key)
            is_term = self._is_at(place, key)
            if is_term and length > best_length:
                best, best_length = (place, last), length
            if is_term or self._begins_at(place, key):
                trails += [(f"{key} {run[i].form}", length + 1, i) for i in _next_positions(run, last)]
        return TermMatch(self._term(best[0]), first, best[1]) if best else None

    def _is_at(self, place: int, key: str) -> bool:
        return place < len(self._keys) and self._keys[place] == key

    def _begins_at(self, place: int, key: str) -> bool:
        """True when a longer wording begins with these words: a space sorts before every letter."""
        return place < len(self._keys) and self._keys[place].startswith(f"{key} ")

    def _take(self, content: bytes) -> None:
        """Keep the file as it is, with where each line's term begins."""
        self._content = content
        self._keys, self._starts = _places(content)
        self._term = lru_cache(maxsize=4_096)(self._read)
        for place in {0, len(self._keys) - 1} if self._keys else ():
            self._term(place)

    def _read(self, place: int) -> Term:
        start = self._starts[place]
        try:
            return Term.model_validate_json(self._content[start : self._content.index(b"\n", start)])
        except ValidationError:
            raise _damaged() from None


def write_terms(path: Path, terms: Iterable[Term]) -> int:
    """Write terms with their normal forms for `Dictionary.load`; returns how many wordings differ."""
    keyed = _keyed(terms)
    path.write_bytes(_written(keyed))
    return len(keyed)


def _keyed(terms: Iterable[Term]) -> dict[tuple[str, ...], Term]:
    """Terms by their normal forms; of two with the same forms the first one counts."""
    keyed: dict[tuple[str, ...], Term] = {}
    for term in terms:
        key = forms(term.text)
        if 0 < len(key) <= _LONGEST:
            keyed.setdefault(key, term)
    return keyed


def _written(keyed: Mapping[tuple[str, ...], Term]) -> bytes:
    lines = sorted((" ".join(key), term.model_dump_json(exclude_defaults=True)) for key, term in keyed.items())
    return "".join(f"{key}\t{row}\n" for key, row in lines).encode()


def _checked(content: bytes) -> bytes:
    """Raises `ValueError` when it is not a whole file of ours."""
    if content.startswith(b"["):  # as builds before this form wrote it
        return _written({tuple(row.pop("forms")): Term.model_validate(row) for row in orjson.loads(content)})
    if not content.endswith(b"}\n"):
        raise ValueError("the last line is not whole")
    return content


def _places(content: bytes) -> tuple[list[str], array[int]]:
    """The forms of every line and where its term begins. Raises `ValueError` when the lines are out of order."""
    keys, starts, begin = [], array("L"), 0
    while begin < len(content):
        tab = content.index(b"\t", begin)
        keys.append(content[begin:tab].decode())
        starts.append(tab + 1)
        begin = content.index(b"\n", tab) + 1
    if any(before >= after for before, after in pairwise(keys)):
        raise ValueError("the lines are out of order")
    return keys, starts


def _damaged() -> IntegrityError:
    return IntegrityError("The term dictionary is damaged; run 'chartwright index build'.")


def _next_positions(run: Sequence[Token], last: int) -> list[int]:
    positions = [last + 1] if last + 1 < len(run) else []
    following = last + 1
    while following < len(run) - 1 and run[following].form in _PASSED_OVER and following - last < 3:
        following += 1
        positions.append(following)
    return positions
