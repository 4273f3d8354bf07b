"""Fit a long record into a model's context: whole sections, the telling ones first, and a list of what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from medcoding.chart import Chart, SectionKind, Sentence
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.record import Record

_CHARS_A_TOKEN: Final = 3.0
"""Clinical English takes 3.5 to 4.5 characters a token; digits and abbreviations fewer."""
_TOKENS_A_LINE: Final = 5
"""What the sentence's number and the line end take."""
_AROUND: Final = 2
"""Sentences shown before and after a mention whose section does not fit as a whole."""

_TELLING: Final = (
    SectionKind.DISCHARGE_DIAGNOSIS,
    SectionKind.ASSESSMENT_PLAN,
    SectionKind.ASSESSMENT,
    SectionKind.HOSPITAL_COURSE,
    SectionKind.PLAN,
    SectionKind.ADMISSION_DIAGNOSIS,
    SectionKind.PROBLEM_LIST,
    SectionKind.HISTORY_PRESENT_ILLNESS,
    SectionKind.CHIEF_COMPLAINT,
    SectionKind.PROCEDURES,
    SectionKind.RESULTS,
    SectionKind.PAST_MEDICAL_HISTORY,
    SectionKind.PHYSICAL_EXAM,
)
"""From the section that decides most to the one that decides least; those not named come last."""


class LeftOut(Record):
    """A run of sentences of one section that the model did not read."""

    document: int
    """1-based, in the encounter's order."""
    section: SectionKind
    first: int
    last: int
    """Numbers of the first and the last sentence."""

    def __str__(self) -> str:
        numbers = f"sentence {self.first}" if self.first == self.last else f"sentences {self.first} to {self.last}"
        return f"document {self.document}, {self.section.value.replace('_', ' ')}, {numbers}"


class FittedNote(NamedTuple):
    """What of a record a model reads."""

    shown: tuple[Sentence, ...]
    left_out: tuple[LeftOut, ...]


class _Part(NamedTuple):
    """Sentences of one section, in order."""

    sentences: tuple[Sentence, ...]
    tokens: int


def fit_note(chart: Chart, mentions: Sequence[Mention], tokens: int) -> FittedNote:
    """The sentences that fit into about `tokens` tokens, in the record's order.

    Sections that hold a mention come before others, then the more telling ones, then the earlier. Of a section that
    does not fit as a whole the sentences around its mentions are shown, which may go beyond the budget: a mention is
    never judged without the sentence it stands in.
    """
    parts = _parts(chart)
    if sum(part.tokens for part in parts) <= tokens:
        return FittedNote(chart.sentences, ())
    asked = frozenset(mention.sentence for mention in mentions)
    shown: set[int] = set()
    left = tokens
    for part in sorted(parts, key=lambda part: _order(part, asked)):
        numbers = {sentence.number for sentence in part.sentences}
        if part.tokens > left:
            numbers = {n for n in numbers if any(abs(n - place) <= _AROUND for place in asked & numbers)}
        shown |= numbers
        left -= sum(_tokens(chart, sentence) for sentence in part.sentences if sentence.number in numbers)
    return FittedNote(
        tuple(sentence for sentence in chart.sentences if sentence.number in shown),
        tuple(_left_out(chart, (s for s in chart.sentences if s.number not in shown))),
    )


def cut_findings(left_out: Sequence[LeftOut]) -> tuple[Finding, ...]:
    """Nothing is dropped in silence: what the model did not read is named in the result."""
    return tuple(
        Finding(
            rule="reading.cut",
            severity=Severity.ADVISE,
            message=f"The model did not read {part}: the record is longer than its budget.",
            source="token budget of the model",
            mend="Read that part, or raise CHARTWRIGHT_LLM__NOTE_TOKENS.",
        )
        for part in left_out
    )


def _parts(chart: Chart) -> tuple[_Part, ...]:
    runs = groupby(chart.sentences, key=lambda sentence: (sentence.document_id, sentence.section))
    groups = (tuple(run) for _, run in runs)
    return tuple(_Part(group, sum(_tokens(chart, sentence) for sentence in group)) for group in groups)


def _tokens(chart: Chart, sentence: Sentence) -> int:
    return _TOKENS_A_LINE + round(len(chart.text_of(sentence)) / _CHARS_A_TOKEN)


def _order(part: _Part, asked: frozenset[int]) -> tuple[bool, bool, int, int]:
    first = part.sentences[0]
    weight = _TELLING.index(first.section) if first.section in _TELLING else len(_TELLING)
    copied = all(sentence.copied_from for sentence in part.sentences)
    return copied, not any(s.number in asked for s in part.sentences), weight, first.number


def _left_out(chart: Chart, sentences: Iterable[Sentence]) -> Iterable[LeftOut]:
    order = {document.document_id: n for n, document in enumerate(chart.encounter.documents, start=1)}
    run: list[Sentence] = []
    for sentence in sentences:
        if run and not (
            sentence.number == run[-1].number + 1
            and (sentence.document_id, sentence.section) == (run[-1].document_id, run[-1].section)
        ):
            yield _run(order, run)
            run = []
        run.append(sentence)
    if run:
        yield _run(order, run)


def _run(order: dict[str, int], run: Sequence[Sentence]) -> LeftOut:
    first, last = run[0], run[-1]
    return LeftOut(document=order[first.document_id], section=first.section, first=first.number, last=last.number)
