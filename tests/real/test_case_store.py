"""The case store on a real PostgreSQL server: the same promises as on SQLite, with many at once."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from agent.store.backup import back_up, restore
from agent.store.case_store import CaseStore
from agent.store.engine import open_engine
from agent.store.errors import ConflictError, ErasedError, NoSuchCaseError
from agent.store.records import CaseState, WorklistQuery
from agent.store.settings import StoreSettings
from agent.store.terms import Terms
from agent.store.upgrade import check_form, upgrade
from evals.service.kills import measure_kills, throwaway_store
from evals.service.quick_coder import QuickCoder
from evals.service.steps import STEPS
from evals.service.tampering import measure_tampering
from medcoding.errors import ConfigError
from tests.real.postgres import PostgresServer, binaries, running_postgres
from tests.stores import CODER, ELSEWHERE, TERMS, coded, handed_in, opened_store, store_settings, visit

pytestmark = pytest.mark.real
_NUMBERS: Final = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for the module."""
    programs = binaries()
    if programs is None:
        reason = "PostgreSQL is not installed; run tests/real/install.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_postgres(programs) as running:
        yield running


@pytest.fixture
def url(server: PostgresServer) -> SecretStr:
    """An empty database."""
    return SecretStr(server.new_database(f"cases{next(_NUMBERS)}"))


@pytest.fixture
def store(url: SecretStr, tmp_path: Path) -> Iterator[CaseStore]:
    """A store on a database of its own."""
    made_form(url)
    with opened_store(tmp_path, url=url) as opened:
        yield opened


@contextmanager
def closing_engine(url: SecretStr) -> Iterator[Engine]:
    """An engine that leaves no connection behind."""
    engine = open_engine(StoreSettings(url=url))
    try:
        yield engine
    finally:
        engine.dispose()


def made_form(url: SecretStr) -> None:
    """Bring an empty database to its form."""
    with closing_engine(url) as engine:
        upgrade(engine)


def at_once(work: Any, times: int) -> list[Any]:
    """Do the same many times at the same moment; what each returned."""
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(work, range(times)))


def test_a_database_without_its_form_is_refused(url: SecretStr, tmp_path: Path) -> None:
    """Nothing is made on a server until the operator says so; two who say so at once do it once."""
    with pytest.raises(ConfigError, match="chartwright store upgrade"), opened_store(tmp_path, url=url):
        pass
    with closing_engine(url) as engine:
        at_once(lambda _: upgrade(engine), 4)
        check_form(engine)


def test_a_user_without_rights_is_told_so(url: SecretStr) -> None:
    """The sentence names what to grant, not the server's words."""
    with closing_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    stranger = SecretStr(url.get_secret_value().replace("chartwright@", "stranger@", 1))
    with closing_engine(stranger) as engine, pytest.raises(ConfigError, match="grant them"):
        upgrade(engine)


async def test_the_way_of_a_case(store: CaseStore) -> None:
    """Handed in, coded, listed, opened, locked, erased; moments keep their zone; the trail verifies."""
    case = await coded(store, visit(specialty="cardiology"))
    (summary,) = store.worklist(CODER, WorklistQuery(specialty="cardiology")).cases
    assert (summary.id, summary.state, summary.codes) == (case, CaseState.DONE, 2)
    assert summary.received_at.tzinfo is not None
    assert store.chart(CODER, case).encounter.case_id == "visit-1"
    until = store.lock(CODER, case).locked_until
    assert until
    assert until > summary.received_at
    store.erase_case(CODER, case)
    assert store.verify(exported=store.heads())[CODER.tenant].bad is None


@pytest.mark.parametrize("statement", ["UPDATE trail SET actor = 'x'", "DELETE FROM trail", "TRUNCATE trail"])
def test_the_database_refuses_to_change_the_trail(store: CaseStore, statement: str) -> None:
    """By triggers, whoever asks."""
    handed_in(store)
    with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))


def test_one_case_however_many_send_it_at_once(store: CaseStore) -> None:
    """Twelve senders, one key: one case, one version. Without keys, the same visit: still one."""
    keyed = at_once(lambda _: store.submit(CODER, visit("visit-1"), body=b"b", idempotency_key="k"), 12)
    assert len({one.case for one in keyed}) == 1
    assert [one.created for one in keyed].count(True) == 1
    assert len(set(at_once(lambda _: handed_in(store, visit("visit-2")), 12))) == 1
    assert store.verify()[CODER.tenant].bad is None


