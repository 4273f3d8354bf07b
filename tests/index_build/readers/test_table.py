"""Published tables: where the heading stands and how the cells are written."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from index_build.readers.table import Column, find_table, parse_day
from medcoding.errors import InputError
from tests.index_build.readers.published import Given, text, workbook

COLUMNS = {"code": Column(re.compile("^code$")), "words": Column(re.compile("^words"), optional=True)}


def rows(file: Given) -> list[tuple[int, str, str]]:
    """Line, code and words of each row."""
    table = find_table(file, COLUMNS)
    assert table is not None
    return [(row.number, row.cells["code"], row.cells["words"]) for row in table.rows()]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("code\twords\n1\ta\n\n2\tb\n", [(2, "1", "a"), (4, "2", "b")]),
        ('code\twords\n1\t2" wide\n2\tb "c" d\n', [(2, "1", '2" wide'), (3, "2", 'b "c" d')]),
        ('code\twords\n1\t"a ""b"", c"\n', [(2, "1", 'a "b", c')]),
        ('code,words\r\n1,"a, b"\r\n', [(2, "1", "a, b")]),
        ('"code\n",words\n1,"a\nb"\n', [(4, "1", "a\nb")]),
        ("words|code\na|1\n", [(2, "1", "a")]),
        ("code;more\n1;x\n", [(2, "1", "")]),
        ("code\twords\n1\n", [(2, "1", "")]),
    ],
)
def test_cells_are_read_as_they_were_meant(content: str, expected: list[tuple[int, str, str]]) -> None:
    """Quotation marks are an inch, a quotation or the rules of CSV; absent cells and columns are empty."""
    assert rows(text("table.txt", content)) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_letters_survive_every_usual_encoding(encoding: str) -> None:
    """Older spreadsheets write their own code page."""
    assert rows(text("table.txt", "code\twords\n1\tMénière’s\n", encoding)) == [(2, "1", "Ménière’s")]


def test_a_heading_that_is_not_there_is_no_table() -> None:
    """The caller says what the file should have been."""
    assert find_table(text("table.txt", "one\ttwo\n"), COLUMNS) is None
    assert find_table(text("table.txt", "line\n" * 100 + "code\twords\n"), COLUMNS) is None


def test_numbers_and_days_of_a_workbook_are_text() -> None:
    """A whole number loses its decimal point, a day its time."""
    file = workbook("table.xlsx", [["code", "words"], [20200101, dt.datetime(2030, 7, 1)], [7.0, None]])
    assert rows(file) == [(2, "20200101", "2030-07-01"), (3, "7", "")]


def test_a_lost_quotation_mark_is_an_error_of_the_file() -> None:
    """It would swallow the rest; what is longer than any cell is refused."""
    table = find_table(text("table.csv", 'code,words\n1,"a' + "b" * 200_000), COLUMNS)
    assert table is not None
    with pytest.raises(InputError, match=r"table\.csv has no columns"):
        list(table.rows())


@pytest.mark.parametrize("written", ["20300701", "2030-07-01", "7/1/2030", "07/01/2030", "2030-07-01 00:00:00"])
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    """As CMS, as RF2 or as a spreadsheet writes it."""
    assert parse_day(written) == dt.date(2030, 7, 1)


@pytest.mark.parametrize("written", ["", "*", "0", "00000000"])
def test_no_day_is_none(written: str) -> None:
    """A star stands for no deletion."""
    assert parse_day(written) is None


@pytest.mark.parametrize("written", ["2030071", "20300732", "2030-0701", "1 July 2030", "２０３００７０１"])
def test_what_is_no_day_is_refused(written: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        parse_day(written)
