"""Is a downloaded file what its name says: a whole zip, workbook or PDF, of the right kind and the right year?"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from index_build.fetching.catalogue import FileKind, PublishedEdition

_WORKBOOK: Final = "xl/workbook.xml"
_LARGEST_CONTENT: Final = 2**31
"""Bytes a zip may unpack to; the largest official one holds 110 MB."""

_NOT_A_ZIP: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
_NOT_A_PDF: Final = (
    PyPdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_FISCAL_YEAR: Final = re.compile(r"FY\s*(20\d\d)")


def fault_of(path: Path, name: str, kind: FileKind, edition: PublishedEdition) -> str:
    """What is wrong with a downloaded file, to follow its name in a sentence; empty when nothing is."""
    with path.open("rb") as content:
        head = content.read(1024)
    if head.lstrip()[:1] == b"<":
        return "is a web page, not the official file"
    if name.casefold().endswith(".pdf"):
        return _pdf_fault(path, head, edition)
    return _zip_fault(path, name, kind, edition)


def _zip_fault(path: Path, name: str, kind: FileKind, edition: PublishedEdition) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST_CONTENT:
                return "unpacks to far more than an official file does"
            broken, names = archive.testzip(), archive.namelist()
    except _NOT_A_ZIP:
        return "is not a whole zip file"
    if broken:
        return "is a damaged zip file"
    if name.casefold().endswith(".xlsx"):
        return "" if _WORKBOOK in names else "is not a workbook"
    bases = [PurePosixPath(member).name for member in names]
    faults = (_member_fault(what, pattern, bases, edition) for what, pattern in kind.members.items())
    return next(filter(None, faults), "")


def _member_fault(what: str, pattern: str, names: list[str], edition: PublishedEdition) -> str:
    matches = [match for name in names if (match := re.fullmatch(pattern, name, re.IGNORECASE))]
    if not matches:
        return f"holds no {what}"
    if any(not any(edition.contradicts(*said) for said in match.groupdict().items()) for match in matches):
        return ""
    return f"holds the {what} of {' '.join(matches[0].groupdict().values())}, not of {edition.name}"


def _pdf_fault(path: Path, head: bytes, edition: PublishedEdition) -> str:
    if b"%PDF-" not in head:
        return "is not a PDF"
    try:
        reader = PdfReader(path)
        years = _FISCAL_YEAR.findall(reader.pages[0].extract_text())
    except _NOT_A_PDF:
        return "is not a whole PDF"
    if not _ends(path):
        return "is not a whole PDF"
    return f"is of FY{years[0]}, not of {edition.name}" if years and edition.words["year"] not in years else ""


def _ends(path: Path) -> bool:
    """The reader mends a file that was cut off; here that means the download is not whole."""
    with path.open("rb") as content:
        content.seek(max(0, path.stat().st_size - 1024))
        return b"%%EOF" in content.read()
