"""Small books beside the tests' index: an Alphabetic Index of our excerpts and a HCPCS quarter of invented lines."""

from __future__ import annotations

from pathlib import Path

from index_build.editions.index_books import IndexFiles, read_index, with_stems
from index_build.procedures import write_hcpcs
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from medcoding.index_file import write_index
from tests.index_build.readers.index_excerpts import DISEASES, DRUGS, EXTERNAL_CAUSES, NEOPLASMS
from tests.index_build.readers.published import QUARTER, hcpcs_file


def write_excerpts(path: Path, codebook: Codebook) -> None:
    """The excerpts as an index of the codebook's edition, its headers marked as stems."""
    files = IndexFiles(DISEASES, EXTERNAL_CAUSES, NEOPLASMS, DRUGS)
    content = read_index(files, codebook.edition.name)
    write_index(path, with_stems(content, lambda code: code in codebook and not codebook.is_billable(code)))


def excerpts(folder: Path, codebook: Codebook) -> AlphabeticIndex:
    """The same, opened; the caller closes it."""
    write_excerpts(folder / "index.sqlite", codebook)
    return AlphabeticIndex(folder / "index.sqlite")


def index_with_books(root: Path, index_dir: Path, codebook: Codebook) -> Path:
    """Root of an index that is the given one, with the excerpts for the codebook's edition and a HCPCS book."""
    current = root / "current"
    (current / "alphabetic_index").mkdir(parents=True)
    (current / "procedures").mkdir()
    for part in (index_dir / "current").resolve().iterdir():
        (current / part.name).symlink_to(part)
    write_excerpts(current / "alphabetic_index" / f"icd10cm-{codebook.edition.name.lower()}.sqlite", codebook)
    quarter = hcpcs_file(*QUARTER)
    (root / quarter.name).write_bytes(quarter.content)
    write_hcpcs(current / "procedures" / "hcpcs.sqlite", root / quarter.name)
    return root
