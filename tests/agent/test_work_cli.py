"""Behaviour of `chartwright work`: a process of its own that codes what waits, and whose case others take up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.store.case_store import CaseStore
from agent.store.records import CaseState
from tests.stores import CODER, handed_in, opened_store, visit

_START: Final = "from chartwright.cli import main; main()"
_NOTE: Final = "ASSESSMENT\n1. Hypertension.\n"


@contextmanager
def worker(index_dir: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker on the store in a folder, with the real pipeline and a short lease; killed at the end if it lives."""
    environment = os.environ | {
        "CHARTWRIGHT_INDEX_DIR": str(index_dir.resolve()),
        "CHARTWRIGHT_STORE__URL": f"sqlite:///{folder / 'cases.sqlite'}",
        "CHARTWRIGHT_STORE__MASTER_KEY_FILE": str(folder / "master.key"),
        "CHARTWRIGHT_STORE__TRAIL_KEY_FILE": str(folder / "trail.key"),
        "CHARTWRIGHT_WORK__LEASE_S": "2",
        "CHARTWRIGHT_WORK__HEARTBEAT_S": "0.5",
        "CHARTWRIGHT_WORK__POLL_S": "0.1",
    }
    command = [sys.executable, "-c", _START, "work"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def state_reached(store: CaseStore, case: str, *wanted: CaseState) -> None:
    """Return when the case is in one of these states."""
    async with asyncio.timeout(100):
        while store.status(CODER, case).state not in wanted:
            await asyncio.sleep(0.01)


async def test_the_case_of_a_killed_worker_is_taken_up(index_dir: Path, tmp_path: Path) -> None:
    """SIGKILL while the pipeline has a case in hand: the next worker codes it, once, and the trail tells of both.

    SIGTERM ends that one with exit code 0.
    """
    with opened_store(tmp_path) as store:
        case = handed_in(store, visit(text=_NOTE * 100))
        with worker(index_dir, tmp_path) as first:
            await state_reached(store, case, CaseState.LEASED)
            first.send_signal(signal.SIGKILL)
            first.communicate(timeout=30)
        assert store.status(CODER, case).state is CaseState.LEASED
        with worker(index_dir, tmp_path) as second:
            await state_reached(store, case, CaseState.DONE)
            second.send_signal(signal.SIGTERM)
            _, errors = second.communicate(timeout=30)
        result = store.chart(CODER, case).result
        actions = [event.action for event in store.timeline(CODER, case)]
        assert store.verify()[CODER.tenant].bad is None
    assert (second.returncode, errors) == (0, "1 at work on the case store\n")
    assert result is not None
    assert [line.code for line in result.codes] == ["I10"]
    assert actions == ["case.submitted", "case.leased", "case.leased", "case.coded", "chart.viewed"]
