"""Case stores of a test's own: an embedded one in a folder, with keys and a clock that the test moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from agent.store.case_store import CaseStore
from agent.store.key_files import make_key_file
from agent.store.ledger import no_step
from agent.store.opening import open_store
from agent.store.settings import StoreSettings
from agent.store.terms import Terms
from evals.service.quick_coder import QuickCoder
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.encounter import Document, Encounter, Setting
from medcoding.result import CodingResult

CODER: Final = Actor(id="coder-1", tenant=LOCAL_TENANT, roles=frozenset({Role.CODER}))
ELSEWHERE: Final = Actor(id="coder-2", tenant="county-hospital", roles=frozenset({Role.CODER}))
SAID: Final = "Zebrafish"
"""A word of every note, to be found in no file of the store, no message and no row of the trail."""
TERMS: Final = Terms(seconds=60, max_attempts=3, retry_s=10)


class MovedClock:
    """Tells the time that the test set."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        """The time."""
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(seconds=seconds)


def store_settings(folder: Path, **changes: object) -> StoreSettings:
    """Settings of an embedded store in a folder; its keys are made, in silence."""
    settings = StoreSettings(
        url=SecretStr(f"sqlite:///{folder / 'cases.sqlite'}"),
        master_key_file=folder / "master.key",
        trail_key_file=folder / "trail.key",
    ).model_copy(update=changes)
    for path in (settings.master_key_file, settings.trail_key_file):
        if not path.exists():
            make_key_file(path)
    return settings


@contextmanager
def opened_store(
    folder: Path, clock: MovedClock | None = None, step: Callable[[str], None] = no_step, **changes: object
) -> Iterator[CaseStore]:
    """A store in a folder, closed afterwards."""
    store = open_store(store_settings(folder, **changes), told=_must_be_silent)
    if clock:
        store.ledger.now = clock
    store.ledger.step = step
    try:
        yield store
    finally:
        store.close()


def visit(case_id: str = "visit-1", text: str = f"Gout. Hypertension. {SAID}.", **changes: object) -> Encounter:
    """An outpatient visit with one note."""
    encounter = Encounter(
        case_id=case_id,
        setting=Setting.OUTPATIENT,
        date_of_service=dt.date(2026, 11, 2),
        documents=(Document(document_id="note", text=text),),
    )
    return encounter.model_copy(update=changes)


def handed_in(store: CaseStore, encounter: Encounter | None = None, actor: Actor = CODER) -> str:
    """The id of a case that was just submitted."""
    encounter = encounter or visit()
    return store.submit(actor, encounter, body=encounter.model_dump_json().encode()).case.case


async def coded(store: CaseStore, encounter: Encounter | None = None, actor: Actor = CODER) -> str:
    """The id of a case that was submitted and coded."""
    case = handed_in(store, encounter, actor)
    lease = store.take("worker-1", TERMS)
    assert lease is not None
    opened = store.opened(lease)
    store.finish(lease, opened, await QuickCoder().code(opened))
    return case


async def result_of(encounter: Encounter) -> CodingResult:
    """What the double answers."""
    return await QuickCoder().code(encounter)


def _must_be_silent(sentence: str) -> None:
    raise AssertionError(sentence)
