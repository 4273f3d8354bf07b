"""A first draft of a question to a provider: the record's own words, and every answer that the book distinguishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.review.choices import AxisChoices, code_choices
from agent.review.places import place_of
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.encounter import Document
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record
from medcoding.result import CodeLine
from medcoding.review import OTHER_OPTION, UNDETERMINED_OPTION, QueryOption, ReviewedLine

_MOST_OPTIONS: Final = 8
_LONGEST_WORDS: Final = 120
_OPEN_QUESTION: Final = "Based on your clinical judgment, please clarify {about} as it applies to this encounter."
_AXIS_WORDS: Final = {
    "laterality": "the side",
    "encounter": "the phase of care",
    "stage": "the stage",
    "trimester": "the trimester",
    "severity": "the severity",
    "intent": "the circumstances",
    "fetus": "the fetus concerned",
    "site": "the site",
    "type": "the type",
}
_NO_ANSWER: Final = ("unspecified", "not elsewhere classified", "other specified", "unsp")


class Draft(Record):
    """What the composer opens with; everything of it may be changed."""

    about: str
    indicators: tuple[EvidenceQuote, ...]
    question: str
    options: tuple[QueryOption, ...]


def draft(line: ReviewedLine, suggested: CodeLine | None, codebook: Codebook) -> Draft:
    """A question about what the record leaves open of one line; an open one where the book offers no choice."""
    axis = _open_axis(line, suggested, codebook)
    what = _AXIS_WORDS.get(axis.axis, "the details") if axis else "the clinical meaning"
    said = " ".join(line.evidence[0].text.split())[:_LONGEST_WORDS] if line.evidence else ""
    about = f"{what} of what the record calls “{said}”" if said else what
    return Draft(
        about=f"{about[:1].upper()}{about[1:]}",
        indicators=line.evidence,
        question=_OPEN_QUESTION.format(about=about),
        options=_options(axis),
    )


def standing_options(texts: Sequence[str]) -> tuple[QueryOption, ...]:
    """Options in order with the two that are always there behind them; none where none is given."""
    own = [text.strip() for text in texts if text.strip() and not _is_standing(text)]
    return tuple(QueryOption(text=text) for text in (*own, OTHER_OPTION, UNDETERMINED_OPTION)) if own else ()


def quote_of(document: Document, text: str, near: int) -> EvidenceQuote | None:
    """The quote of some words in a document, the place nearest to an offset; None where they do not stand there.

    What a browser selects has other line ends and runs of blanks than the text as received.
    """
    found = place_of(document.text, text, near)
    if found is None:
        return None
    start, end = found
    return EvidenceQuote(document_id=document.document_id, start=start, end=end, text=document.text[start:end])


def _open_axis(line: ReviewedLine, suggested: CodeLine | None, codebook: Codebook) -> AxisChoices | None:
    """The first character that the record left open and that has a choice; None where it left none open."""
    if line.system is not CodeSystem.ICD10CM:
        return None
    axes = [a for a in code_choices(codebook, line.code).axes if a.axis != "placeholder"]
    open_ones = {
        len(origin.characters.replace(".", ""))
        for origin in (suggested.rationale.characters if suggested else ())
        if origin.origin == "not documented"
    }
    return next((axis for axis in axes if axis.position in open_ones), None)


def _options(axis: AxisChoices | None) -> tuple[QueryOption, ...]:
    if axis is None:
        return ()
    meanings = dict.fromkeys(c.meaning[:1].upper() + c.meaning[1:] for c in axis.choices if _says(c.meaning))
    return standing_options(list(meanings)[:_MOST_OPTIONS]) if len(meanings) > 1 else ()


def _says(meaning: str) -> bool:
    return not any(word in meaning.lower() for word in _NO_ANSWER)


def _is_standing(text: str) -> bool:
    return text.strip().casefold() in {OTHER_OPTION.casefold(), UNDETERMINED_OPTION.casefold()}
