"""What the guardrails say about a proposal, and what a person says to that."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from medcoding.record import Record


class Severity(StrEnum):
    """What a finding does: removes the code, asks a human or a repair round, or informs."""

    REJECT = "reject"
    MUST_RESOLVE = "must_resolve"
    ADVISE = "advise"


class Override(Record):
    """A person's word against a rule. It stays in the record beside the finding it answers."""

    by: str
    """Who decided: a user id of the installation."""
    reason: str
    """Why the code stands all the same, for instance `unrelated conditions, I.A.12.a`."""
    at: AwareDatetime

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.reason} ({self.by}, {self.at:%Y-%m-%d %H:%M %Z})"


class Finding(Record):
    """One rule's word on a proposal."""

    rule: str
    """Stable id of the rule, for instance `existence.billable`."""
    severity: Severity
    codes: tuple[str, ...] = ()
    """The codes it speaks of; empty when it speaks of the encounter."""
    message: str
    """One sentence. Never note text."""
    source: str
    """Guideline id, tabular note or official file that the rule enforces."""
    mend: str
    """What would settle it."""
    mend_codes: tuple[str, ...] = ()
    """The codes of the mend where it can be said in codes: billable children, the missing partner, the right order."""
    override: Override | None = None
    """A person's reason for keeping the codes all the same."""


class GivenOverride(Record):
    """An override as it is handed in with an encounter, and the finding it answers."""

    rule: str
    codes: tuple[str, ...] = ()
    """Exactly the codes of the finding, in any order."""
    override: Override


_FACTS: Final = ("existence.", "evidence.verbatim")
"""What is so whatever a person says: a code that does not exist, a quote that does not stand in the record."""


def overridden(findings: tuple[Finding, ...], given: Sequence[GivenOverride]) -> tuple[Finding, ...]:
    """The findings, each with the override that answers it; a rule on plain facts cannot be overridden."""
    answers = {(one.rule, frozenset(one.codes)): one.override for one in given if not one.rule.startswith(_FACTS)}
    return tuple(
        finding.model_copy(update={"override": answer})
        if (answer := answers.get((finding.rule, frozenset(finding.codes))))
        else finding
        for finding in findings
    )
