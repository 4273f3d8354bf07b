"""How much of what a sentence speaks of is found, and how rightly it is read: mentions, assertion, attributes.

Every annotated sentence is split and found in by the product's own steps, in a document of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.bootstrap import build_pipeline
from agent.mentions import find
from agent.parts import Parts
from agent.sections import split
from agent.settings import load_settings
from evals.annotated_sentences import HELD_OUT, AnnotatedSentence, load_sentences, placed
from evals.mention_matching import Pair, ReadSentence, carries, match, scored_attributes
from evals.mention_scores import MentionReport, report_on
from evals.negation_peer import NegationPeer, compare_negation
from medcoding.chart import Chart
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.mention import Mention


class Reading(NamedTuple):
    """What the product made of one encounter."""

    chart: Chart
    mentions: Sequence[Mention]


Reader = Callable[[Encounter], Reading]
"""The steps *split* and *find*, or a named double in a test. It is not shown the annotation."""


def product_reader(parts: Parts) -> Reader:
    """The product's own steps."""

    def read(encounter: Encounter) -> Reading:
        chart = split(encounter, parts.headings)
        return Reading(chart, find(chart, parts.mention_rules))

    return read


def measure_mentions(part: str, index_dir: Path | None = None, peer: NegationPeer | None = None) -> MentionReport:
    """The installed product over one part of the shipped sentences, beside a peer where one is given."""
    read = read_sentences(_installed(index_dir), load_sentences(part))
    report = report_on(part, read)
    return report.model_copy(update={"negation": compare_negation(read, peer)}) if peer else report


def list_missed(part: str, index_dir: Path | None = None) -> tuple[str, ...]:
    """One line for each thing that was read wrongly. Raises `InputError` for the part that nobody may look into."""
    if part == HELD_OUT:
        raise InputError(f"The part {HELD_OUT} is only ever scored; list what was missed of another part.")
    return missed_lines(read_sentences(_installed(index_dir), load_sentences(part)))


def read_sentences(read: Reader, sentences: Sequence[AnnotatedSentence]) -> tuple[ReadSentence, ...]:
    """Read every sentence and match what was found in it. Raises `InputError` when there is none."""
    if not sentences:
        raise InputError("There is no annotated sentence; give one on each line.")
    return tuple(_read(read, sentence) for sentence in sentences)


def missed_lines(read: Iterable[ReadSentence]) -> tuple[str, ...]:
    """One line for each thing that was read wrongly: the sentence, the fault, the words."""
    return tuple(f"{r.sentence.id} {fault} | {r.sentence.text}" for r in read for fault in _faults(r))


def _installed(index_dir: Path | None) -> Reader:
    return product_reader(build_pipeline(load_settings(index_dir=index_dir)).parts)


def _read(read: Reader, sentence: AnnotatedSentence) -> ReadSentence:
    encounter, span = placed(sentence)
    reading = read(encounter)
    inside = [m for m in reading.mentions if span.start <= m.span.start < span.end]
    kinds = {s.section for s in reading.chart.sentences if s.span.start < span.end and span.start < s.span.end}
    return ReadSentence(sentence, match(sentence, inside, span.start), kinds == {sentence.section})


def _faults(read: ReadSentence) -> Iterator[str]:
    for gold in read.matching.missed:
        yield f"missed {gold.kind} “{gold.text}”"
    for found in read.matching.wrong:
        yield f"wrong {found.kind} “{found.text}”"
    for pair in read.matching.pairs:
        yield from _misread(pair)


def _misread(pair: Pair) -> Iterator[str]:
    gold, found = pair.gold, pair.found
    told = {
        "kind": (gold.kind, found.kind),
        "assertion": (gold.assertion, found.assertion),
        "experiencer": (gold.experiencer, found.experiencer),
        "laterality": (gold.laterality, found.axes.laterality),
        "episode": (gold.episode, found.axes.episode if gold.episode else None),
    }
    for name, (asked, answered) in told.items():
        if asked != answered:
            yield f"{name} “{gold.text}” {asked or 'none'} read as {answered or 'none'}"
    for name, value in scored_attributes(gold):
        if name not in told and not carries(found, value):
            yield f"{name} “{gold.text}” lacks “{value}”"
