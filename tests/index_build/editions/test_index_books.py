"""The whole index of an edition: parts put together, stems marked, references resolved or reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_build.editions.index_books import IndexFiles, count_references, read_index, with_stems
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from medcoding.index_entries import TableCell
from medcoding.index_file import write_index
from tests.index_build.official_index import official_content
from tests.index_build.readers.index_excerpts import DISEASES, DRUGS, EXTERNAL_CAUSES, NEOPLASMS


@pytest.fixture(scope="module")
def official_file(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official files, written."""
    path = tmp_path_factory.mktemp("alphabetic-index") / "index.sqlite"
    write_index(path, official_content(shared_data))
    return path


@pytest.fixture(scope="module")
def official(official_file: Path) -> Iterator[AlphabeticIndex]:
    """And opened."""
    index = AlphabeticIndex(official_file)
    yield index
    index.close()


def test_parts_are_numbered_on(tmp_path: Path) -> None:
    """Ids run over the books in order, so that an entry is known by its number alone."""
    content = read_index(IndexFiles(DISEASES, EXTERNAL_CAUSES, NEOPLASMS, DRUGS), "FY2026")
    entries = [*content.diseases, *content.external_causes, *content.neoplasms, *content.drugs]
    assert [entry.id for entry in entries] == list(range(1, len(entries) + 1))
    assert content.sources == ("index.xml", "eindex.xml", "neoplasm.xml", "drug.xml")


def test_any_part_may_be_absent() -> None:
    """An edition may have published a table only."""
    content = read_index(IndexFiles(drugs=DRUGS), "FY2026")
    assert (content.diseases, content.neoplasms, content.drugs[0].id) == ([], [], 1)
    assert read_index(IndexFiles(), "FY2026").sources == ()


def test_an_index_in_the_place_of_another_is_refused() -> None:
    """The two indexes share their shape; their titles tell them apart."""
    with pytest.raises(InputError, match="not the index to external causes"):
        read_index(IndexFiles(external_causes=DISEASES), "FY2026")


def test_headers_are_stems() -> None:
    """The index to external causes prints no dash where the codebook wants further characters."""
    headers = {"W11", "T39.011", "D63.1"}
    content = with_stems(read_index(IndexFiles(DISEASES, EXTERNAL_CAUSES, drugs=DRUGS), "FY2026"), headers.__contains__)
    assert {t.code for t in content.external_causes if t.stem} == {"W11"}
    assert content.drugs[0].accidental == TableCell(code="T39.011", stem=True)
    assert content.drugs[0].self_harm == TableCell(code="T39.012")
    assert {t.code for t in content.diseases if t.stem} == {"M79.60", "M79.67", "D63.1"}


def test_most_printed_stems_are_headers(shared_data: Path, fy2026: Codebook) -> None:
    """Where the index prints a dash the codebook asks for more, but for 22 terms; 12,518 headers stand without one."""
    plain = official_content(shared_data)
    printed = [term for term in (*plain.diseases, *plain.external_causes) if term.code]
    billable = {code for code in {term.code for term in printed} if fy2026.is_billable(code)}
    assert sum(term.stem and term.code in billable for term in printed) == 22
    assert sum(not term.stem and term.code not in billable for term in printed) == 12_518


def test_every_reference_is_resolved_or_reported(official: AlphabeticIndex, shared_data: Path) -> None:
    """98 of 100 "see" and "see also" lead to a place; the others are listed, and "see condition" is counted apart."""
    counts = count_references(official)
    entries = (entry for book in official_content(shared_data)[1:5] for entry in book)
    assert sum(counts.by_kind.values()) == sum(bool(e.see) + bool(e.see_also) for e in entries) == 15_411
    assert counts.share_resolved("see") > 0.983
    assert counts.share_resolved("see_also") > 0.98
    unresolved = official.unresolved()
    assert {r.resolution.kind for r in unresolved} <= {"condition", "subterm_missing", "main_term_missing"}
    assert len(unresolved) == sum(
        count for (_, kind), count in counts.by_kind.items() if kind not in {"entry", "codes", "table"}
    )


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Fracture, pathological, due to, neoplastic disease",
         ("Fracture, pathological", "due to", "neoplastic disease NEC")),
        ("Hyperthyroidism, with, goiter (diffuse)", ("Hyperthyroidism", "with", "goiter")),
        ("Disease, heart, ischemic, atherosclerotic", ("Disease, diseased", "heart", "ischemic", "atherosclerotic")),
        ("Dystrophy, retina", ("Dystrophy, dystrophia", "retinal")),
        ("Hepatitis, viral, type, A", ("Hepatitis", "viral, virus", "type", "A")),
        ("Pneumonia, in", ("Pneumonia", "in")),
        ("Fracture, skull", ("Fracture, traumatic", "skull")),
        ("Migraine, without aura, chronic", ("Migraine", "without aura", "chronic")),
        ("Neoplasm, lung, malignant", ("Neoplasm, neoplastic", "lung")),
        ("Abnormality", ("Abnormal, abnormality, abnormalities",)),
        ("Neoplasm, breast, upper-outer quadrant, malignant",
         ("Neoplasm, neoplastic", "breast", "upper-outer quadrant")),
        ("Table of Drugs and Chemicals, warfarin, poisoning", ("Warfarin",)),
    ],
)  # fmt: skip
def test_a_reference_leads_to_the_term_it_means(text: str, path: tuple[str, ...], official: AlphabeticIndex) -> None:
    """Whatever the order, the ending, the plural or the modifiers in parentheses."""
    resolution = official.resolve(text)
    found = official.entry(resolution.entry or 0)
    assert resolution.resolved
    assert found is not None
    assert found.path == path


def test_tables_answer_as_a_coder_asks(official: AlphabeticIndex) -> None:
    """By site and by substance, in either order of the words."""
    for site in ("breast, upper-outer quadrant", "Upper outer quadrant of breast"):
        row = official.neoplasm(site)
        assert row is not None
        assert row.malignant_primary == TableCell(code="C50.4", stem=True)
    for name, code in (("aspirin", "T39.015"), ("Warfarin", "T45.515")):
        drug = official.drug(name)
        assert drug is not None
        assert drug.adverse_effect == TableCell(code=code)
    assert official.drug("a substance of no name") is None


def test_the_ways_to_a_code_are_found(official: AlphabeticIndex) -> None:
    """For a rationale: the paths that print the code, before those that print its stem."""
    paths = [entry.path for entry in official.leading_to("E11.22")]
    assert ("Diabetes, diabetic", "type 2", "with", "chronic kidney disease") in paths
    fracture = official.leading_to("S72.002A")
    assert ("Fracture, traumatic", "femur, femoral", "upper end", "neck") in [entry.path for entry in fracture]


def test_the_file_is_small(official_file: Path) -> None:
    """Four books in at most 40 MB."""
    assert official_file.stat().st_size < 40_000_000
