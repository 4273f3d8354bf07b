"""Recorded answers stand in for a model in every way that counts."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any, Literal

import pytest

from agent.instructed import InstructedLLM
from agent.llm import LlmSettings, UnusableAnswerError, Usage
from agent.recorded import Recorded
from agent.replay import ReplayLLM
from agent.vllm import VllmLLM
from medcoding.errors import DependencyError
from medcoding.record import Record
from tests.batch_service import QUESTION, ScriptedTransport, bad, good, written
from tests.model_server import serving

NOTE_WORDS = QUESTION[-1].content
FITS = '{"reason":"fits","choice":"2"}'
SETTINGS = LlmSettings(seed=5, max_tokens=99)


class Choice(Record):
    """A small answer."""

    reason: str
    choice: Literal["1", "2", "none"]


def replaying(*lines: str, folder: Path, **changes: Any) -> ReplayLLM:
    """A model that answers with these lines."""
    recorded = Recorded([written(folder / "answers.jsonl", lines)])
    return ReplayLLM(SETTINGS.model_copy(update=changes), recorded, "coder")


async def id_of(sample: int = 0) -> str:
    """The id of the question."""
    empty = ReplayLLM(SETTINGS, Recorded(), "coder")
    with pytest.raises(DependencyError):
        await empty.answer(QUESTION, Choice, sample=sample)
    return empty.unanswered[0].custom_id


async def test_an_exported_body_is_what_the_live_client_sends() -> None:
    """Name by name and value by value, in the order of the schema: the service answers the very same question."""
    empty = ReplayLLM(SETTINGS, Recorded(), "coder")
    with pytest.raises(DependencyError):
        await empty.answer(QUESTION, Choice, cache_salt="north")
    (exported,) = empty.unanswered
    with serving() as server:
        live = VllmLLM(SETTINGS.model_copy(update={"base_url": server.url, "model": "coder"}))
        await live.answer(QUESTION, Choice, cache_salt="north")
        await live.aclose()
    (sent,) = server.requests
    assert {name: json.dumps(value) for name, value in exported.body.items()} == {
        name: json.dumps(value) for name, value in sent.items()
    }
    assert json.loads(exported.line())["body"] == sent


async def test_a_recorded_answer_is_a_live_one(tmp_path: Path) -> None:
    """The same value, words, usage and token scores as from a server that says the same."""
    with serving() as server:
        live = VllmLLM(SETTINGS.model_copy(update={"base_url": server.url, "model": "coder"}))
        expected = await live.answer(QUESTION, Choice)
        await live.aclose()
    llm = replaying(good(await id_of(), FITS), folder=tmp_path)
    answer = await llm.answer(QUESTION, Choice)
    assert answer.model_dump() == expected.model_dump()
    assert answer.usage == Usage(tokens_in=50, tokens_cached=32, tokens_out=7)
    assert (llm.name, llm.answered, llm.unanswered) == ("coder", (await id_of(),), ())


async def test_a_question_without_an_answer_is_collected_once(tmp_path: Path) -> None:
    """However often it is asked, and however many there are: no breaker keeps the later ones out."""
    llm = replaying(folder=tmp_path, breaker_failures=1)
    for sample in (0, 0, 1, 2, 0):
        with pytest.raises(DependencyError, match="No answer to this question is recorded") as caught:
            await llm.answer(QUESTION, Choice, sample=sample)
        assert not caught.value.retryable
    assert len(llm.unanswered) == 3
    assert [one.body["seed"] for one in llm.unanswered] == [5, 6, 7]


async def test_a_sample_is_a_question_of_its_own(tmp_path: Path) -> None:
    """Its seed and temperature differ, so the answer itself never stands in for a further one."""
    llm = replaying(good(await id_of(), FITS), folder=tmp_path)
    with pytest.raises(DependencyError):
        await llm.answer(QUESTION, Choice, sample=1)
    assert llm.unanswered[0].custom_id == await id_of(sample=1)


@pytest.mark.parametrize(("status", "words"), [(413, "HTTP 413"), (0, "with an error")])
async def test_an_error_of_the_service_stays_open(status: int, words: str, tmp_path: Path) -> None:
    """The refusal names its status, and the question can be asked again."""
    line = bad(await id_of(), status) if status else json.dumps({"custom_id": await id_of(), "response": None})
    llm = replaying(line, folder=tmp_path)
    with pytest.raises(DependencyError, match=words):
        await llm.answer(QUESTION, Choice)
    assert len(llm.unanswered) == 1


@pytest.mark.parametrize("content", ['{"reason":"fits","choice":"77"}', '{"reason":', "gout", ""])
async def test_an_answer_that_does_not_fit_is_refused_as_a_live_one(content: str, tmp_path: Path) -> None:
    """With the same sentence and usage, and without a word of the note or the answer."""
    llm = replaying(good(await id_of(), content), folder=tmp_path, reask=0)
    live = InstructedLLM(
        SETTINGS.model_copy(update={"reask": 0, "model": "coder"}), ScriptedTransport(lambda _: content)
    )
    with pytest.raises(UnusableAnswerError) as refused:
        await llm.answer(QUESTION, Choice)
    with pytest.raises(UnusableAnswerError) as refused_live:
        await live.answer(QUESTION, Choice)
    assert str(refused.value) == str(refused_live.value)
    assert refused.value.usage == refused_live.value.usage == Usage(tokens_in=50, tokens_cached=32, tokens_out=7)
    assert NOTE_WORDS not in "".join(traceback.format_exception(refused.value))


async def test_what_would_be_asked_again_is_a_question_for_the_next_batch(tmp_path: Path) -> None:
    """A live model is told what was wrong and asked again; so is the batch service, and its answer is taken."""
    misfit = good(await id_of(), '{"reason":"fits","choice":"77"}')
    llm = replaying(misfit, folder=tmp_path, reask=1)
    with pytest.raises(DependencyError, match="No answer"):
        await llm.answer(QUESTION, Choice)
    (again,) = llm.unanswered
    assert len(again.body["messages"]) > len(QUESTION)
    later = replaying(misfit, good(again.custom_id, FITS), folder=tmp_path, reask=1)
    assert (await later.answer(QUESTION, Choice)).value.choice == "2"


async def test_an_answer_that_was_cut_off_says_so(tmp_path: Path) -> None:
    """The mend is the token limit, which makes another question."""
    llm = replaying(good(await id_of(), '{"reason":"fi', finish="length"), folder=tmp_path)
    with pytest.raises(UnusableAnswerError, match="cut off"):
        await llm.answer(QUESTION, Choice)


@pytest.mark.parametrize(
    "body", [{"choices": [{"message": {}}]}, {"choices": [{"message": {"content": 7}}], "usage": "many"}]
)
async def test_an_odd_completion_is_unusable_and_nothing_worse(body: dict[str, Any], tmp_path: Path) -> None:
    """What another service leaves out or writes differently ends in a sentence."""
    response = {"status_code": 200, "request_id": "r", "body": body}
    line = json.dumps({"custom_id": await id_of(), "response": response, "error": None})
    with pytest.raises(UnusableAnswerError):
        await replaying(line, folder=tmp_path, reask=0).answer(QUESTION, Choice)
