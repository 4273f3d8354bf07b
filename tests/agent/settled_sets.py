"""Code sets made by hand: sentences of a record, and the codes that mentions in them were given."""

from __future__ import annotations

import datetime as dt
from typing import Any

from agent.code_set import CodeSet
from agent.combine import CombinationTable
from agent.reconcile import reconcile
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.codebook import Codebook
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.mention import Mention
from medcoding.proposal import Choice, Proposal, Source
from retrieval.wording import forms

TABLE = CombinationTable()


def record(*sentences: str, setting: str = "outpatient", age: int = 40, sex: str = "F") -> Chart:
    """A record of one document, a sentence a line."""
    text = "\n".join(sentences)
    encounter = Encounter(
        case_id="c",
        setting=Setting(setting),
        date_of_service=dt.date(2026, 11, 2),
        patient=Patient(age=age, sex=Sex(sex)),
        documents=(Document(document_id="d", text=text),),
    )
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Span(start=start, end=start + len(sentence)))
        start += len(sentence) + 1
    numbered = tuple(
        Sentence(number=n, document_id="d", span=span, section=SectionKind.ASSESSMENT)
        for n, span in enumerate(spans, 1)
    )
    whole = Section(document_id="d", kind=SectionKind.ASSESSMENT, title="", span=Span(start=0, end=len(text)))
    return Chart(encounter=encounter, sections=(whole,), sentences=numbered)


def said(chart: Chart, number: int, words: str, **changes: Any) -> Mention:
    """The words as a mention, where the record first has them; the sentence is its clause."""
    text = chart.encounter.documents[0].text
    start = text.index(words)
    sentence = next(s for s in chart.sentences if s.span.start <= start < s.span.end)
    values: dict[str, Any] = {
        "id": number,
        "document_id": "d",
        "span": Span(start=start, end=start + len(words)),
        "text": words,
        "sentence": sentence.number,
        "section": SectionKind.ASSESSMENT,
        "assertion": "present",
        "query": words.lower(),
        "context": forms(chart.text_of(sentence)),
        "heads_problem": True,
    }
    return Mention(**(values | changes))


def choice(number: int, code: str) -> Choice:
    """What the rules chose for one mention."""
    return Choice(mention_id=number, code=code, reason="fits", source=Source.RULES, strength=0.9)


def code_set(chart: Chart, *pairs: tuple[str, str], **changes: Any) -> CodeSet:
    """Words of the record with the code each was given, before anything is settled."""
    mentions = [said(chart, n, words, **changes) for n, (words, _) in enumerate(pairs, 1)]
    return CodeSet([choice(n, code) for n, (_, code) in enumerate(pairs, 1)], mentions)


def reconciled(book: Codebook, chart: Chart, *pairs: tuple[str, str], **changes: Any) -> Proposal:
    """The same, reconciled."""
    mentions = [said(chart, n, words, **changes) for n, (words, _) in enumerate(pairs, 1)]
    return reconcile(chart, mentions, [choice(n, code) for n, (_, code) in enumerate(pairs, 1)], book, TABLE)


def codes(proposal: Proposal) -> set[str]:
    """The codes of a proposal."""
    return {line.code for line in proposal.codes}
