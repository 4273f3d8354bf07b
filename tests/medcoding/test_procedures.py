"""The book of procedures."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, InputError, IntegrityError, UnknownCodeError
from medcoding.procedures import (
    Modifier,
    ProcedureBook,
    ProcedureCode,
    ProcedureContent,
    ProcedureRelease,
    write_procedure_book,
)

HCPCS = CodeSystem.HCPCS
KETOROLAC = ProcedureCode(
    system=HCPCS, code="J1885", long_descriptor="Ketorolac, each 15 mg", short_descriptor="Ketorolac",
    effective_from=dt.date(1994, 1, 1), changed_on=dt.date(2001, 1, 1),
)  # fmt: skip
WALKER = ProcedureCode(system=HCPCS, code="E0132", short_descriptor="Walker", effective_to=dt.date(2029, 12, 31))
VACCINE = ProcedureCode(
    system=HCPCS, code="G0008", long_descriptor="Flu shot given", effective_from=dt.date(2030, 4, 1)
)
LEFT = Modifier(code="LT", long_descriptor="Left side")
RELEASE = ProcedureRelease(system=HCPCS, name="2030 JUL", source="HCPC2030_JUL_ANWEB.txt", dated=True)
CONTENT = ProcedureContent(RELEASE, (KETOROLAC, WALKER, VACCINE), (LEFT,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A written book."""
    write_procedure_book(tmp_path / "hcpcs.sqlite", CONTENT)
    return tmp_path / "hcpcs.sqlite"


@pytest.fixture
def book(path: Path) -> Iterator[ProcedureBook]:
    """The book, opened."""
    with closing(ProcedureBook(path)) as opened:
        yield opened


def test_what_is_written_is_what_is_read(book: ProcedureBook) -> None:
    """Codes in order, modifiers apart, the release as it was."""
    assert list(book.entries()) == [WALKER, VACCINE, KETOROLAC]
    assert (book.modifiers(), book.modifier("LT"), book.modifier("RT")) == ((LEFT,), LEFT, None)
    assert (book.release, book.count()) == (RELEASE, 3)


@pytest.mark.parametrize(
    ("code", "day", "in_force"),
    [
        ("J1885", dt.date(1993, 12, 31), False),
        ("J1885", dt.date(1994, 1, 1), True),
        ("J1885", dt.date(2050, 1, 1), True),
        ("E0132", dt.date(2029, 12, 31), True),
        ("E0132", dt.date(2030, 1, 1), False),
        ("J9999", dt.date(2030, 1, 1), False),
    ],
)
def test_a_code_counts_from_its_first_to_its_last_day(
    book: ProcedureBook, code: str, day: dt.date, in_force: bool
) -> None:
    """Both days included; an unknown code counts on none."""
    assert book.is_in_force(code, day) is in_force


def test_the_codes_of_a_day_are_those_in_force(book: ProcedureBook) -> None:
    """An ended code and one that is to come are left out."""
    assert [code.code for code in book.in_force_on(dt.date(2030, 1, 1))] == ["J1885"]


def test_a_code_is_found_as_a_person_types_it(book: ProcedureBook) -> None:
    """Any case; a descriptor that is only short is the title."""
    assert book.find(" j1885 ") == KETOROLAC
    assert book.find("e0132").title == "Walker"
    assert "J1885" in book


def test_an_unknown_code_names_its_neighbour(book: ProcedureBook) -> None:
    """The longest shared beginning; nothing when not even the group exists."""
    with pytest.raises(UnknownCodeError, match="J1886 is not in 2030 JUL of hcpcs; the nearest code is J1885"):
        book.find("J1886")
    with pytest.raises(UnknownCodeError, match="check the spelling"):
        book.find("V2020")


@pytest.mark.parametrize("asked", ["D0120", "9ZZZ1", "M10.9", ""])
def test_what_is_no_code_of_the_book_s_system_is_refused(book: ProcedureBook, asked: str) -> None:
    """Dental, CPT and ICD-10-CM codes stand in other books."""
    with pytest.raises(InputError, match="not written like a code of hcpcs"):
        book.find(asked)


def test_threads_share_a_book(book: ProcedureBook) -> None:
    """Every thread gets every answer."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(book.find, ["J1885", "E0132", "G0008"] * 50))
    assert {entry.code for entry in answers} == {"J1885", "E0132", "G0008"}


def test_a_book_is_never_overwritten_and_never_changed(path: Path) -> None:
    """It is written once; reading leaves its bytes and its folder as they were."""
    before = path.read_bytes()
    with pytest.raises(sqlite3.OperationalError):
        write_procedure_book(path, CONTENT)
    with closing(ProcedureBook(path)) as book:
        book.find("J1885")
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_missing_book_names_the_mend(tmp_path: Path) -> None:
    """No file is a missing neighbour."""
    with pytest.raises(DependencyError, match=r"cpt\.sqlite is missing; run 'chartwright index build'"):
        ProcedureBook(tmp_path / "cpt.sqlite")


@pytest.mark.parametrize("content", [b"", b"no database " * 500])
def test_a_file_that_is_no_book_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty or garbage, at once."""
    (tmp_path / "hcpcs.sqlite").write_bytes(content)
    with pytest.raises(IntegrityError, match="damaged or of another version"):
        ProcedureBook(tmp_path / "hcpcs.sqlite")


def test_a_book_whose_writing_failed_is_refused(tmp_path: Path) -> None:
    """Two records of one code end the writing; what is on disk holds no row and does not open."""
    with pytest.raises(sqlite3.IntegrityError):
        write_procedure_book(tmp_path / "hcpcs.sqlite", CONTENT._replace(codes=(KETOROLAC, KETOROLAC)))
    with pytest.raises(IntegrityError):
        ProcedureBook(tmp_path / "hcpcs.sqlite")


def test_a_page_lost_later_is_named_when_it_is_met(path: Path) -> None:
    """A database exception never reaches the caller."""
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with closing(ProcedureBook(path)) as book, pytest.raises(IntegrityError):
        book.find("J1885")
