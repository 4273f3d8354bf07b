"""A payer's own requirement on top of the code set: what it asks for before it pays a code.

A payer decides what it pays, not what is right to report. So its rules ask or inform and never remove a code.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from medcoding.codes import CodeSystem
from medcoding.encounter import Day, Setting
from medcoding.finding import Severity
from medcoding.record import Record

ANY_PAYER: Final = "*"
_STEM: Final = re.compile(r"[A-Z0-9][0-9A-Z]{1,6}(\.[0-9A-Z]{1,4})?")


def _range(text: str) -> str:
    """`E11`, `E11.6` (with everything below) or `M17.0-M17.9`; both ends belong to a range."""
    ends = text.upper().split("-")
    if len(ends) > 2 or not all(_STEM.fullmatch(end) for end in ends):
        raise ValueError("is no code, stem or range such as E11, E11.65 or M17.0-M17.9")
    if ends[0] > ends[-1]:
        raise ValueError("is a range whose last code comes before its first")
    return "-".join(ends)


CodeRange = Annotated[str, AfterValidator(_range)]
Phrase = Annotated[str, Field(min_length=3, max_length=200)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]


class Ages(Record):
    """Completed years, both ends included."""

    youngest: Annotated[int, Field(ge=0, le=130)] = 0
    oldest: Annotated[int, Field(ge=0, le=130)] = 130

    @model_validator(mode="after")
    def _youngest_before_oldest(self) -> Self:
        if self.youngest > self.oldest:
            raise ValueError("youngest lies above oldest")
        return self


class Requirement(Record):
    """What must hold when the code is reported; exactly one of these."""

    needs_one_of: tuple[CodeRange, ...] = ()
    """A code that must stand beside it: the diagnosis that makes a procedure necessary."""
    not_with: tuple[CodeRange, ...] = ()
    """Codes it is not paid beside."""
    documentation: tuple[Phrase, ...] = ()
    """Wordings of which one must stand in the record, not denied there."""
    modifiers: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")], ...] = ()
    """Modifiers of which the line must carry one."""
    most_units: Annotated[int, Field(ge=1)] | None = None
    ages: Ages | None = None
    settings: tuple[Setting, ...] = ()
    """Where it is paid."""
    not_first: bool = False
    """Not paid as the first-listed or principal diagnosis."""
    not_covered: bool = False
    prior_authorization: bool = False
    """An authorization must be on file; the record cannot show it."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1 or not getattr(self, self.kind):
            raise ValueError("must name exactly one requirement")
        return self

    @property
    def kind(self) -> str:
        """The name of the one requirement."""
        return next(iter(self.model_fields_set), "not_covered")


class PayerRule(Record):
    """One requirement of one payer, for some codes and some time."""

    id: Identifier
    """Unique within the payer; findings name it `payer.<payer>.<id>`."""
    payer: Annotated[str, Field(min_length=1, max_length=100)]
    """As encounters write it, upper and lower case alike; `*` for every payer."""
    system: CodeSystem = CodeSystem.ICD10CM
    codes: Annotated[tuple[CodeRange, ...], Field(min_length=1)]
    requirement: Requirement
    severity: Literal[Severity.MUST_RESOLVE, Severity.ADVISE]
    effective_from: Day
    effective_to: Day | None = None
    """Last day; none while the rule has no end."""
    source: Annotated[str, Field(min_length=3, max_length=300)]
    """The payer's policy: number, version, page."""
    says: Annotated[str, Field(min_length=3, max_length=300)]
    """One sentence for the coder, in the installation's own words."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self

    def applies(self, payer: str | None, day: dt.date) -> bool:
        """True for this payer's encounters on a day in force."""
        own = self.payer == ANY_PAYER or self.payer.casefold() == (payer or "").casefold()
        return own and self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def covers(ranges: tuple[str, ...], code: str) -> bool:
    """True when a code is one of these, lies below one, or inside one's ends."""
    return any(_inside(code, *_ends(text)) for text in ranges)


def _ends(text: str) -> tuple[str, str]:
    first, _, last = text.partition("-")
    return first, last or first


def _inside(code: str, first: str, last: str) -> bool:
    return first <= code and (code <= last or code.startswith(last))
