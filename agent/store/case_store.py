"""The case store as the service uses it: one call, one transaction, one or more rows of the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError as RowExistsError

from agent.store import charts, erasure, leases, listing, locks, submissions, trail_rows
from agent.store.leases import Lease
from agent.store.ledger import Change, Ledger, Reading
from agent.store.records import CaseSummary, CaseVersion, Chart, Submitted, Worklist, WorklistQuery
from agent.store.settings import StoreSettings
from agent.store.submissions import Submission
from agent.store.terms import Terms
from agent.store.views import View, Views
from agent.trail.event import TrailEvent
from agent.trail.heads import Heads, signed_heads
from agent.trail.verify import Checked
from medcoding.access import Actor
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError
from medcoding.result import CodingResult

_RACES = 5
"""Times a submission is tried again after another of the same case or key got in between (PostgreSQL only)."""


class CaseStore:
    """Cases, their answers and their trail. Synchronous; safe to call from several threads.

    The actor's tenant decides what there is: another tenant's case is no case. Who may do what is the caller's to see
    to. Every call may raise `DependencyError` when the database does not answer.
    """

    def __init__(self, ledger: Ledger, settings: StoreSettings) -> None:
        self.ledger = ledger
        self.settings = settings
        self._views = Views(ledger)

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.ledger.engine

    @contextmanager
    def change(self, actor: Actor, name: str = "change") -> Iterator[Change]:
        """A transaction that writes; see `Change`."""
        with self.ledger.change(actor, name) as change:
            yield change

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Reading]:
        """A transaction that only reads; see `Reading`."""
        with self.ledger.reading(actor) as reading:
            yield reading

    def submit(
        self, actor: Actor, encounter: Encounter, *, body: bytes, idempotency_key: str | None = None
    ) -> Submitted:
        """Take an encounter in. Raises `ConflictError`, `QueueFullError`, or `InputError` for another tenant's."""
        submission = Submission(encounter, body, idempotency_key)
        for _ in range(_RACES):
            try:
                with self.change(actor, "submit") as change:
                    return submissions.submit(change, submission, self.settings.max_queue)
            except RowExistsError:
                continue
        raise DependencyError("The same case is submitted by too many at once; send it again.", retryable=True)

    def status(self, actor: Actor, case: str, version: int | None = None) -> CaseSummary:
        """One version without its text, the latest unless one is named. Raises `NoSuchCaseError`."""
        with self.reading(actor) as reading:
            return listing.summary_of(reading, case, version)

    def worklist(self, actor: Actor, query: WorklistQuery) -> Worklist:
        """One page of the tenant's cases. Raises `InputError` for a cursor that is none."""
        with self.reading(actor) as reading:
            return listing.worklist(reading, query)

    def chart(self, actor: Actor, case: str, version: int | None = None) -> Chart:
        """A case with its text, after noting who looks. Raises `NoSuchCaseError` or `ErasedError`."""
        with self.reading(actor) as reading:
            chart = charts.chart_of(reading, case, version)
        self._views.note(View(actor, CaseVersion(case, chart.summary.version), "chart"))
        return chart

    def result_json(self, actor: Actor, case: str, version: int | None = None) -> bytes:
        """The result's JSON, after noting who looks. Raises `NoSuchCaseError` or `ErasedError`."""
        with self.reading(actor) as reading:
            found = charts.result_of(reading, case, version)
        self._views.note(View(actor, found.case, "result"))
        return found.json

    def lock(self, actor: Actor, case: str) -> CaseSummary:
        """Take a case to work on. Raises `ConflictError` when another has it, or `NoSuchCaseError`."""
        with self.change(actor, "lock") as change:
            return locks.lock(change, case, self.settings.lock_s)

    def unlock(self, actor: Actor, case: str) -> CaseSummary:
        """Give a case back. Raises `ConflictError` when another has it, or `NoSuchCaseError`."""
        with self.change(actor, "unlock") as change:
            return locks.unlock(change, case)

    def erase_case(self, actor: Actor, case: str) -> None:
        """Destroy the text of a case. Raises `NoSuchCaseError`."""
        with self.change(actor, "erase") as change:
            erasure.erase_case(change, case)
        erasure.settle(self.ledger)

    def erase_tenant(self, actor: Actor) -> int:
        """Destroy all text of the actor's tenant; how many cases it had is returned."""
        with self.change(actor, "erase") as change:
            count = erasure.erase_tenant(change)
        erasure.settle(self.ledger)
        return count

    def erase_expired(self, actor: Actor, days: int) -> int:
        """Destroy the text of every case of the tenant that was done so many days ago; how many is returned."""
        cases = erasure.past_their_time(self.ledger, actor, days)
        for case in cases:
            self.erase_case(actor, case)
        return len(cases)

    def timeline(self, actor: Actor, case: str) -> tuple[TrailEvent, ...]:
        """What happened to a case, in order. Raises `NoSuchCaseError`."""
        with self.reading(actor) as reading:
            listing.summary_of(reading, case)
            return trail_rows.events(reading.connection, actor.tenant, case=case)

    def trail(self, actor: Actor, after: int = 0, limit: int = 200) -> tuple[TrailEvent, ...]:
        """The tenant's trail after a number, at most `limit` rows."""
        with self.reading(actor) as reading:
            return trail_rows.events(reading.connection, actor.tenant, after=after, limit=limit)

    def tenants(self) -> tuple[str, ...]:
        """Every tenant that ever stored something."""
        with self.ledger.connected() as connection:
            return trail_rows.tenants_of(connection)

    def heads(self) -> Heads:
        """Where all chains end now, signed."""
        with self.ledger.connected() as connection:
            return signed_heads(trail_rows.heads(connection), self.ledger.now(), self.ledger.keys.trail)

    def verify(self, tenant: str | None = None, exported: Heads | None = None) -> dict[str, Checked]:
        """Hold the trail of one tenant, or of all, against the key and an exported head."""
        key = exported.key() if exported else self.ledger.keys.trail.public
        named = {head.tenant for head in exported.heads} if exported else set()
        with self.ledger.connected() as connection:
            known = {*named, *trail_rows.tenants_of(connection)} if tenant is None else {tenant}
            return {one: trail_rows.verify_tenant(connection, one, key, exported) for one in sorted(known)}

    def take(self, worker: str, terms: Terms) -> Lease | None:
        """The version that waits longest, leased to this worker; None when nothing is due."""
        return leases.take(self.ledger, worker, terms)

    def opened(self, lease: Lease) -> Encounter:
        """The encounter in hand. Raises `LeaseLostError`, `ErasedError` or `IntegrityError`."""
        return leases.opened(self.ledger, lease)

    def renew(self, lease: Lease, terms: Terms) -> bool:
        """Hold on to a case for another while; False when it is somebody else's by now."""
        return leases.renew(self.ledger, lease, terms)

    def finish(self, lease: Lease, encounter: Encounter, result: CodingResult) -> None:
        """Keep the one final answer. Raises `LeaseLostError`."""
        leases.finish(self.ledger, lease, encounter, result)

    def fail(self, lease: Lease, error: str, terms: Terms, *, retry: bool) -> None:
        """Note a failed attempt. Raises `LeaseLostError`."""
        leases.fail(self.ledger, lease, error, terms, retry=retry)

    def give_back(self, lease: Lease) -> None:
        """Put a case back because its worker stops. Raises `LeaseLostError`."""
        leases.give_back(self.ledger, lease)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()
