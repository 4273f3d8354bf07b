"""Find: sentences to mentions, each an exact span with its assertion, its axes and what will be looked up."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.abbreviations import Abbreviations
from agent.assertion import AssertionRules, Reading
from agent.axes import episode_of, read_axes, side_throughout
from agent.measurements import measurements
from agent.statements import DIAGNOSIS_SECTIONS, statement_span
from medcoding.chart import Chart, SectionKind, Sentence, Span
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Episode, Laterality, Mention, MentionKind
from retrieval.dictionary import Dictionary, Term
from retrieval.wording import Token, tokens

_UNREAD: Final = frozenset({SectionKind.SIGNATURE, SectionKind.ALLERGIES})
_SIDE_TELLING: Final = DIAGNOSIS_SECTIONS | {SectionKind.CHIEF_COMPLAINT, SectionKind.HISTORY_PRESENT_ILLNESS}
_NAMES_A_MEASURE: Final = re.compile(
    r"\W{1,2}(vaccin\w*|shots?|boosters?|immuni[sz]ations?|toxoid|titers?|serolog\w*|antibod\w*|screen\w*|tests?|testing|"
    r"swabs?|pcr|precautions|prophylaxis|questionnaire|panel|clinic|education)\b",
    re.IGNORECASE,
)
"""`hepatitis serologies`, `tetanus booster`, `depression screen`: what follows makes it no condition of the patient."""

_COURSE: Final = DIAGNOSIS_SECTIONS | {SectionKind.HOSPITAL_COURSE}
_RESOLVED: Final = re.compile(r"resol|correct|improv|treated", re.IGNORECASE)
"""What was resolved during the stay was present during the stay and is coded (guideline III)."""

_LIST_MARK: Final = re.compile(r"(?:^|\s)(?:\(?\d{1,2}[.)]|#\s?\d+)\s*$")
_CLAUSE_MARKS: Final = ",;:("
_JOINS: Final = re.compile(r"\b(?:with|due to|secondary to|in|and)\b|w/|2/2|d/t", re.IGNORECASE)
_ENDS_A_RUN: Final = re.compile(r"[;:]")
_SETS_APART: Final = re.compile(r"[,;&/+]|2/2|\b(?:and|with|due to|secondary to|from|on)\b", re.IGNORECASE)

_CONTENT: Final = re.compile(r"[A-Za-z]{3,}")
_HISTORY_CODES: Final = ("Z8", "Z9")
_CLAUSE_WORDS: Final = 10
"""Words on either side of a mention that may belong to it."""
MOST_MENTIONS: Final = 600
"""For one encounter; what lies beyond is not read, and the result says so."""


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
    part_of: int | None = None
    """Place, in the same line's list, of the span that holds this one."""


class _Line(NamedTuple):
    """One sentence with everything that reading it needs."""

    sentence: Sentence
    text: str
    words: list[Token]
    """Normal forms, abbreviations written out."""
    note: str
    """The whole document in lower case."""
    unclear: frozenset[int]
    """Where abbreviations with several senses begin."""
    statement: Span | None
    episode: Episode
    age: int | None
    day: datetime.date
    inpatient: bool


def find(chart: Chart, rules: MentionRules) -> tuple[Mention, ...]:
    """Every mention of the encounter in reading order, at most 600."""
    episode = episode_of(chart.encounter)
    notes = {d.document_id: d.text.lower() for d in chart.encounter.documents}
    lines = [_line(chart, s, rules, notes[s.document_id], episode) for s in chart.sentences if s.section not in _UNREAD]
    mentions: list[Mention] = []
    for line in lines:
        if len(mentions) < MOST_MENTIONS:
            mentions += _in_line(line, rules, len(mentions) + 1)
    return _with_sides(tuple(mentions[:MOST_MENTIONS]), lines)


def _with_sides(mentions: tuple[Mention, ...], lines: list[_Line]) -> tuple[Mention, ...]:
    """In a record about one problem, that problem is on the only side the record speaks of."""
    problems = {m.concept for m in mentions if m.heads_problem and m.assertion is Assertion.PRESENT}
    if len(problems) > 1:
        return mentions
    side = side_throughout(line.words for line in lines if line.sentence.section in _SIDE_TELLING)
    return tuple(_sided(m, side) for m in mentions)


def _sided(mention: Mention, side: Laterality | None) -> Mention:
    """A mention without a side of its own takes the only one the record speaks of."""
    if side is None or mention.axes.laterality:
        return mention
    return mention.model_copy(update={"axes": mention.axes.model_copy(update={"laterality": side})})


