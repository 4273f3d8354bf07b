from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medcoding.codebook import Codebook
from medcoding.mention import Axes, Episode, Laterality
from retrieval.expand import expand
from retrieval.wording import forms

STEMS = (
    "M25.56",
    "S82.6",
    "S93.40",
    "E11",
    "I50",
    "J45",
    "M17",
    "N18.3",
    "I10",
    "S06.1X7",
    "G43.9",
    "H25.1",
    "nonsense",
)
WORDS = ("right", "acute", "chronic", "knee", "without", "exacerbation", "systolic", "moderate", "complication", "3a")


def _first(
    codebook: Codebook, stem: str, said: str, side: Laterality | None = None, episode: Episode | None = None
) -> str:
    return expand([stem], codebook, Axes(laterality=side, episode=episode), forms(said), 8)[0]


@pytest.mark.parametrize(
    ("stem", "said", "side", "code"),
    [
        ("M25.56", "knee pain", "right", "M25.561"),
        ("M25.56", "knee pain", "left", "M25.562"),
        ("M25.56", "knee pain", None, "M25.569"),
        ("M17.1", "primary osteoarthritis of knee", "left", "M17.12"),
        ("M17.1", "primary osteoarthritis of knee", None, "M17.10"),
        ("M17", "primary osteoarthritis of the knees", "bilateral", "M17.0"),
        ("H25.1", "nuclear cataract", "right", "H25.11"),
        ("M72.2", "plantar fasciitis", "left", "M72.22"),
    ],
)
def test_the_side_chooses_the_code(fy2027: Codebook, stem: str, said: str, side: Laterality | None, code: str) -> None:
    """A documented side is coded; without one the code of the unspecified side leads (guideline I.B.13)."""
    assert _first(fy2027, stem, said, side) == code


@pytest.mark.parametrize(
    ("episode", "code"),
    [(None, "S93.402A"), ("initial", "S93.402A"), ("subsequent", "S93.402D"), ("sequela", "S93.402S")],
)
def test_the_episode_chooses_the_seventh_character(fy2027: Codebook, episode: Episode | None, code: str) -> None:
    """A while active treatment lasts, D in healing, S for what is left behind (guideline I.C.19.a)."""
    assert _first(fy2027, "S93.40", "ankle sprain", "left", episode) == code


def test_a_fracture_not_said_to_be_open_is_closed(fy2027: Codebook) -> None:
    """And one not said to be undisplaced is displaced (guideline I.C.19.c)."""
    assert _first(fy2027, "S82.6", "fracture of lateral malleolus", "right") == "S82.61XA"
    assert _first(fy2027, "S82.6", "nondisplaced fracture of lateral malleolus", "right", "subsequent") == "S82.64XD"


@pytest.mark.parametrize(
    ("stem", "said", "code"),
    [
        ("I50", "heart failure", "I50.9"),
        ("J44", "COPD", "J44.9"),
        ("J45", "asthma", "J45.909"),
        ("N18", "chronic kidney disease", "N18.9"),
        ("E11", "type 2 diabetes", "E11.9"),
        ("F32", "depression", "F32.A"),
        ("G43.9", "migraine", "G43.909"),
        ("G40.9", "epilepsy", "G40.909"),
        ("K21", "reflux disease", "K21.9"),
        ("K80.2", "gallstones", "K80.20"),
        ("K57", "diverticulosis", "K57.90"),
    ],
)
def test_where_the_record_is_silent_the_default_code_leads(fy2027: Codebook, stem: str, said: str, code: str) -> None:
    """Unspecified, uncomplicated, without: what nobody documented is not coded (guideline I.B.18)."""
    assert _first(fy2027, stem, said) == code


@pytest.mark.parametrize(
    ("stem", "said", "code"),
    [
        ("I50", "acute on chronic systolic heart failure", "I50.23"),
        ("J44", "COPD with acute exacerbation", "J44.1"),
        ("J45", "mild persistent asthma with acute exacerbation", "J45.31"),
        ("N18", "chronic kidney disease stage 3a", "N18.31"),
        ("F33", "major depressive disorder, recurrent, moderate", "F33.1"),
        ("G43.9", "migraine with status migrainosus", "G43.901"),
        ("G43.9", "intractable migraine", "G43.919"),
        ("G43.9", "migraine without status migrainosus", "G43.909"),
        ("E11", "type 2 diabetes without complications", "E11.9"),
        ("E11", "type 2 diabetes with diabetic polyneuropathy", "E11.42"),
        ("K80.2", "gallstones with obstruction", "K80.21"),
    ],
)
def test_documented_words_choose_among_siblings(fy2027: Codebook, stem: str, said: str, code: str) -> None:
    """Severity, type, stage and complications that the record says, or denies."""
    assert _first(fy2027, stem, said) == code


def test_a_qualifier_counts_like_a_word_of_the_mention(fy2027: Codebook) -> None:
    """What stands elsewhere in the sentence reaches the choice through the axes."""
    found = expand(["F33"], fy2027, Axes(qualifiers=("severe",)), forms("major depressive disorder, recurrent"), 8)
    assert "F33.2" in found[:2]


def test_the_edition_decides_what_there_is(fy2026: Codebook, fy2027: Codebook) -> None:
    """M72.2 is itself a code until September 2026."""
    assert expand(["M72.2"], fy2026, Axes(), (), 8) == ("M72.2",)
    assert set(expand(["M72.2"], fy2027, Axes(), (), 8)) == {"M72.20", "M72.21", "M72.22"}


def test_a_stem_that_does_not_exist_offers_nothing(fy2027: Codebook) -> None:
    """Nor does no stem at all."""
    assert expand(["S06.1X7D"], fy2027, Axes(), (), 8) == ()
    assert expand([], fy2027, Axes(), (), 8) == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    stems=st.lists(st.sampled_from(STEMS), max_size=3),
    said=st.lists(st.sampled_from(WORDS), max_size=4),
    side=st.sampled_from([None, "right", "left", "bilateral"]),
    episode=st.sampled_from([None, "initial", "subsequent", "sequela"]),
    limit=st.integers(1, 20),
)
def test_only_billable_codes_below_the_stems_are_offered(
    fy2027: Codebook, stems: list[str], said: list[str], side: Laterality | None, episode: Episode | None, limit: int
) -> None:
    """Each once, at most `limit`, whatever the record says; the order of the stems does not matter."""
    axes = Axes(laterality=side, episode=episode)
    found = expand(stems, fy2027, axes, said, limit)
    below = {code for stem in stems for code in fy2027.billable_under(stem)}
    assert set(found) <= below
    assert len(set(found)) == len(found) == min(limit, len(below))
    assert expand(stems[::-1], fy2027, axes, said, limit) == found
