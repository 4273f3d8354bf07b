"""Words in the form the Alphabetic Index is compared in, and those akin to them."""

from __future__ import annotations

import pytest

from retrieval.index_words import spoken
from retrieval.kindred_words import WordFinder
from retrieval.table_columns import columns_of, speaks_of_an_effect


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("Fractures of the tibia", ("fracture", "tibia")),
        ("type II seizures", ("type", "2", "seizure")),
        ("hepatitis A", ("hepatitis", "a")),
        ("hepatitis a", ("hepatitis", "a")),
        ("A", ("a",)),
        ("A/B", ("a", "b")),
        ("III", ("3",)),
        ("Crohn's disease", ("crohn", "disease")),
        ("caused by, due to", ("due",)),
        ("HER2", ("her2",)),
        ("pain pain", ("pain",)),
        ("", ()),
    ],
)
def test_words_of_a_phrase(phrase: str, words: tuple[str, ...]) -> None:
    """Singular, each once, numerals that count as digits, joining words as the one they stand for."""
    assert spoken(phrase) == words


@pytest.mark.parametrize(
    ("word", "first", "others"),
    [
        ("kidney", "kidney", {"renal"}),
        ("renal", "renal", {"kidney"}),
        ("retina", "retina", {"retinal"}),
        ("nephritis", "nephritis", set()),
        ("iv", "4", set()),
    ],
)
def test_akin_words_come_behind_the_word_itself(word: str, first: str, others: set[str]) -> None:
    """Another ending or the other name of an organ counts for less; another disease of it does not count."""
    vocabulary = sorted(["4", "kidney", "renal", "retina", "retinal", "retinitis", "nephritis", "nephrotic"])
    found = [vocabulary[variant.number] for variant in WordFinder(vocabulary).variants(word)]
    assert (found[0], set(found[1:])) == (first, others)


@pytest.mark.parametrize(
    ("said", "given", "columns"),
    [
        (("benign", "neoplasm"), "", ["benign"]),
        (("metastatic", "cancer"), "malignant_primary", ["malignant_secondary", "malignant_primary"]),
        (("carcinoma", "in", "situ"), "malignant_primary", ["ca_in_situ"]),
        (("adenoma",), "benign", ["benign"]),
        (("neoplasm",), "", ["unspecified"]),
    ],
)
def test_behavior_chooses_the_column_of_the_neoplasm_table(
    said: tuple[str, ...], given: str, columns: list[str]
) -> None:
    """What is said comes before what a reference named; a metastatic cancer has a primary site too."""
    assert [column.name for column in columns_of("neoplasms", said, given)] == columns


def test_an_effect_opens_the_table_of_drugs() -> None:
    """A substance alone is a drug that was taken, not a condition."""
    assert speaks_of_an_effect(("aspirin", "overdose"))
    assert not speaks_of_an_effect(("aspirin",))
    assert columns_of("drugs", ("aspirin", "suicide", "overdose"), "")[0].name == "self_harm"
