"""Which sections of the guidelines a record brings into play."""

from __future__ import annotations

import pytest

from index_build.guidelines.digest import guideline_entries
from medcoding.encounter import Setting
from medcoding.guideline import GuidelineEntry
from medcoding.mention import Assertion
from retrieval.guideline_rules import GuidelineRules, RecordSays

OUTPATIENT, INPATIENT, ED = Setting.OUTPATIENT, Setting.INPATIENT, Setting.ED
PRESENT = frozenset({Assertion.PRESENT})


@pytest.fixture(scope="module")
def rules() -> GuidelineRules:
    """The shipped digest."""
    return GuidelineRules(guideline_entries())


def entry(number: str, **changes: object) -> GuidelineEntry:
    """A section of our own."""
    values = {"id": number, "edition": "FY2031", "title": "Title", "text": "Text"}
    return GuidelineEntry.model_validate(values | changes)


def says(text: str, *codes: str, setting: Setting = OUTPATIENT, stance: Assertion | None = None) -> RecordSays:
    """A record."""
    return RecordSays(setting, frozenset(codes), text, PRESENT | ({stance} if stance else set()))


@pytest.mark.parametrize(
    ("record", "section"),
    [
        (says("Sepsis due to E. coli UTI.", "A41.51", "N39.0", setting=INPATIENT), "I.C.1.d"),
        (says("Severe sepsis with acute kidney injury.", "A41.9", "R65.20", setting=INPATIENT), "I.C.1.d.1.b"),
        (says("Probable pneumonia.", "J18.9", stance=Assertion.POSSIBLE), "IV.H"),
        (says("Suspected pulmonary embolism.", "I26.99", setting=ED, stance=Assertion.POSSIBLE), "IV.H"),
        (says("Likely pneumonia.", "J18.9", setting=INPATIENT, stance=Assertion.POSSIBLE), "II.H"),
        (says("Hypertensive heart disease with heart failure.", "I11.0", "I50.9"), "I.C.9.a.1"),
        (says("Hypertension and CKD stage 3a.", "I12.9", "N18.31"), "I.C.9.a.2"),
        (says("HIV positive, asymptomatic, on ART.", "Z21"), "I.C.1.a"),
        (says("Stage 3 pressure ulcer of the sacrum.", "L89.153", setting=INPATIENT), "I.C.12.a"),
        (says("Type 2 MI from demand ischemia.", "I21.A1", setting=INPATIENT), "I.C.9.e.5"),
        (says("Flu shot given, vaccination visit.", "Z23"), "I.C.21.c.2"),
        (says("Ran out of insulin, noncompliance.", "T38.3X6A", "Z91.14"), "I.C.19.e.5.c"),
        (says("History of breast cancer, no recurrence.", "Z85.3", stance=Assertion.HISTORICAL), "I.C.21.c.4"),
        (says("Twins, G2P1 at 34 weeks.", "O30.003", "O31.8X10"), "I.C.15.a.6"),
    ],
)
def test_a_record_brings_its_section(rules: GuidelineRules, record: RecordSays, section: str) -> None:
    """What a coder would open for this record stands among the first eight, with nothing of like wording found."""
    found = [passage.id for passage in rules.ranked(record, (), 8)]
    assert any(i == section or i.startswith(f"{section}.") for i in found), found


@pytest.mark.parametrize("setting", Setting)
def test_only_sections_for_the_setting_are_given(rules: GuidelineRules, setting: Setting) -> None:
    """Section II does not reach an outpatient, nor section IV a stay; the limit holds."""
    found = rules.ranked(says("Probable sepsis", "A41.9", setting=setting, stance=Assertion.POSSIBLE), (), 12)
    assert len(found) == 12
    assert all(setting in passage.settings for passage in found)


def test_likeness_decides_where_rules_are_silent(rules: GuidelineRules) -> None:
    """A section found by its wording comes first when nothing calls for another."""
    near = [passage for passage in guideline_entries() if passage.id == "I.A.7"]
    assert rules.ranked(says("nothing of note"), near, 1)[0].id == "I.A.7"
    assert rules.ranked(says("Probable pneumonia", stance=Assertion.POSSIBLE), near, 1)[0].id == "IV.H"


def test_a_narrow_section_comes_before_a_wide_one() -> None:
    """A single code before its category, that before a range; a range over the whole book says nothing."""
    entries = [
        entry("I.B.1", categories=("A00-T88",)),
        entry("I.C.4.a", categories=("E08-E13",)),
        entry("I.C.4.a.1", categories=("E11",)),
        entry("I.C.4.a.2", categories=("E11.65",)),
    ]
    found = GuidelineRules(entries).ranked(says("sugar", "E11.65"), (), 4)
    assert [passage.id for passage in found] == ["I.C.4.a.2", "I.C.4.a.1", "I.C.4.a", "I.B.1"]


def test_a_rare_trigger_counts_more_than_a_common_one() -> None:
    """What many sections wait for tells little."""
    entries = [
        entry("I.A.1", triggers=("fever",)),
        entry("I.A.2", triggers=("fever",)),
        entry("I.A.3", triggers=("burn",)),
    ]
    found = GuidelineRules(entries).ranked(says("fever after a burn"), (), 3)
    assert [passage.id for passage in found] == ["I.A.3", "I.A.1", "I.A.2"]


def test_a_trigger_is_found_in_its_order_only() -> None:
    """`Due to` is no `to due`, and endings do not matter."""
    entries = [entry("I.A.1"), entry("I.A.2", triggers=("burns of the hand",))]
    rules = GuidelineRules(entries)
    assert rules.ranked(says("a burn of hand"), (), 1)[0].id == "I.A.2"
    assert rules.ranked(says("hand with a burn"), (), 1)[0].id == "I.A.1"


def test_the_order_is_the_same_whatever_the_digest_s_order() -> None:
    """Of equals the section that stands first in the document comes first."""
    entries = [entry("I.B.10"), entry("I.B.2"), entry("App.I"), entry("II.H")]
    forwards, backwards = (GuidelineRules(e).ranked(says("x"), (), 4) for e in (entries, entries[::-1]))
    assert [p.id for p in forwards] == [p.id for p in backwards] == ["I.B.2", "I.B.10", "II.H", "App.I"]
