"""The conversion table, as text and as a workbook."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from openpyxl import Workbook

from index_build.readers.conversion_table import read_conversion_table
from medcoding.codebook import Succession
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import CONVERSION

NAME = "icd10cm_conversion_table_FY2027.txt"
ECTROPION = [Succession(old=f"H02.10{n}", new="H02.151", fiscal_year=2019) for n in (1, 2, 3, 4, 5, 6, 9)]
EXPECTED = [
    Succession(old="M72.2", new="M72.20", fiscal_year=2027),
    *ECTROPION,
    Succession(old="M35.8", new="U10", fiscal_year=2021),
]


def test_rows_become_successions() -> None:
    """A bare year means its October; ranges are counted out; a code that had nothing before it has no row."""
    assert list(read_conversion_table(CONVERSION, NAME)) == EXPECTED


def test_columns_may_be_divided_by_blanks() -> None:
    """As it was published in some years."""
    data = CONVERSION.replace(b"\t", b"     ")
    assert list(read_conversion_table(data, NAME)) == EXPECTED


def test_a_workbook_holds_the_same() -> None:
    """Years as numbers, days as the workbook counts them."""
    book = Workbook()
    for row in (
        ["New codes"],
        ["Current code assignment", "Effective", "Previous Code(s) Assignment"],
        ["M72.20 ", 2026, "M72.2"],
        ["U10", dt.datetime(2021, 1, 1), "M35.8"],
        ["M97.01XA", 45017, "T84.040A"],
        ["E66.813", "2024", "E66.01, E66.8"],
    ):
        book.active.append(row)  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    found = read_conversion_table(content.getvalue(), "ICD-10-CM-CONVERSION-TABLE-FY2027.xlsx")
    assert [(s.old, s.new, s.fiscal_year) for s in found] == [
        ("M72.2", "M72.20", 2027),
        ("M35.8", "U10", 2021),
        ("T84.040A", "M97.01XA", 2023),
        ("E66.01", "E66.813", 2025),
        ("E66.8", "E66.813", 2025),
    ]


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("T84.040A-T84.040C", ["T84.040A", "T84.040B", "T84.040C"]),
        ("M50.02-03", ["M50.02", "M50.03"]),
        ("T20-T22", ["T20", "T21", "T22"]),
        ("E66.01 and E66.8", ["E66.01", "E66.8"]),
        ("A00-Z99", ["A00", "Z99"]),
    ],
)
def test_ranges_are_counted_out(written: str, codes: list[str]) -> None:
    """A shortened end is completed; between two books of the alphabet nothing is counted."""
    data = f"Current code assignment\tEffective\tPrevious\nM72.20\t2026\t{written}\n".encode()
    assert [s.old for s in read_conversion_table(data, NAME)] == codes


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "holds not one line of conversions"),
        (CONVERSION.split(b"M72.20")[0], "holds not one line of conversions"),
        (CONVERSION.replace(b"2018", b"soon"), "Line 5 of"),
        (CONVERSION.replace(b"1/01/2021", b"13/40/2021"), "Line 6 of"),
        (CONVERSION.replace(b"H02.151", b"H02,151"), "Line 5 of"),
        (CONVERSION.replace(b"M35.8", b"unclear"), "Line 6 of"),
        (b"PK\x03\x04 no workbook", "is not a readable workbook"),
    ],
)
def test_a_row_that_does_not_fit_is_named(data: bytes, fault: str) -> None:
    """No heading, no year, no code, no workbook."""
    with pytest.raises(InputError, match=fault):
        read_conversion_table(data, NAME)
