"""The release inside the package, read from its files, against the package's own reading of them."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from index_build.editions.packaged import packaged_release
from medcoding.codebook import CodebookEntry, EditionContent
from medcoding.codes import ICD10CM_SHAPE


def test_the_packaged_release_is_april_2026() -> None:
    """The official tabular list and code list, and nothing else."""
    release = packaged_release()
    assert (release.name, release.month) == ("FY2026", "April")
    assert {kind: file.name for kind, file in release.files().items()} == {
        "codes": "code-list-April-2026.txt",
        "tabular": "icd10c-tabular-April-1-2026.xml",
    }


def test_the_package_is_never_imported() -> None:
    """Importing it takes six seconds and 194 MB; its files are enough."""
    program = "import sys, index_build.editions.load as e; e.packaged(); print('simple_icd_10_cm' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


@pytest.fixture(scope="module")
def packaged_entries(shipped: tuple[EditionContent, ...]) -> dict[str, CodebookEntry]:
    """The April 2026 edition by code."""
    return {entry.code: entry for entry in shipped[0].entries}


def test_our_reading_is_the_packages_own(packaged_entries: dict[str, CodebookEntry]) -> None:
    """Two readers, one file: the same entries, parents, billable codes, titles and notes. Slow: it imports the package.

    The package adds a character's inclusion term to a title, breaks lines inside notes (blanks are left out here), and
    loses the note of the one block that has notes beside a category of its name.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10_cm as book

    names = dict.fromkeys(book.get_all_codes())
    assert names.keys() == packaged_entries.keys()
    assert [
        n for n in names if packaged_entries[n].parent != (book.get_parent(n, n == book.get_parent(n)) or None)
    ] == []
    leaves = {n for n in names if ICD10CM_SHAPE.fullmatch(n) and book.is_leaf(n)}
    assert leaves == {n for n, entry in packaged_entries.items() if entry.billable}
    retitled = [n for n, e in packaged_entries.items() if not book.get_description(n).startswith(e.title)]
    assert retitled == []
    different = [n for n, entry in packaged_entries.items() if _ours(entry) != _theirs(book, n)]
    assert different == ["T07"]
    block_and_category = book.get_excludes1("T07", prioritize_blocks=True) + book.get_excludes1("T07")
    assert [note.text for note in packaged_entries["T07"].notes.excludes1] == block_and_category


def _ours(entry: CodebookEntry) -> list[str]:
    notes = entry.notes
    pointing = (notes.excludes1, notes.excludes2, notes.code_first, notes.use_additional_code, notes.code_also)
    return [
        *map(_squeezed, (notes.includes, notes.inclusion_terms, notes.notes)),
        *(_squeezed([note.text for note in kind]) for kind in pointing),
        _squeezed([notes.seventh_character_note, *notes.seventh_characters, *notes.seventh_characters.values()]),
    ]


def _theirs(book: object, name: str) -> list[str]:
    def read(what: str) -> list[str]:
        found: str | list[str] = getattr(book, f"get_{what}")(name)
        return [found] if isinstance(found, str) else found

    lists = ("includes", "inclusion_term", "notes")
    pointing = ("excludes1", "excludes2", "code_first", "use_additional_code", "code_also")
    table: dict[str, str] = book.get_seven_chr_def(name)  # type: ignore[attr-defined]
    return [
        *(_squeezed(read(what)) for what in (*lists, *pointing)),
        _squeezed([*read("seven_chr_note"), *table, *table.values()]),
    ]


def _squeezed(lines: list[str] | tuple[str, ...]) -> str:
    return "".join("".join(lines).split())
