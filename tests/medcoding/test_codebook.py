from __future__ import annotations

import csv
import datetime as dt
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.codebook import (
    Codebook,
    CodebookEntry,
    Codebooks,
    Edition,
    EditionContent,
    EditionStatus,
    EntryKind,
    write_codebook,
)
from medcoding.errors import DependencyError, IntegrityError
from medcoding.notes import CodeTarget, InstructionalNote, InstructionalNotes
from retrieval.index_folder import CODEBOOKS, IndexFolder

DAMAGED = "damaged or of another version; run 'chartwright index build'"


def _edition(first: dt.date, last: dt.date, name: str = "FY2030", status: EditionStatus = "official") -> Edition:
    return Edition(name=name, effective_from=first, effective_to=last, status=status, source="a test")


def _entry(
    code: str, parent: str | None, kind: EntryKind, *, billable: bool = False, notes: InstructionalNotes | None = None
) -> CodebookEntry:
    return CodebookEntry(
        code=code,
        parent=parent,
        kind=kind,
        title=f"Title of {code}",
        billable=billable,
        status="official",
        notes=notes or InstructionalNotes(),
    )


ENTRIES = (
    _entry("5", None, "chapter"),
    _entry("F30-F39", "5", "block"),
    _entry(
        "F32",
        "F30-F39",
        "category",
        notes=InstructionalNotes(
            excludes1=(
                InstructionalNote(text="bipolar disorder (F31.-)", targets=(CodeTarget(first="F31", last="F31"),)),
            ),
            seventh_character_note="one of these",
            seventh_characters={"A": "initial", "D": "subsequent"},
        ),
    ),
    _entry("F32.0", "F32", "subcategory", billable=True),
    _entry("F32.A", "F32", "subcategory", billable=True, notes=InstructionalNotes(inclusion_terms=("Depression NOS",))),
)


def _written(path: Path, entries: Sequence[CodebookEntry] = ENTRIES) -> Path:
    write_codebook(path, EditionContent(_edition(dt.date(2029, 10, 1), dt.date(2030, 9, 30)), entries))
    return path


# The format


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """Every entry comes back equal, its notes and seventh characters included."""
    with closing(Codebook(_written(tmp_path / "book.sqlite"))) as book:
        assert [book.entry(e.code) for e in ENTRIES] == list(ENTRIES)
        assert book.edition == _edition(dt.date(2029, 10, 1), dt.date(2030, 9, 30))


def test_a_codebook_is_never_overwritten(tmp_path: Path) -> None:
    """An edition is written once."""
    path = _written(tmp_path / "book.sqlite")
    with pytest.raises(sqlite3.OperationalError):
        _written(path)


@pytest.mark.parametrize("folder", ["plain", "two words", "50% done", "a#b", "what?", "Ménière"])
def test_a_codebook_opens_in_any_folder(tmp_path: Path, folder: str) -> None:
    """Characters that mean something in a URI are only characters in a path."""
    (tmp_path / folder).mkdir()
    with closing(Codebook(_written(tmp_path / folder / "book.sqlite"))) as book:
        assert book.count(billable_only=True) == 2


def test_a_codebook_is_read_only(tmp_path: Path) -> None:
    """Opening one leaves its bytes and its folder as they were."""
    path = _written(tmp_path / "book.sqlite")
    before = path.read_bytes()
    with closing(Codebook(path)) as book:
        book.billable_under("F32")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["book.sqlite"]


def test_a_missing_codebook_names_the_mend(tmp_path: Path) -> None:
    """No file is a missing neighbour."""
    with pytest.raises(DependencyError, match=r"book\.sqlite is missing; run 'chartwright index build'"):
        Codebook(tmp_path / "book.sqlite")


@pytest.mark.parametrize("content", [b"", b"not a database at all " * 400])
def test_a_file_that_is_no_codebook_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    """Empty or garbage: an integrity error when it is opened."""
    path = tmp_path / "book.sqlite"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=DAMAGED):
        Codebook(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE release SET schema = 99",
        "UPDATE release SET record = '{}'",
        "DELETE FROM release",
        "ALTER TABLE release DROP COLUMN record",
    ],
)
def test_a_codebook_of_another_version_is_refused(tmp_path: Path, statement: str) -> None:
    """A database that another version wrote does not answer."""
    path = _written(tmp_path / "book.sqlite")
    with closing(sqlite3.connect(path)) as book, book:
        book.execute(statement)
    with pytest.raises(IntegrityError, match=DAMAGED):
        Codebook(path)


def test_damage_inside_is_named_when_it_is_met(tmp_path: Path) -> None:
    """A page that was overwritten after opening was possible ends in a sentence, not in a database exception."""
    path = _written(tmp_path / "book.sqlite", [_entry(f"F{n:02}", None, "category") for n in range(100)])
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with closing(Codebook(path)) as book, pytest.raises(IntegrityError, match=DAMAGED):
        [book.entry(f"F{number:02}") for number in range(100)]


# The editions that ship


