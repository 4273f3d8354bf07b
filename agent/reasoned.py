"""Who answers: the encoder, the model, or rules alone; what they choose, and why it was them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from agent.fast_path import FastAnswer, FastPath
from agent.questions import Model, Offer
from agent.routine import FastPathMode, FastPathSettings, routine
from agent.verify import Verification, verify, widen
from agent.withheld import is_tampered
from medcoding.errors import DependencyError
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import Proposal, Source
from medcoding.result import AnsweredBy, CodeLine

_TAMPERED: Final = "the record holds words addressed to a machine"
_ALWAYS: Final = "the settings send every encounter to it"
_CONFIGURED: Final = "a language model is configured"
_NO_MODEL: Final = "no language model is configured"
_DOWN: Final = "the language model did not answer"
_UNUSABLE: Final = "the language model gave no usable answer"


class Ways(NamedTuple):
    """Who could answer beside the rules."""

    model: Model | None
    encoder: FastPath | None
    settings: FastPathSettings

    @property
    def stands_in(self) -> FastPath | None:
        """The encoder, where it may stand in for a model."""
        return None if self.settings.mode is FastPathMode.OFF else self.encoder


class Reasoned(NamedTuple):
    """Choices and who made them."""

    verification: Verification
    by: AnsweredBy
    why_rules: str
    """What is said of a code that rules choose beside them."""
    stands_in: bool = False
    """True where the model that was asked failed, wholly or for some mentions."""
    encoded: frozenset[str] | None = None
    """Codes that the encoder chose; None where it was not asked."""


async def reasoned(offer: Offer, mentions: Sequence[Mention], ways: Ways) -> Reasoned:
    """The choices of whoever is to answer. `mentions` are all of the record, those of the offer are to be coded.

    Raises `DependencyError` only when the model is down and the operator forbade the fallback.
    """
    if is_tampered(offer.chart):
        return _by_rules(_TAMPERED if ways.model or ways.stands_in else _NO_MODEL)
    encoder = ways.stands_in
    answer = await asyncio.to_thread(encoder.answer, offer, mentions) if encoder else None
    why_model = _CONFIGURED
    if answer and ways.settings.mode is FastPathMode.ALWAYS:
        return _by_encoder(answer, _ALWAYS)
    if ways.model is None:
        return _standing_in(answer, _NO_MODEL)
    if answer and ways.settings.mode is FastPathMode.ROUTINE:
        found = routine(offer.chart, offer.mentions, answer.familiarity, ways.settings.routine)
        why_model = f"the encounter is {found.why}"
        if found.is_routine:
            return _by_encoder(answer, why_model)
    try:
        verification = await _by_model(offer, ways.model)
    except DependencyError:
        if not ways.model.fallback_allowed:
            raise
        return _standing_in(answer, _DOWN)._replace(stands_in=True)
    return _with_encoder(verification, answer, AnsweredBy(source=Source.LLM, why=why_model))


async def _by_model(offer: Offer, model: Model) -> Verification:
    """The model's choices after both rounds; a failure for one mention is one for all where no fallback is allowed."""
    verification = await verify(offer, model)
    if verification.failures and not model.fallback_allowed:
        raise DependencyError(next(iter(verification.failures.values())), retryable=True)
    return await widen(offer, model, verification) if model.settings.expand else verification


def _with_encoder(verification: Verification, answer: FastAnswer | None, by: AnsweredBy) -> Reasoned:
    """The model's choices; the encoder's for mentions that it gave no usable answer on."""
    filled = (c for c in answer.choices if c.mention_id in verification.failures) if answer else ()
    verification = verification.model_copy(update={"choices": (*verification.choices, *filled)})
    why_rules = f"chosen by rules, {_UNUSABLE}"
    return Reasoned(verification, by, why_rules, stands_in=bool(verification.failures), encoded=_codes(answer))


def _standing_in(answer: FastAnswer | None, why: str) -> Reasoned:
    """The encoder in the model's place where it may, else rules."""
    return _by_rules(why) if answer is None else _by_encoder(answer, why)


def _by_encoder(answer: FastAnswer, why: str) -> Reasoned:
    by = AnsweredBy(source=Source.ENCODER, why=why, known=answer.familiarity.known, rarity=answer.familiarity.rarity)
    verification = Verification(choices=answer.choices)
    return Reasoned(verification, by, "chosen by rules beside the encoder", encoded=_codes(answer))


def _by_rules(why: str) -> Reasoned:
    return Reasoned(Verification(), AnsweredBy(source=Source.RULES, why=why), f"chosen by rules, {why}")


def _codes(answer: FastAnswer | None) -> frozenset[str] | None:
    return None if answer is None else frozenset(choice.code for choice in answer.choices if choice.code)


def beside_encoder(lines: Iterable[CodeLine], encoded: frozenset[str] | None) -> tuple[CodeLine, ...]:
    """The lines, those that the model chose with whether the encoder chose them too; `encoded` are its codes."""
    return tuple(
        line.model_copy(
            update={
                "confidence_inputs": line.confidence_inputs.model_copy(update={"encoder_agrees": line.code in encoded})
            }
        )
        if encoded is not None and line.confidence_inputs and line.source is Source.LLM
        else line
        for line in lines
    )


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
