"""Questions to providers as they are kept: sealed under their case's key, each change with its row of the trail."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue
from sqlalchemy import insert, select, update

from agent.review.tables import QueryRow
from agent.store.errors import NoSuchCaseError
from agent.store.ledger import Change, Reading
from agent.store.records import CaseVersion
from medcoding.errors import InputError
from medcoding.review import ProviderQuery, QueryState

_FOLLOWS: Final = {
    QueryState.DRAFT: frozenset({QueryState.DRAFT, QueryState.SENT, QueryState.WITHDRAWN}),
    QueryState.SENT: frozenset({QueryState.ANSWERED, QueryState.WITHDRAWN}),
    QueryState.ANSWERED: frozenset[QueryState](),
    QueryState.WITHDRAWN: frozenset[QueryState](),
}


def keep(change: Change, case: CaseVersion, query: ProviderQuery) -> None:
    """Keep a new query."""
    row = insert(QueryRow).values(
        id=query.id, case_uid=case.case, version=case.version, tenant=change.actor.tenant, state=query.state.value,
        at=query.at, body=change.seal(case.case, _kind_of(query), query.model_dump_json().encode()),
    )  # fmt: skip
    change.connection.execute(row)
    _record(change, case, query)


def advance(change: Change, case: CaseVersion, query: ProviderQuery) -> None:
    """Keep a query's next state. Raises `InputError` for a state that cannot follow, `NoSuchCaseError` for no query."""
    before = query_of(change, case, query.id)
    if query.state not in _FOLLOWS[before.state]:
        raise InputError(f"The query is {before.state.value} and cannot become {query.state.value}; write a new one.")
    mine = update(QueryRow).where(QueryRow.id == query.id, QueryRow.case_uid == case.case)
    body = change.seal(case.case, _kind_of(query), query.model_dump_json().encode())
    change.connection.execute(mine.values(state=query.state.value, body=body))
    _record(change, case, query)


def query_of(reading: Reading, case: CaseVersion, query_id: str) -> ProviderQuery:
    """The query of that id. Raises `NoSuchCaseError` where the case has none."""
    found = next((query for query in queries_of(reading, case) if query.id == query_id), None)
    if found is None:
        raise NoSuchCaseError("There is no such query on this case; list its queries to see which there are.")
    return found


def queries_of(reading: Reading, case: CaseVersion) -> tuple[ProviderQuery, ...]:
    """Every query on a version, the oldest first."""
    mine = (QueryRow.case_uid == case.case, QueryRow.version == case.version)
    rows = reading.connection.execute(select(QueryRow.id, QueryRow.body).where(*mine).order_by(QueryRow.at)).all()
    return tuple(
        ProviderQuery.model_validate_json(reading.open(case.case, f"query.{row.id}", row.body)) for row in rows
    )


def _kind_of(query: ProviderQuery) -> str:
    return f"query.{query.id}"


def _record(change: Change, case: CaseVersion, query: ProviderQuery) -> None:
    """The trail holds where its indicators stand and a digest of its words, never the words."""
    indicators: list[JsonValue] = [[quote.start, quote.end] for quote in query.indicators]
    words = change.digest(query.model_dump_json(include={"question", "options", "about", "answer"}).encode())
    detail: dict[str, JsonValue] = {"query": query.id, "indicators": indicators, "options": len(query.options)}
    change.record(f"query.{query.state.value}", case, detail | {"words": words})
