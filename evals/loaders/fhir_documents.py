"""Plain text out of DocumentReference and Binary."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from evals.loaders.fhir_bundle import BundleContents
from evals.loaders.fhir_resources import Attachment, BinaryResource, DocumentReference, EncounterResource
from medcoding.encounter import Document
from medcoding.errors import InputError

_PLAIN: Final = "text/plain"
_CHARSETS: Final = {"": "utf-8", "utf-8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1"}
_WITHDRAWN: Final = frozenset({"entered-in-error", "superseded"})


class _Content(NamedTuple):
    media_type: str
    data: str


def plain_documents(
    encounter: EncounterResource, contents: BundleContents, left_out: Counter[str]
) -> tuple[Document, ...]:
    """Each document of the encounter, in order; what is not plain text is left out and counted."""
    return tuple(
        document
        for number, reference in enumerate(contents.documents, start=1)
        if contents.belongs(reference.context.encounter, encounter)
        for document in _texts(reference, number, contents, left_out)
    )


def _texts(
    reference: DocumentReference, number: int, contents: BundleContents, left_out: Counter[str]
) -> Iterator[Document]:
    """The first plain rendering of a document: the others say the same in another form."""
    if reference.status in _WITHDRAWN:
        left_out["documents that were withdrawn"] += 1
        return
    found = (_content(content.attachment, contents) for content in reference.content)
    for content in found:
        if content.media_type.partition(";")[0].strip().lower() == _PLAIN and content.data:
            document_id = reference.id or f"document-{number}"
            text = _decoded(content, document_id)
            yield Document(document_id=document_id, text=text, type=reference.type.words or None)
            return
    left_out["documents that are not plain text in the bundle"] += 1


def _content(attachment: Attachment, contents: BundleContents) -> _Content:
    binary = contents.find(attachment.url, BinaryResource) if attachment.url and not attachment.data else None
    if binary is None:
        return _Content(attachment.content_type, attachment.data)
    return _Content(binary.content_type or attachment.content_type, binary.data)


def _decoded(content: _Content, document_id: str) -> str:
    charset = content.media_type.lower().partition("charset=")[2].strip().strip('"')
    if charset not in _CHARSETS:
        raise InputError(f"document {document_id} is in a character set that is not read; send it as UTF-8.")
    try:
        return base64.b64decode("".join(content.data.split()), validate=True).decode(_CHARSETS[charset])
    except (binascii.Error, UnicodeDecodeError):
        raise InputError(f"document {document_id} is not base64 of text; send it as base64 of UTF-8 text.") from None
