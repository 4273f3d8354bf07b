"""Official order files of other years."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from index_build.order_file import read_order_file
from medcoding.codebook import Codebook, CodebookEntry, Codebooks, InstructionalNotes, write_codebook
from medcoding.errors import InputError

LINES = (
    ("00001", "M72", "0", "Fibroblastic disorders"),
    ("00002", "M722", "1", "Plantar fascial fibromatosis"),
    ("00003", "S82", "0", "Fracture of lower leg, including ankle"),
    ("00004", "S8262", "0", "Displaced fracture of lateral malleolus of left fibula"),
    ("00005", "S8262XA", "1", "Displaced fracture of lateral malleolus of left fibula, initial encounter"),
)
BOOK = (
    CodebookEntry(code="13", parent=None, kind="chapter", title="Musculoskeletal", billable=False, status="official"),
    CodebookEntry(code="M70-M79", parent="13", kind="block", title="Soft tissue", billable=False, status="official"),
    CodebookEntry(
        code="M72", parent="M70-M79", kind="category", title="Fibroblastic disorders", billable=False,
        status="official", notes=InstructionalNotes(excludes2=("retroperitoneal fibromatosis (D48.3)",)),
    ),
)  # fmt: skip


def written(folder: Path, name: str, lines: tuple[tuple[str, str, str, str], ...] = LINES) -> Path:
    """An order file in the official columns."""
    path = folder / name
    path.write_text("".join(f"{n} {c:<7} {f} {t[:60]:<60} {t}\n" for n, c, f, t in lines), encoding="ascii")
    return path


def test_an_order_file_is_an_edition_of_its_own(tmp_path: Path) -> None:
    """Codes get their dots, their parents and the dates of the fiscal year; blocks come from the other edition."""
    official = read_order_file(written(tmp_path, "icd10cm_order_2025.txt"), BOOK, with_notes=False)
    assert official.edition.name == "FY2025"
    assert (official.edition.effective_from, official.edition.effective_to) == (
        dt.date(2024, 10, 1),
        dt.date(2025, 9, 30),
    )
    write_codebook(tmp_path / "book.sqlite", official.edition, official.entries)
    books = Codebooks([Codebook(tmp_path / "book.sqlite")])
    choice = books.for_date(dt.date(2025, 1, 5))
    assert choice.in_force
    assert [e.code for e in choice.codebook.lineage("M72.2")] == ["M72.2", "M72", "M70-M79", "13"]
    assert [e.code for e in choice.codebook.ancestors("S82.62XA")] == ["S82.62", "S82"]
    assert choice.codebook.is_billable("S82.62XA")
    assert not choice.codebook.is_billable("S82.62")
    books.latest.close()


@pytest.mark.parametrize("with_notes", [True, False])
def test_notes_are_taken_over_only_when_asked(with_notes: bool, tmp_path: Path) -> None:
    """An order file has none; those of an older edition would be wrong for an earlier year."""
    official = read_order_file(written(tmp_path, "icd10cm_order_2027.txt"), BOOK, with_notes=with_notes)
    (category,) = [e for e in official.entries if e.code == "M72"]
    assert bool(category.notes) is with_notes


@pytest.mark.parametrize("line", ["hello", "00002 !!      0 Words", "00002 M722    x Words", "00002 M722    1"])
def test_a_line_that_does_not_fit_is_named(line: str, tmp_path: Path) -> None:
    """Nothing is guessed from a file of another kind."""
    path = tmp_path / "icd10cm_order_2025.txt"
    path.write_text(f"00001 M72     0 Fibroblastic disorders\n{line}\n", encoding="ascii")
    with pytest.raises(InputError, match=r"Line 2 of icd10cm_order_2025\.txt"):
        read_order_file(path, BOOK, with_notes=False)


def test_a_name_without_a_year_is_refused(tmp_path: Path) -> None:
    """The file itself does not say which year it is for."""
    with pytest.raises(InputError, match="holds no year"):
        read_order_file(written(tmp_path, "order.txt"), BOOK, with_notes=False)
