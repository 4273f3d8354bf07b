"""Collects what a code's confidence can rest on: signals of the model, agreement of others with it, checks passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.choose import choose
from agent.confidence import Scores
from agent.leftovers import suggested
from medcoding.candidate import Candidate, Retrieved
from medcoding.chart import SectionKind
from medcoding.codes import CodeRole
from medcoding.encounter import Encounter
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion, Mention
from medcoding.proposal import ConfidenceInputs, ProposedCode

_CONCLUSIONS: Final = frozenset({SectionKind.ASSESSMENT, SectionKind.ASSESSMENT_PLAN, SectionKind.DISCHARGE_DIAGNOSIS})
_FIRST: Final = frozenset({CodeRole.PRINCIPAL, CodeRole.FIRST_LISTED})


class Weighed(NamedTuple):
    """One proposed code beside what it rests on."""

    line: ProposedCode
    mentions: tuple[Mention, ...]
    """Those that carry it, the leading one first."""
    retrieved: Retrieved
    findings: Sequence[Finding]
    encounter: Encounter


def confidence_inputs(weighed: Weighed, scores: Scores) -> ConfidenceInputs:
    """The inputs of one code; `scores` are its own before any calibration."""
    return _agreements(weighed).model_copy(update=_standing(weighed, scores))


def _agreements(weighed: Weighed) -> ConfidenceInputs:
    """What the model's signals, retrieval, the rules, past encounters, other systems and the guardrails say."""
    line, lead = weighed.line, weighed.mentions[0]
    candidates = weighed.retrieved.of(lead.id)
    own = next((candidate for candidate in candidates if candidate.code == line.code), None)
    about = [finding for finding in weighed.findings if line.code in finding.codes and finding.override is None]
    category = line.code[:3]
    past = weighed.retrieved.similar
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
        suggested=line.code in map(suggested, weighed.encounter.suggestions),
        findings_open=sum(finding.severity is Severity.MUST_RESOLVE for finding in about),
        findings_advised=sum(finding.severity is Severity.ADVISE for finding in about),
        mentions=len(line.mention_ids),
    )


def _standing(weighed: Weighed, scores: Scores) -> dict[str, object]:
    """Where and how the record speaks of it."""
    mentions = weighed.mentions
    return {
        "uncalibrated": scores.confidence,
        "strength": weighed.line.strength,
        "documented": scores.documentation,
        "stated": any(mention.heads_problem for mention in mentions),
        "concluded": any(mention.section in _CONCLUSIONS for mention in mentions),
        "words": len(mentions[0].query.split()),
        "documents": len({mention.document_id for mention in mentions}) / len(weighed.encounter.documents),
        "uncertain": all(mention.assertion is Assertion.POSSIBLE for mention in mentions),
        "first": weighed.line.role in _FIRST,
    }


def _lead(own: Candidate, candidates: Sequence[Candidate]) -> float | None:
    others = [candidate.score for candidate in candidates if candidate.code[:3] != own.code[:3]]
    return own.score - max(others) if others else None
