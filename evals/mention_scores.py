"""The figures over annotated sentences that were read. The sentence is what the intervals draw again, because the
mentions of one sentence succeed and fail together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from evals.bootstrap import LEVEL, RESAMPLES, SEED, Array, Difference, Estimate, Resampler, interval
from evals.mention_matching import (
    NOTHING,
    SCORED_ATTRIBUTES,
    Counts,
    Matching,
    Pair,
    ReadSentence,
    attribute_counts,
    attribute_words,
    carries,
    scored_attributes,
    spelled,
)
from evals.metrics_report import PrecisionRecallF1
from medcoding.chart import SectionKind
from medcoding.mention import Assertion, MentionKind
from medcoding.record import Record


class SectionScores(Record):
    """The sentences of one kind of section."""

    mentions: int
    found: PrecisionRecallF1
    assertion: Estimate
    """Share of the matched mentions with the right assertion."""


class NegationReport(Record):
    """Negated or not: ours and a peer's (`evals.negation_peer`), both on the mentions that the product found."""

    mentions: int
    negated: int
    """Of them, by the annotation."""
    ours: PrecisionRecallF1
    peer: PrecisionRecallF1
    """negspacy."""
    f1_difference: Difference
    """The peer first, paired over sentences: above zero where ours is better."""


class MentionReport(Record):
    """Everything measured over one part of the sentences."""

    part: str
    sentences: int
    mentions: int
    found: PrecisionRecallF1
    """Spans that overlap, whatever their kind."""
    exact_span: Estimate
    """Of the matched mentions, those whose two spans are the same."""
    kind_right: Estimate
    section_right: Estimate
    """Of the sentences, those that were put into a section of their kind."""
    doubled: int
    """Second readings of something that was matched; they count neither for nor against."""
    by_kind: dict[MentionKind, PrecisionRecallF1]
    """The span and the kind."""
    by_section: dict[SectionKind, SectionScores]
    assertion: Estimate
    """Micro F1 over the matched mentions, which is the share with the right assertion."""
    assertion_macro: Estimate
    """Mean of the F1 of the assertions that the annotation holds."""
    by_assertion: dict[Assertion, PrecisionRecallF1]
    experiencer: PrecisionRecallF1
    """Matched mentions that are the family's."""
    attributes: PrecisionRecallF1
    """All scored attributes of the matched mentions together."""
    by_attribute: dict[str, PrecisionRecallF1]
    at_distance: Estimate
    """Recall of the attributes whose words stand outside the annotated span."""
    whole: PrecisionRecallF1
    """Found, with the right assertion and experiencer."""
    negation: NegationReport | None = None
    """Where the peer was asked."""
    level: float = LEVEL
    resamples: int = RESAMPLES
    seed: int = SEED


def report_on(part: str, read: Sequence[ReadSentence]) -> MentionReport:
    """All figures with their intervals, over at least one sentence."""
    figures = _Figures(read)
    asserted = [a for a in Assertion if any(m.assertion is a for r in read for m in r.sentence.mentions)]
    sections = dict.fromkeys(r.sentence.section for r in read)
    attributes = _attributes(read)
    return MentionReport(
        part=part,
        sentences=len(read),
        mentions=sum(len(r.sentence.mentions) for r in read),
        found=figures.prf(_found),
        exact_span=figures.share(lambda pair: pair.exact),
        kind_right=figures.share(lambda pair: pair.gold.kind is pair.found.kind),
        section_right=figures.resampler.ratio([(r.in_its_section, 1) for r in read]),
        doubled=sum(r.matching.doubled for r in read),
        by_kind={kind: figures.prf(partial(_of_kind, kind)) for kind in MentionKind},
        by_section={kind: _section([r for r in read if r.sentence.section is kind]) for kind in sections},
        assertion=figures.share(_rightly_asserted),
        assertion_macro=figures.macro([partial(_of_assertion, a) for a in asserted]),
        by_assertion={a: figures.prf(partial(_of_assertion, a)) for a in asserted},
        experiencer=figures.prf(_of_family),
        attributes=scored_counts(figures.resampler, [_added(counts.values()) for counts in attributes]),
        by_attribute={
            n: scored_counts(figures.resampler, [c.get(n, NOTHING) for c in attributes]) for n in SCORED_ATTRIBUTES
        },
        at_distance=figures.resampler.ratio([_at_distance(r.matching) for r in read]),
        whole=figures.prf(_whole),
    )


def scored_counts(resampler: Resampler, counts: Sequence[Counts]) -> PrecisionRecallF1:
    """Precision, recall and F1 of what was counted, one item a sentence."""
    return PrecisionRecallF1(
        precision=resampler.ratio([(c.right, c.answered) for c in counts]),
        recall=resampler.ratio([(c.right, c.gold) for c in counts]),
        f1=resampler.ratio([(2 * c.right, c.gold + c.answered) for c in counts]),
    )


