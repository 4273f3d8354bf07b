"""Which column of the neoplasm table or of the table of drugs a phrase asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

_SECONDARY: Final = "malignant_secondary"
_PRIMARY: Final = "malignant_primary"

_BEHAVIORS: Final[dict[str, frozenset[str]]] = {
    _SECONDARY: frozenset(("secondary", "metastatic", "metastasis", "metastase", "metastasized", "met")),
    "ca_in_situ": frozenset(("situ",)),
    "uncertain": frozenset(("uncertain",)),
    "benign": frozenset(("benign",)),
    _PRIMARY: frozenset(("malignant", "primary", "cancer", "carcinoma", "malignancy")),
}
_EFFECTS: Final[dict[str, frozenset[str]]] = {
    "underdosing": frozenset(("underdosing", "underdose", "underdosed", "noncompliance")),
    "adverse_effect": frozenset(("adverse", "reaction", "allergic", "side", "induced")),
    "self_harm": frozenset(("suicide", "suicidal", "intentional", "intentionally", "deliberate")),
    "assault": frozenset(("assault", "homicidal")),
    "undetermined": frozenset(("undetermined",)),
    "accidental": frozenset(
        ("poisoning", "poisoned", "overdose", "overdosage", "toxicity", "toxic", "ingestion", "intoxication", "od")
    ),
}
_ALSO: Final[dict[str, frozenset[str]]] = {
    "neoplasms": frozenset(("neoplasm", "tumor", "behavior", "unspecified", "in", "mass")),
    "drugs": frozenset(("effect", "self", "harm", "accidental", "accidentally", "attempt", "drug", "due", "in")),
}
_WORDS: Final[dict[str, frozenset[str]]] = {
    "neoplasms": _ALSO["neoplasms"].union(*_BEHAVIORS.values()),
    "drugs": _ALSO["drugs"].union(*_EFFECTS.values()),
}
_SECOND_CHOICE: Final = 0.9


class Column(NamedTuple):
    """A column that a phrase may mean."""

    name: str
    factor: float
    """1 for the one it says, less for one that is possible beside it."""


def columns_of(book: Literal["neoplasms", "drugs"], said: Iterable[str], given: str) -> tuple[Column, ...]:
    """The columns asked for, the likeliest first; `given` is the one that a reference named.

    A metastatic cancer has a primary site too; toxicity may be poisoning or an adverse effect.
    """
    spoken = frozenset(said)
    table = _BEHAVIORS if book == "neoplasms" else _EFFECTS
    asked = next((column for column, cues in table.items() if spoken & cues), "")
    if book == "neoplasms":
        first = asked if asked and not (asked == _PRIMARY and given) else given or "unspecified"
        second = _PRIMARY if first == _SECONDARY else ""
    else:
        first = asked or given or "adverse_effect"
        second = {"accidental": "adverse_effect", "adverse_effect": "accidental"}.get(first, "")
    others = [Column(second, _SECOND_CHOICE)] if second else []
    return (Column(first, 1.0), *others)


def words_of_columns(column: str) -> frozenset[str]:
    """Words that choose among the columns of the table that holds this one; none for the index itself."""
    if not column:
        return frozenset()
    return _WORDS["drugs" if column in _EFFECTS else "neoplasms"]


def speaks_of_an_effect(said: Iterable[str]) -> bool:
    """True where a phrase says what a substance did: only then is a substance looked up."""
    return any(not cues.isdisjoint(said) for cues in _EFFECTS.values())
