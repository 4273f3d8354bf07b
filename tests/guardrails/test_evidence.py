"""Evidence: the record's own words, and how they are said."""

from __future__ import annotations

import pytest

from guardrails.evidence import assertion_supports_code, evidence_is_verbatim, reading_agrees_with_claim
from medcoding.codebook import Codebook
from medcoding.encounter import Document
from medcoding.finding import Severity
from medcoding.mention import Assertion
from medcoding.proposal import EvidenceQuote
from tests.guardrails.cases import Written, case, mention, said

NOTE = "Probable pneumonia. Mother had breast cancer. Old stroke. Denies chest pain. Type 2 diabetes."
DIABETES = EvidenceQuote(document_id="d", start=77, end=92, text="Type 2 diabetes", assertion=Assertion.PRESENT)


@pytest.mark.parametrize(
    ("evidence", "stands"),
    [
        ((DIABETES,), True),
        ((DIABETES, DIABETES.model_copy(update={"start": 20, "end": 26, "text": "Mother"})), True),
        ((DIABETES.model_copy(update={"start": 0, "end": 15}),), False),
        ((DIABETES.model_copy(update={"text": "type 2 diabetes"}),), False),
        ((DIABETES.model_copy(update={"document_id": "d2"}),), False),
        ((DIABETES.model_copy(update={"document_id": "d9"}),), False),
        ((DIABETES.model_copy(update={"start": 3, "end": 3, "text": ""}),), False),
        ((DIABETES.model_copy(update={"start": 77 - len(NOTE), "end": 92 - len(NOTE)}),), False),
        ((DIABETES, DIABETES.model_copy(update={"text": "Type 1 diabetes"})), False),
        ((), False),
    ],
    ids=[
        "one",
        "two",
        "shifted",
        "case",
        "other document",
        "no document",
        "empty",
        "from the end",
        "one false",
        "none",
    ],
)
def test_evidence_is_the_records_own_words(
    fy2026: Codebook, evidence: tuple[EvidenceQuote, ...], *, stands: bool
) -> None:
    """Every quote, to the character, in the document it names; nothing is coded that nobody wrote."""
    documents = (Document(document_id="d", text=NOTE), Document(document_id="d2", text="Cough."))
    findings = evidence_is_verbatim(case(fy2026, documents, Written("E11.9", None, evidence=evidence)))
    assert said(findings) == ([] if stands else [("evidence.verbatim", "reject", ("E11.9",))])


PROBABLE = Written("J18.9", "pneumonia", assertion=Assertion.POSSIBLE)
MOTHER = Written("Z80.3", "breast cancer", assertion=Assertion.FAMILY)


@pytest.mark.parametrize(
    ("line", "setting", "supported"),
    [
        (Written("E11.9", "Type 2 diabetes"), "outpatient", True),
        (Written("E11.9", "Type 2 diabetes", assertion=None), "outpatient", True),
        (Written("E11.9", "Type 2 diabetes", assertion=Assertion.HYPOTHETICAL), "inpatient", False),
        (PROBABLE, "outpatient", False),
        (PROBABLE, "ed", False),
        (PROBABLE, "inpatient", True),
        (Written("R07.9", "chest pain", assertion=Assertion.NEGATED), "inpatient", False),
        (Written("C50.919", "breast cancer", assertion=Assertion.FAMILY), "inpatient", False),
        (MOTHER, "outpatient", True),
        (Written("I63.9", "stroke", assertion=Assertion.HISTORICAL), "inpatient", False),
        (Written("Z86.73", "stroke", assertion=Assertion.HISTORICAL), "outpatient", True),
        (Written("I25.2", "stroke", assertion=Assertion.HISTORICAL), "outpatient", True),
        (Written("Z80.3", "stroke", assertion=Assertion.HISTORICAL), "outpatient", False),
    ],
)
def test_the_assertion_must_support_the_code_in_this_setting(
    fy2026: Codebook, line: Written, setting: str, *, supported: bool
) -> None:
    """Uncertain counts in a stay only; relatives and the past lead to history codes only."""
    findings = assertion_supports_code(case(fy2026, NOTE, line, setting=setting))
    assert said(findings) == ([] if supported else [("evidence.assertion", "reject", (line.code,))])


