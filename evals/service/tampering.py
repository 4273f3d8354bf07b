"""Is a trail that was tampered with ever taken for whole? Random tamperings by somebody who can write the database.

The tamperer takes the triggers away, knows how rows are chained and mends the store's own note of the chain's end, but
has neither the key that signs rows nor the head that was exported.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select, text, update

from agent.store.case_store import CaseStore
from agent.store.engine import WRITES, is_embedded
from agent.store.records import WorklistQuery
from agent.store.tables import TenantRow, TrailTable
from agent.store.terms import Terms
from agent.store.trail_rows import verify_tenant
from agent.trail.event import BEFORE_THE_FIRST, TrailEvent, canonical
from agent.trail.heads import Heads
from agent.trail.keys import TrailKey
from evals.service.kills import random_encounters
from evals.service.quick_coder import QuickCoder
from medcoding.access import Actor, Role
from medcoding.record import Record

_TERMS: Final = Terms(seconds=60, max_attempts=3, retry_s=1)
_TRAIL: Final = TrailTable.__table__
Row = dict[str, Any]


class KindTotals(Record):
    """Tamperings of one kind."""

    kind: str
    trials: int
    found: int
    """Those after which the trail did not verify."""
    named: int
    """Those whose first bad row was named."""


class Tamperings(Record):
    """All kinds together, and each."""

    database: str
    rows: int
    """Rows of the trail that was tampered with."""
    trials: int
    found: int
    named: int
    by_kind: tuple[KindTotals, ...]


class _Tampered(NamedTuple):
    """The rows as they were left, and the number of the first that is not what was written."""

    rows: list[Row]
    first_bad: int


def measure_tampering(store: CaseStore, *, times: int, seed: int, advance: Callable[[int, int], None]) -> Tamperings:
    """Write a trail, export its head, then tamper `times` times with it, each time with the whole one."""
    chance = random.Random(seed)  # noqa: S311 - choices, not secrets
    actor = Actor(id="coder", tenant=f"tampered.{seed}.{chance.randrange(10**9)}", roles=frozenset(Role))
    _write_a_trail(store, actor, chance)
    exported, rows = store.heads(), _rows(store, actor.tenant)
    trials, found, named = Counter[str](), Counter[str](), Counter[str]()
    for number in range(times):
        kind, tamper = _KINDS[number % len(_KINDS)]
        bad, expected = _verified(store, actor.tenant, exported, tamper(rows, chance))
        trials[kind] += 1
        found[kind] += bad is not None
        named[kind] += bad == expected
        advance(number + 1, times)
    kinds = tuple(KindTotals(kind=k, trials=trials[k], found=found[k], named=named[k]) for k, _ in _KINDS)
    return Tamperings(
        database=store.engine.dialect.name,
        rows=len(rows),
        trials=trials.total(),
        found=found.total(),
        named=named.total(),
        by_kind=kinds,
    )


def _write_a_trail(store: CaseStore, actor: Actor, chance: random.Random) -> None:
    """Cases handed in, coded, looked at, locked: the rows of an ordinary day."""
    for _ in range(6):
        for encounter in random_encounters(chance):
            store.submit(actor, encounter, body=b"{}")
    while lease := store.take("worker", _TERMS):
        encounter = store.opened(lease)
        store.finish(lease, encounter, asyncio.run(QuickCoder().code(encounter)))
    for summary in store.worklist(actor, WorklistQuery()).cases:
        store.lock(actor, summary.id)
        store.chart(actor, summary.id)
        store.unlock(actor, summary.id)


def _rows(store: CaseStore, tenant: str) -> list[Row]:
    statement = select(_TRAIL).where(TrailTable.tenant == tenant).order_by(TrailTable.number)
    with store.ledger.connected() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def _verified(store: CaseStore, tenant: str, exported: Heads, left: _Tampered) -> tuple[int | None, int]:
    """The first bad row that verification names, and the one that it should; the store is put back as it was."""
    with store.engine.connect().execution_options(**{WRITES: True}) as connection:
        transaction = connection.begin()
        try:
            _take_triggers_away(connection, embedded=is_embedded(store.engine))
            _leave(connection, tenant, left.rows)
            checked = verify_tenant(connection, tenant, exported.key(), exported)
        finally:
            transaction.rollback()
    return (checked.bad.number if checked.bad else None), left.first_bad


def _take_triggers_away(connection: Connection, *, embedded: bool) -> None:
    if not embedded:
        connection.execute(text("ALTER TABLE trail DISABLE TRIGGER USER"))
        return
    for name in ("trail_no_update", "trail_no_delete"):
        connection.execute(text(f"DROP TRIGGER {name}"))


def _leave(connection: Connection, tenant: str, rows: Sequence[Row]) -> None:
    """Put these rows in the place of the tenant's, and the store's own note of their end to match."""
    assert isinstance(_TRAIL, Table)
    connection.execute(delete(_TRAIL).where(TrailTable.tenant == tenant))
    ours = [row for row in rows if row["tenant"] == tenant]
    if rows:
        connection.execute(insert(_TRAIL), list(rows))
    end = max(ours, key=lambda row: int(row["number"]), default={"number": 0, "digest": BEFORE_THE_FIRST})
    note = {"trail_number": end["number"], "trail_digest": end["digest"]}
    connection.execute(update(TenantRow).where(TenantRow.name == tenant).values(note))


def _change(rows: list[Row], chance: random.Random) -> _Tampered:
    """One column of one row says something else."""
    place = chance.randrange(len(rows))
    column = chance.choice(
        ("at", "actor", "action", "case_uid", "version", "detail", "previous", "digest", "signature")
    )
    changed = {**rows[place], column: _other(rows[place], column, chance)}
    return _Tampered([*rows[:place], changed, *rows[place + 1 :]], place + 1)


def _other(row: Row, column: str, chance: random.Random) -> object:
    """Another value for a column, as near to the one that is there as may be."""
    held = row[column]
    if column == "version":
        return (held or 0) + 1
    if column == "signature":
        place = chance.randrange(len(held))
        return held[:place] + bytes([held[place] ^ 1]) + held[place + 1 :]
    if column == "detail":
        detail = json.loads(held)
        return chance.choice((canonical({**detail, "attempt": 7}).decode(), held.replace(":", ": ", 1) + " "))
    if not held:
        return "f" * 32
    place = chance.randrange(len(held))
    return held[:place] + ("0" if held[place] != "0" else "1") + held[place + 1 :]


def _swap(rows: list[Row], chance: random.Random) -> _Tampered:
    """Two rows stand in each other's place."""
    first, second = sorted(chance.sample(range(len(rows)), 2))
    left = list(rows)
    left[first] = {**rows[second], "number": first + 1}
    left[second] = {**rows[first], "number": second + 1}
    return _Tampered(left, first + 1)


