"""What the characters behind a stem mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcoding.characters import character_meanings, expansions
from medcoding.codebook import Codebook
from medcoding.errors import UnknownCodeError


def read(book: Codebook, code: str, stem: str) -> list[tuple[str, str, str]]:
    """Character, axis and meaning of one expanded code."""
    (expanded,) = [e for e in expansions(book, stem) if e.code == code]
    return [(c.character, c.axis, c.meaning) for c in expanded.characters]


@pytest.mark.parametrize(
    ("code", "stem", "axes"),
    [
        ("S72.002A", "S72.00", ["laterality", "encounter"]),
        ("C50.411", "C50.4", ["type", "laterality"]),
        ("E11.3551", "E11.355", ["laterality"]),
        ("H40.1122", "H40.11", ["laterality", "stage"]),
        ("L89.153", "L89.15", ["stage"]),
        ("O09.02", "O09.0", ["trimester"]),
        ("O31.01X2", "O31.0", ["trimester", "placeholder", "fetus"]),
        ("F33.1", "F33", ["severity"]),
        ("T39.015A", "T39.01", ["intent", "encounter"]),
        ("W11.XXXD", "W11", ["placeholder", "placeholder", "placeholder", "encounter"]),
        ("S72.009A", "S72.00", ["laterality", "encounter"]),
        ("M16.12", "M16.1", ["laterality"]),
        ("M79.671", "M79.6", ["site", "laterality"]),
    ],
)
def test_each_character_decides_one_thing(code: str, stem: str, axes: list[str], fy2026: Codebook) -> None:
    """Side, encounter, stage, trimester, severity, intent, fetus, site; X only holds a place."""
    assert [axis for _, axis, _ in read(fy2026, code, stem)] == axes


def test_meanings_are_the_words_of_the_tabular_list(fy2026: Codebook) -> None:
    """A title's own words, or the line of the seventh-character table."""
    assert [m for _, _, m in read(fy2026, "S72.002A", "S72.00")] == ["left", "initial encounter for closed fracture"]
    assert [m for _, _, m in read(fy2026, "C50.412", "C50.4")] == ["female", "left female breast"]


def test_a_billable_code_stands_for_itself(fy2026: Codebook) -> None:
    """Nothing is left open."""
    (only,) = expansions(fy2026, "J18.9")
    assert (only.code, only.characters) == ("J18.9", ())


def test_a_stem_of_no_edition_is_refused(fy2026: Codebook) -> None:
    """As any code that does not exist."""
    with pytest.raises(UnknownCodeError, match=r"S72\.0Q does not exist in FY2026"):
        expansions(fy2026, "S72.0Q")


def test_one_code_is_read_from_its_category(fy2026: Codebook) -> None:
    """For an explanation of a code that was chosen without a stem."""
    assert [c.position for c in character_meanings(fy2026, "E11.22")] == [4, 5]
    assert character_meanings(fy2026, "E11.22", beyond="E11.2")[0].meaning == "diabetic chronic kidney disease"


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_an_expansion_covers_exactly_what_the_stem_leaves_open(data: st.DataObject, fy2026: Codebook) -> None:
    """Every code is billable and begins with the stem; its meanings are its further characters, in their order."""
    categories = fy2026.children(data.draw(st.sampled_from(("S70-S79", "M80-M85", "O30-O48", "T36-T50", "W00-W19"))))
    stem = data.draw(st.sampled_from(categories))
    for _ in range(data.draw(st.integers(0, 2))):
        stem = data.draw(st.sampled_from(fy2026.children(stem) or (stem,)))
    for expanded in expansions(fy2026, stem):
        assert fy2026.is_billable(expanded.code)
        assert expanded.code.startswith(stem)
        bare, known = expanded.code.replace(".", ""), len(stem.replace(".", ""))
        assert "".join(c.character for c in expanded.characters) == bare[known:]
        assert [c.position for c in expanded.characters] == list(range(known + 1, len(bare) + 1))
        assert all(c.meaning for c in expanded.characters)
