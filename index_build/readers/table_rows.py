"""Rows of the two official tables: a term's cells turned into codes by column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from index_build.readers.index_xml import NamedBytes, OfficialIndex, PrintedTerm, parse_index
from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError
from medcoding.index_entries import TableCell

_FIRST_COLUMN: Final = 2
_NO_CODE: Final = re.compile(r"[-–—\s]*")


class PrintedRow(NamedTuple):
    """What a row record is made of: its place in the file and the record's fields but for the book and the path."""

    printed: PrintedTerm
    id: int
    parent: int | None
    fields: dict[str, Any]


def read_rows(file: NamedBytes, heading: str, columns: Sequence[str], first_id: int) -> Iterator[PrintedRow]:
    """Rows of the table whose first column is headed `heading`, in printed order, numbered from `first_id`.

    Raises `InputError` when it is another table or a cell holds no code.
    """
    table = parse_index(file)
    if table.first_column != heading:
        raise InputError(f"The first column of {file.name} is not headed '{heading}'; give the table itself.")
    return _rows(table, columns, first_id)


def _rows(table: OfficialIndex, columns: Sequence[str], first_id: int) -> Iterator[PrintedRow]:
    above: list[int] = []
    for number, printed in enumerate(table.terms(), start=first_id):
        del above[printed.level :]
        cells = _cells(printed, columns, table.name)
        yield PrintedRow(printed, number, above[-1] if above else None, cells)
        above.append(number)


def _cells(printed: PrintedTerm, columns: Sequence[str], name: str) -> dict[str, Any]:
    if any(column >= _FIRST_COLUMN + len(columns) for column in printed.cells):
        raise InputError(f"{name}, '{printed.title.text[:60]}' has a column too many; download the file again.")
    named = {columns[column - _FIRST_COLUMN]: text for column, text in printed.cells.items()}
    cells = {column: _cell(text, f"{name}, '{printed.title.text[:60]}'") for column, text in named.items()}
    texts = {"see": printed.fields.get("see", ""), "see_also": printed.fields.get("seeAlso", "")}
    return {**cells, **texts, "nonessential": printed.title.nonessential}


def _cell(text: str, place: str) -> TableCell | None:
    if _NO_CODE.fullmatch(text):
        return None
    code = text.upper().rstrip("-. ")
    if not ICD10CM_SHAPE.fullmatch(code):
        raise InputError(f"{place} holds a cell that is no code; download the file again.")
    return TableCell(code=code, stem=text.endswith("-"))
