"""The encounter as a reader sees it: documents cut into sections and numbered sentences."""

from __future__ import annotations

from enum import StrEnum

from medcoding.encounter import Encounter
from medcoding.record import Record


class SectionKind(StrEnum):
    """What a part of a note is for. It weighs what is said there."""

    CHIEF_COMPLAINT = "chief_complaint"
    HISTORY_PRESENT_ILLNESS = "history_present_illness"
    PAST_MEDICAL_HISTORY = "past_medical_history"
    PAST_SURGICAL_HISTORY = "past_surgical_history"
    FAMILY_HISTORY = "family_history"
    SOCIAL_HISTORY = "social_history"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    REVIEW_OF_SYSTEMS = "review_of_systems"
    PHYSICAL_EXAM = "physical_exam"
    VITALS = "vitals"
    RESULTS = "results"
    PROCEDURES = "procedures"
    HOSPITAL_COURSE = "hospital_course"
    DIFFERENTIAL = "differential"
    """What the author weighs, nothing of it established."""
    ASSESSMENT = "assessment"
    ASSESSMENT_PLAN = "assessment_plan"
    PLAN = "plan"
    DISCHARGE_DIAGNOSIS = "discharge_diagnosis"
    ADMISSION_DIAGNOSIS = "admission_diagnosis"
    PROBLEM_LIST = "problem_list"
    INSTRUCTIONS = "instructions"
    SIGNATURE = "signature"
    OTHER = "other"


class Span(Record):
    """Half-open range of code points in one document's text: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words the span covers."""
        return text[self.start : self.end]


class Section(Record):
    """A run of a document under one heading. The sections of a document partition its text."""

    document_id: str
    kind: SectionKind
    title: str
    """The heading as written, empty for text under none."""
    span: Span


class Sentence(Record):
    """One numbered sentence, list item or heading line; numbers run through the whole encounter from 1."""

    number: int
    document_id: str
    span: Span
    section: SectionKind
    copied_from: int | None = None
    """Number of the earlier sentence with the same words (copied-forward text), if there is one."""


class Chart(Record):
    """An encounter with its documents cut up. Record of the *split* step."""

    encounter: Encounter
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]

    def text_of(self, sentence: Sentence) -> str:
        """The sentence's own words."""
        return sentence.span.of(self.encounter.document(sentence.document_id).text)

    def sentence(self, number: int) -> Sentence:
        """The sentence of that number (1-based); `IndexError` when there is none."""
        if number < 1:
            raise IndexError(number)
        return self.sentences[number - 1]
