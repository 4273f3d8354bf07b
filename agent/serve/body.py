"""Read a request's body into an encounter or a question about one: limits first, then syntax, then the record.

No refusal holds content.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pydantic_core import from_json
from starlette.requests import Request

from agent.asked import CodeQuestion
from agent.exchange.incoming import is_fhir
from agent.exchange.vocabulary import FHIR_JSON
from agent.ingest import InputLimits, checked, decoded, json_object, of_object
from agent.serve.problems import MalformedError, MediaTypeError, TooLargeError
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.parsing import parse_record

_NAME: Final = "The encounter"
_QUESTION: Final = "The question"
_READ_OUT: Final = 4
"""So many limits of a refused body are read and thrown away: a client cut off while it sends sees a broken connection
instead of the refusal."""


class Sent(NamedTuple):
    """An encounter as it was sent."""

    encounter: Encounter
    in_fhir: bool
    """True for a FHIR Bundle or Task, which is answered in FHIR."""


class EncounterQuestion(CodeQuestion):
    """A question about one code, with the encounter that it is asked about."""

    encounter: Encounter


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
    return sent(body, limits).encounter


def sent(body: bytes, limits: InputLimits) -> Sent:
    """The encounter in a body and how it was written. Raises as `parsed` does."""
    text = _json_text(body, _NAME)
    held = json_object(text, _NAME)
    return Sent(checked(of_object(held, text, _NAME), limits, _NAME), is_fhir(held))


def parsed_question(body: bytes, limits: InputLimits) -> EncounterQuestion:
    """The question in a body, its encounter within the same limits. Raises `MalformedError` or `InputError`."""
    question = parse_record(EncounterQuestion, _json_text(body, _QUESTION), _QUESTION)
    checked(question.encounter, limits, _NAME)
    return question


def _json_text(body: bytes, name: str) -> str:
    """The body as text that is JSON: well-formed, of bounded depth, no NaN, no lone surrogate."""
    if not body.strip():
        raise MalformedError(f"The body is empty; send {name.lower().replace('the', 'one')} as a JSON object.")
    try:
        text = decoded(body, name)
    except InputError as refusal:
        raise MalformedError(str(refusal)) from None
    try:
        from_json(text, allow_inf_nan=False, cache_strings="none")
    except ValueError as fault:  # says where, never what
        raise MalformedError(f"{name} is not valid JSON ({fault}); correct it there.") from None
    return text


def _refuse_other_media(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", FHIR_JSON}:
        raise MediaTypeError("The body is not declared as JSON; send it with 'Content-Type: application/json'.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise MediaTypeError("The body is compressed; send it without a Content-Encoding.")


def _too_large(limits: InputLimits) -> TooLargeError:
    return TooLargeError(
        f"{_NAME} holds more than the limit of {limits.max_bytes:,} bytes; split the encounter or raise"
        " CHARTWRIGHT_LIMITS__MAX_BYTES."
    )
