"""Collects what a code's confidence can rest on: signals of the model, agreement of others with it, checks passed."""

from __future__ import annotations

from collections.abc import Sequence

from agent.choose import choose
from agent.leftovers import suggested
from medcoding.candidate import Candidate, Retrieved
from medcoding.encounter import Encounter
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import ConfidenceInputs, ProposedCode


def confidence_inputs(
    line: ProposedCode, lead: Mention, retrieved: Retrieved, findings: Sequence[Finding], encounter: Encounter
) -> ConfidenceInputs:
    """The inputs of one code; `lead` is the mention that carries it first."""
    candidates = retrieved.of(lead.id)
    own = next((candidate for candidate in candidates if candidate.code == line.code), None)
    about = [finding for finding in findings if line.code in finding.codes and finding.override is None]
    category = line.code[:3]
    past = retrieved.similar
    return ConfidenceInputs(
        choice_probability=line.signals.choice_probability,
        margin=line.signals.margin,
        agreement=line.signals.agreement,
        candidate_rank=own.number if own else None,
        retrieval_score=own.score if own else None,
        retrieval_lead=_lead(own, candidates) if own else None,
        similarity=own.similarity if own else None,
        rules_agree=choose(lead, candidates).code == line.code if candidates else None,
        similar_share=sum(any(code.startswith(category) for code in one.codes) for one in past) / len(past)
        if past
        else None,
        suggested=line.code in map(suggested, encounter.suggestions),
        findings_open=sum(finding.severity is Severity.MUST_RESOLVE for finding in about),
        findings_advised=sum(finding.severity is Severity.ADVISE for finding in about),
        mentions=len(line.mention_ids),
    )


def _lead(own: Candidate, candidates: Sequence[Candidate]) -> float | None:
    others = [candidate.score for candidate in candidates if candidate.code[:3] != own.code[:3]]
    return own.score - max(others) if others else None
