"""How far a case is, told as it changes. The database is asked, because the worker may be another process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from starlette.concurrency import run_in_threadpool

from agent.store.case_store import CaseStore
from agent.store.records import CaseState, CaseSummary
from medcoding.access import Actor
from medcoding.errors import ChartwrightError

_LOOK_S: Final = 0.5
_LOOKS_A_SIGN: Final = 30
"""So many looks without a change, and a comment keeps the connection open."""
_ENDS: Final = {CaseState.DONE: "done", CaseState.FAILED: "failed"}


async def progress(store: CaseStore, actor: Actor, first: CaseSummary) -> AsyncGenerator[str, None]:
    """Events from now until the version is done or given up. Whoever hangs up ends it."""
    told, now, looks = None, first, 0
    while True:
        if now != told:
            yield _event(_ENDS.get(now.state, "status"), now)
            told, looks = now, 0
        if now.state in _ENDS:
            return
        await asyncio.sleep(_LOOK_S)
        looks += 1
        if looks % _LOOKS_A_SIGN == 0:
            yield ": still waiting\n\n"
        try:
            now = await run_in_threadpool(store.status, actor, first.id, first.version)
        except ChartwrightError:  # a database that is down for a moment; the next look may get through
            continue


def _event(name: str, summary: CaseSummary) -> str:
    return f"event: {name}\ndata: {summary.model_dump_json()}\n\n"
