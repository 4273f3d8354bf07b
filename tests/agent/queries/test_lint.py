"""Behaviour of the linter of provider queries: nothing that leads, nothing of money, quality scores or codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from agent.queries.compose import draft, standing_options
from agent.queries.lint import faults
from agent.review.standing import Reviewing, standing
from medcoding.codebook import Codebook
from medcoding.encounter import Document, Encounter, Setting
from medcoding.proposal import EvidenceQuote
from medcoding.result import CharacterOrigin
from medcoding.review import OTHER_OPTION, UNDETERMINED_OPTION, ProviderQuery, QueryOption
from tests.agent.review.test_standing import code_line

TEXT: Final = "Chronic kidney disease. Creatinine 2.4, eGFR 28. Sodium 128, fluids restricted."
RECORD: Final = Encounter(
    case_id="c", setting=Setting.INPATIENT, date_of_service=datetime(2026, 11, 2, tzinfo=UTC).date(),
    documents=(Document(document_id="note", text=TEXT),),
)  # fmt: skip
OPEN: Final = "Based on your clinical judgment, what condition do the sodium of 128 and the fluid restriction reflect?"


def quote(words: str) -> EvidenceQuote:
    """Words of the record."""
    start = TEXT.index(words)
    return EvidenceQuote(document_id="note", start=start, end=start + len(words), text=words)


def query(question: str = OPEN, options: tuple[str, ...] = (), **changes: Any) -> ProviderQuery:
    """A query that may be sent, with changes."""
    fine = ProviderQuery(
        id="q", to="Dr. Lee", about="Low sodium", indicators=(quote("Sodium 128"),), question=question,
        options=standing_options(options), by="anna", at=datetime(2026, 11, 2, tzinfo=UTC),
    )  # fmt: skip
    return fine.model_copy(update=changes)


def kinds(one: ProviderQuery) -> set[str]:
    """The kinds of faults it has."""
    return {fault.kind for fault in faults(one, RECORD)}


COMPLIANT: Final = (
    OPEN,
    "Please clarify the clinical significance of the creatinine of 2.4 and the eGFR of 28.",
    "What is the stage of the chronic kidney disease documented on 11/02, if it can be determined?",
    "Can the type of the heart failure that is documented be further specified, for instance by acuity?"
    .replace("Can the", "How can the"),
    "Was the pressure injury of the left heel present on admission?",
    "Which organism, if any, is the pneumonia due to, in your clinical judgment?",
    "Patient received 500 cc of fluid; what is being treated?",
    "The cost of movement is pain: range of motion of the costovertebral joints is reduced. What does it reflect?"
    .replace("The cost of movement is pain: range", "Range"),
)  # fmt: skip


@pytest.mark.parametrize("question", COMPLIANT)
def test_a_compliant_question_passes(question: str) -> None:
    """Open questions, and a yes-or-no about presence on admission, are what a query may be."""
    assert faults(query(question), RECORD) == ()


@pytest.mark.parametrize(
    "words",
    ["reimbursement", "payment", "DRG", "MS-DRG", "D.R.G.", "D R G", "relative weight", "CC", "MCC", "HCC", "RAF",
     "risk adjustment", "case mix", "CMI", "revenue", "$", "billing", "the claim", "payer", "Medicare", "a denial",
     "costs", "re-imbursement", "reim\u200bbursement", "ＤＲＧ", "rеvenue", "insurance", "higher weighted DRG"],
)  # fmt: skip
def test_no_word_about_money(words: str) -> None:
    """However it is spelled, money has no place in a query: in the question, the subject or an option."""
    assert "money" in kinds(query(f"What does the sodium of 128 reflect? It matters for {words}."))
    assert "money" in kinds(query(about=f"Sodium and {words}"))
    assert "money" in kinds(query(options=("Hyponatremia", f"Something for {words}")))


@pytest.mark.parametrize(
    "words",
    ["quality score", "star rating", "severity of illness", "SOI", "risk of mortality", "mortality index", "PSI-90",
     "hospital-acquired condition", "readmission rate", "penalty", "value-based purchasing", "physician profile",
     "HEDIS", "patient safety indicator"],
)  # fmt: skip
def test_no_word_about_quality_scores(words: str) -> None:
    """What an answer does to a score is never said."""
    assert "quality" in kinds(query(f"What does the sodium of 128 reflect? It matters for the {words}."))


@pytest.mark.parametrize(
    "question",
    ["Please document hyponatremia.", "Please add acute kidney injury to your note.",
     "Would you agree that this is sepsis?",
     "Don't you think the patient has sepsis?", "The patient clearly has malnutrition. What grade is it?",
     "It appears that the patient has encephalopathy. Of which kind?", "You should document the type of heart failure.",
     "We need you to state hyponatremia.", "The sodium of 128 is hyponatremia, correct?",
     "Does the patient have hyponatremia?", "Is this acute respiratory failure?", "Sodium 128. Is it hyponatremia?",
     "In order to code this, which condition is it?", "Can you confirm the diagnosis of sepsis?",
     "Please confirm that this is sepsis.", "A more specific code exists; what is the type?",
     "Wouldn’t you say this is malnutrition?"],
)  # fmt: skip
def test_leading_questions_are_refused(question: str) -> None:
    """What puts the answer into the provider's mouth, or can only be answered by yes, is refused."""
    assert "leading" in kinds(query(question))


