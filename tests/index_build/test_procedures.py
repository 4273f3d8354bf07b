"""Books from the user's files."""

from __future__ import annotations

import datetime as dt
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from index_build.procedures import hcpcs_files, ncci_files, write_cpt, write_hcpcs, write_ncci
from index_build.readers.hcpcs import PLACES, Place
from medcoding.errors import InputError
from medcoding.ncci import NcciBook, NcciSetting
from medcoding.procedures import ProcedureBook
from tests.index_build.readers.published import (
    QUARTER,
    Given,
    hcpcs_file,
    hcpcs_line,
    mue_csv,
    ptp_text,
    record_layout,
    text,
    workbook,
)


def put(folder: Path, *files: Given) -> None:
    """Write files into a folder."""
    for file in files:
        (folder / file.name).write_bytes(file.content)


def test_a_quarterly_file_becomes_a_book(tmp_path: Path) -> None:
    """What a coder looks up afterwards."""
    put(tmp_path, hcpcs_file(*QUARTER))
    write_hcpcs(tmp_path / "hcpcs.sqlite", tmp_path / "HCPC2030_JUL_ANWEB.txt")
    with closing(ProcedureBook(tmp_path / "hcpcs.sqlite")) as book:
        assert book.find("j1885").title == "Ketorolac given by injection, each 15 mg"
        assert not book.is_in_force("E0132", dt.date(2030, 1, 1))
        assert "D2740" not in book


def moved_by_one() -> tuple[Given, Given]:
    """A year whose short description begins a column later, and its layout."""
    moved = dict(PLACES) | {"short": Place(93, 119)}
    line = hcpcs_line(moved, code="J1885", sequence="00100", record="3", long="Ketorolac", short="Inj")
    return text("HCPC2030_JUL_ANWEB.txt", f"{line[:91]}X{line[92:]}"), record_layout(moved)


@pytest.mark.parametrize("form", ["file", "folder", "zip"])
def test_the_layout_beside_the_file_is_used(tmp_path: Path, form: str) -> None:
    """It lies beside the file in the official zip, among other files."""
    folder = tmp_path / "july"
    folder.mkdir()
    files = (*moved_by_one(), Given("proc_notes_JUL2030.txt", b"Notes"))
    put(folder, *files)
    with zipfile.ZipFile(tmp_path / "july.zip", "w") as archive:
        for file in files:
            archive.writestr(file.name, file.content)
    source = {"file": folder / "HCPC2030_JUL_ANWEB.txt", "folder": folder, "zip": tmp_path / "july.zip"}[form]
    write_hcpcs(tmp_path / "hcpcs.sqlite", source)
    with closing(ProcedureBook(tmp_path / "hcpcs.sqlite")) as book:
        assert book.find("J1885").short_descriptor == "Inj"


def test_of_two_quarters_the_newest_is_read(tmp_path: Path) -> None:
    """Fetching the next quarter beside the last one is what a hospital does four times a year."""
    put(tmp_path, hcpcs_file(*QUARTER), hcpcs_file(*QUARTER, name="HCPC2030_OCT_ANWEB.txt"))
    assert hcpcs_files(tmp_path).codes.name == "HCPC2030_OCT_ANWEB.txt"


def test_a_licensee_s_list_becomes_a_book(tmp_path: Path) -> None:
    """A placeholder is found like a code."""
    write_cpt(tmp_path / "cpt.sqlite", Given("mine.tsv", b"9ZZZ1\tInvented lantern\n"))
    with closing(ProcedureBook(tmp_path / "cpt.sqlite")) as book:
        assert book.find("9zzz1").title == "Invented lantern"


def test_a_folder_of_downloads_becomes_one_book(tmp_path: Path) -> None:
    """Text beside a zip; the workbook that repeats a text is left aside; other kinds of file too."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    hospital = ptp_text("ccioph-v999r0-f1.TXT")
    put(folder, ptp_text(), workbook("ccipra-v999r0-f1.xlsx", [["repeats the text"]]), Given("notes.pdf", b"%PDF"))
    with zipfile.ZipFile(folder / "hospital.zip", "w") as archive:
        archive.writestr(f"inside/{hospital.name}", hospital.content)
        archive.writestr("mue.csv", mue_csv().content)
    assert [f.name for f in ncci_files(folder)] == ["ccioph-v999r0-f1.TXT", "ccipra-v999r0-f1.TXT", "mue.csv"]
    release = write_ncci(tmp_path / "ncci.sqlite", folder)
    assert [(t.kind, t.rows) for t in release.tables] == [("ptp", 4), ("ptp", 4), ("mue", 3)]
    with closing(NcciBook(tmp_path / "ncci.sqlite")) as book:
        assert len(book.edits_between("G0008", "J1885", dt.date(2030, 7, 1))) == 2
        limit = book.units("9ZZZ1", NcciSetting.PRACTITIONER)
        assert limit is not None
        assert (limit.units, limit.adjudication) == (1, 2)


def test_units_of_two_quarters_are_refused(tmp_path: Path) -> None:
    """Both cannot be in force, and the table names no day."""
    put(tmp_path, mue_csv(), mue_csv("MCR_MUE_PractitionerServices_Eff_01-01-2031.csv"))
    with pytest.raises(InputError, match="is a second MUE table for practitioner; keep the files of one quarter"):
        write_ncci(tmp_path / "ncci.sqlite", tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken"])
def test_a_damaged_zip_is_named(tmp_path: Path, content: bytes) -> None:
    """The sentence says to download it again."""
    (tmp_path / "edits.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"edits\.zip is a damaged zip"):
        write_ncci(tmp_path / "ncci.sqlite", tmp_path)


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    """Nothing is written."""
    with pytest.raises(InputError, match="holds no NCCI table"):
        write_ncci(tmp_path / "ncci.sqlite", tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        write_ncci(tmp_path / "ncci.sqlite", tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
