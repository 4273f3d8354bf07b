"""Editions side by side, from the package, from our table and from official releases."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from index_build.editions.changes import EditionChanges
from index_build.editions.load import Packaged, edition_inputs, load_editions
from index_build.editions.packaged import packaged_release
from index_build.editions.release import ReleaseFiles, find_release, find_releases
from medcoding.codebook import CodebookEntry, EditionContent, Succession
from medcoding.codes import parse_code
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import (
    CONVERSION,
    LISTED,
    POA_EXEMPT,
    TABULAR,
    bare_list,
    codes_file,
    order_file,
)

CHANGES = EditionChanges.model_validate(
    {
        "edition": "FY2027",
        "effective_from": "2026-10-01",
        "effective_to": "2027-09-30",
        "status": "derived",
        "source": "a test",
        "added": [{"code": "M72.20", "title": "Thick sole of the foot, any", "billable": True}],
        "deleted": [],
        "demoted": ["M72.2"],
        "retitled": [],
    }
)
TABULAR_2026 = TABULAR.replace(b"<version>2027", b"<version>2026")
STAYING = tuple(listed for listed in LISTED if listed[0] != "M72.2")
DIVIDED = (("M72.2", 0, "Thick sole of the foot"), ("M72.20", 1, "Thick sole of the foot, any"))
LISTED_2028 = tuple(sorted((*STAYING, *DIVIDED, ("K6A", 1, "Pus in the pelvis"))))


@pytest.fixture
def start(tmp_path: Path) -> Packaged:
    """The excerpt in the place of the packaged release, and a change of one code."""
    return Packaged(
        _release(tmp_path / "start", {"code-list-April-2026.txt": bare_list(), "tabular-2026.xml": TABULAR_2026}),
        CHANGES,
    )


def _release(folder: Path, files: Mapping[str, bytes]) -> ReleaseFiles:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return find_release(folder)


def _loaded(tmp_path: Path, start: Packaged, files: Mapping[str, bytes]) -> dict[str, EditionContent]:
    folder = tmp_path / "given"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {content.edition.name: content for content in load_editions(find_releases(folder), start)}


def _codes(content: EditionContent) -> dict[str, tuple[bool, str]]:
    return {e.code: (e.billable, e.title) for e in content.entries if e.kind in {"category", "subcategory"}}


def _entry(content: EditionContent, code: str) -> CodebookEntry:
    (entry,) = (entry for entry in content.entries if entry.code == code)
    return entry


# From the excerpts


def test_without_official_files_there_are_two_editions(start: Packaged) -> None:
    """The packaged one and the one derived from it, whose notes are those of the year before."""
    first, second = load_editions([], start)
    assert (first.edition.name, first.edition.status, first.edition.notes_from) == ("FY2026", "official", "")
    assert (second.edition.name, second.edition.status, second.edition.notes_from) == ("FY2027", "derived", "FY2026")
    assert _entry(second, "M72.2").notes == _entry(first, "M72.2").notes
    assert second.successions == (Succession(old="M72.2", new="M72.20", fiscal_year=2027),)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("icd10cm-order-2027.txt", order_file()),
        ("icd10cm-codes-2027.txt", codes_file()),
        ("code-list-2027.txt", bare_list()),
    ],
)
def test_every_kind_of_list_makes_the_same_edition(tmp_path: Path, start: Packaged, name: str, data: bytes) -> None:
    """The list decides what exists: no code that only the seventh-character tables would make. Derived gives way."""
    content = _loaded(tmp_path, start, {name: data, "icd10cm-tabular-2027.xml": TABULAR})["FY2027"]
    titles = {"S06.1X0A": "Swollen brain after a blow, awake, first visit"}
    assert {code: billable for code, (billable, _) in _codes(content).items()} == {c: b == 1 for c, b, _ in LISTED}
    assert {code: _codes(content)[code][1] for code in titles} == titles
    assert _entry(content, "S82.62XA").parent == "S82.62"
    assert _entry(content, "T07.XXXA").parent == "T07"
    assert _entry(content, "M72").parent == "M70-M79"
    assert (content.edition.status, content.edition.notes_from) == ("official", "")
    assert (content.edition.effective_from, content.edition.effective_to) == (
        dt.date(2026, 10, 1),
        dt.date(2027, 9, 30),
    )
    assert content.edition.source == f"CDC/NCHS ICD-10-CM, October 2026 release: {name}, icd10cm-tabular-2027.xml"


def test_an_order_file_inherits_the_notes_before_it(tmp_path: Path, start: Packaged) -> None:
    """Those of the nearest edition that has them; a new category stands beside the one before it."""
    books = _loaded(tmp_path, start, {"icd10cm-order-2028.txt": order_file(LISTED_2028)})
    assert list(books) == ["FY2026", "FY2027", "FY2028"]
    content = books["FY2028"]
    assert content.edition.notes_from == "FY2026"
    assert content.successions == ()
    assert _entry(content, "S82").notes == _entry(books["FY2026"], "S82").notes
    assert _entry(content, "M72.20").parent == "M72.2"
    assert _entry(content, "M72").parent == "M70-M79"
    assert _entry(content, "M70-M79").parent == "13"


def test_an_official_list_tells_what_was_divided(tmp_path: Path, start: Packaged) -> None:
    """As the derived table does: M72.2 was billable the year before and is a header now."""
    content = _loaded(tmp_path, start, {"icd10cm-order-2027.txt": order_file(LISTED_2028)})["FY2027"]
    assert content.edition.status == "official"
    assert content.successions == (Succession(old="M72.2", new="M72.20", fiscal_year=2027),)


def test_notes_never_travel_to_an_earlier_year(tmp_path: Path, start: Packaged) -> None:
    """The structure of a later year is borrowed, its notes are not: neither those of codes nor those of chapters."""
    content = _loaded(tmp_path, start, {"icd10cm-order-2025.txt": order_file()})["FY2025"]
    assert content.edition.notes_from == ""
    assert [entry.code for entry in content.entries if entry.notes] == []
    assert _entry(content, "S06").parent == "S00-S09"


def test_an_order_file_of_the_packaged_year_keeps_its_notes(tmp_path: Path, start: Packaged) -> None:
    """They are its own."""
    content = _loaded(tmp_path, start, {"icd10cm-order-2026.txt": order_file()})["FY2026"]
    assert content.edition.notes_from == ""
    assert _entry(content, "S82").notes.excludes1


def test_an_earlier_release_with_notes_serves_the_next(tmp_path: Path, start: Packaged) -> None:
    """FY2025 by its order file alone has the notes of FY2024, not those of April 2026."""
    files = {
        "icd10cm-order-2024.txt": order_file(),
        "icd10cm-tabular-2024.xml": TABULAR.replace(b"<version>2027", b"<version>2024").replace(b"(S88.-)", b"(S98.-)"),
        "icd10cm-order-2025.txt": order_file(),
    }
    books = _loaded(tmp_path, start, files)
    assert books["FY2025"].edition.notes_from == "FY2024"
    assert _entry(books["FY2025"], "S82").notes.excludes1[0].text == "lost lower leg (S98.-)"


def test_exempt_codes_and_successions_come_from_their_files(tmp_path: Path, start: Packaged) -> None:
    """Of the year they are named for, whether its edition is official or derived."""
    files = {"POAexemptCodesFY27.txt": POA_EXEMPT, "icd10cm_conversion_table_FY2027.txt": CONVERSION}
    books = _loaded(tmp_path, start, files)
    assert books["FY2027"].poa_exempt == {"S06.1X0S", "T07.XXXS"}
    assert books["FY2027"].edition.poa_exempt_from == "POAexemptCodesFY27.txt"
    assert Succession(old="M35.8", new="U10", fiscal_year=2021) in books["FY2027"].successions
    assert (books["FY2026"].poa_exempt, books["FY2026"].edition.poa_exempt_from) == (frozenset(), "")


def test_a_release_of_an_index_makes_no_edition(tmp_path: Path, start: Packaged) -> None:
    """It may be that of another year; those who read indexes use it."""
    assert list(_loaded(tmp_path, start, {"icd10cm_index_2025.xml": b"<a/>"})) == ["FY2026", "FY2027"]


ANOTHER_YEARS = tuple(listed for listed in LISTED if listed[0] != "M72.0")


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"icd10cm-tabular-2027.xml": TABULAR}, "FY2027 has icd10cm-tabular-2027.xml but no order file or code list"),
        ({"POAexemptCodesFY24.txt": POA_EXEMPT}, "FY2024 has POAexemptCodesFY24.txt but no order file or code list"),
        (
            {"icd10cm-order-2027.txt": order_file(ANOTHER_YEARS), "icd10cm-tabular-2027.xml": TABULAR},
            r"do not name the same codes \(1 differ, such as M72\.0\)",
        ),
        (
            {"icd10cm-order-2027.txt": order_file((*LISTED, ("U11", 1, "New"))), "icd10cm-tabular-2027.xml": TABULAR},
            r"do not name the same codes \(1 differ, such as U11\)",
        ),
        (
            {"icd10cm-order-2027.txt": order_file(), "icd10cm-codes-2027.txt": codes_file(LISTED[:-1])},
            r"do not list the same billable codes \(1 differ, such as U10\)",
        ),
        (
            {"icd10cm-order-2026.txt": order_file(), "icd10cm-tabular-2026.xml": TABULAR},
            r"icd10cm-tabular-2026\.xml states 2027 as its version and was found as FY2026",
        ),
        (
            {"icd10cm-order-2028.txt": order_file(LISTED[:-1])},
            r"is cut short \(categories missing: 1, such as U10\)",
        ),
        ({"code-list-2028.txt": bare_list((*LISTED, ("U11", 1, "")))}, "gives U11 no title; add the tabular list"),
        (
            {"POAexemptCodesFY27.txt": POA_EXEMPT.replace(b"T07.XXXS", b"T08.XXXS")},
            r"1 codes of POAexemptCodesFY27\.txt do not exist in FY2027",
        ),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, start: Packaged, files: Mapping[str, bytes], fault: str
) -> None:
    """One code is enough; no edition is returned at all."""
    with pytest.raises(InputError, match=fault):
        _loaded(tmp_path, start, files)


def test_two_releases_of_one_year_are_refused(start: Packaged) -> None:
    """Which of them counts is for the caller to say."""
    with pytest.raises(InputError, match="Two releases of one fiscal year"):
        load_editions([start.release, start.release], start)


def test_the_same_inputs_have_the_same_digests(tmp_path: Path, start: Packaged) -> None:
    """The table of changes, the packaged files and what was given, but no file that makes no edition."""
    release = _release(tmp_path / "given", {"icd10cm-order-2028.txt": order_file(), "icd10cm_index_2028.xml": b"<a/>"})
    inputs = edition_inputs([release], start)
    assert [(i.kind, i.name) for i in inputs] == [
        ("changes", "fy2027_changes.json"),
        ("codes", "code-list-April-2026.txt"),
        ("tabular", "tabular-2026.xml"),
        ("order", "icd10cm-order-2028.txt"),
    ]
    (tmp_path / "given" / "icd10cm-order-2028.txt").write_bytes(order_file(LISTED_2028))
    assert [a == b for a, b in zip(inputs, edition_inputs([release], start), strict=True)] == [True, True, True, False]


# The published figures


@pytest.mark.parametrize(
    ("number", "name", "codes", "billable"),
    [
        (0, "icd10cm_fy2026_apr_codes.tsv", 98_186, 74_719),
        (1, "icd10cm_fy2027_codes_derived.tsv", 98_403, 74_879),
    ],
)
def test_the_shipped_editions_hold_the_published_codes(
    shipped: tuple[EditionContent, ...], shared_data: Path, number: int, name: str, codes: int, billable: int
) -> None:
    """Code by code with its flag; titles too, except those of our own words."""
    ours = _codes(shipped[number])
    with (shared_data / "icd10cm" / name).open(encoding="utf-8", newline="") as rows:
        theirs = {r["code"]: (r["billable"] == "1", r["description"]) for r in csv.DictReader(rows, delimiter="\t")}
    assert (len(ours), sum(flag for flag, _ in ours.values())) == (codes, billable)
    assert {code: flag for code, (flag, _) in ours.items()} == {code: flag for code, (flag, _) in theirs.items()}
    own_words = {entry.code for entry in shipped[number].entries if entry.status == "derived"}
    assert [code for code in ours if ours[code] != theirs[code] and code not in own_words] == []


def test_the_official_files_are_those_in_the_package(shared_data: Path) -> None:
    """April 2026 from the package and from the official XML and list: the same bytes, so the same rows and notes."""
    official, inside = find_releases(shared_data / "icd10cm")[-1], packaged_release()
    for kind, file in inside.files().items():
        assert official.files()[kind].sha256() == file.sha256()


def test_every_code_survives_being_printed_and_parsed(shipped: tuple[EditionContent, ...]) -> None:
    """Dotted and undotted, both editions, 98,186 and 98,403 codes."""
    codes = {code for content in shipped for code in _codes(content)}
    assert [code for code in codes if parse_code(code) != code or parse_code(code.replace(".", "")) != code] == []


def test_every_shipped_entry_has_its_place(shipped: tuple[EditionContent, ...]) -> None:
    """A parent that exists and is no billable code; chapters alone have none."""
    for content in shipped:
        entries = {entry.code: entry for entry in content.entries}
        assert len(entries) == len(content.entries)
        astray = [e.code for e in content.entries if e.parent is not None and entries[e.parent].billable]
        assert astray == []
        assert [e.code for e in content.entries if (e.parent is None) is not (e.kind == "chapter")] == []