def test_the_question_names_none_of_its_own_answers() -> None:
    """An answer in the question leads to it, unless the record says it already."""
    asked = "What is the low sodium, for instance hyponatremia, in your clinical judgment?"
    assert "leading" in kinds(query(asked, ("Hyponatremia", "Dilution")))
    staged = "What is the stage of the chronic kidney disease?"
    assert kinds(query(staged, ("Chronic kidney disease", "Acute kidney injury"))) == set()


def with_options(*texts: str) -> ProviderQuery:
    """A query with exactly these options."""
    return query().model_copy(update={"options": tuple(QueryOption(text=text) for text in texts)})


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("Hyponatremia", "Dilution"), "lack"),
        (("Hyponatremia", "Dilution", OTHER_OPTION), UNDETERMINED_OPTION),
        (("Hyponatremia", OTHER_OPTION, UNDETERMINED_OPTION), "alone leads"),
        (("Hyponatremia", "hyponatremia.", OTHER_OPTION, UNDETERMINED_OPTION), "twice"),
        (("Hyponatremia", "Dilution (recommended)", OTHER_OPTION, UNDETERMINED_OPTION), "marked"),
        (("**Hyponatremia**", "Dilution", OTHER_OPTION, UNDETERMINED_OPTION), "marked"),
    ],
)
def test_options_leave_every_way_out(texts: tuple[str, ...], says: str) -> None:
    """Other and undetermined are always there, two clinical answers at least, all written alike."""
    found = [fault.words for fault in faults(with_options(*texts), RECORD)]
    assert any(says in words for words in found), found


def test_no_codes() -> None:
    """Providers document conditions; codes are the coder's."""
    assert "code" in kinds(query("What does the sodium reflect? E87.1 exists."))
    assert "code" in kinds(query("Which ICD condition does the sodium reflect?"))


def test_indicators_stand_in_the_record() -> None:
    """A quote that is not there keeps the query back; the record's own words are never linted."""
    wrong = quote("Sodium 128").model_copy(update={"text": "Sodium 118"})
    assert kinds(query(indicators=(wrong,))) == {"indicators"}
    record = RECORD.model_copy(update={"documents": (Document(document_id="note", text="Cannot afford to pay."),)})
    words = EvidenceQuote(document_id="note", start=0, end=20, text="Cannot afford to pay")
    assert faults(query("What limits the treatment?", indicators=(words,)), record) == ()


def test_a_fault_never_repeats_the_query() -> None:
    """What the linter says holds nothing that was written."""
    found = faults(query("Please document Zebrafish for the DRG, agree?"), RECORD)
    assert found
    assert not [fault for fault in found if "zebra" in fault.words.lower()]


def test_drafts_pass_their_own_linter(fy2027: Codebook) -> None:
    """What the composer opens with can be sent as it is: the record's words, and the answers that the book knows."""
    reviewing = Reviewing((code_line("I10", 1),), Setting.INPATIENT, lambda _, code: fy2027.title(code))
    line = (
        standing(reviewing, ())
        .lines[0]
        .model_copy(update={"code": "N18.9", "evidence": (quote("Chronic kidney disease"),)})
    )
    open_stage = CharacterOrigin(characters="N18.9", meaning="unspecified", origin="not documented", axis="stage")
    suggested = code_line("I10", 1)
    why = suggested.rationale.model_copy(update={"characters": (open_stage,)})
    opened = draft(line, suggested.model_copy(update={"rationale": why}), fy2027)
    made = query(opened.question, about=opened.about, indicators=opened.indicators)
    assert faults(made.model_copy(update={"options": opened.options}), RECORD) == ()
    assert "the stage of what the record calls “Chronic kidney disease”" in opened.question
    texts = [option.text for option in opened.options]
    assert "Stage 4 (severe)" in texts
    assert texts[-2:] == [OTHER_OPTION, UNDETERMINED_OPTION]
    assert not any("unspecified" in text for text in texts)
    assert draft(line, None, fy2027).options == (), "where nothing is open the question is open"
