"""Who acts, as what, and what can be done: the vocabulary of permission that store, trail and pages share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from medcoding.record import Record

ActorId = Annotated[str, Field(min_length=1, max_length=200)]
TenantName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Role(StrEnum):
    """What a person or a system is in the department."""

    CODER = "coder"
    CDI_SPECIALIST = "cdi_specialist"
    """Clinical documentation integrity: asks providers, attests nothing."""
    AUDITOR = "auditor"
    """Reads what was done and why; opens note text by break-glass only."""
    ADMINISTRATOR = "administrator"
    """Keeps keys, retention and tenants; sees no note text."""
    SYSTEM = "system"
    """Another system that submits encounters and reads their results."""


class Action(StrEnum):
    """Everything that can be asked for, one name each."""

    CODE = "code"
    """Have an encounter coded, or a question about one answered, in one request."""
    SUBMIT = "submit"
    """Hand in an encounter as a case."""
    READ_STATUS = "read_status"
    """See that a case exists, its state and its dates."""
    READ_RESULT = "read_result"
    """Read the codes, the evidence and the rationale: it holds note text."""
    OPEN_CHART = "open_chart"
    """Open the record of a case on the page, or through the API."""
    LOCK = "lock"
    """Take a case to work on, and give it back."""
    REVIEW = "review"
    """Accept, modify, reject, add, reorder, override, undo."""
    ATTEST = "attest"
    """Stand behind the exact set."""
    ASK = "ask"
    """Put a question about a case to the product."""
    QUERY = "query"
    """Write to a provider, and enter the provider's answer."""
    BREAK_GLASS = "break_glass"
    """Open what is not one's own to open, with a reason that stays in the trail."""
    BROWSE_BOOKS = "browse_books"
    """Look codes up and browse the index and the tabular list."""
    READ_TRAIL = "read_trail"
    """Read the trail of the tenant; it holds no note text."""
    EXPORT = "export"
    """Take a result out in another format."""
    SUPERVISE = "supervise"
    """See agreement, override reasons and outliers of the tenant's coders."""
    MANAGE_KEYS = "manage_keys"
    """Add, list and revoke API keys."""
    ERASE = "erase"
    """Erase the text of a case, or of a tenant."""


class Actor(Record):
    """Who acts: a person or a system, of one tenant, with the roles that the request proved."""

    id: ActorId
    tenant: TenantName
    roles: frozenset[Role]


LOCAL_TENANT: Final = "local"
"""The tenant of an installation that names none."""
