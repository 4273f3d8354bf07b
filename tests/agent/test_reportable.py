"""What is to be coded, and why the rest is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.reportable import Reportable, quote_of, select
from medcoding.chart import SectionKind, Span
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Mention, MentionKind
from medcoding.proposal import NotCodedReason
from tests.charts import chart, mention

HPI, PMH, ROS = SectionKind.HISTORY_PRESENT_ILLNESS, SectionKind.PAST_MEDICAL_HISTORY, SectionKind.REVIEW_OF_SYSTEMS
ASSESSMENT, PLAN, COURSE = SectionKind.ASSESSMENT, SectionKind.PLAN, SectionKind.HOSPITAL_COURSE
OUTPATIENT, INPATIENT, ED = Setting.OUTPATIENT, Setting.INPATIENT, Setting.ED


def said(words: str, section: SectionKind, number: int = 1, **changes: Any) -> Mention:
    """A mention of a term of the dictionary, `R05.9` unless told otherwise."""
    values: dict[str, Any] = {"term": words, "stems": ("R05.9",), "concept": "R05.9", "section": section}
    return mention(number, words, number, **(values | changes))


ASSESSED = said("Hypertension", ASSESSMENT, 9, heads_problem=True, stems=("I10",), concept="I10", chronic=True)


def selected(*mentions: Mention, setting: Setting = OUTPATIENT) -> Reportable:
    """What is selected of a record."""
    return select(chart([f"Sentence {n}." for n in range(1, 13)], setting=setting.value), mentions)


def verdict(item: Mention, setting: Setting = OUTPATIENT, *beside: Mention) -> NotCodedReason | str:
    """`coded`, the reason why not, or `passed over` for what is not even named."""
    result = selected(item, *beside, setting=setting)
    if item in result.mentions:
        return "coded"
    reasons = [n.reason for n in result.left_out if n.text == item.text]
    return reasons[0] if reasons else "passed over"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [(OUTPATIENT, NotCodedReason.UNCERTAIN), (ED, NotCodedReason.UNCERTAIN), (INPATIENT, "coded")],
)
def test_an_uncertain_diagnosis_counts_in_a_stay_only(setting: Setting, reason: str) -> None:
    """Guidelines II.H and III.C against IV.H; an emergency visit is an outpatient one."""
    assert verdict(said("pneumonia", ASSESSMENT, assertion=Assertion.POSSIBLE), setting) == reason


@pytest.mark.parametrize("setting", Setting)
@pytest.mark.parametrize(
    ("assertion", "reason"),
    [(Assertion.NEGATED, NotCodedReason.NEGATED), (Assertion.HYPOTHETICAL, NotCodedReason.HYPOTHETICAL)],
)
def test_what_the_patient_does_not_have_is_never_coded(setting: Setting, assertion: Assertion, reason: str) -> None:
    """Denied or only thinkable, in any setting, even stated as a problem."""
    assert verdict(said("chest pain", ASSESSMENT, assertion=assertion, heads_problem=True), setting) == reason


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (said("gout", ASSESSMENT, heads_problem=True), "coded"),
        (said("gout", ASSESSMENT), "coded"),
        (said("gout", PMH, chronic=True), "coded"),
        (said("gout", HPI, chronic=True), "coded"),
        (said("gout", PLAN, chronic=True), "coded"),
        (said("gout", SectionKind.SOCIAL_HISTORY, chronic=True), "coded"),
        (said("cough", PMH), NotCodedReason.NOT_ASSESSED),
        (said("cough", HPI), NotCodedReason.NOT_ASSESSED),
        (said("cough", SectionKind.CHIEF_COMPLAINT), NotCodedReason.NOT_ASSESSED),
        (said("cough", PLAN), NotCodedReason.NOT_ASSESSED),
        (said("cough", ROS), "passed over"),
        (said("gout", ROS, chronic=True), "passed over"),
        (said("edema", SectionKind.PHYSICAL_EXAM), "passed over"),
        (said("effusion", SectionKind.RESULTS), "passed over"),
        (said("gout", SectionKind.INSTRUCTIONS, chronic=True), "passed over"),
        (said("odd words", ASSESSMENT, term=None, stems=(), concept=None, heads_problem=True), "coded"),
    ],
)
def test_the_section_shows_whether_it_counts(item: Mention, expected: str) -> None:
    """Assessed, or lasting and current, beside an assessment; a review of systems and an examination say nothing."""
    assert verdict(item, OUTPATIENT, ASSESSED) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (said("cough", SectionKind.CHIEF_COMPLAINT), "coded"),
        (said("cough", HPI), "coded"),
        (said("cough", SectionKind.OTHER), "coded"),
        (said("cough", ROS), "passed over"),
        (said("cough", PMH), NotCodedReason.NOT_ASSESSED),
    ],
)
def test_without_an_assessment_the_complaint_counts(item: Mention, expected: str) -> None:
    """What the patient came for is coded where nothing is assessed (IV.A.1)."""
    assert verdict(item) == expected


@pytest.mark.parametrize(
    ("setting", "beside", "expected"),
    [
        (OUTPATIENT, (ASSESSED,), NotCodedReason.NOT_ASSESSED),
        (OUTPATIENT, (), "coded"),
        (INPATIENT, (ASSESSED,), "coded"),
        (ED, (ASSESSED,), "coded"),
    ],
)
def test_an_outpatients_story_counts_for_what_is_assessed(
    setting: Setting, beside: tuple[Mention, ...], expected: str
) -> None:
    """Psoriasis told in passing is no problem of a visit that assesses another (IV.J); of a stay it may be (III)."""
    psoriasis = said("Psoriasis", SectionKind.OTHER, stems=("L40.9",), concept="L40.9", chronic=True)
    assert verdict(psoriasis, setting, *beside) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (said("pneumonia", PMH, stems=("Z87.01",), concept="J18.9"), NotCodedReason.HISTORICAL),
        (said("breast cancer", PMH, stems=("Z85.3",), concept="C50.9"), "coded"),
        (said("breast cancer", HPI, stems=("Z85.3",), concept="C50.9"), "coded"),
        (said("cough", PMH, stems=("Z87.898",), concept="R05.9"), NotCodedReason.HISTORICAL),
        (said("sprain", ASSESSMENT, stems=(), concept="S93.4"), NotCodedReason.HISTORICAL),
        (said("breast cancer", ROS, stems=("Z85.3",), concept="C50.9"), "passed over"),
    ],
)
def test_a_past_condition_counts_when_its_history_is_worth_a_code(item: Mention, expected: str) -> None:
    """Cancer's history is reported, that of a cough is not, and what has no history code is left out."""
    past = item.model_copy(update={"assertion": Assertion.HISTORICAL})
    assert verdict(past, OUTPATIENT, ASSESSED) == expected


