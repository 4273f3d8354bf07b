"""Requests with planted words at every place of every route: path, query, headers, broken bodies, valid bodies."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

_JSON: Final = {"Content-Type": "application/json"}
_FHIR: Final = {"Content-Type": "application/fhir+json"}


class Planted(NamedTuple):
    """A request to send."""

    method: str
    template: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes | None


class Spring:
    """Gives words one after the other, all of them before any a second time."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = itertools.cycle(words)

    def __call__(self) -> str:
        """The next word."""
        return next(self._words)


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and template of every route, pages included."""
    found = iter_route_contexts(app.routes)
    return [(method, one.path) for one in found if one.path for method in sorted((one.methods or set()) - {"HEAD"})]


def anywhere(method: str, template: str, spring: Spring, cases: Sequence[str], rounds: int) -> Iterator[Planted]:
    """Requests to one route that mostly cannot be answered: a word at each place, one place after the other."""
    for number in range(rounds):
        case = itertools.repeat(cases[number % len(cases)] if cases else "0" * 32)
        place = number % 5
        path = _filled(template, spring if place == 0 else case.__next__)
        headers = _headers(spring) if place == 1 else {}
        params = {spring(): spring(), "q": spring(), "dos": spring(), "version": spring()} if place == 2 else {}
        body = None
        if method in {"POST", "PUT", "DELETE"}:
            headers = {**_JSON, **headers}
            body = _broken(spring) if place == 3 else json.dumps(_misshapen(spring)).encode()
        yield Planted(method, template, path, headers, params, body)


def answerable(spring: Spring) -> Iterator[Planted]:
    """Requests that can be answered, with words at every place a sender may fill."""
    encounter = _encounter(spring)
    yield _post("/v1/encounters", encounter)
    yield _post("/v1/cases", _encounter(spring), {"Idempotency-Key": spring()})
    yield _post("/v1/encounters", _bundle(spring), _FHIR)
    yield _post("/v1/questions", {"encounter": _encounter(spring), "code": "I10", "question": f"Why {spring()}?"})
    yield _post("/v1/encounters", _encounter(spring), {"Accept": "text/event-stream"})
    yield Planted("GET", "/v1/search", "/v1/search", {}, {"q": f"{spring()} gout"}, None)


def refused(spring: Spring) -> Iterator[Planted]:
    """Encounters and Bundles that are whole but for one thing, so that each check refuses one."""
    changes: tuple[dict[str, Any], ...] = (
        {"setting": spring()}, {"date_of_service": spring()}, {"documents": []}, {spring(): spring()},
        {"patient": {"age": spring()}}, {"suggestions": [{"system": spring(), "code": spring()}]},
        {"overrides": [{"rule": spring(), "override": {"by": spring(), "reason": spring(), "at": spring()}}]},
        {"discharge_date": "1400-01-01"}, {"tenant": spring()}, {"patient": {"id": spring(), "sex": spring()}},
    )  # fmt: skip
    for change in changes:
        yield _post("/v1/encounters", _encounter(spring) | change)
        yield _post("/v1/cases", _encounter(spring) | change)
    places = ("id", "status", "class", "period", "subject", "type", "content", "birthDate", "code", "contained")
    for name in places:
        sent = _bundle(spring)
        for entry in sent["entry"]:
            entry["resource"][name] = spring()
        yield _post("/v1/encounters", sent, _FHIR)
    body = json.dumps(_encounter(spring)).encode()
    yield Planted("POST", "/v1/encounters", "/v1/encounters", {"Content-Type": f"text/{spring()}"}, {}, body)
    yield Planted("POST", "/v1/encounters", "/v1/encounters", {**_JSON, "Content-Encoding": spring()}, {}, body)
    yield Planted("POST", "/v1/encounters", "/v1/encounters", _JSON, {}, body * 6_000)


def _post(path: str, body: object, headers: Mapping[str, str] | None = None) -> Planted:
    return Planted("POST", path, path, {**_JSON, **(headers or {})}, {}, json.dumps(body).encode())


def _filled(template: str, value: Callable[[], str]) -> str:
    parts = [value() if part.startswith("{") else part for part in template.split("/")]
    return "/".join(parts)


def _headers(spring: Spring) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {spring()}", "Cookie": f"chartwright={spring()}", "X-Request-ID": spring(),
        "Idempotency-Key": spring(), "Accept": f"text/{spring()}", "User-Agent": spring(), "Referer": spring(),
        "traceparent": f"00-{'0' * 20}{spring()[:12]}-00f067aa0ba902b7-01", "tracestate": f"x={spring()}",
        "baggage": f"patient={spring()}", f"X-{spring()}": spring(),
    }  # fmt: skip


def _broken(spring: Spring) -> bytes:
    return b'{"case_id": "%s", "%s": [%s, ' % (spring().encode(), spring().encode(), spring().encode())


def _misshapen(spring: Spring) -> dict[str, object]:
    return {
        spring(): spring(), "case_id": [spring()], "setting": spring(), "step": {"kind": spring(), "line": spring()},
        "version": spring(), "seen": spring(), "code": spring(), "question": {spring(): spring()}, "digest": spring(),
        "reason": [spring()], "to": spring(), "indicators": [{"document_id": spring(), "start": spring()}],
    }  # fmt: skip


def _encounter(spring: Spring) -> dict[str, Any]:
    text = f"Seen {spring()}, born {spring()}, record {spring()}.\nASSESSMENT\n1. Hypertension of {spring()}.\n2. Gout."
    return {
        "case_id": spring(), "setting": "outpatient", "date_of_service": "2026-11-02", "visit_type": spring(),
        "specialty": spring(), "facility": spring(), "payer": spring(), "patient": {"id": spring(), "age": 50},
        "documents": [{"document_id": spring(), "text": text, "type": spring(), "author": spring(),
                       "author_role": spring()}],
        "suggestions": [{"system": "icd10cm", "code": spring(), "source": spring()},
                        {"system": "icd10cm", "code": "M10.9", "source": spring()}],
    }  # fmt: skip


def _bundle(spring: Spring) -> dict[str, Any]:
    note = base64.b64encode(f"ASSESSMENT\n1. Gout of {spring()}, {spring()}.".encode()).decode()
    visit, patient = spring(), spring()
    resources = (
        {"resourceType": "Encounter", "id": visit, "identifier": [{"value": spring()}], "status": "finished",
         "class": {"code": "AMB", "display": spring()}, "type": [{"text": spring()}],
         "subject": {"reference": f"Patient/{patient}"}, "period": {"start": "2026-11-02"},
         "serviceProvider": {"display": spring()}},
        {"resourceType": "Patient", "id": patient, "name": [{"family": spring()}], "birthDate": "1980-01-01"},
        {"resourceType": "DocumentReference", "id": spring(), "status": "current", "type": {"text": spring()},
         "author": [{"display": spring()}], "content": [{"attachment": {"contentType": "text/plain", "data": note}}]},
        {"resourceType": "Condition", "code": {"text": spring(), "coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": spring(), "display": spring()}]}},
    )  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
