"""Behaviour of `chartwright work`: a process of its own that codes what waits and ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from agent.store.case_store import CaseStore
from agent.store.records import CaseState
from tests.stores import CODER, handed_in, opened_store, visit

_START: Final = "from chartwright.cli import main; main()"


async def test_a_worker_alone_codes_what_waits(index_dir: Path, tmp_path: Path) -> None:
    """A case handed in by another process is coded by the real pipeline; SIGTERM ends the worker with exit code 0."""
    environment = os.environ | {
        "CHARTWRIGHT_INDEX_DIR": str(index_dir.resolve()),
        "CHARTWRIGHT_STORE__URL": f"sqlite:///{tmp_path / 'cases.sqlite'}",
        "CHARTWRIGHT_STORE__MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "CHARTWRIGHT_STORE__TRAIL_KEY_FILE": str(tmp_path / "trail.key"),
    }
    with opened_store(tmp_path) as store:
        case = handed_in(store, visit(text="ASSESSMENT\n1. Hypertension.\n"))
        command = [sys.executable, "-c", _START, "work"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                await coded_at_last(store, case)
            finally:
                process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
        result = store.chart(CODER, case).result
    assert (process.returncode, errors) == (0, "1 at work on the case store\n")
    assert result is not None
    assert [line.code for line in result.codes] == ["I10"]


async def coded_at_last(store: CaseStore, case: str) -> None:
    """Return when the case is done."""
    async with asyncio.timeout(60):
        while store.status(CODER, case).state is not CaseState.DONE:
            await asyncio.sleep(0.1)
