"""The neoplasm table of the official release: six columns of behavior for every site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from index_build.readers.index_xml import NamedBytes
from index_build.readers.table_rows import PrintedRow, read_rows
from medcoding.index_entries import NEOPLASM_COLUMNS, NeoplasmRow

HEADING: Final = "Neoplasm"
_DIAMONDS: Final = "◊◇♦#"
_MARKS: Final = re.compile(rf"\s*[*{_DIAMONDS}]")


def read_neoplasm_table(file: NamedBytes, first_id: int = 1) -> Iterator[NeoplasmRow]:
    """Rows in printed order, numbered from `first_id`. Raises `InputError` naming the row that does not fit."""
    paths: list[str] = []
    for row in read_rows(file, HEADING, NEOPLASM_COLUMNS, first_id):
        title = row.printed.title.text
        paths[row.printed.level :] = [_MARKS.sub("", title).strip() or title]
        yield _row(row, tuple(paths))


def _row(row: PrintedRow, path: tuple[str, ...]) -> NeoplasmRow:
    return NeoplasmRow(
        id=row.id,
        parent=row.parent,
        book="neoplasms",
        path=path,
        asterisk="*" in row.printed.title.text,
        diamond=any(mark in row.printed.title.text for mark in _DIAMONDS),
        remark=row.printed.fields.get("manif", ""),
        **row.fields,
    )
