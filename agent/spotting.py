"""Spot: the spans of a line that speak of something codable, by dictionary, by measure, or as a stated problem."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.births import births
from agent.chart_words import ChartWords
from agent.circumstances import home_places
from agent.contact_reasons import ContactReasons
from agent.endings import named_by_ending
from agent.kinds import is_coded_problem, kind_of
from agent.lines import Line, Spotted
from agent.measurements import measurements
from agent.naming import (
    Match,
    as_drug,
    as_operation,
    is_cut_short,
    is_whole,
    names_something_else,
    parted,
    with_code,
)
from medcoding.mention import MentionKind
from retrieval.dictionary import Dictionary, Term, TermMatch
from retrieval.wording import Token, tokens

_INJURIES: Final = ("S", "T0", "T1", "T2", "T30", "T31", "T32", "T33", "T34", "T5", "T6", "T7")
"""What an external cause explains; the codes of drugs and of complications say it themselves (I.C.20.a.1, a.8)."""

_KINDS_OF_DISEASE: Final = ("O26.6", "O98", "O99", "O9A")
"""Codes of chapter 15 for a kind of disease of the mother, which ask for the specific one beside them."""

_CONTENT: Final = re.compile(r"[A-Za-z]{3,}")
_JOINS: Final = re.compile(r"\b(?:without|with|due to|secondary to|in|on|and)\b|w/o|w/|2/2|d/t", re.IGNORECASE)
_TAKEN: Final = "on"
"""Behind it a drug or a device is named on its own: `OSA on CPAP`; `acute on chronic` is one condition."""

_ENDS_A_RUN: Final = re.compile(r"[;:|]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that are looked for: the index's dictionary, and those of charts that no code set names."""

    dictionary: Dictionary
    chart_words: ChartWords
    contact_reasons: ContactReasons = field(default_factory=ContactReasons)

    def find(self, run: Sequence[Token], line: Line, *, eventful: bool) -> Iterator[TermMatch]:
        """What either of them finds in a run of the line's words."""
        yield from self.dictionary.find(run)
        yield from self.chart_words.find(run, line.sentence.section, eventful=eventful)


def spotted(line: Line, vocabulary: Vocabulary, *, eventful: bool) -> list[Spotted]:
    """Terms, measurements and places of the line; a problem statement without any term stands as it is written.

    `eventful` lines tell of an accident: only there do a ladder, a kitchen or soccer mean anything.
    """
    stated = line.statement
    found = [
        Spotted(start, end, term, heads_problem=stated is not None and end <= stated.end + 1)
        for start, end, term in _matches(line, vocabulary, eventful=eventful)
    ]
    headed = any(f.heads_problem and is_coded_problem(f.term) for f in found)
    if stated and not headed and _CONTENT.search(stated.of(line.text)):
        found.insert(0, Spotted(stated.start, stated.end, None, heads_problem=True))
    dictionary = vocabulary.dictionary
    return found + [part for place, whole in enumerate(found) for part in _parts(line, whole, place, found, dictionary)]


def _matches(line: Line, vocabulary: Vocabulary, *, eventful: bool) -> list[Match]:
    """What is named in the line, in order; where names meet, the longer one, then the one with a code."""
    matches = [*_measured(line, vocabulary, eventful=eventful), *_written(line, vocabulary, eventful=eventful)]
    for run in _runs(line.text, line.words):
        whole = (f for f in vocabulary.find(run, line, eventful=eventful) if is_whole(run, f.first, f.last))
        matches += [Match(run[f.first].start, run[f.last].end, f.term) for f in whole]
    matches = [part for match in matches for part in parted(line.text, match, vocabulary.dictionary)]
    matches = [*(as_operation(line.text, as_drug(line.text, m)) for m in matches), *named_by_ending(line.text)]
    matches = [m for m in matches if not _is_no_name(line.text, m)]
    kept: list[Match] = []
    for match in sorted(matches, key=_rank):
        if all(match.end <= other.start or match.start >= other.end for other in kept):
            kept.append(with_code(match, matches, vocabulary.dictionary))
    return sorted(kept, key=lambda m: m.start)


