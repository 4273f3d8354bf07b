"""The official index files, read once a session."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from index_build.editions.index_books import IndexFiles, read_index
from medcoding.index_entries import IndexContent


@lru_cache(maxsize=1)
def official_content(shared_data: Path) -> IndexContent:
    """The path file of the index to diseases and the official files of the other three books."""
    folder = shared_data / "icd10cm"
    files = IndexFiles(
        diseases=folder / "index_fy2025.jsonl",
        external_causes=folder / "icd10cm-eindex-April-1-2026-XML.xml",
        neoplasms=folder / "icd10cm-neoplasm-April-1-2026-XML.xml",
        drugs=folder / "icd10cm-drug-April-1-2026-XML.xml",
    )
    return read_index(files, "FY2026")
