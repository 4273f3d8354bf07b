"""Invented sentences with marked mentions, and mentions as a finder would give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.annotated_sentences import AnnotatedMention, AnnotatedSentence
from evals.mention_suite import Reading
from medcoding.chart import Chart, Section, SectionKind, Sentence, Span
from medcoding.encounter import Encounter
from medcoding.mention import Assertion, Axes, Mention, MentionKind


def marked(text: str, assertion: Assertion = Assertion.PRESENT, **more: Any) -> AnnotatedMention:
    """An annotated problem."""
    return AnnotatedMention.model_validate({"text": text, "kind": MentionKind.PROBLEM, "assertion": assertion} | more)


def sentence(text: str, *mentions: AnnotatedMention, **more: Any) -> AnnotatedSentence:
    """An annotated line of an assessment."""
    return AnnotatedSentence.model_validate(
        {"id": "s1", "text": text, "section": SectionKind.ASSESSMENT, "mentions": mentions} | more
    )


def found(text: str, words: str, assertion: Assertion = Assertion.PRESENT, axes: Axes | None = None) -> Mention:
    """A problem found at the words of the text."""
    start = text.index(words)
    return Mention(
        id=start + 1,
        document_id="d",
        span=Span(start=start, end=start + len(words)),
        text=words,
        sentence=1,
        section=SectionKind.ASSESSMENT,
        assertion=assertion,
        axes=axes or Axes(),
        query=words,
    )


class FixedFinder:
    """Finds the words it is told to find, all present, in one section of a kind it is told."""

    def __init__(self, words: Sequence[str], section: SectionKind = SectionKind.ASSESSMENT) -> None:
        self._words, self._section = words, section

    def __call__(self, encounter: Encounter) -> Reading:
        """One section, one sentence, and the words that stand in it."""
        document = encounter.documents[0]
        span = Span(start=0, end=len(document.text))
        section = Section(document_id=document.document_id, kind=self._section, title="", span=span)
        line = Sentence(number=1, document_id=document.document_id, span=span, section=self._section)
        mentions = [found(document.text, words) for words in self._words if words in document.text]
        return Reading(Chart(encounter=encounter, sections=(section,), sentences=(line,)), mentions)
