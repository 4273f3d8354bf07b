"""Side, episode and the attributes of a mention, read from the words that belong to it."""

from __future__ import annotations

import pytest

from agent.axes import axes_of, episode_of, read_axes
from agent.lines import Spotted
from agent.sides import may_have_side, side_throughout
from medcoding.chart import SectionKind
from medcoding.mention import Axes
from retrieval.dictionary import Term
from retrieval.wording import tokens
from tests.flow.notes import encounter
from tests.lines import line, term

KNEE: Term = term("knee", "M25.56")


def axes(
    sentence: str, mention: str, *others: str, what: Term = KNEE, section: SectionKind = SectionKind.ASSESSMENT
) -> Axes:
    """Axes of the words where they first stand, beside other mentions of the sentence."""
    every = [
        Spotted(sentence.index(w), sentence.index(w) + len(w), what, heads_problem=False) for w in (mention, *others)
    ]
    return axes_of(line(sentence, section), every[0], sorted(every, key=lambda f: f.start))


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
        ("Ankle sprain, right", "Ankle sprain", "right"),
        ("Pressure ulcer, left heel, clean", "Pressure ulcer", "left"),
        ("OS: open-angle glaucoma, stage indeterminate", "open-angle glaucoma", "left"),
        ("Swelling of the right lower leg, probable cellulitis", "cellulitis", "right"),
        ("Knee pain radiating to the left foot", "Knee pain", None),
        ("Knee pain that began a week ago after he fell on his right hand", "Knee pain", None),
        ("Left bundle branch block, knee pain", "knee pain", None),
        ("Knee pain", "Knee pain", None),
        ("RIGHT KNEE PAIN", "KNEE PAIN", "right"),
    ],
)
def test_a_side_belongs_to_what_it_stands_with(sentence: str, mention: str, expected: str | None) -> None:
    """Inside the words, before them, close behind, in a stretch of its own, or on the label of the line."""
    assert axes(sentence, mention).laterality == expected


@pytest.mark.parametrize(
    ("mention", "other", "expected"), [("knee pain", "hip pain", "left"), ("hip pain", "knee pain", "right")]
)
def test_each_of_two_has_its_own_side(mention: str, other: str, expected: str) -> None:
    """What stands behind another mention is that one's."""
    assert axes("Left knee pain and right hip pain", mention, other).laterality == expected


def test_a_systemic_disease_takes_no_side() -> None:
    """Hypertension beside a left knee has none; a finding of an examined limb has the limb's."""
    assert axes("L knee OA, HTN", "HTN", what=term("HTN", "I10")).laterality is None
    sign = term("effusion").model_copy(update={"stems": ()})
    exam = SectionKind.PHYSICAL_EXAM
    assert axes("R knee with moderate effusion", "effusion", what=sign, section=exam).laterality == "right"
    assert axes("R knee ok, no effusion", "effusion", what=sign, section=exam).laterality is None
    assert may_have_side("S52.501")
    assert not may_have_side("E78.5")


@pytest.mark.parametrize(
    ("sentence", "mention", "others", "severity", "stage", "kind"),
    [
        ("Asthma, moderate persistent", "Asthma", [], "moderate", None, "persistent"),
        ("moderate MR, mild AS", "MR", ["AS"], "moderate", None, None),
        ("moderate MR, mild AS", "AS", ["MR"], "mild", None, None),
        ("CKD, stage 3b, stable", "CKD", [], None, "3b", None),
        ("Afib: Paroxysmal, on apixaban", "Afib", ["apixaban"], None, None, "paroxysmal"),
        ("Depression worse; recurrent episode, moderate, no SI", "Depression", ["SI"], "moderate", None, None),
        ("Dementia with severe constipation", "Dementia", ["constipation"], None, None, None),
    ],
)
def test_attributes_go_to_the_nearest_head(
    sentence: str, mention: str, others: list[str], severity: str | None, stage: str | None, kind: str | None
) -> None:
    """Before the head, or behind it in stretches that do nothing but qualify."""
    found = axes(sentence, mention, *others)
    assert (found.severity, found.stage) == (severity, stage)
    assert kind is None or found.type == kind


def test_qualifiers_are_the_words_of_the_mention_and_harmless_company() -> None:
    """A neighbour's severity is not taken over; words of cause and site anywhere in the sentence are."""
    found = axes("moderate MR, mild AS with heart failure", "MR", "AS")
    assert "moderate" in found.qualifiers
    assert "mild" not in found.qualifiers
    assert "failure" in found.qualifiers


def test_words_that_stand_alone_have_their_own_axes() -> None:
    """A search for `moderate recurrent depression, stage 3b, left` means all of its words."""
    words = tokens("Moderate recurrent depression, moderate, stage 3b of the left kidney")
    found = read_axes(words, 0, 80, "initial")
    assert found.qualifiers == ("moderate", "recurrent", "stage", "3b")
    assert (found.laterality, found.episode) == ("left", "initial")


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


@pytest.mark.parametrize(
    ("sentence", "episode"),
    [
        ("Wrist fracture, initial encounter", "initial"),
        ("Wrist fracture, routine healing in a cast", "subsequent"),
        ("Scar contracture, late effect of burn", "sequela"),
        ("Wrist fracture", "initial"),
    ],
)
def test_the_sentence_decides_before_the_visit(sentence: str, episode: str) -> None:
    """Healing is aftercare, a late effect is a sequela."""
    assert axes(sentence, sentence.split(",", maxsplit=1)[0]).episode == episode
