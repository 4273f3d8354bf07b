"""The worklists: what waits in each lane, for how long, and who holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.review.desk import Desk
from agent.serve.pages.rendering import Pages
from agent.store.case_store import CaseStore
from agent.store.records import MOST_LISTED, CaseState, CaseSummary, ReviewState, WorklistQuery
from medcoding.access import Actor
from medcoding.result import Route


class ListView(NamedTuple):
    """One worklist."""

    id: str
    title: str
    about: str
    cases: tuple[CaseSummary, ...]
    more: bool


class _Named(NamedTuple):
    id: str
    title: str
    about: str
    query: WorklistQuery


def _open_in(lane: Route) -> WorklistQuery:
    return WorklistQuery(lane=lane, state=CaseState.DONE, review=ReviewState.OPEN, limit=MOST_LISTED)


_LISTS: Final = (
    _Named("coder", "Coder review", "A coder decides on each suggestion.", _open_in(Route.CODER)),
    _Named("documentation", "Documentation", "The record leaves open what a code needs; query the provider.",
           _open_in(Route.DOCUMENTATION)),
    _Named("auto", "Automatic", "Clear enough for the automatic lane; open for samples.", _open_in(Route.AUTO)),
    _Named("attested", "Attested", "Somebody stands behind the set.",
           WorklistQuery(state=CaseState.DONE, review=ReviewState.ATTESTED, limit=MOST_LISTED)),
    _Named("waiting", "Being coded", "Handed in, not coded yet.", WorklistQuery(state=CaseState.QUEUED)),
    _Named("failed", "Failed", "Could not be coded; the operator sees why.", WorklistQuery(state=CaseState.FAILED)),
)  # fmt: skip
_ALWAYS: Final = frozenset({"coder", "documentation"})


@dataclass(frozen=True, slots=True)
class ListPages:
    """The functions of the pages beside a case."""

    desk: Desk
    pages: Pages
    shared: Callable[[Request], dict[str, Any]]

    async def work(self, request: Request) -> Response:
        """All worklists of the tenant, the longest waiting first."""
        actor: Actor = request.state.actor
        lists = await run_in_threadpool(_lists, self.desk.store, actor)
        now = datetime.now(UTC)
        # Where controls are among the suggestions, the number of codes beforehand would tell which case has one.
        values = self.shared(request) | {"place": "work", "counted": self.desk.settings.seed_share == 0}
        return self.pages.answer("work", lists=lists, now=now, me=actor.id, **values)

    async def supervision(self, request: Request) -> Response:
        """Agreement, override reasons, outliers and what became of controls."""
        figures, reasons = await run_in_threadpool(self.desk.supervision, request.state.actor)
        values = self.shared(request) | {"place": "supervision"}
        return self.pages.answer("supervision", figures=figures, reasons=reasons, **values)


def _lists(store: CaseStore, actor: Actor) -> list[ListView]:
    views = []
    for name, title, about, query in _LISTS:
        page = store.worklist(actor, query)
        if page.cases or name in _ALWAYS:
            views.append(ListView(name, title, about, page.cases, page.cursor is not None))
    return views