class _Figures:
    """Figures over sentences, all from the same draws."""

    def __init__(self, read: Sequence[ReadSentence]) -> None:
        self._matchings = [r.matching for r in read]
        self.resampler = Resampler(len(read))

    def prf(self, count: Callable[[Matching], Counts]) -> PrecisionRecallF1:
        """Precision, recall and F1 of what is counted in each sentence."""
        return scored_counts(self.resampler, [count(m) for m in self._matchings])

    def share(self, holds: Callable[[Pair], bool]) -> Estimate:
        """Share of the matched mentions for which something holds."""
        return self.resampler.ratio([(sum(map(holds, m.pairs)), len(m.pairs)) for m in self._matchings])

    def macro(self, classes: Sequence[Callable[[Matching], Counts]]) -> Estimate:
        """Mean F1 over classes; a class that neither side holds has none and is left out."""
        counts = [np.asarray([count(m) for m in self._matchings], dtype=np.float64) for count in classes]
        value = _mean_f1([c.sum(axis=0, keepdims=True) for c in counts])[0]
        if np.isnan(value):
            return Estimate(value=None)
        low, high = interval(_mean_f1([self.resampler.totals(c) for c in counts]))
        return Estimate(value=float(value), low=low, high=high)


def _mean_f1(classes: Sequence[Array]) -> Array:
    """Right, gold and answered in the columns of each class, a row a draw; to the mean F1 of each draw."""
    drawn = np.stack(classes)
    both = drawn[:, :, 1] + drawn[:, :, 2]
    f1s = np.divide(2 * drawn[:, :, 0], both, out=np.zeros_like(both), where=both > 0)
    held = (both > 0).sum(axis=0)
    means: Array = np.divide(f1s.sum(axis=0), held, out=np.full(len(held), np.nan), where=held > 0)
    return means


def _section(read: Sequence[ReadSentence]) -> SectionScores:
    figures = _Figures(read)
    return SectionScores(
        mentions=sum(len(r.sentence.mentions) for r in read),
        found=figures.prf(_found),
        assertion=figures.share(_rightly_asserted),
    )


def _found(matching: Matching) -> Counts:
    right = len(matching.pairs)
    return Counts(right, right + len(matching.missed), right + len(matching.wrong))


def _whole(matching: Matching) -> Counts:
    right = sum(_rightly_asserted(p) and p.gold.experiencer == p.found.experiencer for p in matching.pairs)
    return _found(matching)._replace(right=right)


def _of_kind(kind: MentionKind, matching: Matching) -> Counts:
    gold = [p.gold for p in matching.pairs if p.gold.kind is kind]
    answered = [p.found for p in matching.pairs if p.found.kind is kind]
    return Counts(
        sum(p.gold.kind is p.found.kind is kind for p in matching.pairs),
        len(gold) + sum(m.kind is kind for m in matching.missed),
        len(answered) + sum(m.kind is kind for m in matching.wrong),
    )


def _of_assertion(assertion: Assertion, matching: Matching) -> Counts:
    return _of_value(matching, lambda p: p.gold.assertion is assertion, lambda p: p.found.assertion is assertion)


def _of_family(matching: Matching) -> Counts:
    return _of_value(matching, lambda p: p.gold.experiencer == "family", lambda p: p.found.experiencer == "family")


def _of_value(matching: Matching, gold: Callable[[Pair], bool], answered: Callable[[Pair], bool]) -> Counts:
    asked, given = list(map(gold, matching.pairs)), list(map(answered, matching.pairs))
    return Counts(sum(a and g for a, g in zip(asked, given, strict=True)), sum(asked), sum(given))


def _rightly_asserted(pair: Pair) -> bool:
    return pair.gold.assertion is pair.found.assertion


def _attributes(read: Sequence[ReadSentence]) -> list[dict[str, Counts]]:
    """Counts by attribute, one item a sentence."""
    known = attribute_words([r.sentence for r in read])
    pairs = [[attribute_counts(pair, known) for pair in r.matching.pairs] for r in read]
    return [{n: _added(c[n] for c in counts if n in c) for n in SCORED_ATTRIBUTES} for counts in pairs]


def _at_distance(matching: Matching) -> tuple[int, int]:
    """Attributes whose words stand outside the annotated span: how many were linked, and how many there are."""
    hits = [
        _linked(pair, name, value)
        for pair in matching.pairs
        for name, value in scored_attributes(pair.gold)
        if not spelled(pair.gold.text, value)
    ]
    return sum(hits), len(hits)


def _linked(pair: Pair, name: str, value: str) -> bool:
    single = {"laterality": pair.found.axes.laterality, "episode": pair.found.axes.episode}
    return single[name] == value if name in single else carries(pair.found, value)


def _added(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(NOTHING, *counts, strict=True)))
