"""Desks of a test's own: a store in a folder, cases coded by the rules, and coders who sit down at them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from agent.pipeline import Pipeline
from agent.review.desk import Desk
from agent.review.on_desk import OnDesk, Seat
from agent.review.settings import ReviewSettings
from agent.store.case_store import CaseStore
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from medcoding.review import Accept, Step
from tests.stores import TERMS, opened_store

ANNA: Final = Actor(id="anna", tenant=LOCAL_TENANT, roles=frozenset({Role.CODER}))
BERT: Final = Actor(id="bert", tenant=LOCAL_TENANT, roles=frozenset({Role.CODER}))
SOUTH: Final = Actor(id="anna", tenant="south", roles=frozenset({Role.CODER}))

KNEE: Final = """HISTORY OF PRESENT ILLNESS
63 year old woman with right knee pain for two years. She denies chest pain. Mother had breast cancer.

ASSESSMENT AND PLAN
1. Primary osteoarthritis of right knee. Start physical therapy.
2. Hypertension, well controlled on lisinopril.
3. Type 2 diabetes, on metformin.
"""


def knee_visit(case_id: str = "visit-1", text: str = KNEE, **changes: Any) -> Encounter:
    """An outpatient visit for a knee, blood pressure and diabetes."""
    encounter = Encounter(
        case_id=case_id,
        setting=Setting.OUTPATIENT,
        date_of_service=dt.date(2026, 11, 2),
        patient=Patient(age=63, sex=Sex.F),
        documents=(Document(document_id="note", text=text, type="progress note", author="Dr. Lee"),),
    )
    return encounter.model_copy(update=changes)


async def coded_by(
    pipeline: Pipeline, store: CaseStore, encounter: Encounter | None = None, actor: Actor = ANNA
) -> str:
    """The id of a case that was handed in and coded by the pipeline."""
    encounter = encounter or knee_visit()
    case = store.submit(actor, encounter, body=encounter.model_dump_json().encode()).case.case
    lease = store.take("worker-1", TERMS)
    assert lease is not None
    opened = store.opened(lease)
    store.finish(lease, opened, await pipeline.code(opened))
    return case


@contextmanager
def opened_desk(pipeline: Pipeline, folder: Path, **settings: Any) -> Iterator[Desk]:
    """A desk over a store in a folder."""
    with opened_store(folder) as store:
        yield Desk(pipeline.parts, store, ReviewSettings(**settings), b"secret", glass_s=3600)


def seat(found: OnDesk, actor: Actor = ANNA) -> Seat:
    """Before the case as it was last shown."""
    return Seat(actor, found.summary.id, found.summary.version, found.past.seen)


def did(desk: Desk, found: OnDesk, *steps: Step, actor: Actor = ANNA) -> OnDesk:
    """The case after some steps."""
    for step in steps:
        found = desk.act(seat(found, actor), step)
    return found


def all_accepted(desk: Desk, found: OnDesk, actor: Actor = ANNA) -> OnDesk:
    """The case with every open suggestion accepted."""
    return did(desk, found, *(Accept(line=line.id) for line in found.now.undisposed), actor=actor)


def line_of(found: OnDesk, code: str) -> str:
    """Id of the line that shows a code."""
    return next(line.id for line in found.now.lines if line.code == code)
