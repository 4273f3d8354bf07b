"""Is a case ever lost or answered twice when a process is killed? Every named step, many seeds, a real database."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy import select

from agent.store.case_store import CaseStore
from agent.store.engine import open_engine
from agent.store.key_files import make_key_file
from agent.store.ledger import Reading
from agent.store.opening import open_store
from agent.store.records import CaseVersion
from agent.store.settings import StoreSettings
from agent.store.tables import AnswerRow, TenantRow, VersionRow
from agent.store.upgrade import upgrade
from evals.service.processes import Errand, ended, forked, submits, works
from evals.service.quick_coder import WORDS, QuickCoder
from evals.service.steps import STEPS, KillAt, Scene, Step
from medcoding.access import Actor, Role
from medcoding.encounter import Document, Encounter, Setting
from medcoding.errors import InputError
from medcoding.record import Record
from medcoding.result import CodingResult


class StepTotals(Record):
    """What killing at one step left behind, over all seeds."""

    step: str
    trials: int
    killed: int
    """Processes that reached the step and were killed at it."""
    versions: int
    lost: int
    """Case versions that were accepted and have no answer."""
    doubled: int
    """Submissions that became two versions, or versions that were answered twice or with another's answer."""
    untrailed: int
    """Changes without their row in the trail, rows without their change, trails that do not verify."""


class ServiceKills(Record):
    """All steps together, and each."""

    database: str
    steps: int
    trials: int
    killed: int
    versions: int
    lost: int
    doubled: int
    untrailed: int
    by_step: tuple[StepTotals, ...]


class _Found(NamedTuple):
    killed: bool
    versions: int
    lost: int
    doubled: int
    untrailed: int


def measure_kills(
    settings: StoreSettings, *, steps: Sequence[Step] = STEPS, seeds: int, advance: Callable[[int, int], None]
) -> ServiceKills:
    """Kill a process at every step, `seeds` times each, on the configured store. Others take over; then it is looked.

    Each trial has a tenant of its own. Stores and processes are real, coding is `QuickCoder`.
    """
    totals = []
    for place, step in enumerate(steps):
        found = []
        for seed in range(seeds):
            found.append(_trial(settings, step, seed))
            advance(place * seeds + seed + 1, len(steps) * seeds)
        totals.append(_totals(step, found))
    sums = Counter[str]()
    for one in totals:
        sums.update(one.model_dump(exclude={"step"}))
    database = "sqlite" if settings.url.get_secret_value().startswith("sqlite") else "postgresql"
    return ServiceKills(database=database, steps=len(steps), by_step=tuple(totals), **sums)


def _trial(settings: StoreSettings, step: Step, seed: int) -> _Found:
    """One doomed process, those that come after it, and what the store holds in the end."""
    chance = random.Random(f"{step.name} {seed}")  # noqa: S311 - moments, not secrets
    run = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6))
    actor = Actor(id="sender", tenant=f"{step.name}.{seed}.{run}", roles=frozenset({Role.SYSTEM}))
    errand = Errand(settings, actor, random_encounters(chance))
    workers = chance.choice((1, 2))
    if step.scene is Scene.SUBMITS:
        fatal = KillAt(step.name, chance.randint(1, len(errand.encounters)))
        killed = ended(forked(lambda: submits(errand, fatal)))
        ended(forked(lambda: submits(errand)))
    else:
        ended(forked(lambda: submits(errand)))
        most = 1 if step.scene is not Scene.WORKS else len(errand.encounters)
        fatal = KillAt(step.name, chance.randint(1, most))
        killed = ended(forked(lambda: works(errand, step.scene, workers, fatal)))
    heirs = [forked(lambda: works(errand, Scene.WORKS, 1)) for _ in range(chance.choice((1, 2)))]
    for heir in heirs:
        ended(heir)
    return _looked(errand, killed=killed)


def random_encounters(chance: random.Random) -> tuple[Encounter, ...]:
    """Two to four versions of one to four cases, each with words of its own."""
    count = chance.randint(2, 4)
    return tuple(
        Encounter(
            case_id=f"visit-{chance.randint(1, 4)}",
            setting=Setting.OUTPATIENT,
            date_of_service=date(2026, 11, 2),
            documents=(Document(document_id="note", text=f"{number}. {chance.choice(WORDS)[0].capitalize()}."),),
        )
        for number in range(count)
    )


