"""Hypothesis strategies for the vocabulary: codes, documents with quotes, proposals."""

from __future__ import annotations

import datetime as dt
import string

from hypothesis import strategies as st

from medcoding.chart import Chart
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.mention import Assertion
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode, Source

_CAPITALS_AND_DIGITS = string.ascii_uppercase + string.digits

NOTE_ALPHABET = st.characters(exclude_categories=["Cs"])
"""Everything a note may hold: line ends of every kind, accents, emoji, control characters; no lone surrogates."""


def icd10cm_codes() -> st.SearchStrategy[str]:
    """Printed codes of the right shape; most do not exist."""
    category = st.tuples(
        st.sampled_from(string.ascii_uppercase), st.text(_CAPITALS_AND_DIGITS, min_size=2, max_size=2)
    ).map("".join)
    rest = st.text(_CAPITALS_AND_DIGITS, max_size=4)
    return st.tuples(category, rest).map(lambda parts: ".".join(filter(None, parts)))


def typed(code: str) -> st.SearchStrategy[str]:
    """The same code as people type it: with or without its dot, any case, blanks around."""
    written = st.sampled_from((code, code.replace(".", "")))
    cased = written.flatmap(lambda c: st.sampled_from((c, c.lower(), c.title())))
    return st.tuples(st.sampled_from(("", " ", "\t")), cased, st.sampled_from(("", " ", "\n"))).map("".join)


def settings_of_care() -> st.SearchStrategy[Setting]:
    """Outpatient, inpatient, emergency department."""
    return st.sampled_from(Setting)


def dates_of_service() -> st.SearchStrategy[dt.date]:
    """Inside, before and after the loaded editions."""
    return st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31))


@st.composite
def documents(draw: st.DrawFn, document_id: str = "d1") -> Document:
    """A document with any text at all."""
    return Document(document_id=document_id, text=draw(st.text(NOTE_ALPHABET, min_size=1, max_size=200)))


@st.composite
def quotes(draw: st.DrawFn, document: Document) -> EvidenceQuote:
    """A verbatim quote of a document."""
    start = draw(st.integers(0, len(document.text) - 1))
    end = draw(st.integers(start + 1, len(document.text)))
    assertion = draw(st.none() | st.sampled_from(Assertion))
    return EvidenceQuote(
        document_id=document.document_id, start=start, end=end, text=document.text[start:end], assertion=assertion
    )


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """A chart of one document, not cut up."""
    encounter = Encounter(
        case_id="c1",
        setting=draw(settings_of_care()),
        date_of_service=draw(dates_of_service()),
        documents=(draw(documents()),),
    )
    return Chart(encounter=encounter, sections=(), sentences=())


@st.composite
def proposals(draw: st.DrawFn, document: Document, codes: st.SearchStrategy[str]) -> Proposal:
    """Up to five proposed codes, some of them without evidence or with a quote that does not stand there."""
    lines = draw(st.lists(st.tuples(codes, st.sampled_from(CodeSystem)), max_size=5, unique=True))
    return Proposal(
        codes=tuple(
            ProposedCode(
                system=system,
                code=code,
                role=CodeRole.SECONDARY,
                sequence=number,
                mention_ids=(),
                evidence=tuple(draw(st.lists(quotes(document) | _misquotes(document), max_size=2))),
                source=Source.RULES,
                strength=0.5,
                reason="",
            )
            for number, (code, system) in enumerate(lines, start=1)
        ),
        not_coded=(),
    )


def _misquotes(document: Document) -> st.SearchStrategy[EvidenceQuote]:
    return quotes(document).map(lambda quote: quote.model_copy(update={"text": f"{quote.text}!"}))
