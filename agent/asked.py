"""Asked: a coder's question about one code, answered by rules and put into words by the model.

The verdict is the rules' and nothing a note, a question or a model says can change it. The words are written from
established facts; where they cite or name anything else, or contradict the verdict, the answer of the rules stands.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from pydantic import ConfigDict, Field

from agent.explain import Explainer
from agent.grounds import Quote, Shown, citing, clinical, mark_of, orders_in, refusal, shown_quote
from agent.llm import Answer, Message, UnusableAnswerError, Usage
from agent.questions import Model, derived
from agent.told import costing, may_write, pseudonyms_in, rationale_values, shared_values
from agent.why import GroundedAnswer, Stance, Verdict, WhyAnswer, why
from agent.withheld import plain
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.errors import DependencyError, ModelOutputError
from medcoding.guideline import GUIDELINE_ID
from medcoding.proposal import EvidenceQuote, Source
from medcoding.record import Record
from medcoding.result import CitedGuideline, CodeLine, CodingResult
from prompts.loader import Prompt

_MOST_QUOTES: Final = 12
LONGEST_QUESTION: Final = 500
"""Characters of a question in the coder's own words."""

_SPEAKS_TO_MACHINES: Final = "The record holds words addressed to a machine, so no model was asked."
_NO_ANSWER: Final = "The language model chose nothing for this encounter, so it was not asked for words."
_STANCES: Final[dict[Verdict, Stance]] = {"supported": "for", "record_silent": "silent"}
_NO_LINE: Final[dict[str, Any]] = {"path": "", "instructions": (), "alternatives": (), "would_change": ""}


class CodeQuestion(Record):
    """What a coder asks about one encounter."""

    code: str
    """An ICD-10-CM code, with or without its dot."""
    question: str = Field(default="", max_length=LONGEST_QUESTION)
    """The coder's own words; empty asks whether the code fits."""


class CoderAnswer(Record):
    """What the model answers; the keys are generated in this order."""

    model_config = ConfigDict(use_attribute_docstrings=False)  # as in `agent.questions.MentionAnswer`

    answer: str
    quotes: list[str]
    guidelines: list[str]
    says: Literal["for", "against", "silent"]


class Asking(NamedTuple):
    """What an answer is found in and by."""

    result: CodingResult
    chart: Chart
    codebook: Codebook
    explainer: Explainer
    prompt: Prompt
    model: Model | None
    answers: bool = True
    """False where the model gave no choice for this encounter: then it is not asked for words."""


class _Sheet(NamedTuple):
    """What is sent, and what may be cited of it."""

    messages: tuple[Message, ...]
    response_model: type[CoderAnswer]
    shown: Shown
    quotes: dict[str, EvidenceQuote]
    guidelines: dict[str, CitedGuideline]
    salt: str


async def answered(question: CodeQuestion, asking: Asking) -> WhyAnswer:
    """The rules' answer, with the model's words where it has some. Raises `InputError` for what is no code."""
    answer = why(question.code, asking.result, asking.codebook)
    answer = answer.model_copy(update={"cost": asking.result.cost})
    model = asking.model
    if model is None or not model.settings.explain:
        return answer
    if not may_write(asking.chart, model):
        return answer.model_copy(update={"prose": _by_rules(answer, _SPEAKS_TO_MACHINES)})
    if not asking.answers:
        return answer.model_copy(update={"prose": _by_rules(answer, _NO_ANSWER)})
    sheet = await asyncio.to_thread(_sheet, question, answer, asking, model)
    started = time.perf_counter()
    prose, usage = await _prose(sheet, question, answer, asking.codebook, model)
    spent_ms = round((time.perf_counter() - started) * 1000, 3)
    return answer.model_copy(update={"prose": prose, "cost": costing(asking.result.cost, usage, model, spent_ms)})


async def _prose(
    sheet: _Sheet, question: CodeQuestion, answer: WhyAnswer, codebook: Codebook, model: Model
) -> tuple[GroundedAnswer, Usage]:
    """The model's words, or the rules' where they cannot be used."""
    try:
        reply = await model.llm.answer(sheet.messages, sheet.response_model, cache_salt=sheet.salt)
    except (DependencyError, ModelOutputError) as error:
        return _by_rules(answer, str(error)), error.usage if isinstance(error, UnusableAnswerError) else Usage()
    fault = refusal(reply.value.answer, sheet.shown, codebook)
    if fault is None and reply.value.says not in _allowed(answer.verdict, is_own=bool(question.question.strip())):
        fault = "contradicts what the rules decided"
    if fault:
        return _by_rules(answer, f"The model's answer {fault}."), reply.usage
    return _grounded(sheet, reply, model), reply.usage