def _looked(errand: Errand, *, killed: bool) -> _Found:
    """Hold what the store has against what was handed in."""
    store = open_store(errand.settings, lambda _: None)
    try:
        answers = _answers(store, errand.actor)
        lost = sum(1 for answer in answers.values() if answer is None) + max(0, len(errand.encounters) - len(answers))
        return _Found(
            killed=killed,
            versions=len(answers),
            lost=lost,
            doubled=max(0, len(answers) - len(errand.encounters)) + _wrong(store, errand.actor, answers),
            untrailed=_untrailed(store, errand.actor, answers),
        )
    finally:
        store.close()


def _answers(store: CaseStore, actor: Actor) -> dict[CaseVersion, CodingResult | None]:
    """Every version of the tenant with its answer."""
    both = (AnswerRow.case_uid == VersionRow.case_uid) & (AnswerRow.number == VersionRow.number)
    statement = select(VersionRow.case_uid, VersionRow.number, AnswerRow.result).outerjoin(AnswerRow, both)
    with store.reading(actor) as reading:
        found = reading.connection.execute(statement.where(VersionRow.tenant == actor.tenant)).all()
        return {CaseVersion(case, number): _answer(reading, case, number, sealed) for case, number, sealed in found}


def _answer(reading: Reading, case: str, number: int, sealed: bytes | None) -> CodingResult | None:
    if sealed is None:
        return None
    return CodingResult.model_validate_json(reading.open(case, f"result.{number}", sealed))


def _wrong(store: CaseStore, actor: Actor, answers: dict[CaseVersion, CodingResult | None]) -> int:
    """Versions whose answer is another encounter's."""
    wrong = 0
    for (case, version), answer in answers.items():
        if answer is not None:
            expected = asyncio.run(QuickCoder().code(store.chart(actor, case, version).encounter))
            wrong += answer != expected
    return wrong


def _untrailed(store: CaseStore, actor: Actor, answers: dict[CaseVersion, CodingResult | None]) -> int:
    """Rows that are missing or too many in the trail, and one more when it does not verify."""
    rows = store.trail(actor, limit=100_000)
    counts = Counter((row.action, row.case, row.version) for row in rows)
    faults = 0
    with store.reading(actor) as reading:
        for (case, number), answer in answers.items():
            faults += counts[("case.submitted", case, number)] != 1
            faults += counts[("case.coded", case, number)] != (answer is not None)
            coded = [row for row in rows if (row.action, row.case, row.version) == ("case.coded", case, number)]
            if answer is not None and coded:
                faults += coded[0].detail["result"] != reading.digest(answer.model_dump_json().encode())
            statement = select(VersionRow.attempts).where(VersionRow.case_uid == case, VersionRow.number == number)
            taken = counts[("case.leased", case, number)] - counts[("case.released", case, number)]
            faults += reading.connection.scalar(statement) != taken
    return faults + (store.verify(actor.tenant)[actor.tenant].bad is not None)


def _totals(step: Step, found: Sequence[_Found]) -> StepTotals:
    return StepTotals(
        step=step.name,
        trials=len(found),
        killed=sum(one.killed for one in found),
        versions=sum(one.versions for one in found),
        lost=sum(one.lost for one in found),
        doubled=sum(one.doubled for one in found),
        untrailed=sum(one.untrailed for one in found),
    )


def throwaway_store(folder: Path, url: SecretStr | None) -> StoreSettings:
    """Settings of a store of the given database, else an embedded one, brought to its form, with keys of its own.

    Raises `InputError` for a database that holds something.
    """
    settings = StoreSettings(
        url=url or SecretStr(f"sqlite:///{folder / 'cases.sqlite'}"),
        master_key_file=folder / "master.key",
        trail_key_file=folder / "trail.key",
    )
    for path in (settings.master_key_file, settings.trail_key_file):
        make_key_file(path)
    engine = open_engine(settings)
    upgrade(engine)
    with engine.connect() as connection:
        used = connection.execute(select(TenantRow.name).limit(1)).first() is not None
    engine.dispose()
    if used:
        raise InputError("The database holds cases already; name an empty one, it is used up.")
    return settings
