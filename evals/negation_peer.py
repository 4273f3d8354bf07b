"""negspacy beside our assertion, on the same mentions: is what is spoken of negated, or not?

negspacy (NegEx for spaCy) tells negation only and finds no mentions itself, so it is given the annotated spans. It is
an extra, and there is no downloaded language model: a blank English tokenizer and spaCy's rule-based sentences.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

from evals.annotated_sentences import AnnotatedSentence
from evals.bootstrap import Resampler
from evals.mention_matching import Counts, ReadSentence
from evals.mention_scores import NegationReport, scored_counts
from medcoding.errors import DependencyError
from medcoding.mention import Assertion

_SPANS: Final = "sc"
"""Where the peer looks for spans."""

NegationPeer = Callable[[AnnotatedSentence], Sequence[bool]]
"""Whether each annotated mention of a sentence is negated, in their order."""


def compare_negation(read: Sequence[ReadSentence], peer: NegationPeer) -> NegationReport:
    """Negated or not, over the matched mentions. The sentence is what the intervals draw again."""
    ours: list[Counts] = []
    theirs: list[Counts] = []
    for one in read:
        told = dict(zip(map(id, one.sentence.mentions), peer(one.sentence), strict=True))
        gold = [p.gold.assertion is Assertion.NEGATED for p in one.matching.pairs]
        ours.append(_counts(gold, [p.found.assertion is Assertion.NEGATED for p in one.matching.pairs]))
        theirs.append(_counts(gold, [told[id(p.gold)] for p in one.matching.pairs]))
    resampler = Resampler(len(read))
    return NegationReport(
        mentions=sum(len(r.matching.pairs) for r in read),
        negated=sum(c.gold for c in ours),
        ours=scored_counts(resampler, ours),
        peer=scored_counts(resampler, theirs),
        f1_difference=resampler.difference([_f1_part(c) for c in theirs], [_f1_part(c) for c in ours]),
    )


def negspacy_peer(load: Callable[[str], ModuleType] = importlib.import_module) -> NegationPeer:
    """negspacy with its clinical terms. Raises `DependencyError` where the extra is not installed."""
    pipeline = _pipeline(load)

    def negated(sentence: AnnotatedSentence) -> tuple[bool, ...]:
        document = pipeline.make_doc(sentence.text)
        places = (words.span_in(sentence.text) for words in sentence.mentions)
        spans = [document.char_span(p.start, p.end, label="mention", alignment_mode="expand") for p in places]
        document.spans[_SPANS] = spans
        for _, step in pipeline.pipeline:
            document = step(document)
        return tuple(bool(span._.negex) for span in spans)

    return negated


def _pipeline(load: Callable[[str], ModuleType]) -> Any:
    """A blank English pipeline: sentences, then the peer's own step."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages we only compare with
            spacy, _ = load("spacy"), load("negspacy.negation")
    except ImportError:
        raise DependencyError("negspacy is not installed; run pip install 'chartwright[peers]'.") from None
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe("negex", config={"span_keys": [_SPANS]})
    return pipeline


def _counts(gold: Sequence[bool], answered: Sequence[bool]) -> Counts:
    return Counts(sum(g and a for g, a in zip(gold, answered, strict=True)), sum(gold), sum(answered))


def _f1_part(counts: Counts) -> tuple[float, float]:
    return 2.0 * counts.right, float(counts.gold + counts.answered)
