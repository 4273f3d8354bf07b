"""Read a request's body into an encounter: limits first, then syntax, then the record. All refusals hold no content."""

from __future__ import annotations

from typing import Final

from pydantic_core import from_json
from starlette.requests import Request

from agent.ingest import InputLimits, checked, decoded
from agent.serve.problems import MalformedError, MediaTypeError, TooLargeError
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.parsing import parse_record

_NAME: Final = "The encounter"
_READ_OUT: Final = 4
"""So many limits of a refused body are read and thrown away: a client cut off while it sends sees a broken connection
instead of the refusal."""


async def received(request: Request, limits: InputLimits) -> bytes:
    """The whole body, never more than `limits.max_bytes` of it in memory, whatever length was declared."""
    _refuse_other_media(request)
    declared = request.headers.get("content-length", "")
    too_large = declared.isdecimal() and len(declared) < 20 and int(declared) > limits.max_bytes
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        too_large = too_large or size > limits.max_bytes
        if size > _READ_OUT * limits.max_bytes:
            break
        if not too_large:
            chunks.append(chunk)
    if too_large:
        raise _too_large(limits)
    return b"".join(chunks)


def parsed(body: bytes, limits: InputLimits) -> Encounter:
    """The encounter in a body. Raises `MalformedError` or `InputError` in the words of the command line."""
    text = _json_text(body)
    return checked(parse_record(Encounter, text, _NAME), limits, _NAME)


def _json_text(body: bytes) -> str:
    """The body as text that is JSON: well-formed, of bounded depth, no NaN, no lone surrogate."""
    if not body.strip():
        raise MalformedError("The body is empty; send one encounter as a JSON object.")
    try:
        text = decoded(body, _NAME)
    except InputError as refusal:
        raise MalformedError(str(refusal)) from None
    try:
        from_json(text, allow_inf_nan=False, cache_strings="none")
    except ValueError as fault:  # says where, never what
        raise MalformedError(f"{_NAME} is not valid JSON ({fault}); correct it there.") from None
    return text


def _refuse_other_media(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeError("The body is not declared as JSON; send it with 'Content-Type: application/json'.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise MediaTypeError("The body is compressed; send it without a Content-Encoding.")


def _too_large(limits: InputLimits) -> TooLargeError:
    return TooLargeError(
        f"{_NAME} holds more than the limit of {limits.max_bytes:,} bytes; split the encounter or raise"
        " CHARTWRIGHT_LIMITS__MAX_BYTES."
    )
