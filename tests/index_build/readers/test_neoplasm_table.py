"""The neoplasm table."""

from __future__ import annotations

from pathlib import Path

import pytest
import xmlschema

from index_build.readers.neoplasm_table import read_neoplasm_table
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from medcoding.index_entries import TableCell
from tests.index_build.official_index import official_content
from tests.index_build.readers.index_excerpts import DRUGS, NEOPLASMS, xml_file

TABLE = "icd10cm/icd10cm-neoplasm-April-1-2026-XML.xml"
HEAD = '<indexHeading><head col="1">Neoplasm</head></indexHeading>'


def test_a_site_has_its_six_columns() -> None:
    """Each behavior in its column, stems marked, dashes empty, marks and remarks kept apart from the site's name."""
    rows = {row.path[1:]: row for row in read_neoplasm_table(NEOPLASMS, first_id=5)}
    quadrant = rows[("breast", "upper-outer quadrant")]
    assert [column for column, _ in quadrant.cells()] == [
        "malignant_primary", "malignant_secondary", "ca_in_situ", "benign", "uncertain", "unspecified",
    ]  # fmt: skip
    assert quadrant.malignant_primary == TableCell(code="C50.4", stem=True)
    assert quadrant.malignant_secondary == TableCell(code="C79.81")
    assert (quadrant.id, quadrant.parent, rows[("breast",)].nonessential) == (7, 6, ("glandular",))
    cheek = rows[("cheek",)]
    assert (cheek.asterisk, cheek.diamond, cheek.remark, cheek.malignant_secondary) == (True, False, "outside", None)
    assert (rows[("jaw bone",)].diamond, rows[("jaw bone",)].see) == (True, "Neoplasm, breast")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('<cell col="2">soon</cell>', "no code"),
        ('<cell col="8">C80.1</cell>', "a column too many"),
        ("<cell>C80.1</cell>", "without a column"),
    ],
)
def test_a_cell_that_does_not_fit_is_named(cell: str, told: str) -> None:
    """One sentence with the file and the site."""
    file = xml_file("n.xml", f"<letter><mainTerm><title>Neoplasm</title>{cell}</mainTerm></letter>", HEAD)
    with pytest.raises(InputError, match=rf"n\.xml, 'Neoplasm'.*{told}"):
        list(read_neoplasm_table(file))


def test_another_table_is_refused() -> None:
    """The table of drugs has columns of the same numbers."""
    with pytest.raises(InputError, match="not headed 'Neoplasm'"):
        list(read_neoplasm_table(DRUGS))


def test_the_official_table_is_read_whole(shared_data: Path, fy2026: Codebook) -> None:
    """Valid by its schema; 1,940 rows, 9,020 codes in 10,922 cells, every code exists."""
    schema = xmlschema.XMLSchema(shared_data / "icd10cm/icd10cm-index-2025.xsd")
    schema.validate(shared_data / TABLE)
    rows = official_content(shared_data).neoplasms
    cells = [cell for row in rows for _, cell in row.cells()]
    assert (len(rows), sum(row.parent is None for row in rows), len(cells)) == (1_940, 1, 9_020)
    assert [cell.code for cell in cells if cell.code not in fy2026] == []
    (quadrant,) = [row for row in rows if row.path[-2:] == ("breast", "upper-outer quadrant")]
    assert quadrant.malignant_primary == TableCell(code="C50.4", stem=True)
