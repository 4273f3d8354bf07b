"""Cases for rules: a note, the codes proposed for it with the words they rest on, and what else a rule may ask for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails.case import Case
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.finding import Finding
from medcoding.mention import Assertion, Mention
from medcoding.ncci import NcciBook
from medcoding.procedures import ProcedureBook
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode, Source

DAY: Final = dt.date(2026, 4, 15)
"""In FY2026, whose tabular notes are complete."""

_SENTENCE: Final = re.compile(r"[^.\n]*[^.\s][^.\n]*\.?")


class Written:
    """A code as a case proposes it; `quote` empty cites the whole note, None nothing at all."""

    def __init__(self, code: str, quote: str | None = "", **fields: Any) -> None:
        self.code = code
        self.quote = quote
        self.assertion: Assertion | None = fields.pop("assertion", Assertion.PRESENT)
        self.fields: Mapping[str, Any] = fields


def case(
    codebook: Codebook,
    note: str | tuple[Document, ...],
    *codes: str | Written,
    mentions: tuple[Mention, ...] = (),
    section: SectionKind = SectionKind.ASSESSMENT,
    procedures: Mapping[CodeSystem, ProcedureBook] | None = None,
    ncci: NcciBook | None = None,
    editions: tuple[Codebook, ...] = (),
    age: int | None = None,
    sex: str | None = None,
    **encounter: Any,
) -> Case:
    """A case of one note (or of given documents) and codes in the given order, the first one first-listed.

    A bare code cites the whole note. `encounter` takes fields of `Encounter` (`setting`, `date_of_service`, …).
    """
    documents = (Document(document_id="d", text=note, author_role="physician"),) if isinstance(note, str) else note
    setting = Setting(encounter.pop("setting", "outpatient"))
    made = Encounter(
        case_id="c",
        setting=setting,
        date_of_service=encounter.pop("date_of_service", DAY),
        patient=Patient(age=age, sex=Sex(sex) if sex else None),
        documents=documents,
        **encounter,
    )
    lines = tuple(_line(made, c if isinstance(c, Written) else Written(c), n) for n, c in enumerate(codes, start=1))
    in_force = codebook.edition.in_force_on(made.coding_date)
    proposal = Proposal(codes=lines, not_coded=())
    return Case(_chart(made, section), proposal, codebook, in_force, mentions, procedures or {}, ncci, editions)


def mention(note: str, words: str, concept: str, assertion: Assertion = Assertion.PRESENT, **fields: Any) -> Mention:
    """The first place where these words stand in the note, meaning `concept`; its number is its place in the text."""
    start = note.index(words)
    values: dict[str, Any] = {
        "id": start + 1,
        "document_id": "d",
        "span": Span(start=start, end=start + len(words)),
        "text": words,
        "sentence": 1 + sum(span.end <= start for span in _spans(note)),
        "section": SectionKind.ASSESSMENT,
        "assertion": assertion,
        "experiencer": "family" if assertion is Assertion.FAMILY else "patient",
        "query": words.lower(),
        "term": words.lower(),
        "concept": concept,
        "stems": (concept,),
    }
    return Mention(**(values | fields))


def said(findings: tuple[Finding, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, severity and codes of each finding."""
    return [(f.rule, f.severity.value, f.codes) for f in findings]


def _line(encounter: Encounter, written: Written, sequence: int) -> ProposedCode:
    first = CodeRole.PRINCIPAL if encounter.setting is Setting.INPATIENT else CodeRole.FIRST_LISTED
    values: dict[str, Any] = {
        "system": CodeSystem.ICD10CM,
        "code": written.code,
        "role": first if sequence == 1 else CodeRole.SECONDARY,
        "sequence": sequence,
        "mention_ids": (),
        "evidence": tuple(_quotes(encounter, written)),
        "source": Source.RULES,
        "strength": 0.5,
        "reason": "",
    }
    return ProposedCode(**(values | dict(written.fields)))


def _quotes(encounter: Encounter, written: Written) -> Iterator[EvidenceQuote]:
    if written.quote is None:
        return
    for document in encounter.documents:
        words = written.quote or document.text
        if (start := document.text.find(words)) >= 0:
            yield EvidenceQuote(
                document_id=document.document_id,
                start=start,
                end=start + len(words),
                text=words,
                assertion=written.assertion,
            )
            return
    raise AssertionError(f"{written.quote!r} does not stand in the note")


def _chart(encounter: Encounter, section: SectionKind) -> Chart:
    sections: list[Section] = []
    sentences: list[Sentence] = []
    for document in encounter.documents:
        whole = Span(start=0, end=len(document.text))
        sections.append(Section(document_id=document.document_id, kind=section, title="", span=whole))
        for span in _spans(document.text):
            number = len(sentences) + 1
            sentences.append(Sentence(number=number, document_id=document.document_id, span=span, section=section))
    return Chart(encounter=encounter, sections=tuple(sections), sentences=tuple(sentences))


def _spans(text: str) -> list[Span]:
    return [Span(start=m.start(), end=m.end()) for m in _SENTENCE.finditer(text)]
