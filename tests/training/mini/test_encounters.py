"""Made-up encounters: what a coder would answer follows from how a statement is made and where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from medcoding.encounter import Setting
from training.mini.concepts import Concept, Concepts, is_held_out
from training.mini.encounters import Story, Told, Writer

CONCEPTS = Concepts(
    {
        "plain": {
            "I10": [Concept("high blood pressure", "I10", family_code="Z82.49", chronic=True)],
            "J18": [Concept("pneumonia", "J18.9", history_code="Z87.01")],
        },
        "side": {
            "M25": [
                Concept("pain in knee", "M25.561", "side", "right", "M25.569"),
                Concept("pain in knee", "M25.562", "side", "left", "M25.569"),
            ]
        },
        "type": {
            "F43": [
                Concept("post-traumatic stress disorder", "F43.11", "type", "acute", "F43.10"),
                Concept("post-traumatic stress disorder", "F43.12", "type", "chronic", "F43.10"),
            ]
        },
    }
)


@pytest.fixture(scope="module")
def stories() -> tuple[Story, ...]:
    """Enough for every kind of statement to occur in every setting."""
    writer = Writer(CONCEPTS, "train")
    return tuple(writer.story(number, "test") for number in range(300))


def _told(stories: tuple[Story, ...], kind: str) -> Iterator[tuple[Setting, Told]]:
    found = [(s.encounter.setting, told) for s in stories for told in s.told if told.kind == kind]
    assert len(found) > 10
    yield from found


def test_a_number_and_a_seed_always_give_the_same_encounter(stories: tuple[Story, ...]) -> None:
    """Nothing of it hangs on chance or on what was made before."""
    writer = Writer(CONCEPTS, "train")
    assert writer.story(7, "test") == stories[7]
    assert writer.story(7, "other").encounter.documents != stories[7].encounter.documents


def test_every_statement_stands_where_it_is_said_to(stories: tuple[Story, ...]) -> None:
    """Its span holds the concept's words, the spans of its details the words that decide."""
    for story in stories:
        text = story.encounter.documents[0].text
        for told in story.told:
            assert told.concept.wording in told.span.of(text).lower()
            for span in told.also:
                assert told.concept.detail in span.of(text)


def test_an_uncertain_diagnosis_counts_for_inpatients_alone(stories: tuple[Story, ...]) -> None:
    """Guidelines II.H and III.C against IV.H: the same words, another answer."""
    by_setting = {
        setting: {bool(t.codes) for s, t in _told(stories, "uncertain") if s is setting} for setting in Setting
    }
    assert by_setting == {Setting.INPATIENT: {True}, Setting.OUTPATIENT: {False}, Setting.ED: {False}}


@pytest.mark.parametrize("kind", ["negated", "feared"])
def test_what_is_denied_or_feared_has_no_code(stories: tuple[Story, ...], kind: str) -> None:
    """Whatever is offered for it, none is right."""
    assert all(told.codes == () for _, told in _told(stories, kind))


def test_a_relative_and_the_past_lead_to_their_own_codes(stories: tuple[Story, ...]) -> None:
    """A family history is never the disease, a past condition its history code or nothing; what lasts is not past."""
    assert {(t.concept.code, t.codes) for _, t in _told(stories, "family")} >= {("I10", ("Z82.49",)), ("J18.9", ())}
    past = {(t.concept.code, t.codes) for _, t in _told(stories, "history")}
    assert ("J18.9", ("Z87.01",)) in past
    assert not any(told.concept.chronic for _, told in _told(stories, "history"))


def test_a_side_that_is_not_told_is_missing(stories: tuple[Story, ...]) -> None:
    """Without it the unspecified sibling is right and the answer names what is missing; with it the right sibling."""
    sided = [told for _, told in _told(stories, "present") if told.concept.shape == "side"]
    assert {told.missing for told in sided} == {None, "side"}
    for told in sided:
        assert told.codes[0] == ("M25.569" if told.missing else told.concept.code)


def test_held_out_sentences_are_others() -> None:
    """No sentence about a diagnosis is shared by the part that is learned and the part that judges."""
    learned, held = Writer(CONCEPTS, "train")._templates, Writer(CONCEPTS, "held")._templates
    for kind, templates in held.items():
        if kind != "filler":
            assert not {one.text for one in templates} & {one.text for one in learned[kind]}
            assert not {one.family for one in templates} & {one.family for one in learned[kind]}


def test_whole_categories_are_held_out() -> None:
    """About a tenth, and never one code of a category without its siblings."""
    categories = [f"{letter}{number:02}" for letter in "ABCDEFGHIJKLMN" for number in range(100)]
    held = [category for category in categories if is_held_out(category)]
    assert 0.05 < len(held) / len(categories) < 0.15
    assert all(is_held_out(f"{category}.{n}1") for category in held for n in range(10))
