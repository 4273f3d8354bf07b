"""The Alphabetic Index as a file: what is written is read back, and a damaged file says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.errors import DependencyError, IntegrityError
from medcoding.index_entries import DrugRow, IndexContent, IndexTerm, NeoplasmRow, TableCell
from medcoding.index_file import write_index

PNEUMONIA = (
    IndexTerm(id=1, parent=None, book="diseases", path=("Pneumonia",), nonessential=("acute", "double"), code="J18.9"),
    IndexTerm(
        id=2, parent=1, book="diseases", path=("Pneumonia", "in"), nonessential=("due to",), connector="in",
        relation="in",
    ),
    IndexTerm(
        id=3, parent=2, book="diseases", path=("Pneumonia", "in", "anthrax"), code="A22.1", relation="in",
        manifestations=("J17",),
    ),
    IndexTerm(id=4, parent=1, book="diseases", path=("Pneumonia", "lobar"), see="Consolidation, lung"),
    IndexTerm(id=5, parent=1, book="diseases", path=("Pneumonia", "limb"), code="M79.60", stem=True),
    IndexTerm(
        id=6, parent=None, book="diseases", path=("Abnormal, abnormality, abnormalities",), see_also="condition",
        see_category="R90",
    ),
    IndexTerm(id=7, parent=None, book="external_causes", path=("Fall, falling",), code="W19", stem=True),
)  # fmt: skip
SITES = (
    NeoplasmRow(
        id=8, parent=None, book="neoplasms", path=("Neoplasm, neoplastic",), malignant_primary=TableCell(code="C80.1")
    ),
    NeoplasmRow(
        id=9, parent=8, book="neoplasms", path=("Neoplasm, neoplastic", "cheek"), asterisk=True, remark="outside",
        benign=TableCell(code="D23.3", stem=True),
    ),
)  # fmt: skip
DRUGS = (
    DrugRow(id=10, parent=None, book="drugs", path=("Aspirin",), adverse_effect=TableCell(code="T39.015", stem=True)),
    DrugRow(id=11, parent=None, book="drugs", path=("Analgesic tablet",), see="Aspirin"),
)
CONTENT = IndexContent("FY2026", PNEUMONIA[:6], PNEUMONIA[6:], SITES, DRUGS, ("index.xml", "drug.xml"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[AlphabeticIndex]:
    """A small index of all four books."""
    write_index(tmp_path / "index.sqlite", CONTENT)
    opened = AlphabeticIndex(tmp_path / "index.sqlite")
    yield opened
    opened.close()


def test_what_is_written_is_read_back(index: AlphabeticIndex) -> None:
    """Every record of every book, whole."""
    written = (*PNEUMONIA, *SITES, *DRUGS)
    assert tuple(index.entry(entry.id) for entry in written) == written
    assert (index.edition, index.sources, index.count("diseases")) == ("FY2026", ("index.xml", "drug.xml"), 6)
    assert index.entry(99) is None
    assert (index.term(3), index.term(10)) == (PNEUMONIA[2], None)


def test_main_terms_are_found_by_every_form(index: AlphabeticIndex) -> None:
    """Plural, singular, inflection, upper case; a beginning finds what begins so."""
    for word in ("abnormality", "Abnormalities", "ABNORMAL"):
        assert [entry.id for entry in index.find_main(word)] == [6]
    assert [entry.id for entry in index.find_main("falls", "external_causes")] == [7]
    assert index.find_main("Fall") == ()
    assert [entry.id for entry in index.main_terms("pneu")] == [1]
    assert index.main_terms("") == ()


def test_the_tree_is_walked_in_printed_order(index: AlphabeticIndex) -> None:
    """Children are those directly below."""
    assert [entry.title for entry in index.children(1)] == ["in", "lobar", "limb"]
    assert index.children(3) == ()


@pytest.mark.parametrize(
    ("code", "ids"), [("M79.604", [5]), ("M79.60", [5]), ("J18.91", []), ("J17", [3]), ("T39.015A", [10]), ("W19", [7])]
)
def test_the_ways_to_a_code(code: str, ids: list[int], index: AlphabeticIndex) -> None:
    """A code as printed, a stem of it, a manifestation, a cell of a table; never a shorter code that is no stem."""
    assert [entry.id for entry in index.leading_to(code)] == ids


@pytest.mark.parametrize(
    ("text", "kind", "entry", "choose_by"),
    [
        ("Pneumonia, by type", "entry", 1, "type"),
        ("Pneumonia, anthrax", "entry", 3, ""),
        ("Pneumonia, wheezing", "subterm_missing", 1, ""),
        ("Consolidation, lung", "main_term_missing", None, ""),
        ("condition", "condition", None, ""),
        ("category M01", "codes", None, ""),
        ("N00-N07 with fourth character .8", "codes", None, ""),
        ("Table of Drugs and Chemicals", "table", None, ""),
        ("Table of Drugs and Chemicals, by drug, poisoning", "table", None, ""),
        ("Table of Drugs and Chemicals, aspirin", "entry", 10, ""),
        ("Neoplasm, cheek, benign", "entry", 9, ""),
        ("Index to External Causes of Injury, Fall", "entry", 7, ""),
    ],
)
def test_a_reference_leads_somewhere_or_says_why_not(
    text: str, kind: str, entry: int | None, choose_by: str, index: AlphabeticIndex
) -> None:
    """To an entry, to codes, to a table, to the condition itself; or to nothing, with the nearest entry."""
    found = index.resolve(text)
    assert (found.kind, found.entry, found.choose_by) == (kind, entry, choose_by)
    assert found.resolved is (kind in {"entry", "codes", "table"})


def test_what_leads_nowhere_is_listed(index: AlphabeticIndex) -> None:
    """Each with the entry that prints it."""
    assert [(r.entry, r.kind, r.resolution.kind) for r in index.unresolved()] == [
        (4, "see", "main_term_missing"),
        (6, "see_also", "condition"),
    ]


def test_tables_are_looked_up(index: AlphabeticIndex) -> None:
    """By site, by substance, and through a reference from one substance to another."""
    assert index.neoplasm("cheek") == SITES[1]
    assert index.neoplasm("antenna") is None
    assert index.drug("aspirin") == DRUGS[0]
    assert index.drug("analgesic tablet") == DRUGS[0]
    assert index.drug("Paint") is None


def test_references_without_their_table_point_at_it(tmp_path: Path) -> None:
    """An edition may be loaded without its neoplasm table."""
    write_index(tmp_path / "index.sqlite", CONTENT._replace(neoplasms=(), drugs=()))
    index = AlphabeticIndex(tmp_path / "index.sqlite")
    assert index.resolve("Neoplasm, cheek, benign").kind == "main_term_missing"
    assert (index.neoplasm("cheek"), index.drug("aspirin")) == (None, None)
    index.close()


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    """As a missing codebook does."""
    with pytest.raises(DependencyError, match="index build"):
        AlphabeticIndex(tmp_path / "none.sqlite")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Another version, other bytes, another database."""
    path = tmp_path / "index.sqlite"
    write_index(path, CONTENT)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE release SET schema = 99")
    connection.close()
    (tmp_path / "noise.sqlite").write_bytes(b"not a database" * 99)
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    for name in ("index.sqlite", "noise.sqlite", "empty.sqlite"):
        with pytest.raises(IntegrityError, match=rf"{name} is damaged or of another version"):
            AlphabeticIndex(tmp_path / name)


def test_threads_share_one_index(index: AlphabeticIndex) -> None:
    """The same answers from many at once."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: index.resolve("Pneumonia, anthrax" if n % 2 else "Pneumonia"), range(200)))
    assert {f.entry for f in found[::2]} == {1}
    assert {f.entry for f in found[1::2]} == {3}


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_answered(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A reference is printed text: whatever it holds, there is an answer and no error."""
    path = tmp_path_factory.getbasetemp() / "any.sqlite"
    if not path.exists():
        write_index(path, CONTENT)
    index = AlphabeticIndex(path)
    assert index.resolve(text).text == text
    index.neoplasm(text)
    index.drug(text)
    index.close()
