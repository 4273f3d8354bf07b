"""The Official Guidelines for Coding and Reporting: section ids, our digest, passages of the user's own copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from pydantic import Field

from medcoding.encounter import Setting
from medcoding.record import Record

GUIDELINE_ID: Final = re.compile(
    r"(?<![\w.])(?:"
    r"I\.[ABC](?:\.\d{1,2}(?:\.[a-z](?:\.\d{1,2}(?:\.[a-z](?:\.[ivx]+)?)?)?)?)?"
    r"|(?:II|III|IV)\.[A-Z](?:\.\d{1,2})?"
    r"|App\.I(?:\.[A-Za-z0-9]+)*"
    r")(?!\w|\.\w)"
)
"""A section id as it is cited: `I.A.15`, `I.C.1.d.1.a.iii`, `II.H`, `IV.A.1`, `App.I`."""

DIGEST: Final = "digest"
OFFICIAL: Final = "official"
POLICY: Final = "policy"
"""Where a passage found in the index comes from: the shipped digest, the user's own copy of the guidelines, or the
user's own payer policies, which are shown apart."""

_SECTIONS: Final = {"I": 0, "II": 1, "III": 2, "IV": 3, "App": 4}
_INPATIENT_SECTIONS: Final = frozenset({"II", "III"})


class GuidelineEntry(Record):
    """One section of the Official Guidelines in the project's own words."""

    id: str
    """Section id, for instance `I.C.4.a`."""
    edition: str
    """Fiscal year of the guidelines that the entry was written from, for instance `FY2025`."""
    title: str
    text: str
    """What to do."""
    categories: tuple[str, ...] = ()
    """ICD-10-CM categories or ranges (`E11`, `I10-I16`) the section governs; empty when general."""
    settings: tuple[Setting, ...] = ()
    triggers: tuple[str, ...] = ()
    """Words of a record that bring the section into play."""
    forbids: str = ""
    """What the section rules out; empty when it rules nothing out."""
    enforced_by: tuple[str, ...] = ()
    """Functions of ours that apply the section, by dotted name (`guardrails.existence.code_is_billable`)."""
    example: str = ""
    """A short case of our own."""
    rewritten_in: str | None = None
    """The fiscal year whose guidelines are known to have rewritten the section since; none known when absent."""

    @property
    def reservation(self) -> str:
        """What a coder must know before relying on the entry; empty when nothing."""
        return f"rewritten in {self.rewritten_in}; check the current text" if self.rewritten_in else ""


class OfficialPassage(Record):
    """One section of the guidelines as the user's own copy prints it. Never shipped."""

    id: str
    title: str
    page: int = Field(ge=1)
    """Page of the file, 1-based, on which the heading stands."""
    edition: str
    headings: tuple[str, ...]
    """Ids and titles of the sections above, the outermost first."""
    text: str
    """Empty where a heading only opens the sections below it."""


class PolicyPassage(Record):
    """A passage of a payer policy of the user's own. It is never shown as an official guideline."""

    file: str
    title: str
    payer: str = ""
    """Empty where the file does not say whose policy it is: then it counts for every payer."""
    page: int = Field(ge=1)
    """Page of a PDF, 1-based; 1 for a text without pages."""
    text: str
    tenant: str = ""
    """Empty where it holds for all tenants of the installation."""
    effective_from: date
    effective_to: date
    sha256: str
    """Digest of the file."""


class GuidelineOrder(NamedTuple):
    """Sort key of a section id: the order of the document."""

    section: int
    steps: tuple[tuple[int, str], ...]


def guideline_order(section_id: str) -> GuidelineOrder:
    """Where a section stands in the document: I.B.2 before I.B.10, appendix I last."""
    section, *steps = section_id.split(".")
    return GuidelineOrder(_SECTIONS.get(section, len(_SECTIONS)), tuple(_step(s, n) for n, s in enumerate(steps)))


def sections_above(section_id: str) -> Iterator[str]:
    """The ids that hold a section, the nearest first: I.C.4.a gives I.C.4, I.C, I."""
    while "." in section_id:
        section_id = section_id.rpartition(".")[0]
        yield section_id


def settings_of_section(section_id: str) -> tuple[Setting, ...]:
    """Where a section holds: II and III for inpatient stays, IV for outpatients, the rest everywhere."""
    section = section_id.partition(".")[0]
    if section in _INPATIENT_SECTIONS:
        return (Setting.INPATIENT,)
    if section == "IV":
        return (Setting.OUTPATIENT, Setting.ED)
    return tuple(Setting)


_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_ROMAN_STEP: Final = 5
"""Counted from the letter after the section: `I.C.1.d.1.a.iii`."""


def _step(step: str, position: int) -> tuple[int, str]:
    if step.isdigit():
        return int(step), ""
    return (_ROMAN.index(step), "") if position == _ROMAN_STEP and step in _ROMAN else (0, step)
