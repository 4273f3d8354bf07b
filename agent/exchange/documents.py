"""DocumentReference and Composition as the documents of an encounter. Only what was sent with them is read."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Final

from agent.exchange.element import Element, concept_words
from agent.exchange.narrative import plain_text
from agent.exchange.people import author_of
from agent.exchange.pool import Held, Pool
from medcoding.encounter import Document

_PLAIN: Final = "text/plain"
_GONE: Final = frozenset({"superseded", "entered-in-error"})
_LONGEST_ID: Final = 200
_DEEPEST: Final = 12


def document_of(held: Held, pool: Pool) -> Document | None:
    """The document; None for one that its sender took back. Raises `InputError`."""
    fhir = held.fhir
    if fhir.text("status") in _GONE or fhir.text("docStatus") in _GONE:
        return None
    text = _attached(held, pool) if held.kind == "DocumentReference" else _composed(fhir)
    author, role = author_of(fhir.first("author"), held, pool)
    return Document(
        document_id=_id(fhir),
        text=text,
        type=concept_words(fhir.child("type")) or fhir.text("description" if "description" in fhir.held else "title"),
        author=author,
        author_role=role,
        date=fhir.day("date"),
    )


def _id(fhir: Element) -> str:
    master = fhir.child("masterIdentifier") or _own_identifier(fhir)
    written = fhir.text("id") or (master.text("value") if master else None)
    if written is None:
        raise fhir.wrong("is missing; give the document an id, evidence is told by it", "id")
    if len(written) > _LONGEST_ID:
        raise fhir.wrong(f"is longer than {_LONGEST_ID} characters; shorten it", "id")
    return written


def _own_identifier(fhir: Element) -> Element | None:
    """A Composition has one identifier, a DocumentReference a list of them."""
    return fhir.first("identifier") if isinstance(fhir.held.get("identifier"), list) else fhir.child("identifier")


def _attached(held: Held, pool: Pool) -> str:
    """The text of the first plain-text attachment; the others are the same document in other formats."""
    contents = held.fhir.each("content")
    attachments = [attachment for content in contents if (attachment := content.child("attachment"))]
    if not attachments:
        raise held.fhir.wrong("is missing; attach the text as base64 in content[0].attachment.data", "content")
    plain = next((one for one in attachments if _media_type(one) == _PLAIN), None)
    if plain is None:
        raise attachments[0].wrong("is not text/plain; convert the document to plain text first", "contentType")
    return _text(plain, _data(plain, held, pool))


def _media_type(attachment: Element) -> str:
    return (attachment.text("contentType") or "").partition(";")[0].strip().lower()


def _data(attachment: Element, held: Held, pool: Pool) -> str:
    """Base64 as sent, in the attachment or in a Binary of the same Bundle."""
    if (data := attachment.text("data")) is not None:
        return data
    url = attachment.text("url")
    if url is None:
        raise attachment.wrong("is missing; send the text as base64", "data")
    binary = pool.named(Element(attachment.path, {"reference": url}), held)
    if binary is None or binary.kind != "Binary":
        raise attachment.wrong("is never fetched; send the text as base64 in data", "url")
    return binary.fhir.needed_text("data", "send the text as base64")


def _text(attachment: Element, data: str) -> str:
    """The attachment decoded; its size and hash, where given, must be those of what came."""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise attachment.wrong("is not base64; encode the text again", "data") from None
    declared = attachment.held.get("size")
    if declared is not None and declared != len(content):
        raise attachment.wrong("is not the number of bytes that came; send the document again", "size")
    digest = attachment.text("hash")
    if digest is not None and digest != base64.b64encode(hashlib.sha1(content).digest()).decode():  # noqa: S324 - FHIR's
        raise attachment.wrong("is not the SHA-1 of what came; send the document again", "hash")
    charset = (attachment.text("contentType") or "").lower().partition("charset=")[2].strip('" ')
    if charset not in {"", "utf-8", "us-ascii", "ascii"}:
        raise attachment.wrong("names a character set other than UTF-8; convert the text first", "contentType")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise attachment.wrong("is not UTF-8 text; convert it first", "data") from None


def _composed(fhir: Element) -> str:
    """Each section's title on a line of its own, its narrative below, a blank line between sections."""
    return "\n\n".join(_sections(fhir, 0))


def _sections(parent: Element, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise parent.wrong(f"is nested more than {_DEEPEST} sections deep; send it flatter", "section")
    for section in parent.each("section"):
        title = section.text("title") or concept_words(section.child("code"))
        narrative = section.child("text")
        body = plain_text(narrative.text("div") or "") if narrative else ""
        if title and body:
            yield f"{title}\n{body}"
        elif title or body:
            yield title or body
        yield from _sections(section, depth + 1)
