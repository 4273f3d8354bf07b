from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from index_build.findable.surfaces import Surface, SurfaceKind
from index_build.findable.terms import TERMS_FOLDER, clinical_terms, drug_terms, surface_terms
from medcoding.codebook import Codebook, Codebooks
from medcoding.errors import IntegrityError
from retrieval.dictionary import Term
from retrieval.wording import forms

TABLES = [*sorted(TERMS_FOLDER.glob("ch*.tsv")), TERMS_FOLDER / "drugs.tsv"]
PLURALS = {
    "thyroid nodules", "enlarged lymph nodes", "pulmonary nodules", "lung nodules",
    "rib fractures", "broken ribs", "fractured ribs",
}  # fmt: skip
"""Wordings whose plural names another code than their singular: normal forms cannot tell them apart."""


@pytest.fixture(scope="module")
def terms() -> tuple[Term, ...]:
    """Every clinical term that ships."""
    return tuple(clinical_terms())


@pytest.fixture(scope="module")
def drugs() -> tuple[Term, ...]:
    """Every drug that ships."""
    return tuple(drug_terms())


def _exists(codebooks: Codebooks, code: str) -> bool:
    return any(code in book for book in codebooks.editions)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_a_table_is_well_formed(path: Path) -> None:
    """The header first, the same number of columns in every row, no stray blanks, no carriage returns."""
    header, *rows = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    columns = header.split("\t")
    assert columns == (
        ["drug", "code", "condition_codes"]
        if path.name == "drugs.tsv"
        else ["term", "code", "history_code", "family_code", "chronic"]
    )
    assert [row for row in rows if row.count("\t") != len(columns) - 1 or "\r" in row] == []
    assert [cell for row in rows for cell in row.split("\t") if cell != cell.strip()] == []


def test_the_marks_are_the_documented_ones() -> None:
    """`chronic` is `y` or empty."""
    tables = [path.read_text(encoding="utf-8").splitlines() for path in TABLES if path.name != "drugs.tsv"]
    assert {row.split("\t")[4] for _, *rows in tables for row in rows} == {"", "y"}


def test_every_code_of_the_tables_exists(terms: tuple[Term, ...], codebooks: Codebooks) -> None:
    """Current, history and family codes: each stands in one of the loaded editions."""
    named = {code for t in terms for code in (*t.stems, t.history_code, t.family_code) if code}
    assert sorted(code for code in named if not _exists(codebooks, code)) == []
    assert len(terms) > 30_000


def test_every_term_leads_somewhere_today(terms: tuple[Term, ...], fy2027: Codebook) -> None:
    """At least one billable code of the edition in force lies below each stem."""
    stems = {stem for t in terms for stem in t.stems}
    assert sorted(stem for stem in stems if not fy2027.billable_under(stem)) == []


def test_history_and_family_codes_are_complete(terms: tuple[Term, ...], codebooks: Codebooks) -> None:
    """They are reported as they stand, so they are billable in both editions: Z codes, remissions, old infarctions."""
    named = {code for t in terms for code in (t.history_code, t.family_code) if code}
    assert sorted(c for c in named for book in codebooks.editions if not book.is_billable(c)) == []
    assert {code[0] for code in named} <= {"Z", "F", "I"}


def test_no_term_is_empty(terms: tuple[Term, ...], drugs: tuple[Term, ...]) -> None:
    """Every wording has words that can be found in a note."""
    assert [t for t in (*terms, *drugs) if not t.text or not forms(t.text)] == []


def test_one_wording_leads_to_one_code(terms: tuple[Term, ...], drugs: tuple[Term, ...]) -> None:
    """Two rows that read alike to the dictionary would silently hide one of their codes."""
    codes: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for term in (*terms, *drugs):
        if term.text not in PLURALS:
            codes[forms(term.text)].add(term.stems)
    assert {" ".join(words): found for words, found in codes.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hepatitis", "hepatitis a"),
        ("influenza", "influenza a"),
        ("ppm", "ppms"),
        ("hlh", "hlhs"),
        ("er+/pr+/her2-", "er-/pr-/her2-"),
    ],
)
def test_wordings_of_different_diseases_stay_apart(terms: tuple[Term, ...], one: str, other: str) -> None:
    """A letter, a plural ending or a sign is sometimes all that tells two diseases apart."""
    assert forms(one) != forms(other)
    assert one in {term.text for term in terms}


def test_every_drug_code_is_billable(drugs: tuple[Term, ...], codebooks: Codebooks) -> None:
    """Long-term drug therapy in both editions, from the Z79 category."""
    codes = {code for drug in drugs for code in drug.stems}
    assert sorted(c for c in codes for book in codebooks.editions if not book.is_billable(c)) == []
    assert {code[:3] for code in codes} == {"Z79"}


def test_every_condition_a_drug_needs_exists(drugs: tuple[Term, ...], codebooks: Codebooks) -> None:
    """Categories or codes of either edition."""
    needed = {code for drug in drugs for code in drug.needs}
    assert sorted(code for code in needed if not _exists(codebooks, code)) == []
    assert needed


@pytest.mark.parametrize(
    ("text", "kind", "code", "kept"),
    [
        ("Plantar fasciitis", "inclusion", "M72.2", True),
        ("Gouty arthritis", "title", "M10.9", True),
        ("Other specified disorders of bone", "title", "M89.8", False),
        ("Sprain NOS", "inclusion", "S93.40", False),
        ("Fall on stairs", "title", "W10.9XXA", False),
        ("Heat", "inclusion", "T67.9", False),
        ("gouty arthritis", "clinical", "M10.9", False),
    ],
)
def test_only_what_a_note_could_say_becomes_a_term(text: str, kind: SurfaceKind, code: str, kept: bool) -> None:
    """Not `other` or `unspecified`, not an everyday word alone, not an external cause; no clinical term again."""
    surface = Surface(text=text, codes=(code,), kind=kind, effective_from=1, effective_to=2)
    assert [(t.text, t.stems, t.source) for t in surface_terms([surface])] == ([(text, (code,), kind)] if kept else [])


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """An installation without its tables says so."""
    with pytest.raises(IntegrityError, match=r"drugs\.tsv is missing from the installation"):
        list(drug_terms(tmp_path))
