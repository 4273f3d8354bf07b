"""A live model's answers can be kept, for their owner alone, and given again."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from agent.bootstrap import build_pipeline
from agent.instructed import InstructedLLM
from agent.llm import Answer, LlmSettings, UnusableAnswerError
from agent.pipeline import Pipeline
from agent.recorded import Recorded
from agent.recording import RecordingTransport
from agent.replay import ReplayLLM
from agent.settings import Settings
from medcoding.errors import ConfigError
from medcoding.proposal import Source
from medcoding.record import Record
from medcoding.result import CodingResult
from tests.batch_service import QUESTION, ScriptedTransport
from tests.flow.notes import encounter
from tests.model_server import completion, serving

NOTE_WORDS = QUESTION[-1].content
FITS = '{"reason":"fits","choice":"2"}'
SETTINGS = LlmSettings(seed=5, max_tokens=99)


class Choice(Record):
    """A small answer."""

    reason: str
    choice: Literal["1", "2", "none"]


async def recorded_run(file: Path, content: str = FITS) -> Answer[Choice]:
    """Ask a live model through a recording transport."""
    llm = InstructedLLM(SETTINGS, RecordingTransport(ScriptedTransport(lambda _: content), file))
    try:
        return await llm.answer(QUESTION, Choice, cache_salt="north")
    finally:
        await llm.aclose()


async def test_a_recorded_run_can_be_replayed(tmp_path: Path) -> None:
    """The same answer, without the model; runs add to the file."""
    file = tmp_path / "answers.jsonl"
    live = await recorded_run(file)
    await recorded_run(file)
    recorded = Recorded([file])
    replayed = await ReplayLLM(SETTINGS, recorded, "coder").answer(QUESTION, Choice)
    assert replayed.model_dump() == live.model_dump()
    assert recorded.doubled == 1


async def test_a_recording_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Answers quote the record; a file that others could read is closed to them."""
    file = tmp_path / "answers.jsonl"
    file.write_text('{"custom_id": "torn', encoding="utf-8")
    file.chmod(0o644)
    await recorded_run(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    recorded = Recorded([file])
    assert recorded.broken == 1
    assert len(recorded.ids) == 1
    assert NOTE_WORDS not in file.read_text(encoding="utf-8")


async def test_a_misfit_is_recorded_too(tmp_path: Path) -> None:
    """A replay must refuse what was refused live."""
    file = tmp_path / "answers.jsonl"
    with pytest.raises(UnusableAnswerError):
        await recorded_run(file, '{"reason":"fits","choice":"77"}')
    assert len(Recorded([file]).ids) == 1 + SETTINGS.reask


def test_a_recording_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError, match="cannot be recorded"):
        RecordingTransport(ScriptedTransport(), tmp_path / "nowhere" / "answers.jsonl")


# by settings


def coded(pipeline: Pipeline) -> CodingResult:
    """The result of one encounter, without the milliseconds."""

    async def code() -> CodingResult:
        result = await pipeline.code(encounter("Assessment: Gout of the left knee. Hypertension."))
        await pipeline.aclose()
        return result.model_copy(update={"cost": result.cost.model_copy(update={"stage_ms": {}})})

    return asyncio.run(code())


def with_model(settings: Settings, **changes: Any) -> Settings:
    """The settings with a secret and changes of the model's."""
    llm = settings.llm.model_copy(update={"model": "coder"} | changes)
    return settings.model_copy(update={"secret": SecretStr("kept"), "llm": llm})


def test_a_run_kept_by_setting_is_replayed_by_setting(settings: Settings, tmp_path: Path) -> None:
    """With the model server gone: the same codes, tokens and stamp."""
    file = tmp_path / "answers.jsonl"
    says = '{"evidence":[1],"reason":"documented","missing":null,"choice":"1"}'
    with serving(completion(says, model="coder")) as server:
        live = coded(build_pipeline(with_model(settings, base_url=server.url, record=file)))
    replayed = coded(build_pipeline(with_model(settings, base_url=server.url, replay=file)))
    assert replayed == live
    assert {line.source for line in live.codes} == {Source.LLM}


def test_a_replay_needs_the_models_name(settings: Settings, tmp_path: Path) -> None:
    """No server is asked which model it has."""
    (tmp_path / "answers.jsonl").touch()
    asked = with_model(settings, base_url="http://127.0.0.1:9/v1", model=None, replay=tmp_path / "answers.jsonl")
    with pytest.raises(ConfigError, match="CHARTWRIGHT_LLM__MODEL"):
        build_pipeline(asked)