def _line(chart: Chart, sentence: Sentence, rules: MentionRules, note: str, episode: Episode) -> _Line:
    text = chart.text_of(sentence)
    return _Line(
        sentence=sentence,
        text=text,
        words=rules.abbreviations.tokens(text, note),
        note=note,
        unclear=rules.abbreviations.ambiguous(text),
        statement=statement_span(text, sentence.section) if _begins_line(chart, sentence) else None,
        episode=episode,
        age=chart.encounter.patient.age,
        day=chart.encounter.coding_date,
        inpatient=chart.encounter.setting is Setting.INPATIENT,
    )


def _in_line(line: _Line, rules: MentionRules, first_id: int) -> Iterator[Mention]:
    reader = rules.assertions.read(line.text)
    every = _found(line, rules.dictionary)
    for number, found in enumerate(every, start=first_id):
        reading = _reading(reader.assertion(found.start, found.end), found.term, line)
        offset = line.sentence.span.start
        yield Mention(
            id=number,
            kind=MentionKind.DRUG if found.term and found.term.source == "drug" else MentionKind.PROBLEM,
            document_id=line.sentence.document_id,
            span=Span(start=offset + found.start, end=offset + found.end),
            text=line.text[found.start : found.end],
            sentence=line.sentence.number,
            section=line.sentence.section,
            assertion=reading.assertion,
            cue=reading.cue,
            experiencer="family" if reading.assertion is Assertion.FAMILY else "patient",
            axes=read_axes(line.words, found.start, found.end, line.episode),
            query=_query(line, found, rules.abbreviations),
            clause=_clause(line, found, every, rules.abbreviations),
            context=_context(line, found, every),
            term=found.term.text if found.term else None,
            concept=found.term.stems[0] if found.term else None,
            history_code=(found.term.history_code or None) if found.term else None,
            stems=_stems(found.term, reading.assertion),
            chronic=bool(found.term and found.term.chronic),
            needs=found.term.needs if found.term else (),
            part_of=None if found.part_of is None else first_id + found.part_of,
            heads_problem=found.heads_problem,
        )


def _found(line: _Line, dictionary: Dictionary) -> list[_Found]:
    """Terms and measurements of the line; a problem statement without any term stands as it is written."""
    stated = line.statement
    found = [
        _Found(start, end, term, heads_problem=stated is not None and end <= stated.end + 1)
        for start, end, term in _terms(line, dictionary)
    ]
    problems = [f for f in found if f.term is None or f.term.source != "drug"]
    if stated and not any(f.heads_problem for f in problems) and _CONTENT.search(stated.of(line.text)):
        found.insert(0, _Found(stated.start, stated.end, None, heads_problem=True))
    found += [part for place, whole in enumerate(found) for part in _parts(line, whole, place, found, dictionary)]
    return found + [
        _Found(m.start, m.end, _measured(m.code, line.text[m.start : m.end], m.needs), heads_problem=False)
        for m in measurements(line.text, line.age, line.day)
    ]


def _parts(line: _Line, whole: _Found, place: int, found: list[_Found], dictionary: Dictionary) -> Iterator[_Found]:
    """The second condition of a term that joins two (`diabetes with CKD stage 3a`): its own code may be asked for."""
    joined = _JOINS.search(line.text, whole.start, whole.end) if whole.term else None
    if joined is None:
        return
    next_start = min((f.start for f in found if f.start >= whole.end), default=len(line.text))
    words = [w for w in line.words if joined.end() <= w.start < next_start]
    for match in dictionary.find(words)[:1]:
        start, end = words[match.first].start, words[match.last].end
        if start < whole.end:
            yield _Found(start, end, match.term, heads_problem=whole.heads_problem, part_of=place)


def _terms(line: _Line, dictionary: Dictionary) -> list[tuple[int, int, Term]]:
    """Terms of the words as written and with abbreviations written out; where they meet, the longer span wins."""
    spans: list[tuple[int, int, Term]] = []
    for words in (_unambiguous(line), line.words):
        for run in _runs(line.text, words):
            spans += [(run[m.first].start, run[m.last].end, m.term) for m in dictionary.find(run)]
    kept: list[tuple[int, int, Term]] = []
    spans = [s for s in spans if not _NAMES_A_MEASURE.match(line.text, s[1])]
    for start, end, term in sorted(spans, key=lambda s: (s[0] - s[1], s[2].source != "clinical")):
        if all(end <= other_start or start >= other_end for other_start, other_end, _ in kept):
            kept.append((start, end, term))
    return sorted(kept, key=lambda s: s[0])


