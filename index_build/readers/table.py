"""Tables as agencies publish them: delimited text or a workbook, with a heading somewhere below a preamble.

Rows are streamed: a file given as a path is never held whole. The heading may stand several lines down, its cells may
be quoted over several lines, and the rows directly below it may continue it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple, Protocol

from medcoding.errors import InputError

UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
"""What no published line holds; it is found where a file was damaged or read in the wrong encoding."""

_WORKBOOKS: Final = (".xlsx", ".xlsm")
_HEADING_WITHIN: Final = 80
"""Rows in which a heading is looked for; licence preambles are shorter."""

_BROKEN_WORKBOOK: Final = (
    zipfile.BadZipFile, zlib.error, LookupError, ValueError, TypeError, AttributeError, OSError, SyntaxError, EOFError,
    RuntimeError,
)  # fmt: skip
_CHUNK: Final = 1 << 20
_DAY: Final = re.compile(r"(?P<y>[0-9]{4})(-?)(?P<m>[0-9]{2})\2(?P<d>[0-9]{2})( 00:00:00)?")
_AMERICAN_DAY: Final = re.compile(r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})")
_NO_DAY: Final = frozenset({"", "*", "0", "00000000"})


class NamedFile(Protocol):
    """A file's name and its bytes; a `Path` is one."""

    @property
    def name(self) -> str:
        """The name as published; readers take the release or the setting from it."""

    def read_bytes(self) -> bytes:
        """Everything in it."""


class Column(NamedTuple):
    """A column by the words of its heading, lower case, blanks single. An optional one may be absent."""

    heading: re.Pattern[str]
    optional: bool = False


class Row(NamedTuple):
    """One row: its line (or sheet row) and its cells by field, trimmed, empty where the column is absent."""

    number: int
    cells: Mapping[str, str]


class Table(NamedTuple):
    """Where the columns of a published table stand."""

    source: NamedFile
    form: str
    """How it is delimited, or `workbook`."""
    heading_row: int
    """Position of the heading among the rows."""
    places: Mapping[str, int]
    headings: Mapping[str, str]
    """Each field's heading as it is written, lower case."""

    def rows(self) -> Iterator[Row]:
        """Everything below the heading, blank rows left out."""
        number, raw = 0, _DIALECTS.get(self.form, _DIALECTS["commas"]).quoting == csv.QUOTE_NONE
        try:
            for number, cells in islice(_rows(self.source, self.form), self.heading_row + 1, None):
                together = "".join(cells)
                if UNPRINTABLE.search(together):
                    raise InputError(f"Line {number} of {self.source.name} is not text; give the file as published.")
                if together.strip():
                    plain = [_unquoted(cell) for cell in cells] if raw and '"' in together else cells
                    yield Row(number, {field: _cell(plain, place) for field, place in self.places.items()})
        except csv.Error:
            raise InputError(
                f"{self.source.name} has no columns after line {number}; give the file as published."
            ) from None


def find_table(source: NamedFile, columns: Mapping[str, Column]) -> Table | None:
    """The table that has these columns; None without such a heading. Raises `InputError` when unreadable."""
    forms = ("workbook",) if source.name.lower().endswith(_WORKBOOKS) else tuple(_DIALECTS)
    for form in forms:
        for position, cells in enumerate(_first_rows(source, form)):
            headings = [_words(cell) for cell in cells]
            places = _places(headings, columns)
            if places is not None:
                return Table(source, form, position, places, {f: headings[p] for f, p in places.items() if p >= 0})
    return None


def text_lines(source: NamedFile) -> Iterator[tuple[int, str]]:
    """Numbered lines of a text file, ends cut off."""
    with _opened(source) as content:
        yield from enumerate((line.rstrip("\r\n") for line in content), start=1)


@lru_cache(maxsize=65_536)
def parse_day(text: str) -> date | None:
    """A day as agencies write it; None for a blank, a star or zeros. Raises `ValueError` for anything else."""
    if text in _NO_DAY:
        return None
    written = _DAY.fullmatch(text) or _AMERICAN_DAY.fullmatch(text)
    if written is None:
        raise ValueError("not a day")
    return date(int(written["y"]), int(written["m"]), int(written["d"]))


class _Dialect(NamedTuple):
    delimiter: str
    quoting: Literal[0, 3]
    """`csv.QUOTE_MINIMAL` or `csv.QUOTE_NONE`."""


_DIALECTS: Final = {
    "tabs": _Dialect("\t", csv.QUOTE_NONE),  # most: a quotation mark in a tabbed file is an inch or part of a name
    "tabs, quoted": _Dialect("\t", csv.QUOTE_MINIMAL),
    "commas": _Dialect(",", csv.QUOTE_MINIMAL),
    "semicolons": _Dialect(";", csv.QUOTE_MINIMAL),
    "bars": _Dialect("|", csv.QUOTE_NONE),
}


def _places(headings: list[str], columns: Mapping[str, Column]) -> dict[str, int] | None:
    """Where each column stands, -1 for an absent optional one; None when one that must be there is not."""
    places: dict[str, int] = {}
    for field, column in columns.items():
        places[field] = next((n for n, words in enumerate(headings) if column.heading.search(words)), -1)
        if places[field] < 0 and not column.optional:
            return None
    return places


def _first_rows(source: NamedFile, form: str) -> Iterator[list[str]]:
    """The rows among which a heading is looked for; none further where the file is not delimited in this form."""
    with suppress(csv.Error):
        for _, cells in islice(_rows(source, form), _HEADING_WITHIN):
            yield cells


def _words(cell: str) -> str:
    return " ".join(_unquoted(cell).lower().split())


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if 0 <= place < len(cells) else ""


def _unquoted(cell: str) -> str:
    """A cell that was quoted by the rules of CSV although its row is read without them; any other stays as it is."""
    inner = cell.strip()[1:-1]
    quoted = cell.strip() == f'"{inner}"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell


def _rows(source: NamedFile, form: str) -> Iterator[tuple[int, list[str]]]:
    return _sheet_rows(source) if form == "workbook" else _delimited_rows(source, _DIALECTS[form])


def _delimited_rows(source: NamedFile, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    with _opened(source) as content:
        reader = csv.reader(content, delimiter=dialect.delimiter, quoting=dialect.quoting)
        for cells in reader:
            yield reader.line_num, cells


def _sheet_rows(source: NamedFile) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet. What a broken workbook raises depends on where it is broken."""
    import openpyxl

    with _binary(source) as content:
        try:
            book = openpyxl.load_workbook(content, read_only=True, data_only=True)
            rows: Iterable[tuple[object, ...]] = book.worksheets[0].iter_rows(values_only=True)
            for number, cells in enumerate(rows, start=1):
                yield number, [_text(value) for value in cells]
        except _BROKEN_WORKBOOK as error:
            raise InputError(
                f"{source.name} cannot be read as a workbook ({type(error).__name__}); download it again."
            ) from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def _opened(source: NamedFile) -> Iterator[io.TextIOWrapper]:
    with _binary(source) as content:
        encoding = _encoding(content)
        content.seek(0)
        yield io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="")


@contextmanager
def _binary(source: NamedFile) -> Iterator[BinaryIO]:
    try:
        with source.open("rb") if isinstance(source, Path) else io.BytesIO(source.read_bytes()) as content:
            yield content
    except OSError as error:
        raise InputError(f"{source.name} cannot be read ({error.strerror}); check the path.") from None


def _encoding(content: BinaryIO) -> str:
    """UTF-8 where every byte fits, UTF-16 by its mark, else the code page of older spreadsheets."""
    start = content.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    content.seek(0)
    try:
        while chunk := content.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"
