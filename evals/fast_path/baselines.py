"""Three ways to code without an encoder, to be better than: the dictionary, BM25, and regression over word counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.mentions import find
from agent.pipeline import Pipeline
from agent.sections import split
from medcoding.encounter import Encounter
from medcoding.mention import Assertion

_FEWEST: Final = 2
_LIKELY: Final = 30
"""The strongest codes of a note among whose ratings a bound is looked for."""
_NEAREST: Final = 10
"""Learned notes that vote."""

Rated = Mapping[str, float]
"""Codes of one note with how strongly a way is for them."""


class Learned(NamedTuple):
    """What baselines learn from: notes with their codes."""

    notes: Sequence[str]
    codes: Sequence[frozenset[str]]


def by_dictionary(pipeline: Pipeline, encounters: Sequence[Encounter]) -> list[Rated]:
    """Every billable code that a term of the index and term dictionary leads to, said as present; all alike."""
    rated: list[Rated] = []
    for encounter in encounters:
        book = pipeline.parts.codebooks.for_date(encounter.coding_date).codebook
        mentions = find(split(encounter, pipeline.parts.headings), pipeline.parts.mention_rules)
        stems = {stem for m in mentions if m.assertion is Assertion.PRESENT for stem in m.stems}
        rated.append({stem: 1.0 for stem in sorted(stems) if book.is_billable(stem)})
    return rated


def by_bm25(learned: Learned, notes: Sequence[str]) -> list[Rated]:
    """Codes of the nearest learned notes by BM25, each rated by the share of their scores that carries it."""
    import bm25s

    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize(list(learned.notes), stopwords=None, show_progress=False), show_progress=False)
    asked = bm25s.tokenize(list(notes), stopwords=None, show_progress=False)
    places, scores = retriever.retrieve(asked, k=min(_NEAREST, len(learned.notes)), show_progress=False)
    return [_voted(learned, row.tolist(), strengths.tolist()) for row, strengths in zip(places, scores, strict=True)]


def _voted(learned: Learned, places: Sequence[int], scores: Sequence[float]) -> Rated:
    votes: dict[str, float] = defaultdict(float)
    for place, score in zip(places, scores, strict=True):
        for code in sorted(learned.codes[place]):
            votes[code] += score / max(sum(scores), 1e-6)
    return votes


def by_regression(learned: Learned, notes: Sequence[str]) -> list[Rated]:
    """One logistic regression a code over TF-IDF of words and pairs of words; codes with two examples or more."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    labels = frequent(learned.codes)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=20_000, sublinear_tf=True)
    table = vectorizer.fit_transform(learned.notes)
    model: Any = OneVsRestClassifier(LogisticRegression(C=100.0, solver="liblinear"))
    model.fit(table, members(learned.codes, labels))
    probabilities = model.predict_proba(vectorizer.transform(notes))
    return [{code: float(p) for code, p in zip(labels, row, strict=True)} for row in probabilities]


def frequent(codes: Sequence[frozenset[str]]) -> list[str]:
    """Codes of at least two notes, in order."""
    counts = Counter(code for some in codes for code in some)
    return sorted(code for code, number in counts.items() if number >= _FEWEST)


def members(codes: Sequence[frozenset[str]], labels: Sequence[str]) -> NDArray[np.int64]:
    """Notes x labels, 1 where a note carries the label."""
    return np.array([[label in some for label in labels] for some in codes], dtype=np.int64)


def taken_from(rated: Sequence[Rated], gold: Sequence[frozenset[str]], score: Callable[[float], float]) -> float:
    """The bound from which taking codes scores best on some notes; `score` is asked for bounds among the ratings."""
    strengths = sorted({strength for one in rated for strength in sorted(one.values(), reverse=True)[:_LIKELY]})
    if not strengths or not gold:
        return 0.0
    steps = strengths[:: max(1, len(strengths) // 200)]
    return max(steps, key=score)
