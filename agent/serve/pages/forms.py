"""What a page sends: small url-encoded forms, read within a limit and turned into steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from agent.review.on_desk import OnDesk, Seat
from agent.review.places import place_of
from agent.serve.login import CSRF_HEADER, confirm_own
from agent.serve.problems import MediaTypeError, TooLargeError
from medcoding.access import Actor
from medcoding.errors import InputError
from medcoding.proposal import EvidenceQuote
from medcoding.review import Step

_LARGEST: Final = 64 * 1024
_MOST_FIELDS: Final = 200
_STEP: Final[TypeAdapter[Step]] = TypeAdapter(Step)


class Form:
    """The fields of a form, several values of one name in order."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._fields = fields

    def one(self, name: str, default: str = "") -> str:
        """The last value of a field; the default where it is not there."""
        return next((value for key, value in reversed(self._fields) if key == name), default)

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for key, value in self._fields if key == name]

    def number(self, name: str) -> int:
        """A whole number. Raises `InputError` for anything else."""
        value = self.one(name)
        if not value.isascii() or not value.isdecimal() or len(value) > 9:
            raise InputError("The page sent something unexpected; load it again.")
        return int(value)


async def form_of(request: Request) -> Form:
    """The form of a change, after its session's token was held against it. Raises `InputError`."""
    form = await read_form(request)
    confirm_own(request, request.headers.get(CSRF_HEADER) or form.one("csrf"))
    return form


async def read_form(request: Request) -> Form:
    """A url-encoded body within the limit. Raises `MediaTypeError`, `TooLargeError` or `InputError`."""
    kind = request.headers.get("content-type", "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise MediaTypeError("The body is no form; send the page's own form.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise TooLargeError("The form is too large; shorten what you wrote.")
    try:
        text = body.decode("utf-8")
        return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except (UnicodeDecodeError, ValueError):
        raise InputError("The page sent something unexpected; load it again.") from None


def seat_of(actor: Actor, case: str, form: Form) -> Seat:
    """Which state of the case the sender has before them."""
    return Seat(actor, case, form.number("version"), form.number("seen"))


def step_of(form: Form, case: OnDesk | None) -> Step:
    """The step that a form asks for. Raises `InputError` for none."""
    names = ("kind", "line", "reason", "note", "code", "role", "place", "rule")
    values: dict[str, Any] = {name: form.one(name) for name in names if form.one(name)}
    if values.get("kind") == "modify" and "role" in values:
        values["poa"] = form.one("poa")
    if values.get("kind") == "override":
        values["codes"] = form.every("codes")
    if values.get("kind") == "add":
        values = {"kind": "add", "code": values.get("code", "")}
        quote = selected(form, case) if case else None
        values["evidence"] = [quote.model_dump()] if quote else []
    if values.get("kind") != "override":
        values.pop("rule", None)
    return parsed_step(values)


def parsed_step(values: object) -> Step:
    """A step from plain data. Raises `InputError` naming the field."""
    try:
        return _STEP.validate_python(values)
    except ValidationError as error:
        places = {str(part) for fault in error.errors(include_input=False) for part in fault["loc"][1:2]}
        named = ", ".join(sorted(place for place in places if place.isidentifier())) or "kind"
        raise InputError(f"The step is not valid ({named}); correct it.") from None


def selected(form: Form, case: OnDesk) -> EvidenceQuote | None:
    """The words that were selected in the record, as a quote; None where none were, or they do not stand there."""
    name, text = form.one("document"), form.one("text")
    document = next((d for d in case.encounter.documents if d.document_id == name), None)
    near = form.one("start", "0")
    if document is None or not text.strip() or not near.isdecimal():
        return None
    place = place_of(document.text, text[:2000], int(near[:9]))
    if place is None:
        return None
    start, end = place
    return EvidenceQuote(document_id=name, start=start, end=end, text=document.text[start:end])
