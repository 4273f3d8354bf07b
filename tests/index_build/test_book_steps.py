"""Steps that write books: which index file serves which edition, and books made again only when their file changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index_build.book_steps import index_books, index_files, procedure_books
from index_build.editions.release import ReleaseFiles
from index_build.editions.release_file import ReleaseFile
from index_build.sources import find_sources
from index_build.stages import Stages
from index_build.workshop import BuildPlan, Workshop
from medcoding.codebook import Codebook, write_codebook
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from retrieval.index_folder import ALPHABETIC_INDEX, CODEBOOKS, PROCEDURES, IndexFolder
from tests.index_build.given_files import HCPCS, INDEX, put, put_sources
from tests.index_build.readers.published import KETOROLAC, hcpcs_file, text
from tests.index_build.tiny_index import AFTER, BEFORE, FY2026, FY2027, write_tiny_index


class Told:
    """A reporter that remembers the steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """A step begins."""
        self.steps.append(description)
        return lambda _: None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index root with one miniature of every kind of file."""
    put_sources(tmp_path)
    return tmp_path


def _shop(root: Path, build: str, told: Told) -> Workshop:
    """A new build's folder with the tiny editions in it."""
    work = root / "builds" / build
    (work / CODEBOOKS).mkdir(parents=True)
    for content in (BEFORE, AFTER):
        write_codebook(work / CODEBOOKS / f"icd10cm-{content.edition.name.lower()}.sqlite", content)
    return Workshop(work, BuildPlan(root, find_sources(root)), Stages(root / "cache"), told)


def _books(shop: Workshop) -> list[Codebook]:
    return [Codebook(shop.work / CODEBOOKS / f"icd10cm-{name}.sqlite") for name in ("fy2026", "fy2027")]


def _release(year: int, **kinds: str) -> ReleaseFiles:
    files = {kind: ReleaseFile(Path(f"{year}") / name) for kind, name in kinds.items()}
    return ReleaseFiles(year, "October", **files)


def test_each_part_comes_from_the_nearest_release() -> None:
    """The edition's own, else the nearest year before it, else the nearest after; another part from another year."""
    releases = [
        _release(2028, neoplasms="n28.xml", drugs="d28.xml"),
        _release(2024, alphabetic_index="i24.xml", drugs="d24.xml"),
        _release(2027, external_cause_index="e27.xml"),
        _release(2026, alphabetic_index="i26.xml"),
    ]
    assert [file and file.name for file in index_files(FY2027, releases)] == [
        "i26.xml",
        "e27.xml",
        "n28.xml",
        "d24.xml",
    ]
    assert [file and file.name for file in index_files(FY2026, releases)] == [
        "i26.xml",
        "e27.xml",
        "n28.xml",
        "d24.xml",
    ]
    own = [*releases, _release(2025, alphabetic_index="i25.xml")]
    assert getattr(index_files(FY2026, own).diseases, "name", "") == "i26.xml"
    assert not any(index_files(FY2027, [_release(2027, tabular="t27.xml")]))


def test_an_index_is_written_for_every_edition(root: Path) -> None:
    """Its wordings are valid in their edition; a code that the edition holds as a header is a stem."""
    shop = _shop(root, "one", Told())
    surfaces = list(index_books(shop, _books(shop)))
    tension = [s for s in surfaces if s.text == "arterial tension"]
    assert [(s.codes, s.kind, s.effective_from, s.effective_to) for s in tension] == [
        (("I10",), "index", 20251001, 20260930), (("I10",), "index", 20261001, 20270930),
    ]  # fmt: skip
    assert {path.name for path in (shop.work / ALPHABETIC_INDEX).iterdir()} == {
        "icd10cm-fy2026.sqlite", "icd10cm-fy2027.sqlite",
    }  # fmt: skip


def test_an_index_is_kept_until_its_file_or_its_edition_changes(root: Path) -> None:
    """What was kept gives the same wordings as what is made."""
    first, again, changed = Told(), Told(), Told()
    made = list(index_books(shop := _shop(root, "one", first), _books(shop)))
    kept = list(index_books(shop := _shop(root, "two", again), _books(shop)))
    assert kept == made
    assert first.steps == ["Alphabetic Index for FY2026", "Alphabetic Index for FY2027"]
    assert again.steps == []
    put(root / "sources" / "icd10cm" / "FY2027", INDEX._replace(content=INDEX.content.replace(b"Tension", b"Strain")))
    renewed = list(index_books(shop := _shop(root, "three", changed), _books(shop)))
    assert changed.steps == first.steps
    assert {s.text for s in renewed} ^ {s.text for s in made} == {"arterial tension", "arterial strain"}


def test_without_index_files_there_is_no_index(tmp_path: Path) -> None:
    """Nor a wording, nor an empty folder."""
    shop = _shop(tmp_path, "one", Told())
    assert list(index_books(shop, _books(shop))) == []
    assert not (shop.work / ALPHABETIC_INDEX).exists()


def test_books_of_procedures_are_counted_and_kept(root: Path) -> None:
    """Each is made again when its own file changed, the others are not."""
    first, again, changed = Told(), Told(), Told()
    counts = procedure_books(_shop(root, "one", first))
    assert counts == {"hcpcs": 2, "cpt": 1, "ncci": 7}
    assert first.steps == ["HCPCS book", "CPT book", "NCCI book"]
    assert procedure_books(_shop(root, "two", again)) == counts
    assert again.steps == []
    put(root / "sources" / "hcpcs", hcpcs_file(KETOROLAC))
    shop = _shop(root, "three", changed)
    assert procedure_books(shop) == {**counts, "hcpcs": 1}
    assert changed.steps == ["HCPCS book"]
    assert {path.name for path in (shop.work / PROCEDURES).iterdir()} == {"hcpcs.sqlite", "cpt.sqlite", "ncci.sqlite"}


def test_a_file_that_is_refused_leaves_no_book(root: Path) -> None:
    """The next build, with a good file, starts from nothing."""
    put(root / "sources" / "hcpcs", text(HCPCS.name, "The patient came for a visit.\n"))
    with pytest.raises(InputError, match=HCPCS.name):
        procedure_books(_shop(root, "one", Told()))
    put(root / "sources" / "hcpcs", HCPCS)
    assert procedure_books(_shop(root, "two", Told()))["hcpcs"] == 2


def test_books_that_were_not_given_are_not_there(tmp_path: Path) -> None:
    """Readers are told so by None."""
    index = IndexFolder(write_tiny_index(tmp_path).folder, write_tiny_index(tmp_path / "other").manifest)
    assert index.alphabetic_index("FY2027") is None
    assert [index.procedures(system) for system in (CodeSystem.HCPCS, CodeSystem.CPT)] == [None, None]
    assert index.ncci() is None
