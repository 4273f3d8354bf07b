"""A bundle by address: which resources it holds, and what belongs to which encounter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeVar

from evals.loaders.fhir_resources import (
    KIND_NAMES,
    Bundle,
    ClaimResource,
    ConditionResource,
    DocumentReference,
    Element,
    EncounterResource,
    OtherResource,
    Reference,
)

ResourceT = TypeVar("ResourceT", bound=Element)

_VERSION: Final = "/_history/"
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,40}")


class BundleContents:
    """The resources of one bundle. References are followed inside it only."""

    def __init__(self, bundle: Bundle) -> None:
        resources = [entry.resource for entry in bundle.entry]
        self.encounters = [r for r in resources if isinstance(r, EncounterResource)]
        self.conditions = [r for r in resources if isinstance(r, ConditionResource)]
        self.claims = [r for r in resources if isinstance(r, ClaimResource)]
        self.documents = [r for r in resources if isinstance(r, DocumentReference)]
        self.unread = Counter(_unread(r) for r in resources if isinstance(r, OtherResource))
        """Kinds of resources that are not read, counted."""
        self._by_address: dict[str, Element] = {}
        for entry in bundle.entry:
            if entry.full_url:
                self._by_address[entry.full_url] = entry.resource
            if type(entry.resource) in KIND_NAMES:
                address = f"{KIND_NAMES[type(entry.resource)]}/{getattr(entry.resource, 'id', '')}"
                self._by_address.setdefault(address, entry.resource)

    def find(self, reference: Reference | str, kind: type[ResourceT]) -> ResourceT | None:
        """The resource of a kind that a reference names by its full URL or by its type and id; None when absent."""
        address = reference if isinstance(reference, str) else reference.reference
        address = address.partition(_VERSION)[0]
        found = self._by_address.get(address) or self._by_address.get("/".join(address.split("/")[-2:]))
        return found if isinstance(found, kind) else None

    def belongs(self, references: Sequence[Reference], encounter: EncounterResource) -> bool:
        """True when one of them names the encounter; without any, when it is the only one of the bundle."""
        named = [reference for reference in references if reference.reference]
        if not named:
            return len(self.encounters) == 1
        return any(self.find(reference, EncounterResource) is encounter for reference in named)


def _unread(resource: OtherResource) -> str:
    kind = resource.resource_type
    return f"{kind} resources" if _KIND.fullmatch(kind) else "entries that are no resource"
