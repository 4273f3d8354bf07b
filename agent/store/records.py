"""What the case store takes and gives: cases without their text for lists, charts with it, pages of a worklist."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import AwareDatetime, Field

from medcoding.encounter import Encounter, Setting
from medcoding.record import Record
from medcoding.result import CodingResult, Route

MOST_LISTED: Final = 200
_LONGEST_WORDS: Final = 200


def listed(words: str | None) -> str | None:
    """A sender's words for a listing field: what prints, and no more than a list has room for."""
    return "".join(filter(str.isprintable, words))[:_LONGEST_WORDS] if words is not None else None


class CaseVersion(NamedTuple):
    """One version of a case."""

    case: str
    """The installation's own opaque id, 32 hex digits."""
    version: int


Words = Annotated[str, Field(max_length=_LONGEST_WORDS, pattern=r"^[^\x00-\x1f]*$")]
"""What a filter asks for; no control characters, which PostgreSQL does not keep."""


class CaseState(StrEnum):
    """How far the coding of a case version is."""

    QUEUED = "queued"
    LEASED = "leased"
    """A worker has it in hand."""
    DONE = "done"
    FAILED = "failed"
    """Given up after the allowed attempts; `error` says why in a word."""


class ReviewState(StrEnum):
    """How far the review of a done version is."""

    OPEN = "open"
    ATTESTED = "attested"


class Submitted(NamedTuple):
    """What became of a submission."""

    case: CaseVersion
    created: bool
    """False when the same submission had been taken before."""


class Label(Record):
    """What a list shows of the sender's own words; sealed, because it names a patient's visit."""

    case_id: str
    date_of_service: date


class CaseSummary(Record):
    """One version of a case without its text."""

    id: str
    """The installation's own id of the case; it says nothing about the patient."""
    version: int
    case_id: str | None
    """The sender's id of the encounter; None after erasure."""
    date_of_service: date | None
    state: CaseState
    lane: Route | None
    """Who sees it next: the route of the result; None until it is done."""
    review: ReviewState | None
    setting: Setting
    specialty: str | None
    edition: str | None
    codes: int | None
    """How many codes the result has."""
    attempts: int
    error: str | None
    """Code of the last failure; never what was said in a note."""
    received_at: AwareDatetime
    finished_at: AwareDatetime | None
    locked_by: str | None
    """Who works on it now."""
    locked_until: AwareDatetime | None
    erased: bool = False


class WorklistQuery(Record):
    """Which cases are listed: the latest version of each, the oldest first."""

    lane: Route | None = None
    state: CaseState | None = None
    review: ReviewState | None = None
    setting: Setting | None = None
    specialty: Words | None = None
    edition: Words | None = None
    locked_by: Words | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None
    """Where the last page ended."""


class Worklist(Record):
    """One page of cases."""

    cases: tuple[CaseSummary, ...]
    cursor: str | None
    """Asks for the next page; None on the last one."""


class Chart(Record):
    """A case with its text: the encounter as it was sent and, once it is there, the result."""

    summary: CaseSummary
    encounter: Encounter
    result: CodingResult | None
