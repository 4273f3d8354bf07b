"""The calibrated scale: what a confidence of .9 means, whoever gave the answer.

A confidence begins as a weighted sum of what a code rests on (`INPUTS`, none of it a claim of the model; every weight
is 0 or more, so more support never lowers it). For each source of answers that sum is stretched and shifted (Platt
1999) so that it agrees with how often such codes were right on coded encounters; specialties and the band of common
codes move it by as much as their number of answers bears out (shrinkage towards the source as a whole). `training`
fits it, see docs/confidence.md.

A calibrator speaks for the editions and the answerers it was fitted on and for no others: then it is stale and refused.
Source lines are no reason: a changed rule shifts precision by little, another edition, model, prompt or encoder by
anything.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from agent.confidence import NOT_CALIBRATED, Scores
from medcoding.codes import CodeSystem
from medcoding.errors import ConfigError, InputError, IntegrityError
from medcoding.parsing import parse_record
from medcoding.proposal import ConfidenceInputs, ProposedCode, Source
from medcoding.record import Record
from medcoding.result import Stamp

SHIPPED: Final = Path(__file__).resolve().parent.parent / "training" / "models" / "calibrator" / "calibrator.json"
MEND: Final = "make one with 'chartwright train calibrator'"
BY_RULES: Final = "rules"
"""Who answers without model and encoder."""

_LEAST: Final = 0.01
"""No confidence is nearer to 0 or 1 than this: no number of encounters at hand bears out more."""
_MOST_WORDS: Final = 5
_MOST_MENTIONS: Final = 4


class Answer(NamedTuple):
    """One answered code as the inputs read it."""

    code: str
    inputs: ConfidenceInputs


INPUTS: Final[tuple[tuple[str, Callable[[Answer], float]], ...]] = (
    ("clear_choice", lambda a: ((a.inputs.strength or 0.0) - 0.8) / 0.1),
    ("probability", lambda a: _logit(a.inputs.choice_probability) if a.inputs.choice_probability is not None else 0.0),
    ("margin", lambda a: a.inputs.margin or 0.0),
    ("agreement", lambda a: a.inputs.agreement or 0.0),
    ("rules_agree", lambda a: float(a.inputs.rules_agree is not False)),
    ("stated", lambda a: float(a.inputs.stated)),
    ("concluded", lambda a: float(a.inputs.concluded)),
    ("fully_documented", lambda a: float((a.inputs.documented or 0.0) >= 1.0)),
    ("specified", lambda a: float(not a.code.endswith("9"))),
    ("diagnosis", lambda a: float(not a.code.startswith("R"))),
    ("established", lambda a: float(not a.inputs.uncertain)),
    ("mentions", lambda a: math.log2(min(_MOST_MENTIONS, max(1, a.inputs.mentions))) / 2),
    ("words", lambda a: min(_MOST_WORDS, a.inputs.words) / _MOST_WORDS),
    ("documents", lambda a: a.inputs.documents or 0.0),
    ("first", lambda a: float(a.inputs.first)),
    ("best_candidate", lambda a: float((a.inputs.candidate_rank or 1) == 1)),
    ("lead", lambda a: a.inputs.retrieval_lead or 0.0),
    ("has_lead", lambda a: float(a.inputs.retrieval_lead is not None)),
    ("similar", lambda a: a.inputs.similar_share or 0.0),
    ("any_similar", lambda a: float(bool(a.inputs.similar_share))),
    ("nothing_open", lambda a: float(not a.inputs.findings_open)),
    ("nothing_advised", lambda a: float(not a.inputs.findings_advised)),
)
"""What a confidence is computed from, by name; each grows with what speaks for the code."""


class Stratum(Record):
    """A part of the answers of one source, moved by what its number bears out."""

    answers: int
    right: int
    shift: Annotated[float, Field(ge=-5, le=5)]
    """On the logit scale."""


class SourceScale(Record):
    """How the sum becomes a confidence for the answers of one source."""

    source: Source
    made_by: str
    """Who answered: the model with its prompt, the encoder's digest, or `rules`."""
    encounters: int
    answers: int
    right: int
    slope: Annotated[float, Field(gt=0, le=20)]
    intercept: Annotated[float, Field(ge=-50, le=50)]
    caution: Annotated[float, Field(ge=0, le=5)] = 0.0
    """Taken off, on the logit scale: what the number of encounters leaves open, in the direction of too much trust."""
    specialties: dict[str, Stratum] = Field(default_factory=dict)
    bands: dict[str, Stratum] = Field(default_factory=dict)
    """`frequent` and `rare`."""


class CalibratorCard(Record):
    """What it was made from and how well it does there."""

    made_on: date
    gold: tuple[str, ...]
    """Names of the gold files; the scale is that of the first, the others only add to the weights."""
    gold_digest: str
    encounters: int
    release: str
    index: str
    ece_before: float
    """Of the uncalibrated confidences over the answers of the first file."""
    ece: float
    """Cross-fitted by encounter, before the caution."""
    brier_before: float
    brier: float
    precision_at: dict[str, float]
    """Of the surest share of the answers, cross-fitted."""