def _runs(text: str, words: list[Token]) -> Iterator[list[Token]]:
    """Words up to a semicolon or colon: no term reaches across."""
    run: list[Token] = []
    for word in words:
        if run and _ENDS_A_RUN.search(text, run[-1].end, max(run[-1].end, word.start)):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _unambiguous(line: _Line) -> list[Token]:
    """The words as written, without abbreviations that have several senses: there the context decides."""
    unclear = [(w.start, w.end) for w in line.words if w.start in line.unclear]
    return [t for t in tokens(line.text) if not any(start <= t.start < end for start, end in unclear)]


def _measured(code: str, text: str, needs: tuple[str, ...]) -> Term:
    return Term(text=" ".join(text.split()), stems=(code,), source="clinical", needs=needs)


def _reading(reading: Reading, term: Term | None, line: _Line) -> Reading:
    """What the section and the condition itself add to the sentence's own cues."""
    section = line.sentence.section
    if line.inpatient and section in _COURSE and reading.cue and _RESOLVED.search(reading.cue):
        return Reading(Assertion.PRESENT, reading.cue)
    if term and term.stems and term.stems[0].startswith(_HISTORY_CODES):
        held = reading.assertion in {Assertion.HISTORICAL, Assertion.FAMILY}
        return Reading(Assertion.PRESENT, reading.cue) if held else reading
    if section is SectionKind.FAMILY_HISTORY and reading.assertion is not Assertion.NEGATED:
        return Reading(Assertion.FAMILY, reading.cue or "family history section")
    lasting = term is not None and term.chronic
    if reading.assertion is Assertion.HISTORICAL and lasting and term and not term.history_code:
        return Reading(Assertion.PRESENT, reading.cue)
    past = section is SectionKind.PAST_MEDICAL_HISTORY and not lasting
    if reading.assertion is Assertion.PRESENT and past:
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


def _query(line: _Line, found: _Found, abbreviations: Abbreviations) -> str:
    """The words that are looked up: those of the span, abbreviations written out."""
    return " ".join(abbreviations.expand(line.text[found.start : found.end], line.note).split())


def _clause(line: _Line, found: _Found, beside: list[_Found], abbreviations: Abbreviations) -> str:
    """The words between the commas around a stated problem, short of its other problems."""
    if not (line.statement and found.heads_problem) or found.part_of is not None:
        return ""
    first, last = _segment(line.text, line.statement.end, found, beside)
    start = max(line.text.rfind(mark, first, found.start) + 1 for mark in _CLAUSE_MARKS)
    end = min((at for mark in _CLAUSE_MARKS if (at := line.text.find(mark, found.end, last)) >= 0), default=last)
    return " ".join(abbreviations.expand(line.text[max(first, start) : end], line.note).split())


def _context(line: _Line, found: _Found, beside: list[_Found]) -> tuple[str, ...]:
    """Words of the problem statement up to its other problems, or the nearest words of a sentence."""
    inside = [i for i, w in enumerate(line.words) if w.start < found.end and w.end > found.start]
    if not inside:
        return ()
    if line.statement and found.heads_problem:
        first, last = _segment(line.text, line.statement.end, found, beside)
        return tuple(w.form for w in line.words if first <= w.start < last)
    return tuple(w.form for w in line.words[max(0, inside[0] - _CLAUSE_WORDS) : inside[-1] + _CLAUSE_WORDS + 1])


def _segment(text: str, end: int, found: _Found, beside: list[_Found]) -> tuple[int, int]:
    """The stretch of a statement that belongs to one of several problems set apart by commas or `and`."""
    others = [
        f for f in beside if f.heads_problem and f.part_of is None and (f.start, f.end) != (found.start, found.end)
    ]
    before = [f.end for f in others if f.end <= found.start and _SETS_APART.search(text, f.end, found.start)]
    after = [f.start for f in others if f.start >= found.end and _SETS_APART.search(text, found.end, f.start)]
    return max(before, default=0), min(after, default=end)


def _begins_line(chart: Chart, sentence: Sentence) -> bool:
    """True when nothing but list marks or a heading stands before the sentence on its line, or in a diagnosis section
    when the sentence follows another one of its paragraph."""
    text = chart.encounter.document(sentence.document_id).text
    before = text[text.rfind("\n", 0, sentence.span.start) + 1 : sentence.span.start]
    if _LIST_MARK.search(before):
        return True
    starts = not re.search(r"[A-Za-z]{2,}", before) or before.rstrip().endswith(":")
    return starts or (sentence.section in DIAGNOSIS_SECTIONS - {SectionKind.ASSESSMENT_PLAN})
