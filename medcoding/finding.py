"""What the guardrails say about a proposal."""

from __future__ import annotations

from enum import StrEnum

from medcoding.record import Record


class Severity(StrEnum):
    """What a finding does: removes the code, asks a human or a repair round, or informs."""

    REJECT = "reject"
    MUST_RESOLVE = "must_resolve"
    ADVISE = "advise"


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
    override: str | None = None
    """Reason a person gave for keeping the code all the same."""
