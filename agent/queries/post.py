"""Send a question to a provider, enter the answer, take it back: linted first, kept with its row of the trail."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from agent.access.permissions import permit
from agent.queries.compose import standing_options
from agent.queries.lint import faults
from agent.review.desk import Desk
from agent.review.on_desk import Seat
from agent.review.provider_queries import advance, keep, query_of
from medcoding.access import Action
from medcoding.errors import InputError
from medcoding.proposal import EvidenceQuote
from medcoding.review import ProviderQuery, QueryState


class Wording(NamedTuple):
    """A query as its writer leaves the composer."""

    to: str
    about: str
    question: str
    options: tuple[str, ...]
    """Without the two that are always there."""
    indicators: tuple[EvidenceQuote, ...]


class LeadingQueryError(InputError):
    """The linter refuses the query; the message names every mend."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("The query cannot be sent. " + " ".join(faults))
        self.faults = faults


def send(desk: Desk, seat: Seat, wording: Wording) -> ProviderQuery:
    """Keep a query as sent. Raises `LeadingQueryError`, or `InputError` and `ConflictError` as a step does."""
    permit(seat.actor, Action.QUERY)
    with desk.store.change(seat.actor, "query") as change:
        case = desk.held(change, seat)
        query = ProviderQuery(
            id=uuid.uuid4().hex,
            to=_said(wording.to, "whom it goes to", 200),
            about=_said(wording.about, "what it is about", 200),
            indicators=_quoted(wording.indicators),
            question=_said(wording.question, "the question", 1000),
            options=standing_options([_said(option, "an option", 300) for option in wording.options if option.strip()]),
            state=QueryState.SENT,
            by=seat.actor.id,
            at=change.now,
        )
        found = faults(query, case.encounter)
        if found:
            raise LeadingQueryError(tuple(fault.words for fault in found))
        keep(change, case.version, query)
        return query


def answer(desk: Desk, seat: Seat, query_id: str, words: str) -> ProviderQuery:
    """Enter what the provider answered."""
    return _moved(desk, seat, query_id, QueryState.ANSWERED, _said(words, "the answer", 2000))


def withdraw(desk: Desk, seat: Seat, query_id: str) -> ProviderQuery:
    """Take a query back."""
    return _moved(desk, seat, query_id, QueryState.WITHDRAWN, "")


def _moved(desk: Desk, seat: Seat, query_id: str, state: QueryState, words: str) -> ProviderQuery:
    permit(seat.actor, Action.QUERY)
    with desk.store.change(seat.actor, "query") as change:
        case = desk.held(change, seat)
        query = query_of(change, case.version, query_id)
        moved = query.model_copy(update={"state": state, "answer": words or query.answer})
        advance(change, case.version, moved)
        return moved


def _said(text: str, what: str, longest: int) -> str:
    said = text.strip()
    if not said or len(said) > longest:
        raise InputError(f"The query lacks {what}, or it is longer than {longest} characters; correct it.")
    return said


def _quoted(indicators: tuple[EvidenceQuote, ...]) -> tuple[EvidenceQuote, ...]:
    if not indicators:
        raise InputError("The query quotes no clinical fact; quote what it rests on.")
    return indicators
