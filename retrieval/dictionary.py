"""The term dictionary: exact clinical wording, found in running text, with the codes it leads to.

Built from our own table of clinical terms, from titles and from inclusion terms. A term matches on normal forms
(`retrieval.wording`), so word endings and articles do not matter; words of side and severity may stand between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson

from medcoding.errors import DependencyError, IntegrityError
from medcoding.record import Record
from retrieval.wording import LATERALITY_WORDS, Token, forms

TermSource = Literal["clinical", "inclusion", "title", "drug", "index", "neoplasm_table", "drug_table", "crosswalk"]

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
    """Longest-match lookup of terms in tokens. About 45,000 terms, 40 MB."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._take(_keyed(terms))

    @classmethod
    def load(cls, path: Path) -> Dictionary:
        """Read the file that `write_terms` wrote. Raises when it is missing or damaged."""
        try:
            rows = orjson.loads(path.read_bytes())
            dictionary = cls(())
            dictionary._take({tuple(row.pop("forms")): _stored(row) for row in rows})
        except FileNotFoundError:
            raise DependencyError("The term dictionary is missing; run 'chartwright index build'.") from None
        except (orjson.JSONDecodeError, TypeError, AttributeError, KeyError):
            raise IntegrityError("The term dictionary is damaged; run 'chartwright index build'.") from None
        return dictionary

    def __len__(self) -> int:
        return len(self._terms)

    def lookup(self, text: str) -> Term | None:
        """The term that is exactly this wording, if any."""
        return self._terms.get(forms(text))

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
        best: TermMatch | None = None
        best_length = 0
        trails: list[tuple[tuple[str, ...], int]] = [((run[first].form,), first)]
        while trails:
            key, last = trails.pop()
            if key not in self._prefixes:
                continue
            term = self._terms.get(key)
            if term and len(key) > best_length:
                best, best_length = TermMatch(term, first, last), len(key)
            trails += [((*key, run[i].form), i) for i in _next_positions(run, last)]
        return best

    def _take(self, terms: dict[tuple[str, ...], Term]) -> None:
        self._terms = terms
        self._prefixes = {key[:length] for key in terms for length in range(1, len(key) + 1)}


def write_terms(path: Path, terms: Iterable[Term]) -> int:
    """Write terms with their normal forms for `Dictionary.load`; returns how many wordings differ."""
    keyed = _keyed(terms)
    path.write_bytes(orjson.dumps([{"forms": key, **term.model_dump()} for key, term in keyed.items()]))
    return len(keyed)


def _keyed(terms: Iterable[Term]) -> dict[tuple[str, ...], Term]:
    """Terms by their normal forms; of two with the same forms the first one counts."""
    keyed: dict[tuple[str, ...], Term] = {}
    for term in terms:
        key = forms(term.text)
        if 0 < len(key) <= _LONGEST:
            keyed.setdefault(key, term)
    return keyed


def _stored(row: dict[str, Any]) -> Term:
    return Term.model_construct(**{**row, "stems": tuple(row["stems"]), "needs": tuple(row["needs"])})


def _next_positions(run: Sequence[Token], last: int) -> list[int]:
    positions = [last + 1] if last + 1 < len(run) else []
    following = last + 1
    while following < len(run) - 1 and run[following].form in _PASSED_OVER and following - last < 3:
        following += 1
        positions.append(following)
    return positions
