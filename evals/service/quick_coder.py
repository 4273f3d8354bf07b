"""A pipeline double: one code a known word, in no time. Store, worker and database around it are the real ones."""

from __future__ import annotations

from typing import Final

from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Encounter
from medcoding.proposal import EvidenceQuote, Source
from medcoding.result import CodeLine, CodingResult, Cost, Rationale, Route, Stamp

WORDS: Final = (("hypertension", "I10"), ("gout", "M10.9"), ("type 2 diabetes", "E11.9"))
"""What it knows: a word of a note, and its code."""


class QuickCoder:
    """Answers at once, the same for the same encounter."""

    async def code(self, encounter: Encounter) -> CodingResult:
        """A line for every known word that the first document holds."""
        document = encounter.documents[0]
        found = [(word, code) for word, code in WORDS if word in document.text.lower()]
        return CodingResult(
            case_id=encounter.case_id,
            edition="FY2027",
            setting=encounter.setting,
            date_of_service=encounter.date_of_service,
            route=Route.CODER,
            codes=tuple(_line(n, word, code, encounter) for n, (word, code) in enumerate(found, start=1)),
            not_coded=(),
            findings=(),
            cost=Cost(),
            stamp=Stamp(code="double", prompt="none", model="none", codebook="none", index="none", settings="none"),
        )


def _line(number: int, word: str, code: str, encounter: Encounter) -> CodeLine:
    document = encounter.documents[0]
    start = document.text.lower().index(word)
    quote = EvidenceQuote(
        document_id=document.document_id,
        start=start,
        end=start + len(word),
        text=document.text[start : start + len(word)],
    )
    return CodeLine(
        system=CodeSystem.ICD10CM,
        code=code,
        title=word,
        role=CodeRole.FIRST_LISTED if number == 1 else CodeRole.SECONDARY,
        sequence=number,
        confidence=0.5,
        confidence_reasons=("a double",),
        documentation_score=1.0,
        route=Route.CODER,
        source=Source.RULES,
        evidence=(quote,),
        rationale=Rationale(
            summary=f"The record says {word}.",
            index_path=(),
            characters=(),
            instructions=(),
            guidelines=(),
            alternatives=(),
            would_change="nothing",
        ),
    )
