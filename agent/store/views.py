"""Who looked at what: rows of the trail that stand before anything is shown.

Looking changes nothing, so many looks share one commit: whoever comes while one is under way waits and goes with the
next. A commit waits for the disk; without sharing, fifty readers would wait for fifty.
"""

from __future__ import annotations

import threading
from itertools import groupby
from typing import NamedTuple

from agent.store.ledger import Change, Ledger
from agent.store.records import CaseVersion
from medcoding.access import Actor


class View(NamedTuple):
    """One look at a chart."""

    actor: Actor
    case: CaseVersion
    what: str
    """`chart` or `result`."""


class _Entry:
    """A look that waits for its commit."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.woken = threading.Event()
        self.settled = False
        """Written, or failed; one that is woken before is to write for all who wait."""
        self.fault: Exception | None = None


class Views:
    """Writes looks into the trail, many with one commit. Safe to call from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[_Entry] = []
        self._somebody_writes = False
        self._list = threading.Lock()

    def note(self, view: View) -> None:
        """Return when the look is committed. Raises `DependencyError` when it cannot be: then nothing may be shown."""
        entry = _Entry(view)
        with self._list:
            self._waiting.append(entry)
            waits, self._somebody_writes = self._somebody_writes, True
        if waits:
            entry.woken.wait()
        if not entry.settled:
            self._write_all()
        if entry.fault is not None:
            raise entry.fault

    def _write_all(self) -> None:
        """Write whatever waits, this thread's own look among it; whoever came meanwhile writes next."""
        with self._list:
            entries, self._waiting = self._waiting, []
        fault = self._fault([entry.view for entry in entries])
        for entry in entries:
            entry.settled, entry.fault = True, fault
            entry.woken.set()
        with self._list:
            self._somebody_writes = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.set()

    def _fault(self, views: list[View]) -> Exception | None:
        """Commit the looks; what went wrong is for each of those who wait."""
        try:
            self._commit(views)
        except Exception as error:  # noqa: BLE001 - it is raised again in every thread that waits
            return error
        return None

    def _commit(self, views: list[View]) -> None:
        # Tenants in their order: two processes that each wait for the other's chain would never end.
        ordered = sorted(views, key=_whose)
        with self._ledger.writing("view") as connection:
            for _, of_actor in groupby(ordered, key=_whose):
                looks = list(of_actor)
                change = Change(connection, looks[0].actor, self._ledger, "view")
                for look in looks:
                    change.record("chart.viewed", look.case, {"what": look.what})
                change.close()


def _whose(view: View) -> tuple[str, str]:
    return view.actor.tenant, view.actor.id
