"""What is spotted in a line."""

from __future__ import annotations

import pytest

from medcoding.chart import SectionKind
from tests.lines import line, spots, term, words

HPI, EXAM = SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.PHYSICAL_EXAM


def test_signs_that_no_code_set_names_are_spotted() -> None:
    """Examination and review of systems speak of them; they lead to no code by themselves."""
    one = line("Lungs: bibasilar crackles, no gallop.", EXAM)
    found = spots(one)
    assert words(one, found) == ["bibasilar crackles", "gallop"]
    assert [f.term.stems for f in found if f.term] == [(), ()]


def test_a_ladder_means_something_where_somebody_fell() -> None:
    """Objects, places and pastimes count only in a sentence that tells of an accident."""
    told = line("Fell off a ladder in the kitchen at home.", HPI)
    assert words(told, spots(told, eventful=True)) == ["Fell off a ladder", "the kitchen"] or words(
        told, spots(told, eventful=True)
    ) == ["off a ladder", "the kitchen"]
    idle = line("Owns a ladder and cooks in the kitchen.", HPI)
    assert not spots(idle)


def test_a_longer_name_takes_the_code_of_the_same_thing_inside_it() -> None:
    """`High-risk screening colonoscopy` is still the screening colonoscopy; breast cancer screening is no cancer."""
    coded = term("screening colonoscopy", "Z12.11")
    named = term("screening colonoscopy high risk", source="procedure", stems=())
    (found,) = spots(line("Screening colonoscopy, high risk"), coded, named)
    assert found.term is not None
    assert (found.term.text, found.term.stems) == ("screening colonoscopy high risk", ("Z12.11",))
    cancer = term("breast cancer", "C50.9")
    screening = term("breast cancer screening", source="procedure", stems=())
    (other,) = spots(line("Breast cancer screening", HPI), cancer, screening)
    assert other.term is not None
    assert other.term.stems == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Stroke clinic follow-up", []),
        ("Stroke last week", ["Stroke"]),
        ("Stroke workup negative", []),
        ("Stroke prophylaxis", []),
    ],
)
def test_the_name_of_a_service_is_no_condition(text: str, found: list[str]) -> None:
    """A stroke clinic is where the patient was, not what the patient had."""
    one = line(text, HPI)
    assert words(one, spots(one, term("stroke", "I63.9"))) == found


def test_a_comma_parts_two_symptoms() -> None:
    """`Nausea, vomiting` are two things, though one code names both."""
    both, one, other = term("nausea vomiting", "R11.2"), term("nausea", "R11.0"), term("vomiting", "R11.10")
    said = line("Denies nausea, vomiting.", HPI)
    assert words(said, spots(said, both, one, other)) == ["nausea", "vomiting"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("CRP 41.", []), ("CRPS of the arm.", ["CRPS"]), ("Delirious on HD3.", []), ("On HD.", ["On HD"])],
)
def test_letters_are_no_beginning_of_a_name(text: str, found: list[str]) -> None:
    """A laboratory value is not the syndrome with one letter more, hospital day 3 is no dialysis."""
    one = line(text, HPI)
    assert words(one, spots(one, term("CRPS", "G90.50"), term("on hemodialysis", "Z99.2"))) == found


def test_an_abbreviation_is_read_whole() -> None:
    """`BP` stands for blood pressure, which is no pressure on the chest."""
    assert not spots(line("BP 162/94", SectionKind.VITALS))


def test_a_drug_in_the_books_is_a_drug() -> None:
    """The bare name of a drug leads to its poisoning code in the table of drugs; in a chart it is taken."""
    (found,) = spots(line("Takes hydralazine.", HPI), term("hydralazine", "T46.5", source="inclusion"))
    assert found.term is not None
    assert (found.term.source, found.term.stems) == ("drug", ())


def test_a_row_of_a_table_states_its_problem() -> None:
    """The first cell heads the problem."""
    (found,) = spots(line("Hypertension | controlled | as before"), term("hypertension", "I10"))
    assert found.heads_problem