def test_changed_encounters_at_once_are_versions_in_a_row(store: CaseStore) -> None:
    """Eight addenda sent at the same moment: versions 1 to 8, each once."""
    sent = at_once(lambda n: store.submit(CODER, visit(text=f"Gout, addendum {n}."), body=b"").case, 8)
    assert len({one.case for one in sent}) == 1
    assert sorted(one.version for one in sent) == list(range(1, 9))


def test_every_worker_gets_a_case_of_its_own(store: CaseStore) -> None:
    """Ten workers at once, ten cases: nobody waits for another's, nobody gets another's."""
    cases = {handed_in(store, visit(f"visit-{n}")) for n in range(10)}
    leases = at_once(lambda n: store.take(f"worker-{n}", TERMS), 10)
    assert {lease.case.case for lease in leases if lease} == cases


def test_everything_at_once_never_waits_for_ever(store: CaseStore) -> None:
    """Senders, workers, readers and erasers of two tenants together: each ends, and both chains hold."""
    cases = [handed_in(store, visit(f"visit-{n}"), actor) for actor in (CODER, ELSEWHERE) for n in range(6)]

    def busy(number: int) -> int:
        actor = (CODER, ELSEWHERE)[number % 2]
        mine = cases[number % 2 * 6 : number % 2 * 6 + 6]
        lease = store.take(f"worker-{number}", Terms(0.001, 100, 0))
        if lease:
            encounter = store.opened(lease) if store.renew(lease, TERMS) else visit()
            end(store, lease, encounter)
        store.submit(actor, visit(f"visit-{number % 6}", f"Gout, addendum {number}."), body=b"")
        store.lock(actor.model_copy(update={"id": f"coder {number}"}), mine[number % 6])
        if number % 5 == 0:
            store.erase_case(actor, mine[0])
        return number

    began = time.monotonic()
    assert sorted(at_once(settled(busy), 16)) == list(range(16))
    assert time.monotonic() - began < 30
    assert all(checked.bad is None for checked in store.verify().values())


def settled(work: Any) -> Any:
    """The same, taking the store's own refusals for an end: another was there first."""

    def without_refusals(number: int) -> int:
        try:
            return int(work(number))
        except (ConflictError, ErasedError, NoSuchCaseError):
            return number

    return without_refusals


def end(store: CaseStore, lease: Any, encounter: Any) -> None:
    """Answer a case in hand."""
    store.finish(lease, encounter, asyncio.run(QuickCoder().code(encounter)))


async def test_a_backup_goes_to_either_database(server: PostgresServer, store: CaseStore, tmp_path: Path) -> None:
    """From PostgreSQL to SQLite and back to PostgreSQL: the charts open and the trail is the same."""
    case = await coded(store)
    keys: dict[str, Any] = {name: getattr(store.settings, name) for name in ("master_key_file", "trail_key_file")}
    back_up(store, tmp_path / "backup")
    (tmp_path / "embedded").mkdir()
    with opened_store(tmp_path / "embedded", **keys) as embedded:
        restore(embedded, tmp_path / "backup")
        assert embedded.trail(CODER) == store.trail(CODER)
        back_up(embedded, tmp_path / "again")
    url = SecretStr(server.new_database("restored"))
    made_form(url)
    with opened_store(tmp_path, url=url, **keys) as restored:
        restore(restored, tmp_path / "again")
        assert restored.status(CODER, case) == store.status(CODER, case)
        assert restored.chart(CODER, case).result == store.chart(CODER, case).result


def test_tampering_is_found_here_too(store: CaseStore) -> None:
    """Thirty tamperings, thirty found and named."""
    report = measure_tampering(store, times=30, seed=1, advance=lambda _done, _total: None)
    assert (report.database, report.found, report.named) == ("postgresql", 30, 30)


def test_killed_processes_lose_nothing_here_either(url: SecretStr, tmp_path: Path) -> None:
    """One kill at each of four steps; the evaluation has all of them."""
    steps = [step for step in STEPS if step.name in {"submit.written", "lease.closed", "work.coded", "finish.moved"}]
    settings = throwaway_store(tmp_path, url)
    report = measure_kills(settings, steps=steps, seeds=1, advance=lambda _done, _total: None)
    assert (report.killed, report.lost, report.doubled, report.untrailed) == (4, 0, 0, 0)


def test_the_password_of_the_server_shows_nowhere(tmp_path: Path) -> None:
    """Settings print without it."""
    settings = store_settings(tmp_path, url=SecretStr("postgresql://u:secret@localhost/cases"))
    assert "secret@" not in repr(settings)