def _delete(rows: list[Row], chance: random.Random) -> _Tampered:
    """Some rows are gone; half the time the later ones are counted anew."""
    gone = set(chance.sample(range(len(rows)), chance.randint(1, 3)))
    left = [row for place, row in enumerate(rows) if place not in gone]
    if chance.random() < 0.5:
        left = [{**row, "number": number} for number, row in enumerate(left, start=1)]
    return _Tampered(left, min(gone) + 1)


def _insert(rows: list[Row], chance: random.Random) -> _Tampered:
    """A row that never was stands among them, chained as it should be, or after the last."""
    place = chance.randint(0, len(rows))
    like = rows[chance.randrange(len(rows))]
    forged = {**like, "actor": "somebody else", "previous": rows[place - 1]["digest"] if place else BEFORE_THE_FIRST}
    left = [{**row, "number": number} for number, row in enumerate([*rows[:place], forged, *rows[place:]], start=1)]
    left[place]["digest"] = _event(left[place]).digest
    return _Tampered(left, place + 1)


def _truncate(rows: list[Row], chance: random.Random) -> _Tampered:
    """The end is cut off."""
    place = chance.randrange(len(rows))
    return _Tampered(rows[:place], place + 1)


def _rechain(rows: list[Row], chance: random.Random) -> _Tampered:
    """One row says something else and all after it are chained anew, signed with another key or as they were."""
    place, key = chance.randrange(len(rows)), TrailKey(chance.randbytes(32))
    resigned = chance.random() < 0.5
    left, previous = list(rows), rows[place]["previous"]
    left[place] = {**rows[place], "actor": "somebody else"}
    for later in range(place, len(rows)):
        row = {**left[later], "previous": previous}
        previous = _event(row).digest
        signature = key.sign(previous.encode()) if resigned else row["signature"]
        left[later] = {**row, "digest": previous, "signature": signature}
    return _Tampered(left, place + 1)


def _event(row: Row) -> TrailEvent:
    kept = {name: row[name] for name in ("tenant", "number", "at", "actor", "action", "version", "previous")}
    return TrailEvent(**kept, case=row["case_uid"], detail=json.loads(row["detail"]))


_KINDS: Final[tuple[tuple[str, Callable[[list[Row], random.Random], _Tampered]], ...]] = (
    ("change", _change),
    ("swap", _swap),
    ("delete", _delete),
    ("insert", _insert),
    ("truncate", _truncate),
    ("chain anew without the key", _rechain),
)
