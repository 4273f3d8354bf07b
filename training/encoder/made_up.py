"""What the default encoder learns from: made-up stories about common conditions, and the past encounters that ship.

The labels learn from stories by the thousand; the decider from the past encounters, which read like notes, and from
some stories. The latest past encounters and stories in sentences that were not learned are the test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from index_build.findable.past_encounters import past_encounters
from medcoding.coded_encounter import CodedEncounter, FinalCode, Provenance
from medcoding.codes import CodeRole, CodeSystem
from training.encoder.coded_parts import CodedParts, split
from training.mini.concepts import common_concepts
from training.mini.encounters import Story, Writer

STORY: Final = "story-"
"""What the case ids of stories begin with."""


class MadeUpPlan(NamedTuple):
    """How many stories each part gets."""

    training: int = 12_000
    development: int = 500
    test: int = 100
    seed: int = 11


def made_up_parts(plan: MadeUpPlan) -> CodedParts:
    """The parts of the default encoder. Takes half a minute."""
    concepts = common_concepts()
    told, unseen = Writer(concepts, "train"), Writer(concepts, "held")
    past = split(past_encounters())
    return CodedParts(
        training=_stories(told, f"{STORY}training-{plan.seed}", plan.training),
        development=(
            *past.training,
            *past.development,
            *_stories(told, f"{STORY}development-{plan.seed}", plan.development),
        ),
        test=(*past.test, *_stories(unseen, f"{STORY}test-{plan.seed}", plan.test)),
    )


def shipped_past() -> tuple[CodedEncounter, ...]:
    """The past encounters that every encoder's decider may learn from: all but the latest, which test."""
    parts = split(past_encounters())
    return (*parts.training, *parts.development)


def _stories(writer: Writer, seed: str, number: int) -> tuple[CodedEncounter, ...]:
    return tuple(coded_story(writer.story(at, seed)) for at in range(number))


def coded_story(story: Story) -> CodedEncounter:
    """A story with the codes that its statements deserve."""
    codes: Sequence[str] = list(dict.fromkeys(told.codes[0] for told in story.told if told.codes))
    lines = (
        FinalCode(system=CodeSystem.ICD10CM, code=code, role=CodeRole.SECONDARY, sequence=place)
        for place, code in enumerate(codes, start=1)
    )
    return CodedEncounter(
        **{name: getattr(story.encounter, name) for name in type(story.encounter).model_fields},
        codes=tuple(lines),
        provenance=Provenance(origin="synthetic", certified_coder=False),
    )