def test_one_good_quote_will_do(fy2026: Codebook) -> None:
    """A denied symptom in one document, a stated one in the other."""
    told = "Denies chest pain. Seen again at noon, now chest pain at rest."
    first, second = told.index("chest pain"), told.rindex("chest pain")
    quotes = tuple(
        EvidenceQuote(document_id="d", start=start, end=start + 10, text="chest pain") for start in (first, second)
    )
    assert assertion_supports_code(case(fy2026, told, Written("R07.9", None, evidence=quotes))) == ()
    assert assertion_supports_code(case(fy2026, told, Written("R07.9", None, evidence=quotes[:1]))) != ()


def test_an_uncertain_diagnosis_is_sent_back_with_its_guideline(fy2026: Codebook) -> None:
    """The mend is to code the sign or symptom."""
    (finding,) = assertion_supports_code(case(fy2026, NOTE, PROBABLE))
    assert (finding.source, "symptom" in finding.mend) == ("IV.H", True)


@pytest.mark.parametrize(
    ("note", "quote", "code"),
    [
        ("Denies chest pain, no fever.", "chest pain", "R07.9"),
        ("CT without acute pulmonary embolism.", "pulmonary embolism", "I26.99"),
        ("Negative for pneumonia.", "pneumonia", "J18.9"),
        ("Pneumonia ruled out by CT.", "Pneumonia", "J18.9"),
        ("Patient denies shortness of breath.", "denies shortness of breath", "J44.9"),
        ("Father: colon cancer at 52.", "colon cancer", "C18.9"),
        ("Mother had gout.", "Mother had gout", "M10.9"),
        ("Suspected appendicitis.", "appendicitis", "K37"),
        ("Possible early sepsis.", "Possible early sepsis", "A41.9"),
        ("Cholecystitis is suspected.", "Cholecystitis", "K81.9"),
    ],
)
def test_a_claim_is_not_taken_on_trust(fy2026: Codebook, note: str, quote: str, code: str) -> None:
    """Claimed as present, or without a claim: words beside the quote say otherwise."""
    for claim in (Assertion.PRESENT, None):
        findings = assertion_supports_code(case(fy2026, note, Written(code, quote, assertion=claim)))
        assert said(findings) == [("evidence.assertion", "reject", (code,))]


@pytest.mark.parametrize(
    ("note", "quote", "code"),
    [
        ("No fever today. Type 2 diabetes.", "Type 2 diabetes", "E11.9"),
        ("Denies fever but has chest pain.", "chest pain", "R07.9"),
        ("Pneumonia, organism not found.", "Pneumonia", "J18.9"),
        ("Homeless, no housing since May.", "no housing", "Z59.00"),
        ("No urine output for 12 hours.", "No urine output", "R34"),
        ("Grandmother smokes in the home: secondhand smoke.", "secondhand smoke", "Z77.22"),
        ("Hit by her father.", "her father", "Y07.11"),
        ("Suspected neglect, reported.", "Suspected neglect", "T76.02XA"),
    ],
)
def test_cues_of_another_condition_do_not_count(fy2026: Codebook, note: str, quote: str, code: str) -> None:
    """Another clause, another sentence, or a code that rests on an absence, a suspicion or a relative."""
    assert assertion_supports_code(case(fy2026, note, Written(code, quote))) == ()


def test_mention_and_cue_together_reject(fy2026: Codebook) -> None:
    """Far behind its cue in a list: a loose cue counts where the product reads the condition as denied too."""
    note = "No orthopnea, leg swelling, palpitations, dizziness or syncope."
    line = Written("R55", "syncope")
    assert assertion_supports_code(case(fy2026, note, line)) == ()
    read = mention(note, "syncope", "R55", Assertion.NEGATED)
    findings = assertion_supports_code(case(fy2026, note, line, mentions=(read,)))
    assert [finding.severity for finding in findings] == [Severity.REJECT]


def test_the_reading_alone_is_a_question(fy2026: Codebook) -> None:
    """The record reads as negated, no cue stands in the clause: a person decides."""
    note = "Heart failure: see above."
    read = mention(note, "Heart failure", "I50.9", Assertion.NEGATED)
    asked = case(fy2026, note, Written("I50.9", "Heart failure"), mentions=(read,))
    assert assertion_supports_code(asked) == ()
    assert said(reading_agrees_with_claim(asked)) == [("evidence.reading", "must_resolve", ("I50.9",))]
    agreed = mention(note, "Heart failure", "I50.9")
    assert reading_agrees_with_claim(case(fy2026, note, Written("I50.9", "Heart failure"), mentions=(agreed,))) == ()
