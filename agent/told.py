"""Told: each accepted code's rationale in prose, written by the model from facts that are already established.

All codes of an encounter are asked about at once behind the same text, and come back in the order they finish. What
the model writes decides nothing: a text that cites or names what it was not given is refused, and the summary that
rules made stands in its place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from pydantic import ConfigDict

from agent.grounds import Quote, Shown, citing, clinical, mark_of, orders_in, refusal, shown_quote
from agent.llm import Message, UnusableAnswerError, Usage
from agent.pseudonyms import Pseudonyms
from agent.questions import Model, derived
from agent.withheld import is_tampered, plain
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, ModelOutputError
from medcoding.proposal import Source
from medcoding.record import Record
from medcoding.result import CitedGuideline, CodeLine, CodingResult, Cost, Explanation, Instruction, Rationale
from prompts.loader import Prompt

_MOST_QUOTES: Final = 6
_MOST_INSTRUCTIONS: Final = 6
_STAGE: Final = "prose"


class ExplanationAnswer(Record):
    """What the model answers for one code; the keys are generated in this order."""

    model_config = ConfigDict(use_attribute_docstrings=False)  # as in `agent.questions.MentionAnswer`

    summary: str
    quotes: list[str]
    guidelines: list[str]


class Explained(Record):
    """One explanation, with the line it belongs to."""

    case_id: str
    system: CodeSystem
    code: str
    sequence: int
    explanation: Explanation


class Step(NamedTuple):
    """One step of an answer that comes in pieces: the codes, an explanation, and at the end the complete result."""

    name: Literal["codes", "explanation", "done"]
    record: CodingResult | Explained


class Told(NamedTuple):
    """One explanation with the tokens it took."""

    explained: Explained
    usage: Usage


class Telling(NamedTuple):
    """What explanations are written from and by."""

    result: CodingResult
    chart: Chart
    codebook: Codebook
    prompt: Prompt
    model: Model


class _Sheet(NamedTuple):
    """What is sent for one code."""

    line: CodeLine
    quotes: tuple[Quote, ...]
    messages: tuple[Message, ...]
    response_model: type[ExplanationAnswer]
    shown: Shown


async def steps(result: CodingResult, telling: Telling | None) -> AsyncGenerator[Step, None]:
    """The codes first, then each explanation as it comes, last the complete result with what all of it took.

    Without `telling` there is nothing to wait for. Closing the iterator ends the questions that are under way.
    """
    yield Step("codes", result)
    started, explained, usage = time.perf_counter(), [], Usage()
    if telling:
        async with aclosing(explanations(telling)) as arriving:
            async for told in arriving:
                explained.append(told.explained)
                usage += told.usage
                yield Step("explanation", told.explained)
        spent_ms = round((time.perf_counter() - started) * 1000, 3)
        result = _complete(result, explained, costing(result.cost, usage, telling.model, spent_ms))
    yield Step("done", result)


async def explanations(telling: Telling) -> AsyncGenerator[Told, None]:
    """One explanation for each code, in the order they finish."""
    salt = derived(telling.model.secret, "cache salt", (telling.chart.encounter.tenant or "").encode())
    sheets = await asyncio.to_thread(_sheets, telling)
    tasks = [asyncio.create_task(_told(sheet, telling, salt)) for sheet in sheets]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def may_write(chart: Chart, model: Model | None) -> bool:
    """True when a model is to put facts into words; never about a record that speaks to machines."""
    return model is not None and model.settings.explain and not is_tampered(chart)


def costing(cost: Cost, usage: Usage, model: Model, spent_ms: float) -> Cost:
    """The cost with what words took beside it; their milliseconds stand under `prose`."""
    return cost.model_copy(
        update={
            "tokens_in": cost.tokens_in + usage.tokens_in,
            "tokens_cached": cost.tokens_cached + usage.tokens_cached,
            "tokens_out": cost.tokens_out + usage.tokens_out,
            "money": cost.money + model.settings.money(usage),
            "stage_ms": cost.stage_ms | {_STAGE: spent_ms},
        }
    )


async def _told(sheet: _Sheet, telling: Telling, salt: str) -> Told:
    model, result = telling.model, telling.result
    try:
        answer = await model.llm.answer(sheet.messages, sheet.response_model, cache_salt=salt)
    except (DependencyError, ModelOutputError) as error:
        usage = error.usage if isinstance(error, UnusableAnswerError) else Usage()
        return Told(_explained(sheet, result, _by_rules(sheet.line, str(error))), usage)
    value = answer.value
    if fault := refusal(value.summary, sheet.shown, telling.codebook):
        explanation = _by_rules(sheet.line, f"The model's explanation {fault}.")
    else:
        places = {quote.id: quote.position for quote in sheet.quotes}
        explanation = Explanation(
            text=plain(value.summary),
            quotes=tuple(dict.fromkeys(places[cited] for cited in value.quotes)),
            guidelines=tuple(dict.fromkeys(value.guidelines)),
            source=Source.LLM,
            model=model.llm.name or None,
        )
    return Told(_explained(sheet, result, explanation), answer.usage)


def _by_rules(line: CodeLine, why: str) -> Explanation:
    return Explanation(text=line.rationale.summary, source=Source.RULES, why_rules=why)


def _explained(sheet: _Sheet, result: CodingResult, explanation: Explanation) -> Explained:
    line = sheet.line
    return Explained(
        case_id=result.case_id, system=line.system, code=line.code, sequence=line.sequence, explanation=explanation
    )


def _sheets(telling: Telling) -> list[_Sheet]:
    """The question for each code; what they share is rendered once."""
    prompt, mark = telling.prompt, mark_of(telling.chart, telling.model)
    system = Message(role="system", content=prompt.render_part("system"))
    shared = prompt.render_part("shared", **shared_values(telling.result, telling.chart), guidelines=_digest(telling))
    orders = orders_in(telling.chart)
    offered = (clinical(line.evidence, orders)[:_MOST_QUOTES] for line in telling.result.codes)
    quotes = [tuple(shown_quote(n, *place) for n, place in enumerate(places, start=1)) for places in offered]
    pseudonyms = pseudonyms_in(telling.chart, telling.result)

    def written(**values: Any) -> str:
        return pseudonyms.concealed(shared + prompt.render_part("code", delimiter=mark, **values), mark)

    ask = partial(_sheet, written, mark, system)
    return [ask(line, own) for line, own in zip(telling.result.codes, quotes, strict=True)]


def _sheet(
    written: Callable[..., str], mark: str, system: Message, line: CodeLine, quotes: tuple[Quote, ...]
) -> _Sheet:
    ids = [guideline.id for guideline in line.rationale.guidelines]
    text = written(
        code=line.code,
        title=plain(line.title),
        role=_words(line.role.value),
        quotes=quotes,
        guideline_ids=ids,
        looked_up=plain(line.rationale.index_path[0]) if line.rationale.index_path else "",
        **rationale_values(line.rationale),
    )
    answer = citing(ExplanationAnswer, [quote.id for quote in quotes], ids)
    return _Sheet(line, quotes, (system, Message(role="user", content=text)), answer, Shown.of(text, mark))


def pseudonyms_in(chart: Chart, result: CodingResult) -> Pseudonyms:
    """What stands for the names of a record in what is written about its codes."""
    coded = (quote.text for line in result.codes for quote in line.evidence)
    return Pseudonyms(chart, (*coded, *(item.text for item in result.not_coded)))


def shared_values(result: CodingResult, chart: Chart) -> dict[str, Any]:
    """What every question about an encounter begins with."""
    patient = chart.encounter.patient
    age = "age not stated" if patient.age is None else f"{patient.age} years"
    return {
        "setting": result.setting.value,
        "patient": f"{age}, {patient.sex or 'sex not stated'}",
        "edition": f"ICD-10-CM {result.edition}",
        "codes_uncertain": result.setting.codes_uncertain_diagnoses,
        "codes": [
            {"sequence": line.sequence, "code": line.code, "title": plain(line.title), "role": _words(line.role.value)}
            for line in result.codes
        ],
    }


def rationale_values(rationale: Rationale) -> dict[str, Any]:
    """A rationale's facts; `why_not` and `would_change` may hold words of the record, the others hold none."""
    return {
        "path": " > ".join(rationale.index_path[1:]) or "none",
        "instructions": [
            {"kind": _words(i.kind), "at": i.at, "text": i.text, "status": i.status}
            for i in rationale.instructions
            if _decides(i)
        ][:_MOST_INSTRUCTIONS],
        "alternatives": [
            {"code": other.code, "title": plain(other.title), "why_not": plain(other.why_not)}
            for other in rationale.alternatives
        ],
        "would_change": plain(rationale.would_change),
    }


def _decides(instruction: Instruction) -> bool:
    return instruction.status.startswith(("applied", "both may be reported", "to check:"))


def _digest(telling: Telling) -> Sequence[CitedGuideline]:
    """The guideline sections of all codes, each once."""
    cited = {g.id: g for line in telling.result.codes for g in line.rationale.guidelines}
    return [cited[section] for section in sorted(cited)]


def _complete(result: CodingResult, explained: Sequence[Explained], cost: Cost) -> CodingResult:
    by_line = {(one.sequence, one.code): one.explanation for one in explained}
    lines = tuple(
        line.model_copy(
            update={
                "rationale": line.rationale.model_copy(update={"explanation": by_line.get((line.sequence, line.code))})
            }
        )
        for line in result.codes
    )
    return result.model_copy(update={"codes": lines, "cost": cost})


def _words(name: str) -> str:
    return name.replace("_", " ")
