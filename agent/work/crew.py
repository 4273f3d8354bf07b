"""Several workers in one process, from start to stop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.store.case_store import CaseStore
from agent.work.settings import WorkSettings
from agent.work.worker import Coder, Worker


@asynccontextmanager
async def working(store: CaseStore, coder: Coder, settings: WorkSettings, count: int) -> AsyncIterator[None]:
    """Have `count` workers at work while the block runs; afterwards they give back what they have in hand."""
    stop = asyncio.Event()
    workers = [Worker(store, coder, settings, name).run(stop) for name in _names(count)]
    tasks = [asyncio.create_task(work) for work in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def _names(count: int) -> list[str]:
    return [f"worker {socket.gethostname()} {os.getpid()}.{number}" for number in range(1, count + 1)]
