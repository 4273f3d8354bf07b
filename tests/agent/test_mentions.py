"""Sentences become mentions, each an exact span with what its words and its place say about it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.abbreviations import Abbreviations
from agent.assertion import AssertionRules
from agent.headings import HeadingTable
from agent.mentions import MentionRules, find
from agent.sections import split
from medcoding.mention import Assertion, Mention, MentionKind
from retrieval.dictionary import Dictionary, Term
from tests.flow.notes import encounter
from tests.strategies import NOTE_ALPHABET

TERMS: Sequence[Term] = (
    Term(text="gout", stems=("M10.9",), source="clinical", chronic=True),
    Term(text="hypertension", stems=("I10",), source="clinical", chronic=True),
    Term(text="atrial fibrillation", stems=("I48.91",), source="clinical", chronic=True),
    Term(text="pneumonia", stems=("J18.9",), source="clinical", history_code="Z87.01"),
    Term(text="pneumonia in pregnancy", stems=("O99.51",), source="clinical"),
    Term(text="chest pain", stems=("R07.9",), source="clinical"),
    Term(text="pain", stems=("R52",), source="clinical"),
    Term(text="knee pain", stems=("M25.56",), source="clinical"),
    Term(text="cough", stems=("R05.9",), source="clinical"),
    Term(text="breast cancer", stems=("C50.91",), source="clinical", history_code="Z85.3", family_code="Z80.3"),
    Term(text="history of falling", stems=("Z91.81",), source="clinical"),
    Term(text="insulin", stems=("Z79.4",), source="drug", needs=("E11",)),
    Term(text="gestational diabetes", stems=("O24.41",), source="clinical"),
    Term(text="COVID-19", stems=("U07.1",), source="clinical"),
    Term(text="lisinopril", stems=(), source="drug"),
    Term(text="aortic insufficiency", stems=("I35.1",), source="clinical"),
    Term(text="adrenal insufficiency", stems=("E27.40",), source="clinical"),
)
RULES = MentionRules(Dictionary(TERMS), Abbreviations(), AssertionRules())
HEADINGS = HeadingTable()

NOTE_LIKE = st.lists(
    st.sampled_from(["Assessment:", "PMH:", "FH:", "HTN", "a fib", "gout", "Gout", "denies", "no", "pain", "BMI 32.4"])
    | st.sampled_from(["chest  pain", "\n", "\r\n", ". ", "- ", "🙂", "Family history of breast cancer", "insulin"])
    | st.text(NOTE_ALPHABET, max_size=10),
    min_size=1,
    max_size=25,
).map(" ".join)


def found_in(*texts: str, setting: str = "outpatient", age: int | None = 60) -> tuple[Mention, ...]:
    """The mentions of a record."""
    return find(split(encounter(*texts, setting=setting, age=age), HEADINGS), RULES)


def only(*texts: str, setting: str = "outpatient") -> Mention:
    """The one mention of a record."""
    (mention,) = found_in(*texts, setting=setting)
    return mention


def words(*texts: str) -> list[str]:
    """What is mentioned, in reading order."""
    return [m.text for m in found_in(*texts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen for gout and cough.", ["gout", "cough"]),
        ("Chest pain", ["Chest pain"]),
        ("chest\n  pain", ["chest\n  pain"]),
        ("HTN and a fib noted.", ["HTN", "a fib"]),
        ("Severe left knee pain.", ["knee pain"]),
        ("GOUT", ["GOUT"]),
        ("The visit was pleasant.", []),
    ],
)
def test_terms_are_found_as_they_are_written(text: str, expected: list[str]) -> None:
    """The longest term wins, in any case, over line breaks and abbreviations; the span is the author's own words."""
    assert words(text) == expected


def test_a_mention_says_where_it_stands_and_what_is_looked_up() -> None:
    """Document, sentence, section, and the words with abbreviations written out."""
    _, htn = found_in("Cough.", "Assessment:\nHTN is controlled.")
    assert (htn.document_id, htn.sentence, htn.section) == ("d2", 2, "assessment")
    assert (htn.id, htn.query, htn.term, htn.stems, htn.concept) == (2, "hypertension", "hypertension", ("I10",), "I10")
    assert htn.chronic


def test_ids_run_from_1_in_reading_order() -> None:
    """Over documents and sentences."""
    assert [m.id for m in found_in("Gout. Cough, chest pain.", "Pneumonia.")] == [1, 2, 3, 4]


