"""Coded encounters as the encoder learns from them: sentences with their marks, and rows of signs with right or wrong.

Everything is read by the product's own steps (`split`, `find`, and for the decider the whole way by rules), so that
what is learned from is what will be seen. Examples are kept as JSON lines; a stopped run goes on behind the last one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from agent.choose import choose
from agent.code_signs import LABEL_SIGNS, Reading, signs, spoken_words
from agent.fast_path import codeable
from agent.label_head import LabelReading, clinical_sentences, marks
from agent.mentions import find
from agent.pipeline import Pipeline
from agent.questions import Offer
from agent.sections import split
from agent.stages import Trace
from agent.withheld import outside_orders
from medcoding.chart import Chart
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Encounter
from medcoding.mention import Mention

_AT_ONCE = 50


class AskedMention(NamedTuple):
    """A mention's candidates."""

    sentence: int
    codes: tuple[str, ...]
    signs: tuple[tuple[float, ...], ...]
    """Without the labels' columns, which are filled in when the labels are learned."""
    right: tuple[bool, ...]


class Example(NamedTuple):
    """One encounter."""

    case_id: str
    specialty: str
    codes: tuple[str, ...]
    numbers: tuple[int, ...]
    """Of the sentences that are read."""
    texts: tuple[str, ...]
    marks: tuple[tuple[float, ...], ...]
    asked: tuple[AskedMention, ...] = ()
    """Empty for examples that only the labels learn from."""


class ExampleMaker:
    """Makes examples with a pipeline that answers by rules."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def read(self, encounter: CodedEncounter) -> Example:
        """Sentences and marks alone: what the labels learn from; some milliseconds."""
        parts = self._pipeline.parts
        chart = split(uncoded(encounter), parts.headings)
        return _example(encounter, chart, outside_orders(chart, find(chart, parts.mention_rules)))

    def answered(self, encounter: CodedEncounter) -> Example:
        """With every offered code: what the decider learns from; some fifty milliseconds."""
        trace = asyncio.run(self._pipeline.trace(uncoded(encounter)))
        prepared = trace.prepared
        example = _example(encounter, prepared.chart, prepared.mentions)
        offer = Offer(prepared.chart, prepared.selected.mentions, prepared.retrieved, prepared.edition.codebook)
        reading = Reading(offer, LabelReading((), {}, {}), spoken_words(offer, prepared.mentions))
        gold = frozenset(example.codes)
        asked = (_asked(reading, mention, trace, gold) for mention in codeable(offer).mentions)
        return example._replace(asked=tuple(one for one in asked if one.codes))


def ensure_examples(
    path: Path,
    encounters: Sequence[CodedEncounter],
    make: Callable[[CodedEncounter], Example],
    told: Callable[[int, int], None],
) -> list[Example]:
    """The examples of the file, those that are missing made; `told` hears done and all."""
    found = list(read_examples(path)) if path.is_file() else []
    with path.open("ab") as lines:
        lines.truncate(sum(len(_line(example)) for example in found))  # what a killed run left of a line
        for start in range(len(found), len(encounters), _AT_ONCE):
            made = [make(encounter) for encounter in encounters[start : start + _AT_ONCE]]
            lines.writelines(map(_line, made))
            lines.flush()
            found += made
            told(len(found), len(encounters))
    return found


def read_examples(path: Path) -> Iterator[Example]:
    """In order; a last line that was cut off is left out."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                case_id, specialty, codes, numbers, texts, marked, asked = orjson.loads(line)
                told = tuple(
                    AskedMention(sentence, tuple(offered), tuple(map(tuple, rows)), tuple(right))
                    for sentence, offered, rows, right in asked
                )
                yield Example(
                    case_id, specialty, tuple(codes), tuple(numbers), tuple(texts), tuple(map(tuple, marked)), told
                )


def uncoded(coded: CodedEncounter) -> Encounter:
    """Without the codes."""
    return Encounter.model_validate({name: getattr(coded, name) for name in Encounter.model_fields})


def _line(example: Example) -> bytes:
    return orjson.dumps(example, default=tuple) + b"\n"


def _example(encounter: CodedEncounter, chart: Chart, mentions: Sequence[Mention]) -> Example:
    sentences = clinical_sentences(chart)
    return Example(
        case_id=encounter.case_id,
        specialty=(encounter.specialty or "").lower(),
        codes=tuple(dict.fromkeys(line.code for line in encounter.codes)),
        numbers=tuple(sentence.number for sentence in sentences),
        texts=tuple(chart.text_of(sentence) for sentence in sentences),
        marks=tuple(tuple(row) for row in marks(sentences, mentions).tolist()),
    )


def _asked(reading: Reading, mention: Mention, trace: Trace, gold: frozenset[str]) -> AskedMention:
    """Right is what is on the final answer, and what rules turn into it: a part of a combination."""
    candidates = reading.offer.retrieved.of(mention.id)
    by_rules = choose(mention, candidates).code
    carried = {line.code for line in trace.proposal.codes if mention.id in line.mention_ids}
    right = tuple(c.code in gold or (c.code == by_rules and bool(carried & gold)) for c in candidates)
    rows = signs(reading, mention)[:, :-LABEL_SIGNS].tolist()
    codes = tuple(candidate.code for candidate in candidates)
    return AskedMention(mention.sentence, codes, tuple(map(tuple, rows)), right)
