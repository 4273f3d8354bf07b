"""Find: sentences to mentions, each an exact span with its assertion, its axes and what will be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.abbreviations import Abbreviations
from agent.assertion import AssertionRules, Reading, SentenceReader
from agent.axes import episode_of, read_axes
from medcoding.chart import Chart, SectionKind, Sentence, Span
from medcoding.mention import Assertion, Episode, Mention, MentionKind
from retrieval.dictionary import Dictionary, Term
from retrieval.wording import Token

DIAGNOSIS_SECTIONS: Final = frozenset(
    {
        SectionKind.ASSESSMENT,
        SectionKind.ASSESSMENT_PLAN,
        SectionKind.DISCHARGE_DIAGNOSIS,
        SectionKind.ADMISSION_DIAGNOSIS,
        SectionKind.PROBLEM_LIST,
    }
)
"""Sections in which a short line of its own states a problem."""

_UNREAD: Final = frozenset({SectionKind.SIGNATURE, SectionKind.ALLERGIES})
_LABELLED: Final = re.compile(r"^([^:\n]{3,80}?)(?:\s*:(?=\s|$)|\s+[-–—]\s+)")
_NOT_A_STATEMENT: Final = re.compile(
    r"\b(will|is|was|are|were|has|have|had|continue|continued|start|started|follow|return|recommend\w*|discuss\w*|"
    r"order|ordered|obtain|schedule|take|refer|referred|monitor|advised?|should|can|may|call|given|prescribed|"
    r"agreements?|understands?|reasoning|treatment|education|counseling|testing|reviewed|plan|today we|spent|"
    r"minutes|encouraged|return|f/u|rtc|increase|decrease|refill|check|add|stop|hold|discharge[d]?|admit|admitted)\b",
    re.IGNORECASE,
)
_LONGEST_STATEMENT: Final = 16
_CONTENT: Final = re.compile(r"[A-Za-z]{3,}")
_MOST_MENTIONS: Final = 600


@dataclass(frozen=True, slots=True)
class MentionRules:
    """The word knowledge that finding rests on."""

    dictionary: Dictionary
    abbreviations: Abbreviations
    assertions: AssertionRules


class _Found(NamedTuple):
    """A span of one sentence before it becomes a mention; `term` is None for an unmatched problem statement."""

    start: int
    end: int
    term: Term | None
    heads_problem: bool


def find(chart: Chart, rules: MentionRules) -> tuple[Mention, ...]:
    """Every mention of the encounter in reading order, at most 600."""
    episode = episode_of(chart.encounter)
    notes = {d.document_id: d.text.lower() for d in chart.encounter.documents}
    mentions: list[Mention] = []
    for sentence in chart.sentences:
        if sentence.section not in _UNREAD and len(mentions) < _MOST_MENTIONS:
            note = notes[sentence.document_id]
            mentions += _in_sentence(chart, sentence, rules, note, episode, len(mentions) + 1)
    return tuple(mentions[:_MOST_MENTIONS])


def statement_span(text: str, section: SectionKind) -> Span | None:
    """The part of a line that states a problem on its own (`2. Hypertension.`, `HTN: continue lisinopril`)."""
    label = _LABELLED.match(text)
    if label and section in DIAGNOSIS_SECTIONS | {SectionKind.PLAN}:
        named = label.group(1)
        return None if _NOT_A_STATEMENT.search(named) else Span(start=0, end=len(named))
    states = section in DIAGNOSIS_SECTIONS and len(text.split()) <= _LONGEST_STATEMENT
    if states and not _NOT_A_STATEMENT.search(text):
        return Span(start=0, end=len(text.rstrip(" .;:")))
    return None


def _in_sentence(
    chart: Chart, sentence: Sentence, rules: MentionRules, note: str, episode: Episode, first_id: int
) -> Iterator[Mention]:
    text = chart.text_of(sentence)
    words = rules.abbreviations.tokens(text, note)
    reader = rules.assertions.read(text)
    statement = statement_span(text, sentence.section) if _begins_line(chart, sentence) else None
    for number, found in enumerate(_found(text, words, rules.dictionary, statement), start=first_id):
        reading = _reading(reader.assertion(found.start, found.end), found.term, sentence.section)
        span = Span(start=sentence.span.start + found.start, end=sentence.span.start + found.end)
        yield Mention(
            id=number,
            kind=MentionKind.DRUG if found.term and found.term.source == "drug" else MentionKind.PROBLEM,
            document_id=sentence.document_id,
            span=span,
            text=text[found.start : found.end],
            sentence=sentence.number,
            section=sentence.section,
            assertion=reading.assertion,
            cue=reading.cue,
            experiencer="family" if reading.assertion is Assertion.FAMILY else "patient",
            axes=read_axes(words, found.start, found.end, episode),
            query=_query(text, found, statement, rules.abbreviations, note),
            term=found.term.text if found.term else None,
            stems=_stems(found.term, reading.assertion),
            chronic=bool(found.term and found.term.chronic),
            needs=found.term.needs if found.term else (),
            heads_problem=found.heads_problem,
        )


def _found(text: str, words: list[Token], dictionary: Dictionary, statement: Span | None) -> list[_Found]:
    """Dictionary terms of the sentence; a problem statement without any term stands as it is written."""
    found = []
    for match in dictionary.find(words):
        start, end = words[match.first].start, words[match.last].end
        heads = statement is not None and end <= statement.end + 1
        found.append(_Found(start, end, match.term, heads))
    problems = [f for f in found if f.term is None or f.term.source != "drug"]
    if statement and not any(f.heads_problem for f in problems) and _CONTENT.search(statement.of(text)):
        found.insert(0, _Found(statement.start, statement.end, None, heads_problem=True))
    return found


def _reading(reading: Reading, term: Term | None, section: SectionKind) -> Reading:
    """What the section and the condition itself add to the sentence's own cues."""
    lasting = term is not None and term.chronic and not term.history_code
    if section is SectionKind.FAMILY_HISTORY and reading.assertion is not Assertion.NEGATED:
        return Reading(Assertion.FAMILY, reading.cue or "family history section")
    if reading.assertion is Assertion.HISTORICAL and lasting:
        return Reading(Assertion.PRESENT, reading.cue)
    if reading.assertion is Assertion.PRESENT and section is SectionKind.PAST_MEDICAL_HISTORY and not (
        term and term.chronic
    ):
        return Reading(Assertion.HISTORICAL, "past medical history section")
    return reading


def _stems(term: Term | None, assertion: Assertion) -> tuple[str, ...]:
    """Where the term leads when it is current, past, or a relative's."""
    if term is None:
        return ()
    if assertion is Assertion.HISTORICAL:
        return (term.history_code,) if term.history_code else ()
    if assertion is Assertion.FAMILY:
        return (term.family_code,) if term.family_code else ()
    return term.stems


def _query(text: str, found: _Found, statement: Span | None, abbreviations: Abbreviations, note: str) -> str:
    """A problem statement is looked up whole, anything else by its own words; abbreviations are written out."""
    span = statement if statement and found.heads_problem and found.term is None else None
    words = span.of(text) if span else text[found.start : found.end]
    return " ".join(abbreviations.expand(words, note).split())


def _begins_line(chart: Chart, sentence: Sentence) -> bool:
    """True when nothing but list marks or a heading stands before the sentence on its line."""
    text = chart.encounter.document(sentence.document_id).text
    before = text[text.rfind("\n", 0, sentence.span.start) + 1 : sentence.span.start]
    return not re.search(r"[A-Za-z]{2,}", before) or before.rstrip().endswith(":")
