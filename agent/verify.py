"""Verify: the model chooses, for each mention, one of its numbered candidates or none.

All mentions of an encounter are asked at once behind the same text (instructions, note, passages, similar encounters),
which a server computes once. What the model says about its own certainty is not asked for: the probability is measured
from the tokens, and where that is low, from how often the model says the same again.

Three rounds can be asked, each a function here: `verify` (every mention), `widen` (more telling siblings of what was
chosen, where the record has their words), `repair` (what a check found must be resolved; once, by the caller).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pydantic import Field

from agent.llm import Answer, UnusableAnswerError, Usage
from agent.note_budget import LeftOut
from agent.questions import Asked, MentionAnswer, Model, Offer, Question, QuestionMaker, allowed
from agent.signals import choice_signals
from agent.wider import more_telling, with_mends
from agent.withheld import plain
from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, ModelOutputError
from medcoding.finding import Finding
from medcoding.proposal import Choice, NotCodedReason, Source
from medcoding.record import Record

_MAX_REASON_CHARS: Final = 400
_MAX_MISSING_CHARS: Final = 200
_UNKNOWN_STRENGTH: Final = 0.5


class Verification(Record):
    """Record of the *verify* step."""

    choices: tuple[Choice, ...] = ()
    """One for each mention that was asked and answered, in the mentions' order."""
    usage: Usage = Usage()
    """Tokens spent on all answers, unusable ones included."""
    failures: dict[int, str] = Field(default_factory=dict)
    """Mention id → one sentence, free of note text, for each mention that got no usable answer."""
    left_out: tuple[LeftOut, ...] = ()
    """What of the record did not fit into the model's budget."""

    def changed(self, later: Verification) -> Verification:
        """With a later round's choices in place of the earlier ones for the same mentions; what failed then stays."""
        by_mention = {choice.mention_id: choice for choice in later.choices}
        return self.model_copy(
            update={
                "choices": tuple(by_mention.get(choice.mention_id, choice) for choice in self.choices),
                "usage": self.usage + later.usage,
            }
        )


class _Outcome(NamedTuple):
    mention_id: int
    choice: Choice | None
    usage: Usage
    error: DependencyError | ModelOutputError | None = None


async def verify(offer: Offer, model: Model) -> Verification:
    """Ask the model about every mention that has candidates, all at once.

    A mention without a usable answer stands in `failures`. Raises `DependencyError` when the server answered none of
    them.
    """
    maker = QuestionMaker(offer, model)
    verification = await _asked(maker.first_round(), model, maker.cache_salt)
    return verification.model_copy(update={"left_out": maker.note.left_out})


async def widen(offer: Offer, model: Model, verification: Verification) -> Verification:
    """Offer the chosen code again beside siblings and children that say more and whose words the record has."""
    maker = QuestionMaker(offer, model)
    chosen = {choice.mention_id: choice for choice in verification.choices if choice.code}
    asked = (
        Asked(mention, more_telling(chosen[mention.id], offer.retrieved.of(mention.id), maker.words, offer.codebook))
        for mention in offer.mentions
        if mention.id in chosen
    )
    return verification.changed(await _again(maker, model, asked))


async def repair(
    offer: Offer, model: Model, verification: Verification, findings: Mapping[int, Sequence[Finding]]
) -> Verification:
    """Ask again about the mentions whose codes a check objected to, with its words and the mends it names.

    `findings` are those that must be resolved, by the mention whose code they concern.
    """
    maker = QuestionMaker(offer, model)
    asked = (
        Asked(
            mention,
            with_mends(offer.retrieved.of(mention.id), findings[mention.id], offer.codebook),
            tuple(dict.fromkeys(plain(finding.message) for finding in findings[mention.id])),
        )
        for mention in offer.mentions
        if mention.id in findings
    )
    return verification.changed(await _again(maker, model, asked))


async def _again(maker: QuestionMaker, model: Model, asked: Iterable[Asked]) -> Verification:
    """A later round: what it cannot answer stays as it was, so a server lost now loses nothing."""
    questions = tuple(question for one in asked if (question := maker.question(one)))
    try:
        return await _asked(questions, model, maker.cache_salt)
    except DependencyError:
        return Verification()


async def _asked(questions: Sequence[Question], model: Model, salt: str) -> Verification:
    outcomes = await asyncio.gather(*(_outcome(model, question, salt) for question in questions))
    down = [outcome.error for outcome in outcomes if isinstance(outcome.error, DependencyError)]
    if down and len(down) == len(outcomes):
        raise down[0]
    return Verification(
        choices=tuple(outcome.choice for outcome in outcomes if outcome.choice),
        usage=sum((outcome.usage for outcome in outcomes), Usage()),
        failures={outcome.mention_id: str(outcome.error) for outcome in outcomes if outcome.error},
    )


async def _outcome(model: Model, question: Question, salt: str) -> _Outcome:
    try:
        answer = await model.llm.answer(question.messages, question.response_model, cache_salt=salt)
    except (DependencyError, ModelOutputError) as error:
        spent = error.usage if isinstance(error, UnusableAnswerError) else Usage()
        return _Outcome(question.mention_id, None, spent, error)
    choice = _choice(question, answer)
    agreement, spent = await _agreement(model, question, salt, choice, answer.value.choice)
    signals = choice.signals.model_copy(update={"agreement": agreement})
    return _Outcome(question.mention_id, choice.model_copy(update={"signals": signals}), answer.usage + spent)


async def _agreement(
    model: Model, question: Question, salt: str, choice: Choice, said: str
) -> tuple[float | None, Usage]:
    """How often further samples say the same; asked only where the first answer was not sure of itself."""
    samples, probability = model.settings.samples, choice.signals.choice_probability
    if not samples or (probability is not None and probability >= model.settings.sure_from):
        return None, Usage()
    answers = await asyncio.gather(
        *(
            model.llm.answer(question.messages, question.response_model, cache_salt=salt, sample=number)
            for number in range(1, samples + 1)
        ),
        return_exceptions=True,
    )
    usable = [answer for answer in answers if isinstance(answer, Answer)]
    spent = sum((answer.usage for answer in usable), Usage())
    if not usable:
        return None, spent
    return sum(answer.value.choice == said for answer in usable) / len(usable), spent


def _choice(question: Question, answer: Answer[MentionAnswer]) -> Choice:
    """Read an answer as a choice; its number is one of the question's, the response model has seen to that."""
    value = answer.value
    chosen = {str(candidate.number): candidate for candidate in question.candidates}.get(value.choice)
    signals = choice_signals(answer, allowed(question.candidates))
    return Choice(
        mention_id=question.mention_id,
        system=chosen.system if chosen else CodeSystem.ICD10CM,
        code=chosen.code if chosen else None,
        reason=_shortened(value.reason, _MAX_REASON_CHARS),
        source=Source.LLM,
        strength=_UNKNOWN_STRENGTH if signals.choice_probability is None else signals.choice_probability,
        evidence_sentences=tuple(dict.fromkeys(value.evidence)),
        missing=_shortened(value.missing, _MAX_MISSING_CHARS) or None if value.missing else None,
        declined_as=None if chosen else NotCodedReason.DECLINED,
        signals=signals,
    )


def _shortened(text: str, limit: int) -> str:
    shown = plain(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
