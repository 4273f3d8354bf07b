"""How words of the index are compared and its references are read."""

from __future__ import annotations

import pytest

from medcoding.cross_references import (
    PrintedLine,
    Subtree,
    inflections,
    into_neoplasm_table,
    main_keys,
    read_reference,
    words,
)
from medcoding.index_entries import branch_connector, leading_connector


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Friedländer's bacilli", ("friedlander", "bacilli")),
        ("Abscesses of the arteries NEC", ("abscess", "artery")),
        ("type A", ("type", "a")),
        ("a pelvis and its bursitis", ("pelvis", "its", "bursitis")),
    ],
)
def test_words_are_compared_without_their_endings(text: str, compared: tuple[str, ...]) -> None:
    """Case, accents, possessives and plurals do not matter; a capital A is a type."""
    assert words(text) == compared


def test_a_qualifier_is_no_form_of_a_main_term() -> None:
    """`Fracture, pathological` is looked up under fracture; `Abdomen, abdominal` under both."""
    assert main_keys("Fracture, pathological") == {"fracture pathological", "fracture"}
    assert main_keys("Abdomen, abdominal") == {"abdomen abdominal", "abdomen", "abdominal"}
    assert inflections("Cyst, cystic, solitary") == ("Cyst", "cystic")


@pytest.mark.parametrize(
    ("title", "alone", "leading"),
    [
        ("with", "with", None),
        ("due to", "due to", None),
        ("caused by, due to", "due to", None),
        ("with abscess", None, "with"),
        ("due to drug or chemical", None, "due to"),
        ("in situ", None, None),
        ("in pregnancy", None, "in"),
        ("within the stent", None, None),
    ],
)
def test_connectors(title: str, alone: str | None, leading: str | None) -> None:
    """A branch of its own, or the first words of a title; `in situ` is a place in a tumor, not a link."""
    assert branch_connector(title) == alone
    assert leading_connector(title) == leading


def test_a_reference_into_the_neoplasm_table_names_a_column() -> None:
    """The behavior is the column, the rest is the site."""
    reference = into_neoplasm_table(read_reference("Neoplasm, skin, in situ, by site", "diseases"))
    assert (reference.book, reference.parts, reference.column) == ("neoplasms", ("Neoplasm", "skin"), "ca_in_situ")
    assert reference.choose_by == "site"


@pytest.mark.parametrize(
    ("text", "choosing", "entry"),
    [
        ("Bite, superficial, insect", True, 1),
        ("Bite, venomous", False, 4),
        ("Bite, superficial", False, 3),
        ("Bite, arm, insect", False, 5),
    ],
)
def test_a_level_may_be_left_out(text: str, choosing: bool, entry: int) -> None:
    """`by site` stops above the choice; without it, a level is passed over only where one entry can be meant."""
    bite = Subtree(
        (
            PrintedLine(1, None, "Bite", ""),
            PrintedLine(2, 1, "arm", ""),
            PrintedLine(3, 2, "superficial", ""),
            PrintedLine(5, 3, "insect", ""),
            PrintedLine(6, 1, "leg", ""),
            PrintedLine(4, 6, "venomous", ""),
        )
    )
    found = bite.best(text, choosing=choosing)
    assert found is not None
    assert (found.missing, found.id) == (0, entry)
