"""NCCI edits and units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from medcoding.errors import InputError, IntegrityError
from medcoding.ncci import NcciBook, NcciSetting, NcciWriter, PtpRow, UnlikelyUnits, write_ncci_book

PRACTITIONER, HOSPITAL = NcciSetting.PRACTITIONER, NcciSetting.OUTPATIENT_HOSPITAL
DAY = dt.date(2030, 7, 1)
EDITS = (
    PtpRow("J1885", "G0008", 20200101, 0, 1, False, "Reason one"),
    PtpRow("J1885", "G0009", 19960101, 20251231, 0, True, "Reason two"),
    PtpRow("G0010", "J1885", 20210401, 20210401, 9, False, "Reason two"),
)
UNITS = UnlikelyUnits(setting=PRACTITIONER, code="J1885", units=8, adjudication=3, rationale="Reason three")


def _fill(writer: NcciWriter) -> None:
    writer.add_edits(PRACTITIONER, "ccipra-f1", [*EDITS, EDITS[0]])
    writer.add_edits(HOSPITAL, "ccioph-f1", EDITS[:1])
    writer.add_units(PRACTITIONER, "mue", [UNITS])


@pytest.fixture
def book(tmp_path: Path) -> Iterator[NcciBook]:
    """A written book, opened."""
    write_ncci_book(tmp_path / "ncci.sqlite", _fill)
    with closing(NcciBook(tmp_path / "ncci.sqlite")) as opened:
        yield opened


@pytest.mark.parametrize(("a", "b"), [("J1885", "G0008"), ("G0008", "J1885")])
def test_an_edit_is_found_from_either_side(book: NcciBook, a: str, b: str) -> None:
    """Column one stays the code that is paid."""
    (edit,) = book.edits_between(a, b, DAY, PRACTITIONER)
    assert (edit.column_one, edit.column_two, edit.modifier_indicator) == ("J1885", "G0008", 1)
    assert (edit.effective_from, edit.effective_to, edit.rationale) == (dt.date(2020, 1, 1), None, "Reason one")


def test_settings_have_their_own_edits(book: NcciBook) -> None:
    """Without a setting every table answers."""
    assert [e.setting for e in book.edits_between("J1885", "G0008", DAY)] == [HOSPITAL, PRACTITIONER]
    assert book.edits_between("J1885", "G0009", dt.date(2025, 12, 31), HOSPITAL) == ()


@pytest.mark.parametrize(
    ("day", "found"),
    [(dt.date(1995, 12, 31), 0), (dt.date(1996, 1, 1), 1), (dt.date(2025, 12, 31), 1), (dt.date(2026, 1, 1), 0)],
)
def test_an_edit_counts_to_its_deletion_date(book: NcciBook, day: dt.date, found: int) -> None:
    """First and last day included."""
    assert len(book.edits_between("J1885", "G0009", day)) == found


def test_a_withdrawn_edit_never_counts(book: NcciBook) -> None:
    """Indicator 9: deleted on the day it began."""
    assert book.edits_between("G0010", "J1885", dt.date(2021, 4, 1)) == ()


def test_a_code_has_no_edit_with_itself_or_a_stranger(book: NcciBook) -> None:
    """Nothing is stored, nothing is found."""
    assert book.edits_between("J1885", "J1885", DAY) == ()
    assert book.edits_between("J1885", "9ZZZ1", DAY) == ()


def test_units_are_asked_by_code_and_setting(book: NcciBook) -> None:
    """No limit is None, not zero."""
    assert book.units("J1885", PRACTITIONER) == UNITS
    assert book.units("J1885", HOSPITAL) is None


def test_the_release_counts_what_is_stored(book: NcciBook) -> None:
    """A repeated row is stored once."""
    assert [(t.kind, t.setting, t.source, t.rows) for t in book.release.tables] == [
        ("ptp", PRACTITIONER, "ccipra-f1", 3), ("ptp", HOSPITAL, "ccioph-f1", 1), ("mue", PRACTITIONER, "mue", 1),
    ]  # fmt: skip


def test_a_book_that_failed_half_way_holds_nothing(tmp_path: Path) -> None:
    """An error in the second file leaves no row of the first, and the book does not open."""

    def fail(writer: NcciWriter) -> None:
        _fill(writer)
        raise InputError("Line 7 is wrong; mend it.")

    with pytest.raises(InputError, match="Line 7"):
        write_ncci_book(tmp_path / "ncci.sqlite", fail)
    with pytest.raises(IntegrityError, match="NCCI book"):
        NcciBook(tmp_path / "ncci.sqlite")
