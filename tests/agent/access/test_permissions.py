"""Behaviour of the one table of permissions, walked whole."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Final

import pytest

from agent.access.errors import ForbiddenError, NotThereError
from agent.access.permissions import PERMITTED, may, permit
from medcoding.access import Action, Actor, Role

EXPECTED: Final = {
    Role.CODER: "code submit read_status read_result open_chart lock review attest ask query break_glass browse_books"
    " export",
    Role.CDI_SPECIALIST: "read_status read_result open_chart lock ask query break_glass browse_books",
    Role.AUDITOR: "read_status browse_books read_trail supervise break_glass",
    Role.ADMINISTRATOR: "read_status browse_books read_trail manage_keys erase",
    Role.SYSTEM: "code submit read_status read_result export browse_books",
}
"""Written out by hand a second time, from the words of the issue."""


def actor(*roles: Role, tenant: str = "north") -> Actor:
    """Somebody with these roles."""
    return Actor(id="somebody", tenant=tenant, roles=frozenset(roles))


def every_set_of_roles() -> list[tuple[Role, ...]]:
    """All 32 sets of roles, the empty one among them."""
    return list(chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1)))


def expected(roles: tuple[Role, ...], action: Action, tenant: str) -> bool:
    """What the second table says."""
    return tenant == "north" and any(action.value in EXPECTED[role].split() for role in roles)


def test_every_role_and_action_in_every_tenant() -> None:
    """Each of the sets of roles may exactly what its roles hold, in its own tenant, and nothing in another."""
    tenants = ("north", "south", "", "North")
    asked = [(roles, action, t) for roles in every_set_of_roles() for action in Action for t in tenants]
    wrong = [one for one in asked if may(actor(*one[0]), one[1], one[2]) != expected(*one)]
    assert not wrong
    assert len(asked) == 32 * len(Action) * 4


def test_every_action_is_held_by_somebody_and_every_role_is_in_the_table() -> None:
    """No action is out of everybody's reach, no role without its line."""
    assert set(PERMITTED) == set(Role)
    assert frozenset().union(*PERMITTED.values()) == set(Action)


def test_who_sees_no_note_text() -> None:
    """Auditors and administrators read no chart by their role; only a coder attests."""
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        assert not PERMITTED[role] & {Action.OPEN_CHART, Action.READ_RESULT, Action.CODE, Action.EXPORT}
    assert [role for role in Role if Action.ATTEST in PERMITTED[role]] == [Role.CODER]


@pytest.mark.parametrize("action", list(Action))
def test_another_tenants_thing_is_no_thing(action: Action) -> None:
    """Whether or not a role holds the action, another tenant's case answers as one that does not exist."""
    for role in Role:
        with pytest.raises(NotThereError):
            permit(actor(role), action, "south")


def test_a_refusal_names_the_mend() -> None:
    """Who may not is told whom to ask."""
    with pytest.raises(ForbiddenError, match="read trail; ask an administrator"):
        permit(actor(Role.SYSTEM), Action.READ_TRAIL)
