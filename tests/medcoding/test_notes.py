"""What a note's target holds, and what the notes in force at a code ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.codebook import Codebook
from medcoding.notes import NO_NOTES, NOTE_KINDS, CharacterPlace, CodeTarget, InstructionalNote, InstructionalNotes


def _target(first: str, last: str = "", place: CharacterPlace | None = None, characters: str = "") -> CodeTarget:
    return CodeTarget(first=first, last=last or first, place=place, characters=tuple(characters.split()))


# Codes, stems, ranges


@pytest.mark.parametrize(
    ("first", "last", "code", "held"),
    [
        ("N18", "", "N18.31", True),
        ("N18", "", "N19", False),
        ("I10", "", "I10", True),
        ("I10", "", "I11.0", False),
        ("I70.2", "", "I70.25", True),
        ("I70.2", "", "I70.311", False),
        ("Z3A", "", "Z3A.20", True),
        ("Z3A", "", "Z39.0", False),
        ("T36", "", "T36.0X5A", True),
        ("S06.0X", "", "S06.0X1A", True),
        ("S06.0X1", "", "S06.0X", False),
        ("N18.1", "N18.6", "N18.31", True),
        ("N18.1", "N18.6", "N18.6", True),
        ("N18.1", "N18.6", "N18.9", False),
        ("E08", "E13", "E13.9", True),
        ("E08", "E13", "E14.9", False),
        ("E08", "E13", "E07.9", False),
        ("O00", "O08", "O08.9", True),
        ("O00", "O9A", "O99.019", True),
        ("O00", "O9A", "O9A.211", True),
        ("O00", "O9A", "P00.0", False),
        ("I70.201", "I70.209", "I70.203", True),
        ("I70.201", "I70.209", "I70.211", False),
        ("I70.201", "I70.209", "I70.2", False),
        ("T80", "T88.6", "T88.6XXA", True),
        ("T80", "T88.6", "T88.7XXA", False),
        ("M05.00", "M05.8A", "M05.8A", True),
        ("Q00", "QA0", "QA0.0101", True),
    ],
)
def test_a_target_holds_what_lies_below_its_stem_or_inside_its_range(
    first: str, last: str, code: str, held: bool
) -> None:
    """The ends of a range belong to it with everything below them, however long either end is written."""
    assert _target(first, last).holds(code) is held


@given(first=st.integers(0, 99), last=st.integers(0, 99), code=st.integers(0, 99), tail=st.sampled_from(["", ".9"]))
def test_a_range_of_categories_holds_what_lies_in_it(first: int, last: int, code: int, tail: str) -> None:
    """Law: categories between the ends are inside, others are not."""
    held = _target(f"I{first:02d}", f"I{last:02d}").holds(f"I{code:02d}{tail}")
    assert held is (first <= code <= last)


# Characters


@pytest.mark.parametrize(
    ("place", "characters", "code", "held"),
    [
        ("fourth", "40", "E11.40", True),
        ("fourth", "40", "E11.41", False),
        ("fourth", "62", "E11.621", True),
        ("fourth", "51 52", "E11.52", True),
        ("fourth", "9", "E11.9", True),
        ("fourth", "9", "E11.29", False),
        ("fifth", "6", "F10.26", True),
        ("fifth", "6", "F10.16", True),
        ("fifth", "6", "F16.10", False),
        ("fifth", "51", "F14.151", True),
        ("fifth", "51", "F14.150", False),
        ("sixth", "1 2 3 4", "T43.1X1A", True),
        ("sixth", "1 2 3 4", "T43.1X5A", False),
        ("seventh", "B C", "S42.001B", True),
        ("seventh", "B C", "S42.001A", False),
        ("last", "23", "I69.323", True),
        ("last", "23", "I69.32", False),
    ],
)
def test_a_target_can_ask_for_characters(place: CharacterPlace, characters: str, code: str, held: bool) -> None:
    """`E08-E13 with .40`, `F10-F19 with 5th character .6`, `S42.- with 7th character B or C`."""
    assert _target("A00", "Z99", place, characters).holds(code) is held


@pytest.mark.parametrize(
    ("code", "adverse"),
    [
        ("T36.0X5A", True),
        ("T36.0X1A", False),
        ("T36.95XA", True),
        ("T36.91XA", False),
        ("T39.015A", True),
        ("T45.511A", False),
        ("T45.525A", True),
        ("T36.0X", False),
        ("T36.5", False),
        ("T51.0X5A", False),
    ],
)
def test_fifth_or_sixth_is_the_character_that_tells_the_intent(code: str, adverse: bool) -> None:
    """It is the last before the seventh: T45.511A has a 5 in fifth place and is a poisoning all the same."""
    assert _target("T36", "T50", "last", "5").holds(code) is adverse


@pytest.mark.parametrize(("character", "words"), [("5", "adverse effect of"), ("6", "underdosing of")])
def test_the_intent_agrees_with_every_drug_title(character: str, words: str, fy2026: Codebook) -> None:
    """Over all billable drug codes, the character that the notes call fifth or sixth says what the title says."""
    target = _target("T36", "T50", "last", character)
    drugs = [e for e in fy2026.entries() if e.billable and _target("T36", "T50").holds(e.code)]
    differing = [e.code for e in drugs if target.holds(e.code) != e.title.lower().startswith(words)]
    assert len(drugs) > 2_000
    assert differing == []


# Notes


def test_a_note_names_what_any_of_its_targets_holds() -> None:
    """Crohn's disease and ulcerative colitis in one line; a line without targets names nothing."""
    note = InstructionalNote(text="(K50.-, K51.-)", targets=(_target("K50"), _target("K51")))
    assert [note.names(code) for code in ("K50.90", "K51.919", "K52.9")] == [True, True, False]
    assert not InstructionalNote(text="code to identify organism").names("B96.20")


