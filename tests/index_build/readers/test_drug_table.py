"""The table of drugs and chemicals."""

from __future__ import annotations

from pathlib import Path

import pytest
import xmlschema

from index_build.readers.drug_table import read_drug_table
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from medcoding.index_entries import DrugRow, TableCell
from tests.index_build.official_index import official_content
from tests.index_build.readers.index_excerpts import DRUGS, NEOPLASMS

TABLE = "icd10cm/icd10cm-drug-April-1-2026-XML.xml"


def test_a_substance_has_its_intents() -> None:
    """Poisoning by intent, adverse effect and underdosing; two dashes where an effect is not foreseen."""
    aspirin, _, paint, tablet = read_drug_table(DRUGS)
    assert [(column, cell.code) for column, cell in aspirin.cells()] == [
        ("accidental", "T39.011"), ("self_harm", "T39.012"), ("assault", "T39.013"), ("undetermined", "T39.014"),
        ("adverse_effect", "T39.015"), ("underdosing", "T39.016"),
    ]  # fmt: skip
    assert aspirin.nonessential == ("soluble",)
    assert (paint.path, paint.accidental, paint.adverse_effect) == (("Acid", "paint"), TableCell(code="T54.2X1"), None)
    assert (tablet.see, tablet.cells()) == ("Aspirin", ())


def test_another_table_is_refused() -> None:
    """The neoplasm table has columns of the same numbers."""
    with pytest.raises(InputError, match="not headed 'Substance'"):
        list(read_drug_table(NEOPLASMS))


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[DrugRow]:
    """The official table."""
    return list(official_content(shared_data).drugs)


def test_the_official_table_is_read_whole(rows: list[DrugRow], fy2026: Codebook) -> None:
    """5,179 substances and 2,251 kinds of them; 40,036 codes, every one exists."""
    assert (sum(row.parent is None for row in rows), len(rows) - 5_179) == (5_179, 2_251)
    codes = [cell.code for row in rows for _, cell in row.cells()]
    assert len(codes) == 40_036
    assert [code for code in set(codes) if code not in fy2026] == []


@pytest.mark.parametrize(("name", "stem"), [("Aspirin", "T39.01"), ("Warfarin", "T45.51")])
def test_what_a_coder_looks_up_is_there(name: str, stem: str, rows: list[DrugRow]) -> None:
    """The six effects of a drug differ in their sixth character only."""
    (row,) = [row for row in rows if row.path == (name,)]
    assert [cell.code for _, cell in row.cells()] == [f"{stem}{effect}" for effect in "123456"]


def test_the_official_table_keeps_to_its_schema(shared_data: Path) -> None:
    """The published schema of the two tables describes the file that is read."""
    xmlschema.XMLSchema(shared_data / "icd10cm/icd-10-cm-drug-neoplasm-2025.xsd").validate(shared_data / TABLE)
