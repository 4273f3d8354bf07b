"""Behaviour of the tampering evaluation: every kind is found and named, and what is whole is not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.case_store import CaseStore
from evals.service.tampering import _KINDS, _rows, _Tampered, _verified, measure_tampering
from tests.stores import CODER, coded, opened_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store of the test's own."""
    with opened_store(tmp_path) as opened:
        yield opened


def test_every_kind_is_found_and_its_first_row_named(store: CaseStore) -> None:
    """Five of each; afterwards the store is as it was."""
    report = measure_tampering(store, times=30, seed=7, advance=lambda _done, _total: None)
    assert (report.trials, report.found, report.named) == (30, 30, 30)
    assert [kind.trials for kind in report.by_kind] == [5] * len(_KINDS)
    assert all(checked.bad is None for checked in store.verify().values())


async def test_a_trail_left_as_it_was_is_not_accused(store: CaseStore) -> None:
    """Rows written back unchanged verify: the evaluation does not find what is not there."""
    await coded(store)
    rows = _rows(store, CODER.tenant)
    assert _verified(store, CODER.tenant, store.heads(), _Tampered(rows, 0)) == (None, 0)


@pytest.mark.parametrize(("kind", "tamper"), _KINDS)
async def test_each_kind_changes_something(store: CaseStore, kind: str, tamper: object) -> None:
    """What is left differs from what was written."""
    await coded(store)
    rows = _rows(store, CODER.tenant)
    assert callable(tamper)
    left = tamper(rows, random.Random(kind))
    assert left.rows != rows
    assert rows == _rows(store, CODER.tenant)