@pytest.mark.parametrize(
    ("section", "stems", "expected"),
    [
        (ASSESSMENT, ("Z80.3",), "coded"),
        (SectionKind.FAMILY_HISTORY, ("Z80.3",), NotCodedReason.FAMILY),
        (ASSESSMENT, (), NotCodedReason.FAMILY),
    ],
)
def test_a_relatives_condition_counts_when_it_is_assessed(
    section: SectionKind, stems: tuple[str, ...], expected: str
) -> None:
    """A family-history code where the assessment says so; a family history alone is background."""
    relative = said("breast cancer", section, assertion=Assertion.FAMILY, stems=stems, experiencer="family")
    assert verdict(relative, OUTPATIENT, ASSESSED) == expected


def test_under_stated_problems_only_lasting_conditions_count() -> None:
    """The text below `2. Hypertension` in assessment and plan is reasoning, not a list of diagnoses."""
    both = SectionKind.ASSESSMENT_PLAN
    stated = said("Hypertension", both, 9, heads_problem=True, stems=("I10",), concept="I10")
    assert verdict(said("cough", both), OUTPATIENT, stated) == NotCodedReason.NOT_ASSESSED
    assert verdict(said("gout", both, chronic=True), OUTPATIENT, stated) == "coded"


def test_the_course_of_a_stay_counts() -> None:
    """What was dealt with on the ward is coded from the hospital course where nothing is listed."""
    assert verdict(said("delirium", COURSE), INPATIENT) == "coded"


COURSE_TEXT = "Sepsis was treated with IV ceftriaxone; respiratory failure required intubation; delirium was noted."


@pytest.mark.parametrize(
    ("words", "concept", "setting", "expected"),
    [
        ("Sepsis", "A41.9", INPATIENT, "coded"),
        ("respiratory failure", "J96.0", INPATIENT, "coded"),
        ("delirium", "F05", INPATIENT, NotCodedReason.NOT_ASSESSED),
        ("Sepsis", "R05.9", INPATIENT, NotCodedReason.NOT_ASSESSED),
        ("Sepsis", "A41.9", OUTPATIENT, NotCodedReason.NOT_ASSESSED),
    ],
)
def test_a_disease_that_the_course_treats_counts_beside_a_headed_problem(
    words: str, concept: str, setting: Setting, expected: str
) -> None:
    """Evaluated, treated or monitored in the clause that names it; a symptom told there does not (guideline III)."""
    start = COURSE_TEXT.index(words)
    told = said(words, COURSE, concept=concept, stems=(concept,), span=Span(start=start, end=start + len(words)))
    result = select(
        chart([COURSE_TEXT, "COPD."], setting=setting.value), (told, ASSESSED.model_copy(update={"sentence": 2}))
    )
    assert (told in result.mentions) is (expected == "coded")
    assert [n.reason for n in result.left_out] == ([] if expected == "coded" else [expected])


