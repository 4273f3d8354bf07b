"""Small hand-made charts, mentions and candidates."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.codebook import Codebook, EditionContent, write_codebook
from medcoding.codes import CodeSystem
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.mention import Assertion, Mention
from medcoding.notes import CodeTarget, InstructionalNote, InstructionalNotes
from tests.index_build.tiny_index import FY2027, entry

SENTENCES: Final = ("Knee pain for two weeks.", "Gout of the left knee.", "Hypertension is controlled.")


def chart(
    sentences: Sequence[str] = SENTENCES, *, case_id: str = "c1", tenant: str | None = None, setting: str = "outpatient"
) -> Chart:
    """A chart of one document whose sentences stand one a line."""
    text = "\n".join(sentences)
    encounter = Encounter(
        case_id=case_id,
        tenant=tenant,
        setting=Setting(setting),
        date_of_service=dt.date(2026, 11, 2),
        patient=Patient(age=67, sex=Sex.F),
        documents=(Document(document_id="d", text=text),),
    )
    numbered, start = [], 0
    for number, sentence in enumerate(sentences, start=1):
        span = Span(start=start, end=start + len(sentence))
        numbered.append(Sentence(number=number, document_id="d", span=span, section=SectionKind.ASSESSMENT))
        start = span.end + 1
    whole = Section(document_id="d", kind=SectionKind.ASSESSMENT, title="", span=Span(start=0, end=len(text)))
    return Chart(encounter=encounter, sections=(whole,), sentences=tuple(numbered))


def mention(number: int, words: str, sentence: int, **changes: Any) -> Mention:
    """A present problem in the assessment."""
    values: dict[str, Any] = {
        "id": number,
        "document_id": "d",
        "span": Span(start=0, end=len(words)),
        "text": words,
        "sentence": sentence,
        "section": SectionKind.ASSESSMENT,
        "assertion": Assertion.PRESENT,
        "query": words.lower(),
    }
    return Mention(**(values | changes))


def candidates(*codes: str) -> tuple[Candidate, ...]:
    """Numbered candidates with the given codes."""
    return tuple(
        Candidate(
            number=number,
            system=CodeSystem.ICD10CM,
            code=code,
            title=f"Description of {code}",
            surface=f"wording {number}",
            score=1.0,
            origins=(CandidateOrigin.SEARCH,),
        )
        for number, code in enumerate(codes, start=1)
    )


_GOUT_NOTES: Final = InstructionalNotes(
    excludes1=(InstructionalNote(text="Hypertension (I10)", targets=(CodeTarget(first="I10", last="I10"),)),),
    code_first=(InstructionalNote(text="any lead poisoning (T56.0-)"),),
)


@cache
def book() -> Codebook:
    """Gout of the ankle and knee with an invented Excludes1 note, and high blood pressure."""
    path = Path(tempfile.mkdtemp()) / "gout.sqlite"
    entries = (
        entry("I10", None, "Essential (primary) hypertension"),
        entry("M10", None, "Gout", _GOUT_NOTES),
        entry("M10.06", "M10", "Idiopathic gout, knee").model_copy(update={"billable": False}),
        entry("M10.061", "M10.06", "Idiopathic gout, right knee"),
        entry("M10.062", "M10.06", "Idiopathic gout, left knee"),
        entry("M10.069", "M10.06", "Idiopathic gout, unspecified knee"),
        entry("M10.9", "M10", "Gout, unspecified"),
    )
    write_codebook(path, EditionContent(FY2027, entries))
    return Codebook(path)
