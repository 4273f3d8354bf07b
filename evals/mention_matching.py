"""Which found mention is which annotated one, and which attributes it was given rightly.

Spans are matched one to one where they overlap, the most alike first. Of the found ones that are left, those that
overlap annotated words are second readings of something that was found (a part, a whole), and count neither for nor
against; those that overlap none are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from evals.annotated_sentences import AnnotatedMention, AnnotatedSentence
from medcoding.chart import Span
from medcoding.mention import Mention

SCORED_WORDS: Final = ("severity", "acuity", "stage", "type", "trimester", "weeks")
"""Attributes that are words. `time` and `dose` are annotated, but a mention has no place for them."""
SCORED_ATTRIBUTES: Final = ("laterality", "episode", *SCORED_WORDS)

_WORD: Final = re.compile(r"[a-z0-9]+")
_FILLERS: Final = frozenset("stage class grade type degree episode of in with without the".split())
_SIDES: Final = {"left": "l", "right": "r"}
_LEAST_STUB: Final = 3
"""Letters from which an abbreviated word (`mod`) is taken for the word it begins (`moderate`)."""


class Pair(NamedTuple):
    """An annotated mention and the found one that was matched with it."""

    gold: AnnotatedMention
    found: Mention
    exact: bool
    """True when both spans are the same."""


class Matching(NamedTuple):
    """One sentence held against its annotation."""

    pairs: tuple[Pair, ...]
    missed: tuple[AnnotatedMention, ...]
    wrong: tuple[Mention, ...]
    """Found where nothing is annotated."""
    doubled: int
    """Second readings of something that was matched."""


class ReadSentence(NamedTuple):
    """One annotated sentence with what was found in it."""

    sentence: AnnotatedSentence
    matching: Matching
    in_its_section: bool
    """True when all of it was put into a section of its kind."""


class Counts(NamedTuple):
    """What is right, what there is, what was answered."""

    right: int
    gold: int
    answered: int


NOTHING: Final = Counts(0, 0, 0)


def match(sentence: AnnotatedSentence, found: Sequence[Mention], start: int) -> Matching:
    """Match the mentions found in the sentence, which begins at `start` of its document."""
    golds = [words.span_in(sentence.text) for words in sentence.mentions]
    spans = [Span(start=m.span.start - start, end=m.span.end - start) for m in found]
    likeness = sorted(
        ((_likeness(gold, span), -g, -f) for g, gold in enumerate(golds) for f, span in enumerate(spans)), reverse=True
    )
    taken: dict[int, int] = {}
    for alike, g, f in likeness:
        if alike and -g not in taken and -f not in taken.values():
            taken[-g] = -f
    either = [words.span_in(sentence.text) for words in sentence.either]
    left = [f for f in range(len(found)) if f not in taken.values()]
    beside = [f for f in left if not any(_likeness(gold, spans[f]) for gold in golds)]
    return Matching(
        pairs=tuple(Pair(sentence.mentions[g], found[f], golds[g] == spans[f]) for g, f in sorted(taken.items())),
        missed=tuple(m for g, m in enumerate(sentence.mentions) if g not in taken),
        wrong=tuple(found[f] for f in beside if not any(_likeness(words, spans[f]) for words in either)),
        doubled=len(left) - len(beside),
    )


def attribute_words(sentences: Sequence[AnnotatedSentence]) -> dict[str, str]:
    """Every word that is an attribute of some annotated mention, and the attribute it is."""
    marked = (mention.attributes.items() for sentence in sentences for mention in sentence.mentions)
    return {
        word: name
        for attributes in marked
        for name, value in attributes
        if name in SCORED_WORDS
        for word in _telling(value)
        if not word.isdecimal()
    }


def attribute_counts(pair: Pair, known: Mapping[str, str]) -> dict[str, Counts]:
    """Right, gold and answered by attribute.

    A word attribute is right when the found mention carries its words, among its qualifiers or in its own text. It is
    answered wrongly when the mention carries, as a qualifier from elsewhere, a word that is an attribute somewhere in
    the gold (`known`) but not of this mention. An episode counts only where the annotation says one.
    """
    axes, gold = pair.found.axes, pair.gold
    counts = {"laterality": _single(gold.laterality, axes.laterality)}
    if gold.episode:
        counts["episode"] = _single(gold.episode, axes.episode)
    foreign = [known[word] for word in _foreign(pair, known)]
    for name in SCORED_WORDS:
        value = next((v for n, v in gold.attributes.items() if n == name), None)
        right = int(value is not None and carries(pair.found, value))
        counts[name] = Counts(right, int(value is not None), right + foreign.count(name))
    return counts


def carries(found: Mention, value: str) -> bool:
    """True when the mention holds the words of an attribute."""
    held = {*map(str.lower, found.axes.qualifiers), *_words(found.text), *_words(found.query)}
    return value.lower() in found.text.lower() or all(_among(word, held) for word in _telling(value))


def scored_attributes(gold: AnnotatedMention) -> Iterator[tuple[str, str]]:
    """The attributes of an annotated mention that are scored, as words of its sentence or their normal form."""
    if gold.laterality:
        yield "laterality", gold.laterality
    if gold.episode:
        yield "episode", gold.episode
    yield from ((name, value) for name, value in gold.attributes.items() if name in SCORED_WORDS)


def spelled(text: str, value: str) -> bool:
    """True when words hold those of an attribute; a side also by its letters (`L`, `R`)."""
    written = set(_words(text))
    return value.lower() in text.lower() or _SIDES.get(value, value) in written or set(_telling(value)) <= written


def _foreign(pair: Pair, known: Mapping[str, str]) -> list[str]:
    own = {*_words(pair.gold.text), *_words(pair.found.text), *_words(pair.found.query)}
    own |= {word for value in pair.gold.attributes.values() for word in _words(value)}
    qualifiers = dict.fromkeys(map(str.lower, pair.found.axes.qualifiers))
    return [word for word in qualifiers if word in known and not any(_same(mine, word) for mine in own)]


def _single(gold: str | None, answered: str | None) -> Counts:
    return Counts(int(gold is not None and gold == answered), int(gold is not None), int(answered is not None))


def _telling(value: str) -> list[str]:
    return [word for word in _words(value) if word not in _FILLERS]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _among(word: str, held: set[str]) -> bool:
    return any(_same(word, other) for other in held)


def _same(word: str, other: str) -> bool:
    """The same word, or one the beginning of the other."""
    stub, whole = sorted((word, other), key=len)
    return stub == whole or (len(stub) >= _LEAST_STUB and whole.startswith(stub))


def _likeness(one: Span, other: Span) -> float:
    """Shared characters over all characters of both; 0 for spans that do not overlap."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return max(0, shared) / (max(one.end, other.end) - min(one.start, other.start))
