"""The reranker: it learns what tells right from wrong, and what is written scores as what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medcoding.errors import DependencyError, IntegrityError
from retrieval.features import FEATURES, ScoredWay
from retrieval.rerank import CARD, MODEL, WORDS, LearnedReranker
from tests.training.small_book import ENTRIES, INDEX
from tests.training.small_lists import LetterEncoder, small_book, small_lists
from training.reranker import (
    LabelledList,
    RerankerPlan,
    check_export,
    labelled_lists,
    train_reranker,
    write_card,
    write_reranker,
)
from training.term_pairs import gather_pairs

PLAN = RerankerPlan(candidates=6, hidden=8, epochs=30, lists_a_step=16)
COSINE = FEATURES.index("dense")


def _labelled(number: int = 240) -> list[LabelledList]:
    """Lists of which the candidate with the highest cosine is right."""
    chance = np.random.default_rng(5)
    rows = chance.random((number, PLAN.candidates, len(FEATURES)), dtype=np.float32)
    best = rows[:, :, COSINE].argmax(1)
    return [LabelledList(row, np.arange(PLAN.candidates) == right) for row, right in zip(rows, best, strict=True)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small reranker, trained, written and checked."""
    folder = tmp_path_factory.mktemp("reranker")
    labelled = _labelled()
    net, standard = train_reranker(labelled, PLAN, lambda *_: None)
    write_reranker(folder, net, standard, {"angina": 4.0})
    write_card(folder, {"name": "test"})
    assert check_export(folder, net, standard, labelled) < 1e-5
    return folder


def test_it_learns_which_feature_tells(written: Path) -> None:
    """On lists it never saw, the candidate with the highest cosine comes first far more often than by chance."""
    reranker = LearnedReranker(written)
    fresh = _labelled(300)[240:]
    assert np.mean([one.right[reranker.scores_of(one.rows).argmax()] for one in fresh]) > 0.6


def test_scores_are_likelihoods_in_order(written: Path) -> None:
    """One score a candidate, between 0 and 1; none for no candidate."""
    ways = [ScoredWay("I20.0", "Unstable angina", "Unstable angina", 0.8, 5.0, 1), *[_far(rank) for rank in (2, 3)]]
    scores = LearnedReranker(written).scores("crescendo angina", ways)
    assert len(scores) == 3
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert LearnedReranker(written).scores("crescendo angina", []) == []


@pytest.mark.parametrize("name", [MODEL, WORDS])
def test_a_changed_file_is_refused(written: Path, tmp_path: Path, name: str) -> None:
    """One byte more, and the sentence says how to mend it."""
    _copy(written, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    with pytest.raises(IntegrityError, match="index build"):
        LearnedReranker(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"files": {}}', b"\xff"])
def test_a_damaged_card_is_refused(written: Path, tmp_path: Path, content: bytes) -> None:
    """A card that is cut short or speaks of other files."""
    _copy(written, tmp_path)
    (tmp_path / CARD).write_bytes(content)
    with pytest.raises(IntegrityError):
        LearnedReranker(tmp_path)


def test_a_reranker_of_other_features_is_refused(written: Path, tmp_path: Path) -> None:
    """Columns that were renamed since would be scored as if they were the old ones."""
    _copy(written, tmp_path)
    card = (tmp_path / CARD).read_text().replace('"surface_f1"', '"overlap"')
    (tmp_path / CARD).write_text(card)
    with pytest.raises(IntegrityError, match="another version"):
        LearnedReranker(tmp_path)


def test_a_missing_reranker_asks_for_a_build(tmp_path: Path) -> None:
    """Nothing there is a missing part, not a damaged one."""
    with pytest.raises(DependencyError, match="index build"):
        LearnedReranker(tmp_path)


def test_training_lists_never_ask_a_held_out_wording(tmp_path: Path) -> None:
    """Every list is of a training wording and holds a right candidate; features are finite."""
    pairs = gather_pairs(ENTRIES, INDEX, 2)
    found = list(
        labelled_lists(small_lists(small_book(tmp_path)), pairs, LetterEncoder(), {}, PLAN._replace(candidates=5))
    )
    assert found
    assert len(found) <= len([pair for pair in pairs.training if pair.source != "title"])
    assert all(one.right.any() and np.isfinite(one.rows).all() for one in found)


def _far(rank: int) -> ScoredWay:
    return ScoredWay("J02.0", "Streptococcal pharyngitis", "Septic pharyngitis", 0.1, 0.0, rank)


def _copy(source: Path, target: Path) -> None:
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
