"""What the tests of fetching share: quick patience, the expected files, one run against the loopback publisher."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from index_build.fetching.download import Patience
from index_build.fetching.fetch import fetch_edition
from index_build.fetching.plan import FetchOptions
from index_build.fetching.provenance import Provenance, verify_provenance
from medcoding.errors import ChartwrightError
from tests.release_server import ReleaseServer, edition_files

QUICK: Final = Patience(connect_s=1, read_s=0.2, file_s=5, attempts=3, pause_s=0.01, longest_pause_s=0.02)
CODES: Final = "icd10cm-code-descriptions-2027.zip"
TABLE: Final = "icd10cm-table-and-index-2027.zip"
GUIDELINES: Final = "ICD-10-CM-October-1-2026-FY27-Guidelines.pdf"
FILES: Final = edition_files(2027)
CUT: Final = 60_000
KINDS: Final = {"code_descriptions", "table_and_index", "guidelines", "poa_exempt", "conversion_table", "addenda"}


class Steps:
    """A reporter that remembers how far each step came."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.total: dict[str, int | None] = {}

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """A new step begins."""
        self.total[description], self.done[description] = total, 0

        def advance(amount: int) -> None:
            self.done[description] += amount

        return advance


def fetched(
    server: ReleaseServer,
    folder: Path,
    edition: str = "FY2027",
    checksums: Path | None = None,
    patience: Patience = QUICK,
) -> Provenance:
    """One run against the server."""
    return fetch_edition(edition, folder, Steps(), FetchOptions(server.url, checksums, patience))


def refused(kind: type[ChartwrightError], server: ReleaseServer, folder: Path, patience: Patience = QUICK) -> str:
    """The one sentence of a run that must fail, which holds nothing the server sent."""
    with pytest.raises(kind) as error:
        fetched(server, folder, patience=patience)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert "diagnostics" not in sentence
    return sentence


def whole_names(folder: Path) -> set[str]:
    """The files a later step would take as whole."""
    return {path.name for path in folder.iterdir() if path.suffix in {".zip", ".pdf", ".xlsx"}}


def assert_complete(folder: Path, expected: dict[str, bytes] = FILES) -> None:
    """Every file is there byte for byte, stands in the provenance, and nothing unfinished is left."""
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*") if path.name in expected} == expected
    assert whole_names(folder) == set(expected)
    assert not list(folder.glob("*.part*"))
    provenance = verify_provenance(folder)
    assert provenance is not None
    assert provenance.complete
    assert not provenance.not_published or expected is not FILES
    assert {file.name: file.sha256 for file in provenance.files} == {
        name: hashlib.sha256(data).hexdigest() for name, data in expected.items()
    }
