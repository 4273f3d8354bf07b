"""Sentences whose mentions are marked: the gold of the steps *split* and *find*.

`evals/suites/sentences/<part>.jsonl`, one sentence a line; what is annotated and how stands in the card beside it. Each
sentence is read in a document of its own, under a heading of its section.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from evals.suites import SUITES
from medcoding.chart import SectionKind, Span
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.errors import InputError
from medcoding.mention import Assertion, Episode, Laterality, MentionKind
from medcoding.parsing import load_lines
from medcoding.record import Record

SENTENCES: Final = SUITES / "sentences"
HELD_OUT: Final = "held_out"

AttributeName = Literal["severity", "acuity", "stage", "type", "trimester", "weeks", "time", "dose"]

_DAY: Final = date(2026, 11, 2)
_HEADINGS: Final = {
    SectionKind.CHIEF_COMPLAINT: "CHIEF COMPLAINT:",
    SectionKind.HISTORY_PRESENT_ILLNESS: "HISTORY OF PRESENT ILLNESS:",
    SectionKind.PAST_MEDICAL_HISTORY: "PAST MEDICAL HISTORY:",
    SectionKind.PAST_SURGICAL_HISTORY: "PAST SURGICAL HISTORY:",
    SectionKind.FAMILY_HISTORY: "FAMILY HISTORY:",
    SectionKind.SOCIAL_HISTORY: "SOCIAL HISTORY:",
    SectionKind.MEDICATIONS: "MEDICATIONS:",
    SectionKind.ALLERGIES: "ALLERGIES:",
    SectionKind.REVIEW_OF_SYSTEMS: "REVIEW OF SYSTEMS:",
    SectionKind.PHYSICAL_EXAM: "PHYSICAL EXAM:",
    SectionKind.VITALS: "VITAL SIGNS:",
    SectionKind.RESULTS: "RESULTS:",
    SectionKind.PROCEDURES: "PROCEDURES:",
    SectionKind.HOSPITAL_COURSE: "HOSPITAL COURSE:",
    SectionKind.ASSESSMENT: "ASSESSMENT:",
    SectionKind.ASSESSMENT_PLAN: "ASSESSMENT AND PLAN:",
    SectionKind.PLAN: "PLAN:",
    SectionKind.DISCHARGE_DIAGNOSIS: "DISCHARGE DIAGNOSIS:",
    SectionKind.ADMISSION_DIAGNOSIS: "ADMISSION DIAGNOSIS:",
    SectionKind.PROBLEM_LIST: "PROBLEM LIST:",
    SectionKind.INSTRUCTIONS: "DISCHARGE INSTRUCTIONS:",
}
"""Words over each kind of section; what has none (`other`) stands in running text without a heading."""


class MarkedWords(Record):
    """Words of a sentence."""

    text: Annotated[str, Field(min_length=1)]
    """Exactly as they stand."""
    occurrence: Annotated[int, Field(ge=1)] = 1
    """Which one, from 1, where the same characters stand more than once."""

    def span_in(self, sentence: str) -> Span:
        """Where they stand. Raises `ValueError` when they do not, which a sentence that was read never does."""
        start = -1
        for _ in range(self.occurrence):
            start = sentence.find(self.text, start + 1)
            if start < 0:
                raise ValueError("marked words do not stand in the sentence")
        return Span(start=start, end=start + len(self.text))


class AnnotatedMention(MarkedWords):
    """One mention and how the author stands to it."""

    kind: MentionKind
    assertion: Assertion
    experiencer: Literal["patient", "family"] = "patient"
    laterality: Laterality | None = None
    episode: Episode | None = None
    """Only where the words say it."""
    attributes: dict[AttributeName, str] = Field(default_factory=dict)
    """Words of the sentence that choose among sibling codes."""


class AnnotatedSentence(Record):
    """One sentence or list line with every mention in it."""

    id: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)]
    section: SectionKind
    setting: Setting = Setting.OUTPATIENT
    age: int | None = None
    sex: Sex | None = None
    note_before: str = ""
    """What stands before it in the same section, on a line of its own."""
    mentions: tuple[AnnotatedMention, ...]
    either: tuple[MarkedWords, ...] = ()
    """Words of which it can be argued: finding them counts neither for nor against."""

    @model_validator(mode="after")
    def _stands(self) -> Self:
        read = f"{self.note_before} {self.text}".lower()
        for words in (*self.mentions, *self.either):
            words.span_in(self.text)
        if any(value.lower() not in read for m in self.mentions for value in m.attributes.values()):
            raise ValueError("words of an attribute do not stand in the sentence")
        if any(m.assertion is Assertion.FAMILY and m.experiencer != "family" for m in self.mentions):
            raise ValueError("what is asserted of the family has the experiencer family")
        return self


class PlacedSentence(NamedTuple):
    """A sentence in a document of its own."""

    encounter: Encounter
    span: Span
    """Of the sentence, in the text of the only document."""


def load_sentences(part: str, folder: Path = SENTENCES) -> tuple[AnnotatedSentence, ...]:
    """One part of the suite. Raises `InputError` for a part that is not there, or a line that does not fit."""
    path = folder / f"{part}.jsonl"
    if not path.is_file():
        parts = ", ".join(sorted(file.stem for file in folder.glob("*.jsonl"))) or "none"
        raise InputError(f"The sentences have no part {part}; name one of their parts ({parts}).")
    return load_lines(AnnotatedSentence, path)


def placed(sentence: AnnotatedSentence) -> PlacedSentence:
    """The sentence under a heading of its section, after what stands before it."""
    before = "".join(f"{line}\n" for line in (_HEADINGS.get(sentence.section, ""), sentence.note_before) if line)
    document = Document(document_id=f"{sentence.id}-d", text=f"{before}{sentence.text}\n")
    encounter = Encounter(
        case_id=sentence.id,
        setting=sentence.setting,
        date_of_service=_DAY,
        patient=Patient(age=sentence.age, sex=sentence.sex),
        documents=(document,),
    )
    return PlacedSentence(encounter, Span(start=len(before), end=len(before) + len(sentence.text)))