def test_an_ambiguous_abbreviation_is_read_by_its_context() -> None:
    """`AI` on hydrocortisone is the adrenal one."""
    assert only("AI stable, on hydrocortisone.").stems == ("E27.40",)
    assert only("AI with murmur.").stems == ("I35.1",)


def test_a_signature_is_not_read() -> None:
    """Nothing there is a diagnosis."""
    assert words("Electronically signed by:\ncough") == []


def test_the_list_of_allergies_holds_substances() -> None:
    """Penicillin there is an allergy to it, and no drug that is taken."""
    allergy, hives = found_in("Allergies:\nPenicillin - hives")
    assert (allergy.kind, allergy.stems) == (MentionKind.PROBLEM, ("Z88.0",))
    assert hives.stems == ()


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Assessment:\nGout.", True),
        ("Assessment:\n1. Gout - stable", True),
        ("Assessment: Gout", True),
        ("Assessment:\nContinue treatment of gout as before.", False),
        ("HPI:\nGout.", False),
    ],
)
def test_a_short_line_of_an_assessment_heads_its_problem(text: str, stated: bool) -> None:
    """Stated as a problem of its own, or only spoken of."""
    assert only(text).heads_problem is stated


def test_a_stated_problem_without_a_term_stands_as_written() -> None:
    """Words that the dictionary does not hold are looked up by search."""
    mention = only("Assessment:\nZieve syndrome.")
    assert (mention.text, mention.term, mention.stems, mention.heads_problem) == ("Zieve syndrome", None, (), True)
    assert mention.query == "Zieve syndrome"


def test_a_stated_problem_keeps_all_its_words_as_context() -> None:
    """So that a more specific sibling can be recognised."""
    mention, _ = found_in("Assessment:\nHypertension with heart failure: continue lisinopril")
    assert mention.context == ("hypertension", "with", "heart", "failure")


def test_the_disease_of_a_pregnancy_is_a_part_of_it() -> None:
    """`Pneumonia in pregnancy` names a code of chapter 15, and the pneumonia whose own code says which disease."""
    whole, part = found_in("Assessment:\nPneumonia in pregnancy")
    assert (whole.stems, part.stems, part.part_of, part.text) == (("O99.51",), ("J18.9",), whole.id, "Pneumonia")


@pytest.mark.parametrize("joined", ["secondary to", "2/2"])
def test_secondary_to_says_nothing_of_the_cause_behind_it(joined: str) -> None:
    """The hypertension that a disease is secondary to is no secondary hypertension; the disease is a secondary one."""
    cough, hypertension = found_in(f"Assessment:\nCough {joined} hypertension")
    assert cough.context == ("cough", "secondary", "to")
    assert (hypertension.context, hypertension.clause) == (("due", "to", "hypertension"), "due to hypertension")
    assert "secondary" not in hypertension.axes.qualifiers
    assert "secondary" in only("Assessment:\nSecondary hypertension").axes.qualifiers


@pytest.mark.parametrize(
    ("text", "assertion", "stems"),
    [
        ("HPI:\nHad pneumonia, resolved.", "historical", ("Z87.01",)),
        ("PMH:\nPneumonia.", "historical", ("Z87.01",)),
        ("PMH:\nGout.", "present", ("M10.9",)),
        ("HPI:\nHistory of gout.", "present", ("M10.9",)),
        ("PMH:\nCough.", "historical", ()),
        ("PMH:\nDenies gout.", "negated", ("M10.9",)),
        ("FH:\nBreast cancer in mother.", "family", ("Z80.3",)),
        ("FH:\nGout.", "family", ()),
        ("FH:\nNo breast cancer.", "negated", ("C50.91",)),
        ("HPI:\nFamily history of breast cancer.", "family", ("Z80.3",)),
        ("HPI:\nHistory of breast cancer.", "historical", ("Z85.3",)),
        ("HPI:\nHas a history of falling.", "historical", ("Z91.81",)),
        ("ED course:\nPossible pneumonia.", "possible", ("J18.9",)),
    ],
)
def test_section_and_words_decide_where_a_term_leads(text: str, assertion: str, stems: tuple[str, ...]) -> None:
    """Past conditions lead to their history code, a relative's to the family code, lasting ones stay current."""
    mention = only(text)
    assert (mention.assertion.value, mention.stems) == (assertion, stems)


def test_a_relatives_condition_is_the_relatives() -> None:
    """The experiencer is not the patient."""
    assert only("FH:\nGout.").experiencer == "family"
    assert only("HPI:\nGout.").experiencer == "patient"


