"""The resources of a Bundle or of a Task, and what their references name. Nothing outside them is ever asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.exchange.element import Element

_KIND: Final = re.compile(r"[A-Z][A-Za-z]{2,40}")
_VERSION: Final = re.compile(r"/_history/[A-Za-z0-9.\-]{1,64}$")


class Held(NamedTuple):
    """A resource that was sent."""

    fhir: Element
    kind: str
    scope: str
    """Path of the resource whose contained ones it may name by `#id`."""


class Pool:
    """Resources in the order sent, found by kind or by reference."""

    def __init__(self, listed: Sequence[Held], addressed: dict[str, Held]) -> None:
        self._listed = tuple(listed)
        self._addressed = addressed

    def of_kind(self, *kinds: str) -> tuple[Held, ...]:
        """Those of these kinds, contained ones of others left aside."""
        return tuple(one for one in self._listed if one.kind in kinds)

    def named(self, reference: Element | None, source: Held) -> Held | None:
        """The resource that a Reference of `source` names; None where it was not sent or only an identifier stands."""
        address = reference.text("reference") if reference else None
        if address is None:
            return None
        if address.startswith("#"):
            return self._addressed.get(f"{source.scope}{address}")
        bare = _VERSION.sub("", address)
        return self._addressed.get(bare) or self._addressed.get("/".join(bare.rsplit("/", 2)[-2:]))


def bundle_pool(bundle: Element) -> Pool:
    """The entries of a Bundle. Raises `InputError` for what is none, or where two entries claim one address."""
    listed: list[Held] = []
    addressed: dict[str, Held] = {}
    for entry in bundle.each("entry"):
        resource = entry.child("resource")
        if resource is None:
            raise entry.wrong("is missing; send every resource inside the Bundle, nothing is fetched", "resource")
        held = Held(resource, kind_of(resource), resource.path)
        listed.append(held)
        if (url := entry.text("fullUrl")) is not None:
            if url in addressed:
                raise entry.wrong("is the address of an earlier entry too; send each resource once", "fullUrl")
            addressed[url] = held
        _address(addressed, held)
    return Pool(listed, addressed)


def contained_pool(owner: Element) -> Pool:
    """What a resource contains, each named by `#id` from the resource and from the others."""
    addressed: dict[str, Held] = {}
    listed = _contained(owner, addressed)
    return Pool(listed, addressed)


def kind_of(resource: Element) -> str:
    """The type of a resource. Raises `InputError` for an unknown way of writing, or an extension that must be known."""
    kind = resource.needed_text("resourceType", "say which FHIR resource this is")
    if not _KIND.fullmatch(kind):
        raise resource.wrong("is not the name of a FHIR resource; correct it", "resourceType")
    for name in ("modifierExtension", "implicitRules"):
        if resource.held.get(name):
            raise resource.wrong("changes the meaning in a way that is not known here; send the resource without", name)
    return kind


def _address(addressed: dict[str, Held], held: Held) -> None:
    """A resource answers to `Type/id`; the first of two of the same id keeps the address its `fullUrl` does not."""
    if (logical := held.fhir.text("id")) is not None:
        addressed.setdefault(f"{held.kind}/{logical}", held)
    _contained(held.fhir, addressed)


def _contained(owner: Element, addressed: dict[str, Held]) -> list[Held]:
    listed = []
    for resource in owner.each("contained"):
        held = Held(resource, kind_of(resource), owner.path)
        listed.append(held)
        if (logical := resource.text("id")) is not None:
            addressed[f"{owner.path}#{logical}"] = held
    return listed
