"""An exported file of questions through the real `run-batch` of vLLM: all answered, within the schema, imported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.bootstrap import build_pipeline
from agent.recorded import Recorded
from agent.replay import ReplayLLM
from agent.settings import Settings
from tests.agent.test_requests import Desk, lines, sources
from tests.batch_service import asked, written
from tests.flow.notes import encounter
from tests.real.server import FLAGS, MODEL_NAME, QUIET_OFFLINE

pytestmark = [pytest.mark.real, pytest.mark.timeout(700)]

RUN_LIMIT_S = 500
"""On a quiet machine a run takes one minute, most of it to load the model."""
NOTES = (
    "Assessment:\n1. Type 1 diabetes mellitus\n2. Type 2 diabetes mellitus",
    "CC: right knee pain\nAssessment: Gout of the left knee.",
)


def run_batch(python: Path, model: Path, requests: Path, answers: Path) -> None:
    """Have vLLM answer a file of requests."""
    command: list[str | Path] = [
        python, "-W", "ignore", "-m", "vllm.entrypoints.openai.run_batch",
        "-i", requests, "-o", answers, "--model", model, "--served-model-name", MODEL_NAME, *FLAGS,
    ]  # fmt: skip
    folder = answers.parent
    ended = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | QUIET_OFFLINE | {"VLLM_CACHE_ROOT": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_LIMIT_S,
    )
    if ended.returncode:
        pytest.fail(f"run-batch failed:\n{ended.stderr[-3000:]}")


def test_run_batch_answers_what_was_exported(
    vllm_python: Path, tiny_model: Path, settings: Settings, tmp_path: Path
) -> None:
    """Every question gets an answer that fits, with tokens and a measured probability, and results name the model."""
    llm = settings.llm.model_copy(update={"model": MODEL_NAME})
    offline = settings.model_copy(update={"secret": SecretStr("kept"), "llm": llm})
    visits = [encounter(note, case_id=f"c{n}").model_dump_json() for n, note in enumerate(NOTES)]
    pipeline = build_pipeline(offline, ReplayLLM(llm, Recorded(), MODEL_NAME))
    desk = Desk(pipeline, written(tmp_path / "visits.jsonl", visits), offline)
    requests = desk.exported()
    answers = tmp_path / "answers.jsonl"
    run_batch(vllm_python, tiny_model, desk.requests, answers)
    recorded = Recorded([answers])
    assert (recorded.broken, recorded.doubled, recorded.errors) == (0, 0, 0)
    assert recorded.ids == {one["custom_id"] for one in requests}
    outcome = desk.imported(answers)
    assert (outcome.answered, outcome.foreign, outcome.batch.coded) == (len(requests), 0, len(NOTES))
    assert outcome.open == len(asked(desk.next))
    assert all(len(one["body"]["messages"]) == 2 for one in asked(desk.next)), (
        "an answer did not fit and is asked again"
    )
    results = lines(desk.results)
    assert [line["case_id"] for line in results] == ["c0", "c1"]
    assert {line["stamp"]["model"] for line in results} == {MODEL_NAME}
    assert all(line["cost"]["tokens_in"] > line["cost"]["tokens_out"] > 0 for line in results)
    assert sources(results) <= {"llm", "rules"}
    for line in answers.read_text(encoding="utf-8").splitlines():
        body = json.loads(line)["response"]["body"]
        assert json.loads(body["choices"][0]["message"]["content"]).keys() == {
            "evidence",
            "reason",
            "missing",
            "choice",
        }
        assert body["choices"][0]["logprobs"]["content"]
