"""Whether and how the model is asked: its choices, or none and the reason why rules choose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from agent.questions import Model, Offer
from agent.verify import Verification, verify, widen
from agent.withheld import is_tampered
from medcoding.errors import DependencyError
from medcoding.finding import Finding, Severity
from medcoding.proposal import Proposal, Source


async def reasoned(offer: Offer, model: Model | None) -> tuple[Verification, str]:
    """The model's choices after both rounds, and what is said of a code that rules choose beside them.

    Raises `DependencyError` only when the model is down and the operator forbade the fallback.
    """
    if model is None:
        return Verification(), "chosen by rules, no language model is configured"
    if is_tampered(offer.chart):
        return Verification(), "chosen by rules, the record holds words addressed to a machine"
    try:
        verification = await verify(offer, model)
    except DependencyError:
        if not model.fallback_allowed:
            raise
        return Verification(), "chosen by rules, the language model did not answer"
    if verification.failures and not model.fallback_allowed:
        raise DependencyError(next(iter(verification.failures.values())), retryable=True)
    if model.settings.expand:
        verification = await widen(offer, model, verification)
    return verification, "chosen by rules, the language model gave no usable answer"


def objections(proposal: Proposal, findings: Iterable[Finding]) -> dict[int, tuple[Finding, ...]]:
    """Mention id → the findings that must be resolved about a code the model chose for it."""
    by_code = defaultdict(list)
    for finding in findings:
        if finding.severity is Severity.MUST_RESOLVE and finding.override is None:
            for code in finding.codes:
                by_code[code].append(finding)
    found: dict[int, tuple[Finding, ...]] = {}
    for line in proposal.codes:
        if line.source is Source.LLM and line.code in by_code:
            for mention_id in line.mention_ids:
                found[mention_id] = (*found.get(mention_id, ()), *by_code[line.code])
    return found
