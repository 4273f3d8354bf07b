"""Requests generated from the service's own OpenAPI document, valid and broken: no server error, no undescribed answer.

Source of the generator: schemathesis (property-based, from the schema), with the checks of its own that concern one
answer. Half of the requests about a case name one that exists.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from medcoding.errors import ConfigError
from medcoding.record import Record

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case
    from schemathesis.generation import GenerationMode

    Operation = APIOperation[Any, Any, Any, Any]

Told = Callable[[int], object]
_CASE: Final = "case"
_PATIENCE_S: Final = 120
"""On a machine that others use too, a slow answer is no fault of the answer."""
_TURNS: Final = 8
"""Not every route can be broken as often as asked, so the rest is asked for again."""
_SERVER_ERROR: Final = "server error"


class FuzzFault(Record):
    """An answer that is not as it should be; nothing of the request but its route is kept."""

    route: str
    status: int
    fault: str
    """The check that it did not pass."""


class FuzzReport(Record):
    """What came of all requests."""

    requests: int
    routes: int
    statuses: dict[str, int]
    server_errors: int
    not_described: int
    """Answers whose status, media type or shape the OpenAPI document does not describe."""
    faults: tuple[FuzzFault, ...]
    """The first twenty."""

    @property
    def clean(self) -> bool:
        """True when every answer was as described, and none a server error."""
        return not self.server_errors and not self.not_described


def measure_fuzz(
    app: FastAPI, requests: int, seed: int, cases: Sequence[str], told: Told = lambda _: None
) -> FuzzReport:
    """Send at least so many generated requests, the same number to each route, half of them broken on purpose.

    `cases` are ids of cases that exist. Raises `ConfigError` where schemathesis is not installed.
    """
    try:
        import schemathesis
        from schemathesis.generation import GenerationMode
    except ImportError:
        raise ConfigError("Fuzzing needs schemathesis; run pip install 'chartwright[dev]'.") from None
    logging.getLogger("schemathesis").setLevel(logging.ERROR)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations: list[Operation] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    sent = _Sent(cases, told)
    for turn in range(_TURNS):
        share = -(-(requests - sent.total) // (2 * len(operations)))
        if share <= 0:
            break
        for number, operation in enumerate(operations):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                sent.to(operation, mode, share, seed + number + turn * len(operations))
    return sent.report(len(operations))


class _Sent:
    """Sends requests and keeps what was wrong with the answers."""

    def __init__(self, cases: Sequence[str], told: Told) -> None:
        self._cases = cases
        self._told = told
        self._statuses: Counter[str] = Counter()
        self._faults: list[FuzzFault] = []

    @property
    def total(self) -> int:
        """Requests so far."""
        return sum(self._statuses.values())

    def to(self, operation: Operation, mode: GenerationMode, count: int, seed: int) -> None:
        """Send `count` requests to one route."""
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import seed as seeded
        from hypothesis.errors import Unsatisfiable

        @seeded(seed)
        @settings(
            max_examples=count, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Case[Any]) -> None:
            self._ask(case)

        try:
            ask()
        except Unsatisfiable:  # nothing about the route can be broken: it takes neither parameters nor a body
            return

    def _ask(self, case: Case[Any]) -> None:
        if self._cases and _CASE in (case.path_parameters or {}) and self.total % 2:
            case.path_parameters[_CASE] = self._cases[self.total % len(self._cases)]
        route = f"{case.method} {case.path}"
        self._told(1)
        try:
            response = case.call(timeout=_PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever got through the application is a server error
            self._statuses["none"] += 1
            self._faults.append(FuzzFault(route=route, status=0, fault=f"{_SERVER_ERROR}: {type(error).__name__}"))
            return
        self._statuses[str(response.status_code)] += 1
        if response.status_code >= 500:
            self._faults.append(FuzzFault(route=route, status=response.status_code, fault=_SERVER_ERROR))
            return
        self._faults += [
            FuzzFault(route=route, status=response.status_code, fault=fault) for fault in _undescribed(case, response)
        ]

    def report(self, routes: int) -> FuzzReport:
        """The totals so far."""
        errors = sum(fault.fault.startswith(_SERVER_ERROR) for fault in self._faults)
        return FuzzReport(
            requests=self.total,
            routes=routes,
            statuses=dict(sorted(self._statuses.items())),
            server_errors=errors,
            not_described=len(self._faults) - errors,
            faults=tuple(self._faults[:20]),
        )


def _undescribed(case: Case[Any], response: Any) -> list[str]:
    """Names of the checks that an answer does not pass."""
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    try:
        case.validate_response(response, checks=checks)
    except FailureGroup as group:
        return [type(failure).__name__ for failure in group.exceptions]
    return []
