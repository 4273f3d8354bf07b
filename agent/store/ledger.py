"""Transactions on the case store. A change and its rows of the trail are one: both are there, or neither.

Ledger    one database, its keys, its clock
Reading   a transaction that only reads, on behalf of an actor; opens what is sealed for the actor's tenant
Change    one that writes: its rows of the trail are appended last, just before the commit
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue
from sqlalchemy import Connection, Engine, insert, literal, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from agent.store.engine import WRITES, is_embedded
from agent.store.errors import ErasedError, NoSuchCaseError
from agent.store.key_files import StoreKeys
from agent.store.records import CaseVersion, ReviewState
from agent.store.sealing import keyed_digest, new_key, seal, unseal
from agent.store.tables import CaseRow, TenantRow, VersionRow
from agent.store.trail_rows import append
from agent.trail.chain import Happening, Link
from medcoding.access import Actor
from medcoding.errors import DependencyError, IntegrityError

_TENANT_KEY: Final = "tenant key"
_CASE_KEY: Final = "case key"


def no_step(_: str) -> None:
    """Nothing happens at a named step; evaluations put a kill here."""


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Reading:
    """A transaction on behalf of an actor. Only what belongs to the actor's tenant can be opened with it."""

    def __init__(self, connection: Connection, actor: Actor, keys: StoreKeys, now: datetime) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        """The moment of everything in this transaction."""
        self._keys = keys
        self._tenants_key: bytes | None = None
        self._case_keys: dict[str, bytes] = {}

    def know(self, case: str, wrapped: bytes | None) -> None:
        """Take a case's wrapped key from a row that was read with others, instead of asking for each."""
        if wrapped is not None:
            self._case_keys[case] = unseal(self._tenant_key(), wrapped, _CASE_KEY, self.actor.tenant, case)

    def open(self, case: str, kind: str, sealed: bytes | None) -> bytes:
        """What was sealed for this case under this kind.

        Raises `ErasedError` when it or its key was erased, `NoSuchCaseError` for a case that the tenant has not.
        """
        if sealed is None:
            raise _erased()
        return unseal(self._case_key(case), sealed, self.actor.tenant, case, kind)

    def digest(self, plain: bytes) -> str:
        """Names a text without holding it: keyed with the tenant's key, so that nobody can guess at short texts."""
        return keyed_digest(self._tenant_key(), "text", plain)

    def reference(self, purpose: str, said: str) -> str:
        """Keyed digest of a sender's own name for something, to find it again by."""
        return keyed_digest(self._tenant_key(), purpose, said.encode())

    def _tenant_key(self) -> bytes:
        if self._tenants_key is None:
            name = self.actor.tenant
            wrapped = self.connection.scalar(select(TenantRow.wrapped_key).where(TenantRow.name == name))
            if wrapped is None:
                raise ErasedError("The tenant has no key: nothing of it is stored, or all of it was erased.")
            self._tenants_key = unseal(self._keys.master, wrapped, _TENANT_KEY, name)
        return self._tenants_key

    def _case_key(self, case: str) -> bytes:
        if case not in self._case_keys:
            statement = select(CaseRow.wrapped_key).where(CaseRow.id == case, CaseRow.tenant == self.actor.tenant)
            found = self.connection.execute(statement).one_or_none()
            if found is None:
                raise NoSuchCaseError("There is no such case; list the cases to see which there are.")
            if found.wrapped_key is None:
                raise _erased()
            self.know(case, found.wrapped_key)
        return self._case_keys[case]


