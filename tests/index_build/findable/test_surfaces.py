from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from index_build.findable.surfaces import Surface, SurfaceKind, edition_surfaces, merged
from medcoding.codebook import Codebook, CodebookEntry
from retrieval.edge_store import EdgeStore
from retrieval.index_folder import CODEBOOKS, SURFACES, IndexFolder
from retrieval.wording import reduce_title
from tests.index_build.small_index import CATEGORIES


def _entries(index: IndexFolder, book: Codebook) -> list[CodebookEntry]:
    with closing(sqlite3.connect(index.folder / CODEBOOKS / f"icd10cm-{book.edition.name.lower()}.sqlite")) as file:
        codes = [row[0] for row in file.execute("SELECT code FROM entry ORDER BY code")]
    return [entry for code in codes if (entry := book.entry(code))]


@pytest.fixture(scope="module")
def surfaces(index: IndexFolder, fy2027: Codebook) -> tuple[Surface, ...]:
    """Every surface of the October 2026 edition."""
    return tuple(edition_surfaces(fy2027.edition, _entries(index, fy2027)))


def test_every_billable_code_can_be_found(index: IndexFolder, fy2027: Codebook, surfaces: tuple[Surface, ...]) -> None:
    """Each of the 74,879 has a wording of its own or shares one, except where the title reduces to nothing."""
    named = {code for surface in surfaces if surface.kind == "title" for code in surface.codes}
    missing = [e.code for e in _entries(index, fy2027) if e.billable and e.code not in named]
    assert [code for code in missing if reduce_title(fy2027.title(code))] == []
    assert len(named) > 74_800


def test_sides_and_encounters_share_one_wording(surfaces: tuple[Surface, ...]) -> None:
    """Nine ankle sprains are one surface; the note's attributes choose later."""
    (sprain,) = (s for s in surfaces if "S93.401A" in s.codes and s.kind == "title")
    assert set(sprain.codes) == {f"S93.40{side}{episode}" for side in "129" for episode in "ADS"}
    assert "ankle" in sprain.text
    assert not {"right", "left", "initial"} & set(sprain.text.lower().split())


def test_no_wording_stands_twice(surfaces: tuple[Surface, ...]) -> None:
    """Titles are grouped by their reduced text, and none is empty."""
    titles = [surface.text for surface in surfaces if surface.kind == "title"]
    assert len(set(titles)) == len(titles) < 40_000
    assert all(surface.text.strip() for surface in surfaces)


def test_inclusion_terms_lead_to_the_entry_that_carries_them(surfaces: tuple[Surface, ...]) -> None:
    """Plantar fasciitis is written below M72.2, which needs another character since October 2026."""
    assert [s.codes for s in surfaces if s.text == "Plantar fasciitis"] == [("M72.2",)]


def test_titles_lead_to_billable_codes_only(fy2027: Codebook, surfaces: tuple[Surface, ...]) -> None:
    """A header's title is no title surface."""
    codes = {code for surface in surfaces if surface.kind == "title" for code in surface.codes}
    assert [code for code in codes if not fy2027.is_billable(code)] == []


def test_a_header_is_found_where_no_title_below_says_the_same(surfaces: tuple[Surface, ...]) -> None:
    """`Transverse fracture of shaft of radius` is said by none of its forms; a header that is repeated below is not."""
    headers = {surface.text: surface.codes for surface in surfaces if surface.kind == "header"}
    titles = {surface.text: surface.codes for surface in surfaces if surface.kind == "title"}
    assert headers["Transverse fracture of shaft of radius"] == ("S52.32",)
    assert [t for t, (code,) in headers.items() if any(c.startswith(code) for c in titles.get(t, ()))] == []


def test_words_lead_to_titles_alone(surfaces: tuple[Surface, ...]) -> None:
    """A title is found by its own words and those of its category that it lacks, other wordings by vector only."""
    rhinitis = next(s for s in surfaces if s.codes == ("J31.1",) and s.kind == "title")
    assert rhinitis.findable().words == "Chronic nasopharyngitis rhinitis and pharyngitis"
    assert {s.findable().words for s in surfaces if s.kind != "title"} == {""}
    assert "category" not in rhinitis.findable().payload


def _surface(text: str, codes: tuple[str, ...], first: int, last: int, kind: SurfaceKind = "title") -> Surface:
    return Surface(text=text, codes=codes, kind=kind, effective_from=first, effective_to=last)


def test_the_same_wording_in_two_editions_becomes_one() -> None:
    """Valid from the first day of one to the last day of the other; a changed meaning stays two."""
    old = _surface("Gout", ("M10.9",), 20251001, 20260930)
    new = _surface("gout", ("M10.9",), 20261001, 20270930)
    other = _surface("Gout", ("M10.90",), 20261001, 20270930)
    assert merged([old, new, other]) == (_surface("Gout", ("M10.9",), 20251001, 20270930), other)


def test_the_built_surfaces_are_those_of_the_chosen_categories(index: IndexFolder) -> None:
    """The small index really is small, holds all three kinds, and dates what a change of edition ended."""
    store = EdgeStore.open_copy(index.collection(SURFACES))
    payloads = [payload for _, payload in store.scroll()]
    store.close()
    codes = [payload["codes"] for payload in payloads]
    assert all(isinstance(found, list) and any(c[:3] in CATEGORIES for c in found) for found in codes)
    assert {payload["kind"] for payload in payloads} == {"title", "header", "inclusion", "clinical"}
    ended = [p for p in payloads if p["kind"] == "title" and p["codes"] == ["M72.2"]]
    assert [(p["effective_from"], p["effective_to"]) for p in ended] == [(20251001, 20260930)]
    assert 3_000 < len(payloads) < 6_000
