"""PDF files as text, page by page, with every fault of a file as one sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import DependencyError

from medcoding.errors import InputError


@contextmanager
def quiet() -> Iterator[None]:
    """pypdf logs each oddity it reads over; what matters is raised."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def opened_pdf(data: bytes, name: str, mend: str) -> PdfReader:
    """A PDF with at least one page. Raises `InputError` for one that is none, damaged or locked, ending with `mend`."""
    if not data.lstrip().startswith(b"%PDF-"):
        raise InputError(f"{name} is not a PDF; {mend}.")
    try:
        reader = PdfReader(BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 0 if locked else len(reader.pages)
    except DependencyError:  # a cipher that pypdf cannot undo by itself
        locked, pages = True, 0
    except Exception:  # noqa: BLE001 - pypdf raises whatever a damaged object made it trip over
        raise damaged(name) from None
    if locked:
        raise InputError(f"{name} is locked with a password; {mend}.")
    if not pages:
        raise damaged(name)
    return reader


def page_text(reader: PdfReader, number: int, name: str) -> str:
    """The words of a page, counted from 0. Raises `InputError` for a page that cannot be read."""
    try:
        return reader.pages[number].extract_text()
    except Exception:  # noqa: BLE001 - as above
        raise damaged(name) from None


def damaged(name: str) -> InputError:
    """The refusal of a file that breaks off or breaks the format."""
    return InputError(f"{name} is damaged or incomplete; download it again.")
