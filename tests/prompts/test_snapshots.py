"""The words a model really gets, kept as files: a change of prompt or of rendering shows as a change of a snapshot.

Written anew with `python -m tests.prompts.test_snapshots`; read the difference before it is committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from agent.llm import LlmSettings
from agent.questions import Asked, Model, Offer, QuestionMaker
from medcoding.candidate import MentionCandidates, Retrieved, SimilarEncounter
from medcoding.guideline import GuidelineEntry
from prompts.loader import PROMPTS_FOLDER, load_prompt
from tests.charts import book, candidates, chart, mention
from tests.fakes import ScriptedLLM

SNAPSHOTS: Final = Path(__file__).parent.parent / "snapshots"
VERSIONS: Final = sorted(path.stem for path in (PROMPTS_FOLDER / "verify").glob("v*.toml"))


def rendered(version: str) -> str:
    """The messages of one question: gout of the left knee, with a guideline, a past encounter and a finding."""
    offered = tuple(
        candidate.model_copy(update={"title": book().title(candidate.code)})
        for candidate in candidates("M10.062", "M10.061", "M10.9", "I10")
    )
    retrieved = Retrieved(
        candidates=(MentionCandidates(mention_id=1, candidates=offered),),
        passages=(GuidelineEntry(id="I.B.2", edition="FY2027", title="Detail", text="Code to the highest detail."),),
        similar=(SimilarEncounter(case_id="past-7", score=0.8, codes=("M10.062", "I10")),),
    )
    gout = mention(1, "Gout", 2)
    model = Model(ScriptedLLM(lambda _: {}), load_prompt("verify", version), b"secret", LlmSettings(note_tokens=100))
    long_record = ("Hypertension is controlled.", "Gout of the left knee.", *("Nothing else was said.",) * 20)
    maker = QuestionMaker(Offer(chart(long_record), (gout,), retrieved, book()), model)
    question = maker.question(Asked(gout, offered, ("M10.9 leaves the side open.",)))
    assert question is not None
    return "\n".join(f"=== {message.role}\n{message.content}" for message in question.messages)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rendered_prompt_is_the_snapshot(version: str) -> None:
    """Byte for byte."""
    assert rendered(version) == (SNAPSHOTS / f"verify_{version}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for each in VERSIONS:
        (SNAPSHOTS / f"verify_{each}.txt").write_text(rendered(each), encoding="utf-8")
