"""Refusals over HTTP: RFC 9457 problem documents, one shape for every error, and never a word of what was sent."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agent.access.errors import ForbiddenError, NotThereError, UnauthenticatedError
from agent.store.errors import ConflictError, ErasedError, NoSuchCaseError, QueueFullError
from medcoding.errors import (
    ChartwrightError,
    DependencyError,
    InputError,
    ModelOutputError,
    UnknownCodeError,
)
from medcoding.record import Record

PROBLEM_JSON: Final = "application/problem+json"

_log = logging.getLogger(__name__)
_OPERATOR: Final = "The installation needs its operator; run 'chartwright doctor' there to see what is wrong."
_INTERNAL: Final = "The server met an internal error; report it with the X-Request-ID of this answer."


class Problem(Record):
    """One refusal. No member holds anything that identifies a patient or was said in a note."""

    type: str
    """Stable URI of the kind of problem."""
    title: str
    status: int
    detail: str
    """One sentence that names the mend."""


class Kind(NamedTuple):
    """A kind of problem: what its status, its URI and its title are."""

    status: int
    name: str
    title: str


class MalformedError(InputError):
    """The body cannot be read as JSON at all."""


class TooLargeError(InputError):
    """The body is larger than the operator allows."""


class MediaTypeError(InputError):
    """The body is not declared to be plain JSON."""


_MALFORMED: Final = Kind(400, "malformed", "The body cannot be read")
_UNKNOWN: Final = Kind(401, "unauthenticated", "Nobody who is known asks")
_FORBIDDEN: Final = Kind(403, "forbidden", "That is not yours to do")
_NO_ROUTE: Final = Kind(404, "no-such-route", "There is no such route")
_NO_CODE: Final = Kind(404, "no-such-code", "The code does not exist")
_METHOD: Final = Kind(405, "method-not-allowed", "The route does not take that method")
_CONFLICT: Final = Kind(409, "conflict", "Somebody or something else was there first")
_ERASED: Final = Kind(410, "erased", "The text was erased")
_TOO_LARGE: Final = Kind(413, "too-large", "The body is too large")
_MEDIA_TYPE: Final = Kind(415, "unsupported-media-type", "The body is not JSON")
_INPUT: Final = Kind(422, "invalid-input", "The input is not valid")
_NO_CASE: Final = Kind(404, "no-such-case", "There is no such case")
_FULL: Final = Kind(429, "queue-full", "Too many cases wait")
_FAILED: Final = Kind(500, "internal-error", "The server failed")
_MODEL: Final = Kind(502, "unusable-model-answer", "The language model gave no usable answer")
_UNAVAILABLE: Final = Kind(503, "unavailable", "Something needed is missing or down")

_KINDS: Final = (_MALFORMED, _NO_ROUTE, _METHOD, _TOO_LARGE, _MEDIA_TYPE, _INPUT, _FAILED, _MODEL, _UNAVAILABLE)

_OF_ERRORS: Final[tuple[tuple[type[ChartwrightError], Kind], ...]] = (
    (MalformedError, _MALFORMED),
    (TooLargeError, _TOO_LARGE),
    (MediaTypeError, _MEDIA_TYPE),
    (UnknownCodeError, _NO_CODE),
    (UnauthenticatedError, _UNKNOWN),
    (ForbiddenError, _FORBIDDEN),
    (NotThereError, _NO_CASE),
    (NoSuchCaseError, _NO_CASE),
    (ConflictError, _CONFLICT),
    (ErasedError, _ERASED),
    (QueueFullError, _FULL),
    (InputError, _INPUT),
    (ModelOutputError, _MODEL),
    (DependencyError, _UNAVAILABLE),
)
"""The first that fits; every other error of ours is the operator's and its own words stay in the log."""


def install(app: FastAPI, retry_after_s: float) -> None:
    """Answer every error of the application with a problem document."""

    async def refused(_: Request, error: Exception) -> Response:
        return of_error(error, retry_after_s)

    app.add_exception_handler(ChartwrightError, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def of_error(error: Exception, retry_after_s: float) -> Response:
    """The problem of any error. Only our own errors speak for themselves; of others not even the message is kept."""
    kind = next((kind for known, kind in _OF_ERRORS if isinstance(error, known)), None)
    if kind is None:
        return internal() if not isinstance(error, ChartwrightError) else _operators(error)
    retry = isinstance(error, DependencyError) and error.retryable
    headers = {"Retry-After": str(max(1, math.ceil(retry_after_s)))} if retry else {}
    if kind is _UNKNOWN:
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(kind, str(error), headers)


def internal() -> Response:
    """The problem of an error that nobody foresaw."""
    return _answer(_FAILED, _INTERNAL)


def unavailable(detail: str) -> Response:
    """The problem of a server that is up but cannot answer."""
    return _answer(_UNAVAILABLE, detail)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How these problems stand among a route's responses in the OpenAPI document."""
    content = {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def _operators(error: ChartwrightError) -> Response:
    _log.error("%s", error)
    return _answer(_FAILED, _OPERATOR)


async def _invalid(_: Request, error: Exception) -> Response:
    """Parameters that do not fit. An unknown one is not named: it is the caller's own text."""
    assert isinstance(error, RequestValidationError)
    return _answer(_INPUT, f"The request is not valid: {'; '.join(_fault(f) for f in error.errors()[:3])}.")


def _fault(fault: dict[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "it holds an unknown parameter, leave it out"
    name = ".".join(map(str, fault["loc"][1:])) or "parameters"
    return f"{name}: {fault['msg'].removeprefix('Value error, ').rstrip('.')}"


async def _http(_: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    kind = next((k for k in _KINDS if k.status == error.status_code), None)
    kind = kind or Kind(error.status_code, "refused", HTTPStatus(error.status_code).phrase)
    return _answer(kind, _of_router(kind, headers), headers)


def _of_router(kind: Kind, headers: dict[str, str]) -> str:
    if kind is _NO_ROUTE:
        return "There is no such route here; all routes are listed at /docs."
    if kind is _METHOD:
        return f"The route does not take that method; use {headers.get('Allow', 'the one listed at /docs')}."
    return "The request cannot be answered; compare it with the routes listed at /docs."


def _answer(kind: Kind, detail: str, headers: dict[str, str] | None = None) -> Response:
    problem = Problem(type=f"urn:chartwright:problem:{kind.name}", title=kind.title, status=kind.status, detail=detail)
    return Response(problem.model_dump_json(), kind.status, headers, media_type=PROBLEM_JSON)
