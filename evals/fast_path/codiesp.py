"""CodiEsp: labels learned on its training part, held against three baselines on its development part.

In Spanish the label-wise attention alone codes: the dictionary, the index and the backbone are English. Sentences are
vectors of their words and letters (TF-IDF brought to few directions), a label begins as the mean of the wordings that
the training part quotes for it, and quoted sentences are examples of their own. The machine-translated English text is
coded the same way. Bounds from which a code is taken are set on a fifth of the training part; nothing of the
development part is looked at before it is scored. Source: CodiEsp v4, CLEF eHealth 2020, CC BY 4.0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch

from agent.encoder_files import Floats
from agent.label_head import MARKS
from agent.pipeline import Pipeline
from agent.routine import FastPathMode
from agent.sections import split
from evals.fast_path.accuracy import pipeline_in, uncoded
from evals.fast_path.baselines import Learned, Rated, by_bm25, by_dictionary, by_regression, frequent, taken_from
from evals.loaders.gold_set import GoldForm, GoldOptions
from evals.loaders.load import load_gold
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.record import Record
from training.encoder.attention import AttentionPlan, LabelAttention, ReadNote, learn, padded

_WIDTH: Final = 256
_TUNED_ON: Final = 5
"""Every so many-th case of the training part sets the bounds."""
_PLAN: Final = AttentionPlan(passes=12, batch=32, rate=0.004, negatives=2_000)
_STORY: Final = MARKS.index("story")

Told = Callable[[int, int], None]


class WayScore(Record):
    """One way of coding on the development part, full codes."""

    precision: float
    recall: float
    micro_f1: float
    macro_f1: float
    """Mean over the codes of the gold."""
    precision_at: dict[str, float]
    """Precision of the surest part of what was answered."""


class CodiespLabels(Record):
    """All ways over the same cases."""

    language: str
    learned_from: int
    cases: int
    labels: int
    """Codes with two training cases or more."""
    ways: dict[str, WayScore]


class _Case(NamedTuple):
    encounter: CodedEncounter
    text: str
    codes: frozenset[str]
    sentences: tuple[str, ...]


_Way = Callable[[Sequence[_Case], Sequence[_Case]], list[Rated]]
"""Cases to learn from and cases to code, to what the way is for in each of these."""


def measure_codiesp_labels(
    training: Path, test: Path, language: str, index_dir: Path | None, work: Path, told: Told
) -> CodiespLabels:
    """Learn on one part and score on the other; `told` hears passes learned, of how many. Minutes on one core."""
    pipeline = pipeline_in(FastPathMode.OFF, index_dir, None)
    learned, judged = (_cases(pipeline, path, language) for path in (training, test))
    tuned = learned[::_TUNED_ON]
    kept = [case for place, case in enumerate(learned) if place % _TUNED_ON]
    ways: dict[str, _Way] = {
        "dictionary": lambda _, cases: by_dictionary(pipeline, [uncoded(c.encounter) for c in cases]),
        "BM25": lambda source, cases: by_bm25(_learned(source), [c.text for c in cases]),
        "logistic regression": lambda source, cases: by_regression(_learned(source), [c.text for c in cases]),
        "label attention": lambda source, cases: by_attention(
            source, cases, work / f"{language}-{len(source)}.pt", told
        ),
    }
    scores = {}
    for name, way in ways.items():
        bound = _bound(way(kept, tuned), tuned)
        scores[name] = _scored(way(learned, judged), judged, bound)
    return CodiespLabels(
        language=language,
        learned_from=len(learned),
        cases=len(judged),
        labels=len(frequent([case.codes for case in learned])),
        ways=scores,
    )


def by_attention(learned: Sequence[_Case], cases: Sequence[_Case], checkpoint: Path, told: Told) -> list[Rated]:
    """Label-wise attention over sentence vectors, labels with two training cases or more."""
    wordings = _wordings(learned)
    labels = [code for code in frequent([case.codes for case in learned]) if code in wordings] or sorted(wordings)
    space = _Space([text for case in learned for text in (*case.sentences, *_quotes(case))])
    titles = np.stack([_mean(space.vectors(wordings[code])) for code in labels])
    place = {code: at for at, code in enumerate(labels)}
    notes = [_note(space.vectors(case.sentences), [place[c] for c in case.codes if c in place]) for case in learned]
    notes += [
        _note(space.vectors([quote]), [place[code]]) for code in labels for quote in dict.fromkeys(wordings[code])
    ]
    shares = np.bincount([label for note in notes for label in note.labels], minlength=len(labels)) / len(notes)
    torch.manual_seed(_PLAN.seed)
    model = LabelAttention(titles, shares.astype(np.float32))
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    learn(model, notes, checkpoint, _PLAN, lambda done, of, _: told(done, of))
    return [_rated(model, space.vectors(case.sentences), labels) for case in cases]


class _Space:
    """Sentences as vectors of their words and letters."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

        self._table: Any = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
                ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True)),
            ]
        )
        rows = self._table.fit_transform(texts)
        self._directions: Any = TruncatedSVD(min(_WIDTH, rows.shape[1] - 1), random_state=0).fit(rows)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Texts x width, unit length."""
        found = self._directions.transform(self._table.transform(list(texts))).astype(np.float32)
        unit: Floats = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
        return unit


def _cases(pipeline: Pipeline, path: Path, language: str) -> list[_Case]:
    gold = load_gold(path, GoldForm.CODIESP, GoldOptions(language="es" if language == "es" else "en"))
    return [_case(pipeline, encounter) for encounter in gold.encounters]


def _case(pipeline: Pipeline, encounter: CodedEncounter) -> _Case:
    chart = split(uncoded(encounter), pipeline.parts.headings)
    codes = frozenset(line.code for line in encounter.codes if line.system is CodeSystem.ICD10CM)
    sentences = tuple(chart.text_of(sentence) for sentence in chart.sentences)
    return _Case(encounter, encounter.documents[0].text, codes, sentences)


def _quotes(case: _Case) -> list[str]:
    return [quote.text for line in case.encounter.codes for quote in line.evidence]


def _wordings(cases: Sequence[_Case]) -> dict[str, list[str]]:
    """What the cases quote for each code; where a text holds no quotes (the translation), its sentences."""
    found: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for line in case.encounter.codes:
            found[line.code] += [quote.text for quote in line.evidence]
    for case in cases:
        for code in case.codes:
            if not found[code]:
                found[code] = [case.text]
    return found


def _learned(cases: Sequence[_Case]) -> Learned:
    return Learned([case.text for case in cases], [case.codes for case in cases])


def _note(vectors: Floats, labels: Sequence[int]) -> ReadNote:
    marks = np.zeros((len(vectors), len(MARKS)), dtype=np.float32)
    marks[:, _STORY] = 1.0
    return ReadNote(vectors, marks, tuple(labels))


def _mean(rows: Floats) -> Floats:
    mean = rows.mean(axis=0)
    unit: Floats = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)
    return unit


def _rated(model: LabelAttention, vectors: Floats, labels: Sequence[str]) -> Rated:
    sentences, marks, mask = padded([_note(vectors, ())])
    with torch.no_grad():
        logits, _ = model(sentences, marks, torch.arange(len(labels)), mask)
    return dict(zip(labels, torch.sigmoid(logits[0]).tolist(), strict=True))


def _bound(rated: Sequence[Rated], cases: Sequence[_Case]) -> float:
    gold = [case.codes for case in cases]
    return taken_from(rated, gold, lambda bound: _f1(_taken(rated, bound), gold))


def _taken(rated: Sequence[Rated], bound: float) -> list[frozenset[str]]:
    return [frozenset(code for code, strength in one.items() if strength >= bound) for one in rated]


def _f1(answered: Sequence[frozenset[str]], gold: Sequence[frozenset[str]]) -> float:
    right = sum(len(a & g) for a, g in zip(answered, gold, strict=True))
    return 2 * right / max(1, sum(map(len, answered)) + sum(map(len, gold)))


def _scored(rated: Sequence[Rated], cases: Sequence[_Case], bound: float) -> WayScore:
    gold, answered = [case.codes for case in cases], _taken(rated, bound)
    right = sum(len(a & g) for a, g in zip(answered, gold, strict=True))
    strengths = sorted(
        ((one[code], code in case.codes) for one, case in zip(rated, cases, strict=True) for code in one
         if one[code] >= bound),
        reverse=True,
    )  # fmt: skip
    return WayScore(
        precision=round(right / max(1, sum(map(len, answered))), 4),
        recall=round(right / max(1, sum(map(len, gold))), 4),
        micro_f1=round(_f1(answered, gold), 4),
        macro_f1=round(_macro(answered, gold), 4),
        precision_at=_precision_at([hit for _, hit in strengths]),
    )


def _macro(answered: Sequence[frozenset[str]], gold: Sequence[frozenset[str]]) -> float:
    counts: Mapping[str, list[int]] = defaultdict(lambda: [0, 0])
    for a, g in zip(answered, gold, strict=True):
        for code in a | g:
            counts[code][0] += 2 * (code in a and code in g)
            counts[code][1] += (code in a) + (code in g)
    codes = {code for g in gold for code in g}
    return sum(counts[code][0] / counts[code][1] for code in codes) / max(1, len(codes))


def _precision_at(hits: Sequence[bool]) -> dict[str, float]:
    shares = {f"{share:.0%}": hits[: max(1, round(share * len(hits)))] for share in (0.2, 0.4, 0.6, 0.8)}
    return {name: round(sum(some) / len(some), 4) for name, some in shares.items() if some}
