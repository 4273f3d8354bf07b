"""What the tests of editions share: the shipped editions and the official tabular list, read once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_build.editions.load import load_editions
from index_build.readers.tabular import TabularList, read_tabular
from medcoding.codebook import EditionContent


@pytest.fixture(scope="session")
def shipped() -> tuple[EditionContent, ...]:
    """The editions without any official file: April 2026 from the package, October 2026 from our table."""
    return load_editions([])


@pytest.fixture(scope="session")
def official_tabular(shared_data: Path) -> TabularList:
    """The official tabular list of April 2026."""
    path = shared_data / "icd10cm" / "icd10c-tabular-April-1-2026.xml"
    return read_tabular(path.read_bytes(), path.name)