class Calibrator(Record):
    """The scale, for some editions and some answerers."""

    version: int = 1
    editions: tuple[str, ...]
    weights: dict[str, Annotated[float, Field(ge=0, le=50)]]
    """By input; one that is not among `INPUTS` is refused."""
    frequent: tuple[str, ...] = ()
    """Codes that the gold carries often; all others are rare."""
    scales: tuple[SourceScale, ...]
    card: CalibratorCard

    @property
    def digest(self) -> str:
        """Changes with everything that changes an answer; the card does not."""
        return hashlib.sha256(self.model_dump_json(exclude={"card"}).encode()).hexdigest()[:16]

    def scale_of(self, source: Source) -> SourceScale | None:
        """The scale of that source's answers."""
        return next((scale for scale in self.scales if scale.source is source), None)

    def sum_of(self, answer: Answer) -> float:
        """The weighted sum of the inputs."""
        return math.fsum(self.weights.get(name, 0.0) * read(answer) for name, read in INPUTS)

    def confidence(self, answer: Answer, scale: SourceScale, specialty: str) -> float:
        """The share of such codes that is right, cautiously."""
        band = "frequent" if answer.code in self.frequent else "rare"
        shifts = [
            strata[name].shift
            for strata, name in ((scale.specialties, specialty), (scale.bands, band))
            if name in strata
        ]
        value = scale.slope * self.sum_of(answer) + scale.intercept - scale.caution + sum(shifts)
        return min(1 - _LEAST, max(_LEAST, 1 / (1 + math.exp(-value))))


class Answering(NamedTuple):
    """Under which circumstances an answer was given."""

    stamp: Stamp
    edition: str
    specialty: str
    """As lanes are named."""


def load_calibrator(path: Path | None) -> Calibrator | None:
    """The calibrator in a file, the shipped one by default; None where none ships.

    Raises `ConfigError` when a file that was named cannot be read, `IntegrityError` when it does not fit.
    """
    named = path or SHIPPED
    try:
        data = named.read_bytes()
    except FileNotFoundError:
        if path is None:
            return None
        raise ConfigError(f"{path} is not there; correct CHARTWRIGHT_CALIBRATOR or {MEND}.") from None
    except OSError as error:
        raise ConfigError(f"{named} cannot be read ({error.strerror}); correct CHARTWRIGHT_CALIBRATOR.") from None
    try:
        calibrator = parse_record(Calibrator, data, str(named))
    except InputError as damage:
        raise IntegrityError(f"{str(damage).rstrip('.')}; {MEND}.") from None
    if unknown := sorted(set(calibrator.weights) - {name for name, _ in INPUTS}):
        raise IntegrityError(f"{named} weighs {unknown[0]}, which this version does not measure; {MEND}.")
    return calibrator


def made_by(source: Source, stamp: Stamp) -> str:
    """Who gives the answers of a source under this stamp."""
    if source is Source.LLM:
        return f"{stamp.model}, prompt {stamp.prompt}"
    return BY_RULES if source is Source.RULES else stamp.encoder


def why_not(calibrator: Calibrator | None, source: Source, answering: Answering) -> str:
    """Why the calibrator does not speak for such answers, as a clause with its mend; empty where it does."""
    if calibrator is None:
        return f"no calibrator is there; {MEND}"
    if answering.edition not in calibrator.editions:
        return f"the calibrator was fitted for {' and '.join(calibrator.editions)}, not {answering.edition}; {MEND}"
    scale = calibrator.scale_of(source)
    if scale is None:
        return f"the calibrator was not fitted on answers by {_WORDS[source]}; {MEND}"
    if scale.made_by != (now := made_by(source, answering.stamp)):
        return f"the calibrator was fitted for {scale.made_by}, not {now}; {MEND}"
    return ""


def on_scale(
    scores: Scores, line: ProposedCode, inputs: ConfidenceInputs, calibrator: Calibrator | None, answering: Answering
) -> Scores:
    """The scores with a calibrated confidence, or with the reason why there is none."""
    why = "no procedure was among its answers" if line.system is not CodeSystem.ICD10CM else ""
    why = why or why_not(calibrator, line.source, answering)
    scale = calibrator.scale_of(line.source) if calibrator else None
    kept = tuple(reason for reason in scores.reasons if reason != NOT_CALIBRATED)
    if why or calibrator is None or scale is None:
        return scores._replace(reasons=(*kept, f"{NOT_CALIBRATED}: {why}"))
    confidence = calibrator.confidence(Answer(line.code, inputs), scale, answering.specialty)
    said = f"calibrated on {scale.answers:,} answers by {_WORDS[line.source]}"
    return scores._replace(confidence=round(confidence, 3), reasons=(*kept, said), calibrated=True)


_WORDS: Final = {Source.LLM: "the model", Source.ENCODER: "the encoder", Source.RULES: "rules"}


def _logit(share: float) -> float:
    bounded = min(1 - _LEAST, max(_LEAST, share))
    return math.log(bounded / (1 - bounded))