@pytest.mark.parametrize(("name", "entries", "billable"), [("FY2026", 98_186, 74_719), ("FY2027", 98_403, 74_879)])
def test_an_edition_holds_the_published_number_of_codes(
    codebooks: Codebooks, name: str, entries: int, billable: int
) -> None:
    """Counted on the official list of April 2026 and on the derived one of October 2026."""
    (book,) = (b for b in codebooks.editions if b.edition.name == name)
    assert (book.count(), book.count(billable_only=True)) == (entries, billable)


@pytest.mark.parametrize(
    ("edition", "listing"),
    [("fy2026", "icd10cm_fy2026_apr_codes.tsv"), ("fy2027", "icd10cm_fy2027_codes_derived.tsv")],
)
def test_an_edition_agrees_with_the_independent_list(
    index: IndexFolder, shared_data: Path, edition: str, listing: str
) -> None:
    """The same codes, the same billable flags, over the whole list."""
    with (shared_data / "icd10cm" / listing).open(encoding="utf-8", newline="") as lines:
        expected = {row["code"]: row["billable"] for row in csv.DictReader(lines, delimiter="\t")}
    query = "SELECT code, billable FROM entry WHERE kind IN ('category', 'subcategory')"
    with closing(sqlite3.connect(index.folder / CODEBOOKS / f"icd10cm-{edition}.sqlite")) as book:
        found = {code: str(billable) for code, billable in book.execute(query)}
    assert found == expected


def test_titles_of_the_official_edition_are_the_official_ones(index: IndexFolder, shared_data: Path) -> None:
    """Word for word against the titles of the tabular list, seventh characters included."""
    with (shared_data / "icd10cm" / "icd10cm_fy2026_apr_codes.tsv").open(encoding="utf-8", newline="") as lines:
        expected = {row["code"]: row["description"] for row in csv.DictReader(lines, delimiter="\t")}
    with closing(sqlite3.connect(index.folder / CODEBOOKS / "icd10cm-fy2026.sqlite")) as book:
        found = dict(book.execute("SELECT code, title FROM entry"))
    differing = [code for code, title in expected.items() if found[code].split() != title.split()]
    assert differing == []


@pytest.mark.parametrize(
    ("code", "billable"),
    [("E11", False), ("E11.2", False), ("E11.22", True), ("I10", True), ("S82.001", False), ("S82.001A", True)],
)
def test_a_header_is_not_billable(fy2026: Codebook, code: str, billable: bool) -> None:
    """Only the last level of a branch is a code (guideline I.B.2)."""
    assert code in fy2026
    assert fy2026.is_billable(code) is billable


@pytest.mark.parametrize("name", ["C26-C26", "F99-F99", "1", "A00-A09", "19"])
def test_chapters_and_blocks_are_never_billable(fy2026: Codebook, name: str) -> None:
    """Not even the blocks of one category that the package calls leaves."""
    assert not fy2026.is_billable(name)


def test_a_seventh_character_exists_only_where_the_list_says_so(fy2026: Codebook) -> None:
    """S06.1X7 (death due to brain injury) is billable for the first encounter only."""
    assert fy2026.billable_under("S06.1X7") == ("S06.1X7A",)
    assert "S06.1X7D" not in fy2026
    assert not fy2026.is_billable("S06.1X7D")
    assert fy2026.title("S06.1X7D") == ""
    assert fy2026.lineage("S06.1X7D") == ()


def test_a_block_of_one_category_is_that_category(fy2026: Codebook) -> None:
    """F99 is both; the billable category stands, directly below its chapter."""
    entry = fy2026.entry("F99")
    assert entry is not None
    assert (entry.kind, entry.billable, entry.parent) == ("category", True, "5")


def test_ancestors_lead_up_to_the_chapter(fy2026: Codebook) -> None:
    """Nearest first, through every subcategory and the block."""
    assert [e.code for e in fy2026.ancestors("E11.22")] == ["E11.2", "E11", "E08-E13", "4"]
    assert [e.code for e in fy2026.lineage("S06.1X1A")] == [
        "S06.1X1A", "S06.1X1", "S06.1X", "S06.1", "S06", "S00-S09", "19",
    ]  # fmt: skip
    assert fy2026.ancestors("4") == ()


@pytest.mark.parametrize("edition", [0, 1])
def test_every_code_hangs_below_a_chapter(codebooks: Codebooks, index: IndexFolder, edition: int) -> None:
    """No entry of either edition has a parent that does not exist, new categories of October 2026 included."""
    name = codebooks.editions[edition].edition.name.lower()
    with closing(sqlite3.connect(index.folder / CODEBOOKS / f"icd10cm-{name}.sqlite")) as book:
        orphans = book.execute(
            "SELECT code FROM entry WHERE kind != 'chapter'"
            " AND (parent IS NULL OR parent NOT IN (SELECT code FROM entry))"
        ).fetchall()
    assert orphans == []


