"""Wordings of every origin come together, and the dictionary holds those that a note could hold word for word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index_build.findable.surfaces import Surface
from index_build.search_steps import dictionary, searchable
from index_build.sources import find_sources
from index_build.stages import Stages
from index_build.workshop import BuildPlan, Workshop
from medcoding.codebook import Codebook, write_codebook
from medcoding.errors import InputError
from retrieval.dictionary import Dictionary
from retrieval.index_folder import CODEBOOKS, DICTIONARY
from tests.index_build.given_files import CROSSWALK, put, put_sources
from tests.index_build.tiny_index import AFTER, BEFORE, FY2026, FY2027

BOTH = (20251001, 20270930)


class Told:
    """A reporter that remembers the steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """A step begins."""
        self.steps.append(description)
        return lambda _: None


@pytest.fixture
def told() -> Told:
    """Nothing was told yet."""
    return Told()


@pytest.fixture
def shop(tmp_path: Path, told: Told) -> Workshop:
    """A build with the tiny editions and a crosswalk."""
    put_sources(tmp_path)
    work = tmp_path / "builds" / "one"
    (work / CODEBOOKS).mkdir(parents=True)
    for content in (BEFORE, AFTER):
        write_codebook(work / CODEBOOKS / f"icd10cm-{content.edition.name.lower()}.sqlite", content)
    return Workshop(work, BuildPlan(tmp_path, find_sources(tmp_path)), Stages(tmp_path / "cache"), told)


def _books(shop: Workshop) -> list[Codebook]:
    return [Codebook(shop.work / CODEBOOKS / f"icd10cm-{name}.sqlite") for name in ("fy2026", "fy2027")]


def _indexed() -> list[Surface]:
    return [Surface.over("podagra", ("M10.9",), "index", [edition]) for edition in (FY2026, FY2027)]


def test_wordings_of_every_origin_come_together(shop: Workshop) -> None:
    """Titles of each edition, the same index path of two editions once, the crosswalk's names."""
    surfaces = searchable(shop, _books(shop), _indexed())
    found = {(s.kind, s.text.lower()): (s.codes, (s.effective_from, s.effective_to)) for s in surfaces}
    assert found["index", "podagra"] == (("M10.9",), BOTH)
    assert found["crosswalk", "lantern hypertension"] == (("I10",), BOTH)
    assert found["title", "plantar fascial fibromatosis"] == (("M72.2",), (20251001, 20260930))
    assert found["title", "lantern fasciitis"] == (("M72.5",), (20261001, 20270930))
    assert len(found) == len(surfaces)


def test_wordings_of_the_editions_are_kept(shop: Workshop, told: Told) -> None:
    """A second build reads them; those of changed editions are made again."""
    first = searchable(shop, _books(shop), ())
    assert searchable(shop, _books(shop), ()) == first
    assert told.steps == ["Wordings of the codes"]
    changed = shop.work / CODEBOOKS / "icd10cm-fy2027.sqlite"
    changed.unlink()
    write_codebook(changed, AFTER._replace(entries=AFTER.entries[:2]))
    renewed = searchable(shop, _books(shop), ())
    assert {s.text.lower() for s in first} - {s.text.lower() for s in renewed} == {"lantern fasciitis"}
    assert len(told.steps) == 2


def test_a_plan_may_name_categories(shop: Workshop) -> None:
    """A wording is kept when one of its codes is of them, whatever its origin."""
    plan = BuildPlan(shop.plan.root, shop.plan.sources, frozenset({"I10", "M72"}))
    some = Workshop(shop.work, plan, shop.stages, shop.report)
    paired = Surface.over("lantern hand in diabetes", ("E11.618", "M72.5"), "index", [FY2027])
    assert {surface.text.lower() for surface in searchable(some, _books(some), [*_indexed(), paired])} == {
        "plantar fascial fibromatosis", "lantern fasciitis", "lantern hand in diabetes", "lantern hypertension",
        "fibroblastic disorders",
    }  # fmt: skip


def test_the_dictionary_finds_what_was_given_and_our_own_terms_first(shop: Workshop) -> None:
    """Where two sources say the same words, the table of clinical terms counts."""
    surfaces = [*_indexed()[:1], Surface.over("plantar fasciitis", ("M72.5",), "crosswalk", [FY2027])]
    count = dictionary(shop, [*searchable(shop, _books(shop), ()), *surfaces])
    terms = Dictionary.load(shop.work / DICTIONARY)
    assert len(terms) == count > 10_000
    crossed, own = terms.lookup("lantern hypertension"), terms.lookup("plantar fasciitis")
    assert crossed is not None
    assert (crossed.stems, crossed.source) == (("I10",), "crosswalk")
    assert own is not None
    assert (own.stems, own.source) == (("M72.2",), "clinical")


def test_a_crosswalk_of_another_kind_is_refused(shop: Workshop) -> None:
    """One sentence names the file."""
    put(shop.plan.root / "sources" / "crosswalk", CROSSWALK._replace(content=b"Not a map\n"))
    with pytest.raises(InputError, match=CROSSWALK.name):
        searchable(shop, _books(shop), ())