def test_a_drug_is_a_mention_of_its_own_kind() -> None:
    """It counts only beside what it is for."""
    mention = only("Medications:\ninsulin 10 units")
    assert (mention.kind, mention.needs) == (MentionKind.DRUG, ("E11",))


def test_a_drug_does_not_stand_for_the_problem_it_treats() -> None:
    """`Zieve syndrome: insulin` states a problem, not a drug."""
    assert MentionKind.PROBLEM in {m.kind for m in found_in("Assessment:\nZieve syndrome, on insulin")}


def test_a_measurement_is_a_mention_that_needs_its_condition() -> None:
    """A body mass index counts beside a weight diagnosis."""
    mention = only("Vitals:\nBMI 32.4")
    assert (mention.text, mention.stems) == ("BMI 32.4", ("Z68.32",))
    assert "E66" in mention.needs


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("HPI:\nRight knee pain.", "right"),
        ("CC:\nRight leg\nAssessment:\nKnee pain", "right"),
        ("CC:\nRight leg, left arm\nAssessment:\nKnee pain", None),
        ("CC:\nRight leg\nROS:\nLeft arm numb.\nAssessment:\nKnee pain", "right"),
    ],
)
def test_a_mention_has_its_own_side_or_the_records_only_one(text: str, side: str | None) -> None:
    """The side said nearby, else the one that complaint, history and assessment agree on."""
    assert only(text).axes.laterality == side


def test_what_resolved_during_a_stay_was_present() -> None:
    """Guideline III: coded for the inpatient stay, past for an office visit."""
    text = "Discharge diagnoses:\nPneumonia, resolved"
    assert only(text, setting="inpatient").assertion is Assertion.PRESENT
    assert only(text, setting="outpatient").assertion is Assertion.HISTORICAL


def test_a_flood_of_mentions_is_bounded() -> None:
    """600 and no more, with ids unbroken."""
    mentions = found_in("Cough. Gout. " * 400)
    assert [m.id for m in mentions] == list(range(1, 601))


def test_what_complicates_a_pregnancy_is_of_its_trimester() -> None:
    """Weeks of gestation anywhere in the record decide (I.C.15.a.3)."""
    weeks, diabetes = found_in("G2P1 at 30w2d.", "Assessment:\nGestational diabetes.")
    assert (weeks.axes.weeks, weeks.axes.trimester) == (30, "third")
    assert (diabetes.axes.trimester, diabetes.axes.weeks) == ("third", None)
    assert {"third", "trimester"} <= set(diabetes.axes.qualifiers)


def test_contact_with_a_disease_is_a_mention_of_its_own() -> None:
    """The wife is ill, the patient was exposed."""
    mention = only("HPI:\nWife tested positive for COVID-19.")
    assert (mention.assertion, mention.stems, mention.concept) == (Assertion.PRESENT, ("Z20.822",), "Z20.822")


def test_a_term_without_a_code_leads_nowhere() -> None:
    """Drugs, operations and signs by name are mentions without stems."""
    drug, sign = found_in("Exam:\nOn lisinopril. Bibasilar crackles.")
    assert (drug.kind, drug.stems, drug.concept) == (MentionKind.DRUG, (), None)
    assert (sign.kind, sign.stems, sign.concept) == (MentionKind.PROBLEM, (), None)


@given(st.lists(NOTE_LIKE | st.text(NOTE_ALPHABET, min_size=1, max_size=80), min_size=1, max_size=2))
@example(["Assessment:\n🙂 HTN 2/2 gout"])
@example(["Assessment: e\u0301 gout\u2028gout"])
def test_every_mention_is_an_exact_span_of_its_sentence(texts: list[str]) -> None:
    """Law: for any text, the words of a mention stand at its span, inside its sentence, and are not empty."""
    chart = split(encounter(*texts), HEADINGS)
    for number, mention in enumerate(find(chart, RULES), start=1):
        sentence = chart.sentence(mention.sentence)
        assert mention.id == number
        assert mention.text
        assert mention.text == mention.span.of(chart.encounter.document(mention.document_id).text)
        assert sentence.document_id == mention.document_id
        assert sentence.span.start <= mention.span.start < mention.span.end <= sentence.span.end


@given(NOTE_LIKE)
def test_finding_twice_finds_the_same(text: str) -> None:
    """Law: nothing is remembered from one record to the next."""
    assert found_in(text) == found_in(text)
