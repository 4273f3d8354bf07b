"""Is a downloaded file what its name says?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from index_build.fetching.catalogue import published_edition
from index_build.fetching.official_content import fault_of
from tests.index_build.fetching.fetches import (
    CODES,
    FILES,
    GUIDELINES,
    TABLE,
)
from tests.release_server import (
    code_descriptions,
    guidelines,
    small_pdf,
    table_and_index,
    zipped,
)

BAD_CRC: Final = code_descriptions(2027)[:5_000] + b"x" + code_descriptions(2027)[5_001:]


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        (GUIDELINES, guidelines(2027), ""),
        (GUIDELINES, small_pdf("Guidelines"), ""),  # some years print their year as a picture
        (CODES, code_descriptions(2027, joint="_"), ""),
        (CODES, b"<!DOCTYPE html><html>diagnostics</html>", "is a web page, not the official file"),
        (CODES, code_descriptions(2026), "holds the order file of 2026, not of FY2027"),
        (CODES, code_descriptions(2027)[:-900], "is not a whole zip file"),
        (CODES, BAD_CRC, "is a damaged zip file"),
        (CODES, guidelines(2027), "is not a whole zip file"),
        (CODES, b"", "is not a whole zip file"),
        (CODES, table_and_index(2027), "holds no order file"),
        (TABLE, zipped({"icd10cm-tabular-2027.xml": "<x/>"}), "holds no Alphabetic Index (XML)"),
        (GUIDELINES, guidelines(2027)[:-3], "is not a whole PDF"),
        (GUIDELINES, guidelines(2027)[:-300], "is not a whole PDF"),
        (GUIDELINES, b"%PDF-1.7\nnothing of the kind\n%%EOF", "is not a whole PDF"),
        (GUIDELINES, FILES[CODES], "is not a PDF"),
        (GUIDELINES, guidelines(2025), "is of FY2025, not of FY2027"),
        ("ICD-10-CM-CONVERSION-TABLE-FY2027.xlsx", zipped({"a.txt": "a"}), "is not a workbook"),
    ],
)
def test_a_file_is_judged_by_its_content(tmp_path: Path, name: str, body: bytes, said: str) -> None:
    """What is wrong is said in words that follow the file's name; nothing where the file is what it should be."""
    path, edition = tmp_path / "download.part", published_edition("FY2027")
    path.write_bytes(body)
    (kind,) = (kind for kind in edition.kinds if name in edition.usual_names(kind))
    assert fault_of(path, name, kind, edition) == said
