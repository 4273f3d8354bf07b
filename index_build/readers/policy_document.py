"""Payer policies of the user's own: a PDF, a Markdown or a text file, and beside it what the file itself does not say.

`knee-policy.pdf` may have a `knee-policy.toml` with any of `payer`, `title`, `tenant`, `effective_from` and
`effective_to` (a TOML date, 2026-01-01, without quotes).
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError, model_validator

from index_build.readers.pdf import opened_pdf, page_text, quiet
from medcoding.errors import InputError
from medcoding.record import Record

SUFFIXES: Final = frozenset({".pdf", ".md", ".markdown", ".txt"})
SIDECAR: Final = ".toml"
_MEND: Final = "give the policy as a PDF with text, as Markdown or as plain text"
_HEADING: Final = re.compile(r"^#{1,3}\s+(\S.*)$", re.MULTILINE)
_BINARY: Final = re.compile("[\x00-\x08\x0e-\x1f]")
_LONGEST_TITLE: Final = 120


class PolicyFacts(Record):
    """What a sidecar says about its policy."""

    payer: str = ""
    title: str = ""
    tenant: str = ""
    effective_from: date = date.min
    effective_to: date = date.max

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> PolicyFacts:
        if self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self


class PolicyDocument(NamedTuple):
    """One policy, read."""

    name: str
    facts: PolicyFacts
    pages: tuple[str, ...]
    """Text of each page in order; a file without pages is one page."""


def read_policy(path: Path) -> PolicyDocument:
    """A policy with its facts. Raises `InputError` naming the file where it or its sidecar cannot be read."""
    data = _bytes(path)
    pages = _pdf_pages(data, path.name) if path.suffix.lower() == ".pdf" else (_text(data, path.name),)
    if not any(page.strip() for page in pages):
        raise InputError(f"{path.name} holds no text; {_MEND}.")
    facts = read_facts(path.with_suffix(SIDECAR))
    title = facts.title or _title(pages, path)
    return PolicyDocument(path.name, facts.model_copy(update={"title": title}), pages)


def read_facts(sidecar: Path) -> PolicyFacts:
    """What a sidecar says; nothing where there is none."""
    if not sidecar.is_file():
        return PolicyFacts()
    try:
        return PolicyFacts.model_validate(tomllib.loads(_bytes(sidecar).decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise InputError(f'{sidecar.name} is not TOML; write lines such as payer = "Name".') from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"])) or "it"
        raise InputError(f"{sidecar.name} is not valid: {place}: {fault['msg']}; correct the line.") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); mend its permissions.") from None


def _pdf_pages(data: bytes, name: str) -> tuple[str, ...]:
    with quiet():
        reader = opened_pdf(data, name, _MEND)
        return tuple(page_text(reader, number, name) for number in range(len(reader.pages)))


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text; save it as UTF-8.") from None
    if _BINARY.search(text):
        raise InputError(f"{name} is not a text file; {_MEND}.")
    return text


def _title(pages: tuple[str, ...], path: Path) -> str:
    """The first heading of Markdown, else the file's name in words."""
    heading = _HEADING.search(pages[0]) if path.suffix.lower() in {".md", ".markdown"} else None
    return (heading[1].strip() if heading else path.stem.replace("-", " ").replace("_", " "))[:_LONGEST_TITLE]