class Change(Reading):
    """A transaction that writes. Whoever opens one records at least one row of the trail in it."""

    def __init__(self, connection: Connection, actor: Actor, ledger: Ledger, name: str) -> None:
        super().__init__(connection, actor, ledger.keys, ledger.now())
        self._ledger = ledger
        self._name = name
        self._happened: list[Happening] = []
        self._open_tenant()

    def record(
        self, action: str, case: CaseVersion | None = None, detail: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Have a row of the trail appended at the end of this transaction.

        `detail` holds ids, codes, digests, offsets and numbers, never note text.
        """
        uid, version = case or (None, None)
        self._happened.append(Happening(self.actor.id, action, uid, version, dict(detail or {})))

    def seal(self, case: str, kind: str, plain: bytes) -> bytes:
        """Seal something under the case's own key, bound to the case and to what it is."""
        return seal(self._case_key(case), plain, self.actor.tenant, case, kind)

    def fresh_case_key(self, case: str) -> bytes:
        """The wrapped key of a case that is just being made."""
        key = self._case_keys[case] = new_key()
        return seal(self._tenant_key(), key, _CASE_KEY, self.actor.tenant, case)

    def set_review(self, case: CaseVersion, review: ReviewState) -> None:
        """Note on the version how far its review is, for worklists. Raises `NoSuchCaseError`."""
        version = update(VersionRow).where(VersionRow.case_uid == case.case, VersionRow.number == case.version)
        done = version.where(VersionRow.tenant == self.actor.tenant, VersionRow.state == "done")
        if self.connection.execute(done.values(review=review.value)).rowcount != 1:
            raise NoSuchCaseError("There is no such case with a result; list the cases to see which there are.")

    def step(self, name: str) -> None:
        """Say that a named step was taken."""
        self._ledger.step(f"{self._name}.{name}")

    def close(self) -> None:
        """Append what was recorded. Raises `IntegrityError` when nothing was: a change without a trace is none."""
        if not self._happened:
            raise IntegrityError("A change of the case store left no row in the trail; report it.")
        self.step("written")
        append(self.connection, self.actor.tenant, self.now, self._happened, self._keys.trail)

    def _open_tenant(self) -> None:
        """Make the tenant's row and key when the tenant is met for the first time."""
        name = self.actor.tenant
        if self.connection.scalar(select(literal(1)).where(TenantRow.name == name)):
            return
        wrapped = seal(self._keys.master, new_key(), _TENANT_KEY, name)
        start = Link()
        row = insert(TenantRow).values(
            name=name, wrapped_key=wrapped, trail_number=start.number, trail_digest=start.digest, opened_at=self.now
        )
        self.connection.execute(row)
        self.record("tenant.opened")


class Ledger:
    """One database with its keys and its clock. Safe to use from several threads."""

    def __init__(
        self,
        engine: Engine,
        keys: StoreKeys,
        now: Callable[[], datetime] = system_clock,
        step: Callable[[str], None] = no_step,
    ) -> None:
        """`step` is told each named step of a transaction as it is taken."""
        self.engine = engine
        self.keys = keys
        self.now = now
        self.step = step
        # SQLite lets its writers poll for their turn; those of one process take it in the order they came.
        self._turn: AbstractContextManager[object] = threading.Lock() if is_embedded(engine) else nullcontext()

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Reading]:
        """A transaction that only reads. Raises `DependencyError` when the database does not answer."""
        with _silent_when_down(), self.engine.connect() as connection, connection.begin():
            yield Reading(connection, actor, self.keys, self.now())

    @contextmanager
    def change(self, actor: Actor, name: str = "change") -> Iterator[Change]:
        """A transaction that writes, committed with its rows of the trail at the end of the block.

        Raises `DependencyError` when the database does not answer. `name` begins the names of its steps.
        """
        with self.writing(name) as connection:
            change = Change(connection, actor, self, name)
            yield change
            change.close()

    @contextmanager
    def writing(self, name: str) -> Iterator[Connection]:
        """A bare transaction that writes: for a `Change` whose tenant is yet to be found, or for what leaves no row."""
        with (
            self._turn,
            _silent_when_down(),
            self.engine.connect().execution_options(**{WRITES: True}) as connection,
        ):
            with connection.begin():
                self.step(f"{name}.begun")
                yield connection
                self.step(f"{name}.closed")
            self.step(f"{name}.committed")

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A transaction that reads across tenants: for keeping the store, never for a caller."""
        with _silent_when_down(), self.engine.connect() as connection, connection.begin():
            yield connection


def check_tenant_key(connection: Connection, tenant: str, keys: StoreKeys) -> None:
    """Raises `IntegrityError` when the tenant has a key that this installation's master key does not unwrap."""
    wrapped = connection.scalar(select(TenantRow.wrapped_key).where(TenantRow.name == tenant))
    if wrapped is not None:
        unseal(keys.master, wrapped, _TENANT_KEY, tenant)


@contextmanager
def _silent_when_down() -> Iterator[None]:
    """Of an error of the database only that it happened: its own words could quote a row."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise DependencyError(
            "The case store's database does not answer; check CHARTWRIGHT_STORE__URL and that its server runs.",
            retryable=True,
        ) from None


def _erased() -> ErasedError:
    return ErasedError("The text of this case was erased; only its trail can still be read.")