def test_the_nearest_table_of_seventh_characters_governs(fy2026: Codebook) -> None:
    """An injury takes A, D and S; an open fracture of the leg sixteen; a disease none."""
    assert list(fy2026.seventh_characters("S93.401A")) == ["A", "D", "S"]
    assert len(fy2026.seventh_characters("S82.101B")) == 16
    assert fy2026.seventh_characters("E11.22") == {}
    assert fy2026.seventh_characters("nonsense") == {}


def test_billable_codes_below_a_stem_come_in_book_order(fy2026: Codebook) -> None:
    """A billable code is its own expansion; what does not exist has none."""
    assert fy2026.billable_under("M25.56") == ("M25.561", "M25.562", "M25.569")
    assert fy2026.billable_under("I10") == ("I10",)
    assert fy2026.billable_under("E11.99") == ()


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ("S06.1X7D", "S06.1X7"),
        ("E11.229", "E11.22"),
        ("I10.9", "I10"),
        ("E11.77", "E11"),
        ("Z1Z.1", None),
        ("I1", None),
    ],
)
def test_the_nearest_code_is_the_longest_prefix_that_exists(fy2026: Codebook, code: str, nearest: str | None) -> None:
    """What a coder most likely meant; nothing when not even the category exists."""
    assert fy2026.nearest(code) == nearest


def test_notes_are_those_of_the_tabular_list(fy2026: Codebook) -> None:
    """E11.22 asks for the stage of the kidney disease; I10 names what it excludes; inclusion terms are kept."""
    e11_22, i10, m72_2 = (fy2026.entry(code) for code in ("E11.22", "I10", "M72.2"))
    assert e11_22
    assert i10
    assert m72_2
    assert "(N18.1-N18.6)" in e11_22.notes.use_additional_code[0].text
    assert any("O10-O11" in note.text for note in i10.notes.excludes1)
    assert m72_2.notes.inclusion_terms == ("Plantar fasciitis",)


# Editions by date


@pytest.mark.parametrize(
    ("day", "name", "in_force"),
    [
        (dt.date(2025, 9, 30), "FY2026", False),
        (dt.date(2025, 10, 1), "FY2026", True),
        (dt.date(2026, 4, 1), "FY2026", True),
        (dt.date(2026, 9, 30), "FY2026", True),
        (dt.date(2026, 10, 1), "FY2027", True),
        (dt.date(2027, 9, 30), "FY2027", True),
        (dt.date(2027, 10, 1), "FY2027", False),
        (dt.date(1999, 1, 1), "FY2026", False),
        (dt.date(2040, 1, 1), "FY2027", False),
    ],
)
def test_the_date_of_service_chooses_the_edition(codebooks: Codebooks, day: dt.date, name: str, in_force: bool) -> None:
    """October 1 turns the book; outside every edition the nearest stands in and is marked."""
    chosen = codebooks.for_date(day)
    assert (chosen.codebook.edition.name, chosen.in_force) == (name, in_force)


def test_plantar_fasciitis_becomes_a_header_in_october(fy2026: Codebook, fy2027: Codebook) -> None:
    """M72.2 is billable until 2026-09-30, then it needs a fifth character."""
    assert fy2026.is_billable("M72.2")
    assert not fy2027.is_billable("M72.2")
    assert fy2027.billable_under("M72.2") == ("M72.20", "M72.21", "M72.22")
    assert "M72.20" not in fy2026


def test_the_derived_edition_says_so(fy2026: Codebook, fy2027: Codebook) -> None:
    """What the table of changes touched is marked, the rest stays official."""
    assert (fy2026.edition.status, fy2027.edition.status) == ("official", "derived")
    marks = {code: entry.status for code in ("M72.2", "M72.20", "I10", "E11.22") if (entry := fy2027.entry(code))}
    assert marks == {"M72.2": "derived", "M72.20": "derived", "I10": "official", "E11.22": "official"}


def test_the_latest_edition_is_the_last_one_in_force(codebooks: Codebooks, fy2027: Codebook) -> None:
    """Lookups without a date read it."""
    assert codebooks.latest is fy2027


def test_no_edition_at_all_is_a_missing_neighbour() -> None:
    """The mend is named."""
    with pytest.raises(DependencyError, match="No codebook is loaded"):
        Codebooks([])


@given(st.dates(dt.date(2020, 1, 1), dt.date(2035, 1, 1)))
def test_in_force_is_no_distance(day: dt.date) -> None:
    """An edition is in force exactly on the days that are zero days away from it."""
    edition = _edition(dt.date(2026, 10, 1), dt.date(2027, 9, 30))
    assert edition.in_force_on(day) is (edition.days_from(day) == 0)


def test_threads_may_share_an_edition(fy2027: Codebook) -> None:
    """Eight readers at once get what one gets."""
    codes = [f"S{n:02}" for n in range(100)]
    alone = [len(fy2027.billable_under(code)) for code in codes]
    fy2027.billable_under.cache_clear()
    with ThreadPoolExecutor(8) as readers:
        together = list(readers.map(lambda code: len(fy2027.billable_under(code)), codes))
    assert together == alone
