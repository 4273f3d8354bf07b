"""Combination codes: two conditions that the classification reports as one (guidelines I.A.15, I.B.9, I.C.9.a)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.tables import rows


class Combination(NamedTuple):
    """Where a code of `first` meets one of `second`, `result` is reported and `drops` are not. Prefixes of codes."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    result: str
    drops: tuple[str, ...]
    guideline: str


class Combined(NamedTuple):
    """A combination that applies to a set of codes, with the codes of the set that led to it."""

    rule: Combination
    firsts: tuple[str, ...]
    seconds: tuple[str, ...]


class GivesWay(NamedTuple):
    """A code that is not reported where a more telling one is. Both are prefixes."""

    code: str
    to: tuple[str, ...]
    why: str


class Complication(NamedTuple):
    """Conditions by the beginnings of their codes, and the stem by which chapter 15 reports them in a pregnancy."""

    condition: tuple[str, ...]
    stem: str
    stays: bool
    """True where the condition's own code says more and is reported too."""
    why: str


class CombinationTable:
    """The table of combinations; every condition it presumes is linked by “with” or “in” in the Alphabetic Index."""

    def __init__(self) -> None:
        self.rules = tuple(
            Combination(
                first=tuple(row["first"].split("|")),
                second=tuple(row["second"].split("|")),
                result=row["result"],
                drops=tuple(filter(None, row["drops"].split("|"))),
                guideline=row["guideline"],
            )
            for row in rows("combinations.tsv")
        )
        self.yielding = tuple(
            GivesWay(row["code"], tuple(row["to"].split("|")), row["why"]) for row in rows("gives_way.tsv")
        )

        self.complications = tuple(
            Complication(tuple(row["condition"].split("|")), row["chapter_15"], row["stays"] == "y", row["why"])
            for row in rows("pregnancy.tsv")
        )

    def complicates(self, code: str) -> Complication | None:
        """How chapter 15 reports a condition, the first row that fits; None where it has no code for it."""
        return next((row for row in self.complications if code.startswith(row.condition)), None)

    def gives_way(self, code: str, codes: Iterable[str]) -> str | None:
        """Why the code is not reported beside the others, None when it is."""
        others = [c for c in codes if c != code]
        for row in self.yielding:
            if code.startswith(row.code) and any(c.startswith(row.to) and not c.startswith(row.code) for c in others):
                return row.why
        return None

    def first_that_applies(self, codes: Iterable[str]) -> Combined | None:
        """The first combination that the codes call for and do not hold yet."""
        held = tuple(codes)
        for rule in self.rules:
            firsts = tuple(c for c in held if c.startswith(rule.first))
            seconds = tuple(c for c in held if c.startswith(rule.second))
            parts = [c for c in (*firsts, *seconds) if c.startswith(rule.drops) and c != rule.result]
            if firsts and seconds and (rule.result not in held or parts):
                return Combined(rule, firsts, seconds)
        return None