def _is_no_name(text: str, match: Match) -> bool:
    return is_cut_short(text, match) or names_something_else(text, match)


def _rank(match: Match) -> tuple[int, bool, bool]:
    return match.start - match.end, not match.term.stems, match.term.source != "clinical"


def _written(line: Line, vocabulary: Vocabulary, *, eventful: bool) -> Iterator[Match]:
    """Terms of the words as they are written, ambiguous abbreviations apart: there the context decides."""
    unclear = [(e.start, e.end) for e in line.expansions if e.unclear]
    words = [t for t in tokens(line.text) if not any(start <= t.start < end for start, end in unclear)]
    for run in _runs(line.text, words):
        for found in vocabulary.find(run, line, eventful=eventful):
            yield Match(run[found.first].start, run[found.last].end, found.term)


def _measured(line: Line, vocabulary: Vocabulary, *, eventful: bool) -> Iterator[Match]:
    """Numbers and phrases that lead to a code of their own."""
    for measured in measurements(line.text, line.age, line.day):
        yield _plain(line.text, measured.start, measured.end, measured.code, measured.needs)
    for birth in births(line.text, line.age, line.setting):
        yield _plain(line.text, birth.start, birth.end, birth.code, birth.needs)
    for reason in vocabulary.contact_reasons.find(line.text, line.age, line.setting):
        yield _plain(line.text, reason.start, reason.end, reason.code, reason.needs)
    for place in home_places(line.text) if eventful else ():
        yield _plain(line.text, place.start, place.end, place.code, _INJURIES)


def _plain(text: str, start: int, end: int, code: str, needs: tuple[str, ...]) -> Match:
    term = Term(text=" ".join(text[start:end].split()), stems=(code,), source="clinical", needs=needs)
    return Match(start, end, term)


def plain_spotted(text: str, start: int, end: int, code: str, needs: tuple[str, ...]) -> Spotted:
    """Words that lead to one code by what the sentence tells of them, beside whatever else they name."""
    return Spotted(start, end, _plain(text, start, end, code, needs).term, heads_problem=False)


def _parts(
    line: Line, whole: Spotted, place: int, found: Sequence[Spotted], dictionary: Dictionary
) -> Iterator[Spotted]:
    """The second condition of a term that joins two (`diabetes with CKD stage 3a`): its own code may be asked for."""
    joined = _JOINS.search(line.text, whole.start, whole.end) if whole.term else None
    if joined is None:
        return
    yield from _mothers_disease(line, whole, place, joined, dictionary)
    next_start = min((f.start for f in found if f.start >= whole.end), default=len(line.text))
    words = [w for w in line.words if joined.end() <= w.start < next_start]
    taken = joined.group().lower() == _TAKEN
    for match in dictionary.find(words)[:1]:
        start, end = words[match.first].start, words[match.last].end
        if start < whole.end and not (taken and kind_of(match.term) is MentionKind.PROBLEM):
            yield Spotted(start, end, match.term, heads_problem=whole.heads_problem, part_of=place)


def _mothers_disease(
    line: Line, whole: Spotted, place: int, joined: re.Match[str], dictionary: Dictionary
) -> Iterator[Spotted]:
    """The disease of `pneumonia in pregnancy`: chapter 15 names its kind, the disease's own code says which."""
    if whole.term is None or not whole.term.stems[:1] or not whole.term.stems[0].startswith(_KINDS_OF_DISEASE):
        return
    words = [w for w in line.words if whole.start <= w.start and w.end <= joined.start()]
    for match in dictionary.find(words)[:1]:
        start, end = words[match.first].start, words[match.last].end
        yield Spotted(start, end, match.term, heads_problem=whole.heads_problem, part_of=place)


def _runs(text: str, words: Sequence[Token]) -> Iterator[list[Token]]:
    """Words up to a semicolon, a colon or a table's bar: no term reaches across."""
    run: list[Token] = []
    for word in words:
        if run and _ENDS_A_RUN.search(text, run[-1].end, max(run[-1].end, word.start)):
            yield run
            run = []
        run.append(word)
    if run:
        yield run
