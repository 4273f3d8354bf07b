"""The one table of permissions: what each role may do, and in whose tenant."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.access.errors import ForbiddenError, NotThereError
from medcoding.access import Action, Actor, Role

_READS: Final = frozenset({Action.READ_STATUS, Action.READ_RESULT, Action.OPEN_CHART, Action.BROWSE_BOOKS})
_WORKS: Final = _READS | {Action.LOCK, Action.ASK, Action.QUERY, Action.BREAK_GLASS}

PERMITTED: Final[Mapping[Role, frozenset[Action]]] = MappingProxyType(
    {
        Role.CODER: _WORKS | {Action.CODE, Action.SUBMIT, Action.REVIEW, Action.ATTEST, Action.EXPORT},
        Role.CDI_SPECIALIST: _WORKS,
        Role.AUDITOR: frozenset(
            {Action.READ_STATUS, Action.BROWSE_BOOKS, Action.READ_TRAIL, Action.SUPERVISE, Action.BREAK_GLASS}
        ),
        Role.ADMINISTRATOR: frozenset(
            {Action.READ_STATUS, Action.BROWSE_BOOKS, Action.READ_TRAIL, Action.MANAGE_KEYS, Action.ERASE}
        ),
        Role.SYSTEM: frozenset(
            {Action.CODE, Action.SUBMIT, Action.READ_STATUS, Action.READ_RESULT, Action.EXPORT, Action.BROWSE_BOOKS}
        ),
    }
)
"""An auditor sees what was done and opens note text by break-glass only; an administrator sees none at all."""


def may(actor: Actor, action: Action, tenant: str | None = None) -> bool:
    """Whether one of the actor's roles holds the action, and the thing is of the actor's own tenant."""
    ours = tenant is None or tenant == actor.tenant
    return ours and any(action in PERMITTED[role] for role in actor.roles)


def permit(actor: Actor, action: Action, tenant: str | None = None) -> None:
    """Let pass, or raise: `NotThereError` for another tenant's thing before anything is said about roles."""
    if tenant is not None and tenant != actor.tenant:
        raise NotThereError("There is no such case here; check its id.")
    if not may(actor, action):
        raise ForbiddenError(f"None of your roles may {_spoken(action)}; ask an administrator for one that may.")


def _spoken(action: Action) -> str:
    return action.value.replace("_", " ")
