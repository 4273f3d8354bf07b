"""The table of drugs and chemicals of the official release: poisoning by intent, adverse effect, underdosing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from index_build.readers.index_xml import NamedBytes
from index_build.readers.table_rows import read_rows
from medcoding.index_entries import DRUG_COLUMNS, DrugRow

HEADING: Final = "Substance"


def read_drug_table(file: NamedBytes, first_id: int = 1) -> Iterator[DrugRow]:
    """Rows in printed order, numbered from `first_id`. Raises `InputError` naming the row that does not fit."""
    path: list[str] = []
    for row in read_rows(file, HEADING, DRUG_COLUMNS, first_id):
        path[row.printed.level :] = [row.printed.title.text]
        yield DrugRow(id=row.id, parent=row.parent, book="drugs", path=tuple(path), **row.fields)
