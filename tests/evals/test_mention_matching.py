"""Found mentions against annotated ones."""

from __future__ import annotations

from typing import Any

import pytest

from evals.mention_matching import Counts, Pair, attribute_counts, attribute_words, match
from medcoding.mention import Axes
from tests.evals.annotated import found, marked, sentence

KNOWN = {"severe": "severity", "mild": "severity", "3b": "stage"}


def test_overlapping_spans_match_one_to_one() -> None:
    """The most alike first; one that is left over beside a matched one is a second reading."""
    text = "Diabetes with CKD stage 3b, no gout"
    gold = sentence(text, marked("Diabetes"), marked("CKD stage 3b"), marked("gout"))
    whole, part, wrong = found(text, "Diabetes with CKD"), found(text, "CKD stage 3b"), found(text, "no")
    matching = match(gold, [whole, part, wrong, found(text, "CKD")], start=0)
    assert [(p.gold.text, p.found.text, p.exact) for p in matching.pairs] == [
        ("Diabetes", "Diabetes with CKD", False),
        ("CKD stage 3b", "CKD stage 3b", True),
    ]
    assert [m.text for m in matching.missed] == ["gout"]
    assert matching.wrong == (wrong,)
    assert matching.doubled == 1


def test_one_span_over_everything_finds_one_thing() -> None:
    """Recall cannot be had by marking the whole line."""
    text = "cough, fever and chills"
    gold = sentence(text, marked("cough"), marked("fever"), marked("chills"))
    matching = match(gold, [found(text, text)], start=0)
    assert (len(matching.pairs), len(matching.missed), matching.doubled) == (1, 2, 0)


def test_debatable_words_count_neither_way() -> None:
    """Neither missed where they are not found, nor wrong where they are."""
    text = "GBS neg"
    gold = sentence(text, either=[{"text": "GBS"}])
    assert match(gold, [found(text, "GBS")], start=0) == match(gold, [], start=0) == ((), (), (), 0)


def test_the_sentence_may_begin_anywhere_in_its_document() -> None:
    """Offsets of the document are held against those of the sentence."""
    document, text = "ASSESSMENT:\nGout, left", "Gout, left"
    matching = match(sentence(text, marked("Gout")), [found(document, "Gout")], start=12)
    assert matching.pairs[0].exact


@pytest.mark.parametrize(
    ("gold", "axes", "name", "counts"),
    [
        ({"laterality": "left"}, Axes(laterality="left"), "laterality", (1, 1, 1)),
        ({"laterality": "left"}, Axes(laterality="right"), "laterality", (0, 1, 1)),
        ({"laterality": "left"}, Axes(), "laterality", (0, 1, 0)),
        ({}, Axes(laterality="left"), "laterality", (0, 0, 1)),
        ({"episode": "sequela"}, Axes(episode="initial"), "episode", (0, 1, 1)),
        ({"attributes": {"severity": "severe"}}, Axes(qualifiers=("severe",)), "severity", (1, 1, 1)),
        ({"attributes": {"severity": "severe"}}, Axes(), "severity", (0, 1, 0)),
        ({}, Axes(qualifiers=("severe",)), "severity", (0, 0, 1)),
        ({"attributes": {"severity": "severe"}}, Axes(qualifiers=("severe", "mild")), "severity", (1, 1, 2)),
        ({"attributes": {"stage": "stage 3b"}}, Axes(qualifiers=("3b",)), "stage", (1, 1, 1)),
        ({"attributes": {"severity": "mod"}}, Axes(qualifiers=("moderate",)), "severity", (1, 1, 1)),
        ({}, Axes(qualifiers=("productive",)), "severity", (0, 0, 0)),
    ],
)
def test_attributes_by_hand(gold: dict[str, Any], axes: Axes, name: str, counts: tuple[int, int, int]) -> None:
    """Right, annotated, answered: a foreign word is wrong only where it is an attribute somewhere."""
    text = "pain"
    pair = Pair(marked(text, **gold), found(text, text, axes=axes), exact=True)
    assert attribute_counts(pair, KNOWN)[name] == Counts(*counts)


def test_an_episode_nobody_wrote_is_not_held_against_the_finder() -> None:
    """Every injury has one; only some sentences say it."""
    pair = Pair(marked("cut"), found("cut", "cut", axes=Axes(episode="initial")), exact=True)
    assert "episode" not in attribute_counts(pair, KNOWN)


def test_a_mentions_own_words_are_its_attributes() -> None:
    """`severe` within the name is carried, and is not foreign to it."""
    text = "severe asthma"
    pair = Pair(
        marked(text, attributes={"severity": "severe"}),
        found(text, text, axes=Axes(qualifiers=("severe",))),
        exact=True,
    )
    assert attribute_counts(pair, KNOWN)["severity"] == Counts(1, 1, 1)


def test_attribute_words_come_from_the_annotation() -> None:
    """Without numbers and words that every value has; doses are not scored."""
    gold = sentence(
        "CKD stage 3b, type 2 DM, gout 40 mg, without aura",
        marked("CKD", attributes={"stage": "stage 3b"}),
        marked("DM", attributes={"type": "type 2"}),
        marked("gout", attributes={"dose": "40 mg", "type": "without aura"}),
    )
    assert attribute_words([gold]) == {"3b": "stage", "aura": "type"}
