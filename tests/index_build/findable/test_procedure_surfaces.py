"""Names of drugs, procedures and supplies of our own, and the wordings of the user's procedure books."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from index_build.findable.procedure_surfaces import (
    NamedCode,
    ProcedureSurface,
    findable_procedures,
    named_codes,
    procedure_surfaces,
)
from index_build.findable.terms import TERMS_FOLDER, clinical_terms, named_terms
from index_build.procedures import write_cpt, write_hcpcs
from medcoding.codes import CPT_SHAPE, HCPCS_SHAPE
from medcoding.doses import unit_size
from medcoding.errors import IntegrityError
from medcoding.procedures import ProcedureBook
from retrieval.wording import forms
from tests.index_build.readers.published import KETOROLAC, OLD_WALKER, hcpcs_file, text

HEADERS = {
    "drug_names.tsv": ["term"],
    "procedures.tsv": ["term", "group", "hcpcs"],
    "supplies.tsv": ["term", "hcpcs"],
    "billed_drugs.tsv": ["drug", "code", "amount", "measure", "also_oral"],
}
WALKER = {"code": "E0143", "long": "Walker that folds, on wheels", "short": "Wheeled walker", "added": "20000101"}
FIRST_DAY = dt.date(2026, 10, 1)


@pytest.fixture
def book(tmp_path: Path) -> ProcedureBook:
    """A quarter with a drug, a walker, and one that has ended."""
    ended = OLD_WALKER | {"ended": "20251231"}
    path = tmp_path / "release" / "HCPC2030_JUL_ANWEB.txt"
    path.parent.mkdir()
    path.write_bytes(hcpcs_file(WALKER, ended | {"code": "E0144"}, KETOROLAC, name=path.name).content)
    write_hcpcs(tmp_path / "hcpcs.sqlite", path)
    return ProcedureBook(tmp_path / "hcpcs.sqlite")


@pytest.fixture(scope="module")
def names() -> frozenset[tuple[str, ...]]:
    """Every name that leads to no diagnosis, in normal forms."""
    return frozenset(forms(term.text) for term in named_terms())


@pytest.fixture(scope="module")
def known(names: frozenset[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    """The same with the clinical terms."""
    return names | {forms(term.text) for term in clinical_terms()}


@pytest.mark.parametrize("name", HEADERS)
def test_a_table_is_well_formed(name: str) -> None:
    """The header first, the same number of columns in every row, no stray blanks, no wording twice."""
    header, *rows = (TERMS_FOLDER / name).read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert header.split("\t") == HEADERS[name]
    assert [row for row in rows if row.count("\t") != len(HEADERS[name]) - 1] == []
    assert [cell for row in rows for cell in row.split("\t") if cell != cell.strip()] == []
    wordings = Counter(word for row in rows for word in row.split("\t")[0].split("|"))
    assert [word for word, times in wordings.items() if times > 1 or not forms(word)] == []


def test_the_lists_are_long_enough_and_hold_no_cpt() -> None:
    """Drugs, procedures and supplies by the name a chart gives them; codes only of HCPCS Level II."""
    distinct = {source: set[tuple[str, ...]]() for source in ("drug", "procedure", "supply")}
    for term in named_terms():
        distinct[term.source].add(forms(term.text))
        assert term.stems == ()
    assert len(distinct["drug"]) > 1_200
    assert len(distinct["procedure"]) > 500
    assert len(distinct["supply"]) > 200
    codes = {name.code for name in named_codes()}
    assert all(HCPCS_SHAPE.fullmatch(code) and not CPT_SHAPE.fullmatch(code) for code in codes)
    drugs = {name.code for name in named_codes() if name.unit}
    assert len(drugs) > 80


@pytest.mark.parametrize("word", ["prep", "aid", "iron", "glucose", "ensure", "today", "contrast", "patient", "us"])
def test_ordinary_words_are_no_names(word: str, names: frozenset[tuple[str, ...]]) -> None:
    """A list that finds them in every sentence would find nothing."""
    assert forms(word) not in names


@pytest.mark.parametrize(
    "word", ["HCTZ", "ASA", "NSAIDs", "TKA", "CABG", "EGD", "ORIF", "PICC placement", "BiPAP machine"]
)
def test_chart_shorthand_is_known(word: str, known: frozenset[tuple[str, ...]]) -> None:
    """As names of our own or, where an operation leaves a status, among the clinical terms."""
    assert forms(word) in known


def test_a_book_gives_descriptors_bare_names_and_our_own(book: ProcedureBook) -> None:
    """Each with the days the code may be used on; our names only for codes the book holds."""
    named = [NamedCode("rolling walker", "E0143"), NamedCode("toradol", "J1885"), NamedCode("cane", "E0100")]
    found = {(s.text, s.kind): s for s in procedure_surfaces(book, named, FIRST_DAY)}
    assert {("rolling walker", "clinical"), ("toradol", "clinical"), ("Wheeled walker", "short")} <= set(found)
    assert found["toradol", "clinical"].code == "J1885"
    assert ("cane", "clinical") not in found
    walker = found["rolling walker", "clinical"]
    assert (walker.effective_from, walker.effective_to) == (20000101, 99991231)


def test_an_ended_code_is_left_out(book: ProcedureBook) -> None:
    """It could be used on no day of any loaded edition; before its end it is there."""
    named = [NamedCode("old walker", "E0144")]
    assert "E0144" not in {s.code for s in procedure_surfaces(book, named, FIRST_DAY)}
    assert "E0144" in {s.code for s in procedure_surfaces(book, named, dt.date(2025, 12, 31))}


def test_a_name_whose_unit_has_changed_is_left_out(book: ProcedureBook) -> None:
    """The code may mean something else by now."""
    fits, fits_not = (name for name in named_codes() if name.text in {"ketorolac", "ceftriaxone"})
    fits, fits_not = (fits, fits_not) if fits.code == "J1885" else (fits_not, fits)
    assert [s.text for s in procedure_surfaces(book, [fits], FIRST_DAY) if s.kind == "clinical"] == ["ketorolac"]
    changed = fits._replace(unit=fits_not.unit)
    assert [s for s in procedure_surfaces(book, [changed], FIRST_DAY) if s.kind == "clinical"] == []


def test_the_licensees_cpt_goes_the_same_way(tmp_path: Path) -> None:
    """Its descriptors are points of their own system; without a file there are none."""
    given = text("Consolidated_Code_List.txt", "CPT Code\tLong\tShort\n9ZZZ1\tInvented lantern repair\tLANTERN\n")
    assert list(findable_procedures(tmp_path, FIRST_DAY)) == []
    write_cpt(tmp_path / "cpt.sqlite", given)
    found = {point.text: point.payload for point in findable_procedures(tmp_path, FIRST_DAY)}
    assert found["Invented lantern repair"]["system"] == "cpt"
    assert found["LANTERN"]["code"] == "9ZZZ1"


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """An installation without its tables says so."""
    with pytest.raises(IntegrityError, match=r"billed_drugs\.tsv is missing"):
        list(named_codes(tmp_path))


def test_our_codes_and_units_are_those_of_the_official_list(shared_data: Path) -> None:
    """Every code of the tables stands in the list of the quarter; where its descriptor names a unit, it is ours."""
    with (shared_data / "hcpcs" / "hcpcs_level2_merged.tsv").open(encoding="utf-8", newline="") as lines:
        official = {
            row["code"]: row["description"]
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["in_2026q3"] == "1"
        }
    assert sorted({name.code for name in named_codes()} - set(official)) == []
    differing = [
        name for name in named_codes() if name.unit and (size := unit_size(official[name.code])) and size != name.unit
    ]
    assert differing == []


def test_a_surface_becomes_a_point(book: ProcedureBook) -> None:
    """It says of what system it is, for the search asks for nothing else."""
    surface: ProcedureSurface = next(iter(procedure_surfaces(book, (), FIRST_DAY)))
    assert surface.findable().payload["system"] == "hcpcs"
