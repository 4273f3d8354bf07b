"""Side, episode and qualifiers, read from the words around a mention."""

from __future__ import annotations

import pytest

from agent.axes import episode_of, read_axes
from agent.sides import side_throughout
from retrieval.wording import tokens
from tests.flow.notes import encounter


def side(sentence: str, mention: str) -> str | None:
    """Side of the words where they first stand."""
    start = sentence.index(mention)
    return read_axes(tokens(sentence), start, start + len(mention), "initial").laterality


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("Right knee pain", "knee pain", "right"),
        ("Pain of the left knee", "Pain of the left knee", "left"),
        ("Left-sided sciatica", "sciatica", "left"),
        ("Bilateral knee osteoarthritis", "knee osteoarthritis", "bilateral"),
        ("Osteoarthritis of both knees", "Osteoarthritis of both knees", "bilateral"),
        ("Edema of both legs", "Edema", "bilateral"),
        ("Knees painful bilaterally", "Knees painful", "bilateral"),
        ("Right and left knee pain", "Right and left knee pain", "bilateral"),
        ("Left knee pain and right hip pain", "knee pain", "left"),
        ("Left knee pain and right hip pain", "hip pain", "right"),
        ("Ankle sprain, right", "Ankle sprain", "right"),
        ("Knee pain that began a week ago after he fell on his right hand", "Knee pain", None),
        ("Knee pain", "Knee pain", None),
        ("RIGHT KNEE PAIN", "KNEE PAIN", "right"),
    ],
)
def test_the_nearest_side_is_the_mentions(sentence: str, mention: str, expected: str | None) -> None:
    """A side inside the words counts first, then the nearest within four words; two inside are both sides."""
    assert side(sentence, mention) == expected


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        (["Right knee pain.", "Swelling of the right knee.", "Osteoarthritis."], "right"),
        (["Right knee pain.", "Left hip is fine."], None),
        (["Knee pain."], None),
        (["Both knees hurt.", "Bilateral osteoarthritis."], "bilateral"),
        ([], None),
    ],
)
def test_one_side_throughout_is_the_records_side(sentences: list[str], expected: str | None) -> None:
    """A record that only ever speaks of one side means that side; two sides decide nothing."""
    assert side_throughout(tokens(s) for s in sentences) == expected


@pytest.mark.parametrize(
    ("visit", "text", "setting", "episode"),
    [
        (None, "Ankle sprain today.", "outpatient", "initial"),
        ("follow-up", "Ankle sprain.", "outpatient", "subsequent"),
        (None, "Follow up of wrist fracture, healing.", "outpatient", "subsequent"),
        (None, "Suture removal.", "outpatient", "subsequent"),
        (None, "Post-op visit.", "inpatient", "initial"),
        ("follow-up", "Ankle sprain.", "ed", "initial"),
        (None, "Late effect of stroke.", "outpatient", "sequela"),
        ("follow-up", "Sequelae of burn.", "ed", "sequela"),
        (None, f"{'Ankle sprain. ' * 40}Follow up in one week.", "outpatient", "initial"),
    ],
)
def test_the_visit_decides_the_episode(visit: str | None, text: str, setting: str, episode: str) -> None:
    """Active treatment unless type of visit or opening words say otherwise; an emergency visit is active treatment."""
    assert episode_of(encounter(text, setting=setting, visit_type=visit)) == episode


def test_qualifiers_are_the_words_that_siblings_differ_by() -> None:
    """Severity, acuity, stages and numbers of the sentence, once each, in order; other words are left out."""
    words = tokens("Moderate recurrent depression, moderate, stage 3b of the kidney")
    assert read_axes(words, 0, 8, "initial").qualifiers == ("moderate", "recurrent", "stage", "3b")
