"""Official names from year to year, and listings that try to lead elsewhere."""

from __future__ import annotations

from typing import Final

import pytest

from index_build.fetching.catalogue import choose, listed, published_edition
from tests.index_build.fetching.fetches import (
    CODES,
    GUIDELINES,
)

PUBLISHED: Final = (
    ("FY2024", "code_descriptions", "icd10cm-CodesDescriptions-2024.zip"),
    ("FY2024", "table_and_index", "icd10cm-Table and Index-2024.zip"),
    ("FY2024-April", "code_descriptions", "icd10cm-Codes-Descriptions-April-2024.zip"),
    ("FY2024-April", "addenda", "icd10cm-addenda-files-April-2024.zip"),
    ("FY2025-April", "table_and_index", "icd10cm-table-index-April-2025.zip"),
    ("FY2026", "code_descriptions", "icd10cm-Code Descriptions-2026.zip"),
    ("FY2026", "table_and_index", "icd10cm-table and index-2026.zip"),
    ("FY2026", "poa_exempt", "POAexemptCodesFY26.zip"),
    ("FY2026-April", "table_and_index", "icd10cm-April-1-2026-XML.zip"),
    ("FY2026-April", "addenda", "icd10cm-addenda-April-1-2026.zip"),
    ("FY2026-April", "guidelines", "ICD-10-CM April 1 2026 Guidelines Final.pdf"),
    ("FY2025", "guidelines", "icd-10-cm-guidelines-FY2025.pdf"),
    ("FY2025", "conversion_table", "ICD-10-CM-Conversion-Table-FY2025-Effective-10-01-2024-FINAL.zip"),
    ("FY2027", "code_descriptions", "2027-code-descriptions-tabular-order.zip"),
    ("FY2027", "table_and_index", "2027-code-tables-tabular-index.zip"),
    ("FY2027", "poa_exempt", "2027-poa-exempt-codes.zip"),
    ("FY2027", "addenda", "2027-icd-10-addendum.zip"),
    *(("FY2027", kind, name) for kind, name in (("code_descriptions", CODES), ("guidelines", GUIDELINES))),
)


@pytest.mark.parametrize(("edition", "kind", "name"), PUBLISHED)
def test_published_names_are_known(edition: str, kind: str, name: str) -> None:
    """Each is of its kind and of no other, and not of the year before or after."""
    page = "http://127.0.0.1/x/"
    entries = listed(page, f'<a href="{name}">{name}</a>')
    asked = published_edition(edition)
    assert [k.kind for k in asked.kinds if choose(asked, k, entries)] == [kind]
    for year in (int(asked.words["year"]) - 1, int(asked.words["year"]) + 1):
        other = published_edition(f"FY{year}")
        assert not any(choose(other, k, entries) for k in other.kinds)


@pytest.mark.parametrize(
    "href",
    [
        f"http://elsewhere.example/x/{CODES}",
        f"//elsewhere.example/x/{CODES}",
        f"../{CODES}",
        f"..%2f{CODES}",
        f"deeper/{CODES}",
        f"%2e%2e%5c{CODES}",
        f".{CODES}",
        f"{CODES}?page=1",
        f"a%0a{CODES}",
        f"%1b[31m{CODES}",
        "http://[::bad/",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_listing_leads_nowhere_else(href: str) -> None:
    """Only plain names directly below the folder count."""
    assert listed("http://127.0.0.1/x/", f'<a href="{href}">icd10cm</a>') == ()


def test_official_pcs_files_are_not_taken() -> None:
    """The procedure code set is published beside the diagnoses."""
    names = ("2027-icd-10-pcs-conversion-table.zip", "2027-official-icd-10-pcs-coding-guidelines.pdf")
    entries = listed("http://127.0.0.1/x/", "".join(f'<a href="{name}">x</a>' for name in names))
    asked = published_edition("FY2027")
    assert not any(choose(asked, kind, entries) for kind in asked.kinds)
