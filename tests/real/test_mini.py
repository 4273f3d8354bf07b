"""The small model that ships, behind a real vLLM: the whole path that `--model mini` takes in one process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.bootstrap import build_pipeline
from agent.llm import LlmSettings
from agent.local import MINI_FOLDER
from agent.pipeline import Pipeline
from agent.settings import Settings
from evals.model_path.load import measure_load
from medcoding.encounter import Document, Encounter, Setting
from tests.real.server import VllmServer, running_vllm

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

NOTES = (
    """HPI: Mother had breast cancer. Denies chest pain.
ASSESSMENT AND PLAN
1. Type 2 diabetes with diabetic chronic kidney disease, stage 3b. Continue metformin.
2. Hypertension, controlled.
3. Possible gout of the left knee.""",
    """ASSESSMENT AND PLAN
1. Acute bronchitis.
2. Moderate persistent asthma with acute exacerbation.
3. Primary osteoarthritis of the right knee.
4. Iron deficiency anemia due to chronic blood loss.""",
)
REQUESTS = 64


def encounters() -> tuple[Encounter, ...]:
    """Two outpatient visits."""
    return tuple(
        Encounter(
            case_id=f"mini-{number}",
            setting=Setting.OUTPATIENT,
            date_of_service=date(2026, 11, 2),
            documents=(Document(document_id="note", text=note),),
        )
        for number, note in enumerate(NOTES)
    )


@pytest.fixture(scope="module")
def mini_server(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    """A server of the small model."""
    with running_vllm(vllm_python, MINI_FOLDER, tmp_path_factory.mktemp("mini")) as server:
        yield server


def served(settings: Settings, server: VllmServer) -> Pipeline:
    """The product as an operator configures it for that server."""
    llm = LlmSettings(base_url=server.base_url, note_tokens=1000, concurrency=8, explain=False)
    return build_pipeline(settings.model_copy(update={"llm": llm, "verify_prompt": "v3"}))


def nothing(done: int, total: int) -> None:
    """No progress is shown."""


def test_many_questions_at_once_get_usable_answers_only(settings: Settings, mini_server: VllmServer) -> None:
    """None unparsable, lost or outside the offer, and most of what questions share is computed once."""
    report = measure_load(served(settings, mini_server), encounters(), REQUESTS, nothing)
    assert (report.unparsable, report.lost, report.outside) == (0, 0, 0)
    assert report.prefix_hit_rate is not None
    assert report.prefix_hit_rate > 0.5


async def test_it_chooses_the_same_behind_a_server_as_in_this_process(
    settings: Settings, mini_server: VllmServer
) -> None:
    """Same weights, same prompt, same grammar: all but near ties are chosen alike."""
    here = build_pipeline(settings.model_copy(update={"llm": LlmSettings(model="mini")}))
    there = served(settings, mini_server)
    chosen = [
        [{choice.mention_id: choice.code for choice in (await pipeline.trace(one)).choices} for one in encounters()]
        for pipeline in (here, there)
    ]
    await here.aclose()
    await there.aclose()
    pairs = [(mine[i], theirs.get(i)) for mine, theirs in zip(*chosen, strict=True) for i in mine]
    assert len(pairs) >= 6
    assert sum(mine == theirs for mine, theirs in pairs) >= 0.8 * len(pairs)