def test_notes_are_true_when_an_entry_prints_any() -> None:
    """An entry without notes has none of any kind."""
    assert not NO_NOTES
    assert InstructionalNotes(inclusion_terms=("Heart failure NOS",))
    assert all(NO_NOTES.of(kind) == () for kind in NOTE_KINDS)


def test_notes_survive_the_codebook_file(fy2026: Codebook) -> None:
    """Places and characters of a target are read back from the file as they were written."""
    (note,) = (n.note for n in fy2026.notes_in_force("G63") if "E08-E13" in n.note.text and n.kind == "excludes1")
    assert note.targets == (_target("E08", "E13", "fourth", "42"),)
    assert type(note)(**note.model_dump()) == note


@pytest.mark.parametrize(
    ("code", "other", "asked"),
    [
        ("E11.22", "N18.31", True),
        ("N18.31", "E11.22", True),
        ("N18.31", "I12.9", True),
        ("E11.22", "I10", False),
        ("E11.9", "Z79.4", True),
        ("E11.9", "Z79.84", True),
        ("E11.621", "L97.512", True),
        ("I50.9", "I11.0", True),
        ("I50.9", "I13.0", True),
        ("I50.9", "I10", False),
        ("J44.9", "J45.909", True),
        ("J44.9", "F17.210", True),
        ("D63.0", "C50.911", True),
        ("D63.0", "D50.9", False),
        ("D63.1", "N18.4", True),
        ("L97.512", "I70.235", True),
        ("L97.512", "E11.621", True),
        ("L97.512", "E11.9", False),
        ("F02.80", "G30.9", True),
        ("F02.80", "F03.90", False),
        ("O24.410", "Z3A.28", True),
        ("O10.011", "Z3A.20", True),
        ("L27.0", "T36.0X5A", True),
        ("L27.0", "T39.015A", True),
        ("L27.0", "T39.011A", False),
        ("T25.221A", "T31.0", True),
        ("I25.10", "Z72.0", True),
        ("J18.9", "R05.9", False),
    ],
)
def test_a_code_asks_for_its_partners(code: str, other: str, asked: bool, fy2027: Codebook) -> None:
    """Code first, use additional and code also, from the code's own notes or any entry above it."""
    assert fy2027.asks_for(code, other) is asked


@pytest.mark.parametrize(
    ("code", "other", "at"),
    [
        ("N17.9", "N99.0", "N17-N19"),
        ("I21.4", "I25.2", "I21"),
        ("E11.9", "E10.9", "E11"),
        ("R47.01", "I69.320", "R47.01"),
        ("I10", "I11.0", ""),
    ],
)
def test_an_excluded_pair_names_the_entry_that_prints_it(code: str, other: str, at: str, fy2026: Codebook) -> None:
    """Excludes1 and Excludes2 count from wherever above the code they are printed."""
    excluding = [
        n.at for n in fy2026.notes_in_force(code) if n.kind in {"excludes1", "excludes2"} and n.note.names(other)
    ]
    assert excluding[:1] == ([at] if at else [])
