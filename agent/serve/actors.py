"""Who asks: the actor that the access layer found, else the one local user of an installation without tokens."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from medcoding.access import LOCAL_TENANT, Actor, Role

LOCAL_ACTOR: Final = Actor(id="local", tenant=LOCAL_TENANT, roles=frozenset(Role))
"""Everybody, where nobody has to say who they are."""


def actor_of(request: Request) -> Actor:
    """The actor of a request."""
    actor: Actor = getattr(request.state, "actor", LOCAL_ACTOR)
    return actor