def _grounded(sheet: _Sheet, reply: Answer[CoderAnswer], model: Model) -> GroundedAnswer:
    value = reply.value
    return GroundedAnswer(
        text=plain(value.answer),
        says=value.says,
        evidence=tuple(sheet.quotes[cited] for cited in dict.fromkeys(value.quotes)),
        guidelines=tuple(sheet.guidelines[cited] for cited in dict.fromkeys(value.guidelines)),
        source=Source.LLM,
        model=model.llm.name or None,
    )


def _by_rules(answer: WhyAnswer, why_rules: str) -> GroundedAnswer:
    says = _STANCES.get(answer.verdict, "against")
    return GroundedAnswer(
        text=answer.answer, says=says, evidence=answer.evidence, source=Source.RULES, why_rules=why_rules
    )


def _allowed(verdict: Verdict, *, is_own: bool) -> set[Stance]:
    """What words may say beside a verdict; that the record does not say can always answer a question of one's own."""
    decided = _STANCES.get(verdict, "against")
    if verdict == "record_silent":
        return {"silent", "against"}
    return {decided, "silent"} if is_own else {decided}


def _sheet(question: CodeQuestion, answer: WhyAnswer, asking: Asking, model: Model) -> _Sheet:
    """The question with everything that may answer it; the coder's own words are shown, and are no facts."""
    prompt, mark = asking.prompt, mark_of(asking.chart, model, question.question)
    offered = list(_offered(answer, asking))[:_MOST_QUOTES]
    quotes = [shown_quote(number, number - 1, *one) for number, one in enumerate(offered, start=1)]
    guidelines = _guidelines(answer, asking)
    facts = prompt.render_part("shared", **shared_values(asking.result, asking.chart)) + prompt.render_part(
        "code", delimiter=mark, quotes=quotes, guidelines=guidelines, **_code_values(answer, asking.result)
    )
    own = prompt.render_part("question", delimiter=mark, code=answer.code, question=plain(question.question))
    pseudonyms = pseudonyms_in(asking.chart, asking.result)
    facts, own = pseudonyms.concealed(facts, mark), pseudonyms.concealed(own, mark)
    system = Message(role="system", content=prompt.render_part("system"))
    return _Sheet(
        messages=(system, Message(role="user", content=facts + own)),
        response_model=citing(CoderAnswer, _ids(quotes), [guideline.id for guideline in guidelines]),
        shown=Shown.of(facts, mark),
        quotes=dict(zip(_ids(quotes), (quote for quote, _ in offered), strict=True)),
        guidelines={guideline.id: guideline for guideline in guidelines},
        salt=derived(model.secret, "cache salt", (asking.chart.encounter.tenant or "").encode()),
    )


def _code_values(answer: WhyAnswer, result: CodingResult) -> dict[str, Any]:
    line = answer.line or _line(result, answer.instead)
    return {
        "code": answer.code,
        "title": plain(answer.title),
        "verdict": answer.verdict.replace("_", " "),
        "instead": answer.instead or "",
        "rule_answer": plain(answer.answer),
        "about": line.code if line else answer.code,
        **(rationale_values(line.rationale) if line else _NO_LINE),
    }


def _offered(answer: WhyAnswer, asking: Asking) -> Iterator[tuple[EvidenceQuote, str]]:
    """Quotes with what became of them: those of the code in question first, then the leading one of everything else."""
    result, orders, seen = asking.result, orders_in(asking.chart), set[tuple[str, int, int]]()
    own = answer.line or next((c for c in result.codes if c.evidence == answer.evidence), None)
    about = f"reported as {own.code}" if own else "left out"
    named = (
        (answer.evidence, about),
        *((line.evidence[:1], f"reported as {line.code}") for line in result.codes),
        *((item.evidence[:1], f"left out: {item.reason.value}") for item in result.not_coded),
    )
    for evidence, became in named:
        for _, quote in clinical(evidence, orders):
            place = (quote.document_id, quote.start, quote.end)
            if place not in seen:
                seen.add(place)
                yield quote, became


def _guidelines(answer: WhyAnswer, asking: Asking) -> tuple[CitedGuideline, ...]:
    if answer.line:
        return answer.line.rationale.guidelines
    decided = GUIDELINE_ID.findall(answer.answer)
    return asking.explainer.guidelines(answer.code, decided, asking.codebook, asking.result.setting)


def _line(result: CodingResult, code: str | None) -> CodeLine | None:
    return next((line for line in result.codes if line.code == code), None)


def _ids(quotes: list[Quote]) -> list[str]:
    return [quote.id for quote in quotes]
