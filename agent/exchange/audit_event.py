"""A row of the trail as a FHIR R4 AuditEvent: who did what to which case, and where the row stands in its chain."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from agent.exchange.resource import Resource
from agent.exchange.vocabulary import ACTOR, DIGEST, OWN

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_CASE_ID: Final = "urn:chartwright:case-id"


class _Kind(NamedTuple):
    """How an action is told in FHIR: the type of DICOM's audit messages, and create, read, update, delete, execute."""

    code: str
    display: str
    letter: str


_RECORD: Final = _Kind("110110", "Patient Record", "U")
_KINDS: Final = (
    ("break_glass", _Kind("110127", "Emergency Override Started", "E")),
    ("session.", _Kind("110114", "User Authentication", "E")),
    ("key.", _Kind("110129", "Security Configuration", "U")),
    ("case.submitted", _RECORD._replace(letter="C")),
    ("case.coded", _RECORD._replace(letter="E")),
    ("case.failed", _RECORD._replace(letter="E")),
    ("chart.viewed", _RECORD._replace(letter="R")),
    ("case.exported", _Kind("110106", "Export", "R")),
    ("case.erased", _RECORD._replace(letter="D")),
    ("tenant.erased", _RECORD._replace(letter="D")),
)
"""By how the action's name begins; every other one changes the record of a case."""


class Happened(Protocol):
    """A trail event as far as it is told."""

    @property
    def tenant(self) -> str:
        """Whose it is."""
        ...

    @property
    def number(self) -> int:
        """Its place in the tenant's chain."""
        ...

    @property
    def at(self) -> str:
        """When, ISO 8601 with its zone."""
        ...

    @property
    def actor(self) -> str:
        """Who."""
        ...

    @property
    def action(self) -> str:
        """What."""
        ...

    @property
    def case(self) -> str | None:
        """The installation's own id of the case."""
        ...

    @property
    def version(self) -> int | None:
        """Which version of it."""
        ...

    @property
    def digest(self) -> str:
        """What the next row names it by."""
        ...


def audit_event(event: Happened) -> Resource:
    """The resource of one event. It holds ids and digests only, as the trail does."""
    kind = next((kind for beginning, kind in _KINDS if event.action.startswith(beginning)), _RECORD)
    resource: Resource = {
        "resourceType": "AuditEvent",
        "type": {"system": _DICOM, "code": kind.code, "display": kind.display},
        "subtype": [{"system": f"{OWN}:action", "code": event.action}],
        "action": kind.letter,
        "recorded": event.at,
        "outcome": "8" if event.action == "case.failed" else "0",
        "agent": [{"who": {"identifier": {"system": ACTOR, "value": event.actor}}, "requestor": True}],
        "source": {"site": event.tenant, "observer": {"display": "Chartwright"}},
    }
    return resource | {"entity": [_row(event), *([_case(event, event.case)] if event.case else [])]}


def audit_bundle(events: tuple[Happened, ...]) -> Resource:
    """The events of a case, in the order of the chain."""
    entries = [{"resource": audit_event(event)} for event in events]
    return {"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})}


def _row(event: Happened) -> Resource:
    detail = [{"type": "number", "valueString": str(event.number)}]
    return {"what": {"identifier": {"system": DIGEST, "value": event.digest}, "display": "trail row"}, "detail": detail}


def _case(event: Happened, case: str) -> Resource:
    entity: Resource = {"what": {"identifier": {"system": _CASE_ID, "value": case}}}
    return entity | ({"detail": [{"type": "version", "valueString": str(event.version)}]} if event.version else {})
