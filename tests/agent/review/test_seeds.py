"""Behaviour of known-wrong suggestions: wrong by the record's own words, by lot, and the same lot each time."""

from __future__ import annotations

from agent.pipeline import Pipeline
from agent.review.seeds import seed_for, seeded_ids, with_seed
from medcoding.codebook import Codebook
from medcoding.result import CodingResult
from tests.desks import KNEE, knee_visit


async def result(pipeline: Pipeline, text: str = KNEE) -> CodingResult:
    """What the rules propose."""
    return await pipeline.code(knee_visit(text=text))


async def test_a_seed_is_the_other_side_or_what_the_record_denies(pipeline: Pipeline, fy2027: Codebook) -> None:
    """Over many lots only codes come up that the record's words speak against, each with words of the record."""
    answer = await result(pipeline)
    drawn = [seed_for(answer, fy2027, str(n).encode(), 1.0) for n in range(60)]
    codes = {seed.line.code for seed in drawn if seed}
    denied = {item.code for item in answer.not_coded if item.reason in {"negated", "family history"}}
    assert "M17.12" in codes
    assert codes <= {"M17.12", *denied}
    assert not codes & {line.code for line in answer.codes}
    assert all(seed.line.evidence for seed in drawn if seed)


async def test_the_share_is_kept_and_the_lot_is_the_same(pipeline: Pipeline, fy2027: Codebook) -> None:
    """A quarter of the lots is drawn at a quarter, none at nothing, and a case draws the same lot twice."""
    answer = await result(pipeline)
    keys = [str(n).encode() for n in range(400)]
    drawn = [seed_for(answer, fy2027, key, 0.25) for key in keys]
    assert 60 <= sum(seed is not None for seed in drawn) <= 140
    assert [seed_for(answer, fy2027, key, 0.25) for key in keys] == drawn
    assert not any(seed_for(answer, fy2027, key, 0.0) for key in keys)


async def test_a_seed_never_leads_and_names_its_line(pipeline: Pipeline, fy2027: Codebook) -> None:
    """It stands somewhere behind the first code, and the id of its line is known to the store."""
    answer = await result(pipeline)
    for n in range(30):
        seed = seed_for(answer, fy2027, str(n).encode(), 1.0)
        assert seed is not None
        lines = with_seed(answer.codes, seed)
        (line_id,) = seeded_ids(seed)
        place = int(line_id[1:]) - 1
        assert place > 0
        assert lines[place] == seed.line
        assert len(lines) == len(answer.codes) + 1


async def test_a_record_that_offers_nothing_gets_none(pipeline: Pipeline, fy2027: Codebook) -> None:
    """Where neither a side nor a denial is documented there is nothing to be wrong about."""
    answer = await result(pipeline, "ASSESSMENT\n1. Hypertension.\n2. Gout.")
    assert seed_for(answer, fy2027, b"key", 1.0) is None
