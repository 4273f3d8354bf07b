"""Learning goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from tests.training.mini.small_model import small_lesson, small_plan, small_tokenizer
from training.mini.learning import Learner, LearningPlan, Progress


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One for all tests."""
    return small_tokenizer()


def _learn(tokenizer: Tokenizer, work: Path, **plan: int) -> tuple[Learner, list[Progress]]:
    heard: list[Progress] = []
    learner = Learner(
        tokenizer, small_plan(tokenizer), LearningPlan(packs=1, warm_up=2, matrix_rate=0.02, other_rate=0.01, **plan)
    )
    learner.learn([small_lesson()], work, heard.append)
    return learner, heard


def test_a_stopped_run_goes_on_at_its_checkpoint(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """The second run begins at the step after the first one's last, with its weights."""
    stopped, _ = _learn(tokenizer, tmp_path, steps=4)
    resumed = Learner(tokenizer, small_plan(tokenizer), LearningPlan())
    resumed.resume(tmp_path)
    for before, after in zip(stopped.decoder.parameters(), resumed.decoder.parameters(), strict=True):
        assert torch.equal(before, after)
    _, heard = _learn(tokenizer, tmp_path, steps=6)
    assert [progress.step for progress in heard] == [5, 6]
    assert heard[-1].packs == 6


def test_a_finished_run_learns_no_more(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Asked again with the same plan it only takes up its weights."""
    _learn(tokenizer, tmp_path, steps=2)
    _, heard = _learn(tokenizer, tmp_path, steps=2)
    assert heard == []


def test_it_learns(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Over one lesson the loss falls, and both choices become right."""
    _, heard = _learn(tokenizer, tmp_path, steps=60)
    assert heard[-1].loss < heard[0].loss / 2
    assert heard[-1].choices == 1.0


def test_the_same_seed_begins_alike(tokenizer: Tokenizer) -> None:
    """Two learners of one seed hold the same weights, of another seed others."""
    first, again, other = (
        Learner(tokenizer, small_plan(tokenizer), LearningPlan(seed=seed)).decoder.lm_head.weight for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
