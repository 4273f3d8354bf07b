"""The reranker's files: they reach a build whole, or the sentence says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_build.findable.reranker import RERANKER_FOLDER, copy_reranker, reranker_digest
from medcoding.errors import IntegrityError
from retrieval.features import ScoredWay
from retrieval.rerank import CARD, MODEL, WORDS, LearnedReranker


def _parts(folder: Path) -> Path:
    folder.mkdir()
    for name in (CARD, MODEL, WORDS):
        (folder / name).write_text(name)
    return folder


def test_every_part_is_copied(tmp_path: Path) -> None:
    """The copy has the digest of its source, another content has another."""
    source, target = _parts(tmp_path / "source"), tmp_path / "target"
    target.mkdir()
    copy_reranker(target, source)
    assert reranker_digest(target) == reranker_digest(source)
    (target / WORDS).write_text("other")
    assert reranker_digest(target) != reranker_digest(source)


def test_a_missing_part_asks_for_an_installation(tmp_path: Path) -> None:
    """Half a reranker is never copied into a build without a word."""
    source = _parts(tmp_path / "source")
    (source / MODEL).unlink()
    with pytest.raises(IntegrityError, match="install Chartwright again"):
        reranker_digest(source)


def test_the_one_that_ships_opens_and_prefers_the_condition_that_was_said() -> None:
    """Small enough for the repository, and of two candidates equal in all else the exact one wins."""
    if not RERANKER_FOLDER.is_dir():
        pytest.skip("no reranker ships")
    assert sum(path.stat().st_size for path in RERANKER_FOLDER.iterdir()) < 2_000_000
    ways = [
        ScoredWay("I50.9", "Heart failure, unspecified", "heart failure", 0.95, 12.0, 1),
        ScoredWay("I21.9", "Acute myocardial infarction, unspecified", "heart attack", 0.6, 5.0, 2),
    ]
    failure, attack = LearnedReranker(RERANKER_FOLDER).scores("heart failure", ways)
    assert failure > attack
