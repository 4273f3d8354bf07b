"""Confidence and documentation score: two facts, never mixed.

Confidence says how likely the code is right given the record; documentation says how far the record supports the most
specific code there is. What is computed here orders codes; `agent.calibrator` puts it on the scale on which .9 means
that nine of ten such codes are right. Where it cannot, the answer says why, and nothing uncalibrated is auto-assigned.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from agent.specificity import open_axes
from medcoding.codebook import Codebook
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion, Mention
from medcoding.proposal import ProposedCode, Source

_RULES_CEILING: Final = 0.80
_RULES_FLOOR: Final = 0.20
_MODEL_FLOOR: Final = 0.30
_MODEL_CEILING: Final = 0.90
_UNCERTAIN_FACTOR: Final = 0.85
_UNRESOLVED_FACTOR: Final = 0.6
_PER_OPEN_AXIS: Final = 0.35

NOT_CALIBRATED: Final = "not calibrated"


class Scores(NamedTuple):
    """Both scores of one code, 0 to 1, and what they rest on."""

    confidence: float
    reasons: tuple[str, ...]
    documentation: float
    open_axes: tuple[str, ...]
    calibrated: bool = False
    """False until a calibrator stands behind the confidence; nothing uncalibrated is assigned automatically."""
    stands_in: bool = False
    """True where whoever should have answered failed; what stands in is never assigned automatically."""


def score(
    line: ProposedCode, mentions: list[Mention], findings: tuple[Finding, ...], codebook: Codebook, *, fallback: str
) -> Scores:
    """Score one code. `fallback` says why no model was used, empty when one was."""
    confidence, reasons = _base(line, fallback)
    if any(m.heads_problem for m in mentions):
        reasons.append("stated as a problem of its own")
    if all(m.assertion is Assertion.POSSIBLE for m in mentions):
        confidence *= _UNCERTAIN_FACTOR
        reasons.append("documented as uncertain, coded as if established (II.H)")
    if any(f.severity is Severity.MUST_RESOLVE and f.override is None and line.code in f.codes for f in findings):
        confidence *= _UNRESOLVED_FACTOR
        reasons.append("a finding must be resolved first")
    axes = open_axes(line.code, codebook)
    documentation = max(0.0, 1.0 - _PER_OPEN_AXIS * len(axes))
    reasons.append(NOT_CALIBRATED)
    return Scores(round(confidence, 3), tuple(reasons), round(documentation, 3), axes)


def _base(line: ProposedCode, fallback: str) -> tuple[float, list[str]]:
    if line.source is not Source.RULES:
        probability = line.signals.choice_probability
        share = probability if probability is not None else line.strength
        who = "encoder" if line.source is Source.ENCODER else "model"
        said = f"the {who} chose it with probability {share:.2f}" if probability is not None else f"the {who} chose it"
        return _MODEL_FLOOR + (_MODEL_CEILING - _MODEL_FLOOR) * share, [said]
    confidence = _RULES_FLOOR + (_RULES_CEILING - _RULES_FLOOR) * line.strength
    return confidence, [fallback or "chosen by rules", "wording compared with the code's own"]