@pytest.mark.parametrize("course", ["Pneumonia was not treated.", "Pneumonia required no antibiotics."])
def test_what_the_course_left_alone_does_not_count(course: str) -> None:
    """The words of treatment are denied (guideline III)."""
    told = said("Pneumonia", COURSE, concept="J18.9", stems=("J18.9",), span=Span(start=0, end=9))
    result = select(chart([course, "COPD."], setting="inpatient"), (told, ASSESSED.model_copy(update={"sentence": 2})))
    assert told not in result.mentions


@pytest.mark.parametrize("section", [SectionKind.MEDICATIONS, SectionKind.VITALS, PLAN])
def test_drugs_and_measurements_wait_for_their_condition(section: SectionKind) -> None:
    """They are kept wherever they stand; whether they count is decided beside the chosen codes."""
    drug = said("insulin", section, kind=MentionKind.DRUG, needs=("E11",))
    bmi = said("BMI 32.4", section, 2, needs=("E66",))
    assert selected(drug, bmi, ASSESSED).mentions == (drug, bmi, ASSESSED)


def test_what_is_left_out_keeps_its_words_code_and_reason() -> None:
    """A coder can see the quote, the code considered and the rule."""
    item = said("pneumonia", ASSESSMENT, assertion=Assertion.POSSIBLE, stems=("J18.9",), concept="J18.9")
    (left,) = selected(item).left_out
    assert (left.text, left.code, left.evidence) == ("pneumonia", "J18.9", (quote_of(item),))
    assert "IV.H" in left.detail


def test_a_quote_is_the_mention_with_its_place() -> None:
    """Document, offsets, words, section and assertion."""
    item = said("pneumonia", PMH, assertion=Assertion.NEGATED)
    assert quote_of(item).model_dump() == {
        "document_id": "d",
        "start": 0,
        "end": 9,
        "text": "pneumonia",
        "section": "past_medical_history",
        "assertion": Assertion.NEGATED,
    }


@given(
    st.lists(
        st.builds(
            said,
            st.sampled_from(["gout", "cough", "pneumonia"]),
            st.sampled_from(SectionKind),
            assertion=st.sampled_from(Assertion),
            chronic=st.booleans(),
            heads_problem=st.booleans(),
            stems=st.sampled_from([(), ("Z85.3",), ("J18.9",)]),
            concept=st.sampled_from(["J18.9", "R05.9"]),
        ),
        max_size=6,
    ),
    st.sampled_from(Setting),
)
def test_denied_and_uncertain_never_slip_through(mentions: list[Mention], setting: Setting) -> None:
    """Law: whatever stands beside it, a negated mention is never coded, nor an uncertain one outside a stay."""
    numbered = [m.model_copy(update={"id": n}) for n, m in enumerate(mentions, start=1)]
    coded = {m.assertion for m in selected(*numbered, setting=setting).mentions}
    assert not coded & {Assertion.NEGATED, Assertion.HYPOTHETICAL}
    assert setting is INPATIENT or Assertion.POSSIBLE not in coded


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("aspirin 324 given", NotCodedReason.NOT_ASSESSED),
        ("aspirin x3 mo", NotCodedReason.NOT_ASSESSED),
        ("aspirin for 28 days", NotCodedReason.NOT_ASSESSED),
        ("aspirin daily", "coded"),
        ("aspirin started, continue long term", "coded"),
    ],
)
def test_a_short_course_is_no_long_term_drug(sentence: str, reason: str) -> None:
    """Guideline I.C.21.c.3: Z79 is not for single doses or for a course with an end."""
    drug = mention(1, "aspirin", 1, kind=MentionKind.DRUG, term="aspirin", stems=("Z79.82",), concept="Z79.82")
    assert (drug in select(chart([sentence]), (drug,)).mentions) is (reason == "coded")


@pytest.mark.parametrize(
    ("sentence", "counts"),
    [
        ("appendectomy the same night, uneventful", False),
        ("appendectomy as a child", True),
        ("appendectomy in 2019", True),
    ],
)
def test_an_operation_of_today_leaves_no_status_yet(sentence: str, counts: bool) -> None:
    """Guideline I.C.21.c.3: an absence is a status once the operation is past."""
    operation = mention(1, "appendectomy", 1, term="appendectomy", stems=("Z90.49",), concept="Z90.49", chronic=True)
    assert (operation in select(chart([sentence]), (operation,)).mentions) is counts


@pytest.mark.parametrize(("section", "outcome"), [(HPI, "passed over"), (SectionKind.PAST_SURGICAL_HISTORY, "coded")])
def test_an_absent_appendix_counts_where_operations_are_listed(section: SectionKind, outcome: str) -> None:
    """Told in passing it bears on nothing (guideline I.C.21.c.3)."""
    status: dict[str, Any] = {"stems": ("Z90.49",), "concept": "Z90.49", "chronic": True}
    past = status | {"assertion": Assertion.HISTORICAL}
    assert verdict(said("appendectomy", section, **past)) == outcome
