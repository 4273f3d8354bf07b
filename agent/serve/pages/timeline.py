"""Rows of the trail in words."""

from __future__ import annotations

from typing import Final, NamedTuple

from pydantic import JsonValue

from agent.trail.event import TrailEvent

_WORDS: Final = {
    "case.submitted": "handed the encounter in",
    "case.resubmitted": "handed the same encounter in again",
    "case.leased": "began to code it",
    "case.released": "gave it back uncoded",
    "case.retried": "will try again",
    "case.coded": "coded it",
    "case.failed": "could not code it",
    "case.locked": "took the case",
    "case.unlocked": "gave the case back",
    "chart.viewed": "opened the chart",
    "review.begun": "began the review",
    "review.accept": "accepted",
    "review.reject": "rejected",
    "review.modify": "modified",
    "review.move": "moved",
    "review.add": "added",
    "review.override": "answered a finding",
    "review.evidence": "looked at the evidence of",
    "review.undo": "undid the last step",
    "attested": "attested the set",
    "attestation.void": "voided the attestation",
    "query.sent": "queried the provider",
    "query.answered": "entered the provider’s answer",
    "query.withdrawn": "withdrew a query",
    "question.asked": "asked about",
    "break_glass": "broke the glass",
    "case.erased": "erased the text",
}
_SHOWN: Final = ("stood", "code", "reason_code", "rule", "place", "lines")


class TimelineRow(NamedTuple):
    """One row as it is shown."""

    at: str
    actor: str
    words: str
    detail: str


def told(event: TrailEvent) -> TimelineRow:
    """A row of the trail in words. What the product suggested is left out: the codes pane shows it."""
    words = _WORDS.get(event.action, event.action.replace(".", " ").replace("_", " "))
    shown = [] if event.action == "case.coded" else list(_detail(event))
    return TimelineRow(event.at, event.actor, words, " · ".join(shown))


def _detail(event: TrailEvent) -> list[str]:
    said: list[str] = []
    for name in _SHOWN:
        value: JsonValue = event.detail.get(name)
        if isinstance(value, str | int) and value != "":
            said.append(f"place {value}" if name == "place" else f"{value} lines" if name == "lines" else str(value))
    reason = event.detail.get("reason")
    if event.action == "review.reject" and isinstance(reason, str):
        said.append(reason.replace("_", " "))
    return list(dict.fromkeys(said))
