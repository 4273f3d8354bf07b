"""Miniature official and licensed files of our own making, laid out as a user lays them into an index's `sources`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from index_build.readers.crosswalk import ICD10CM_MAP
from tests.index_build.readers.index_excerpts import DISEASES
from tests.index_build.readers.published import QUARTER, Given, hcpcs_file, mue_csv, ptp_text, text

_MAP: Final = {
    "id": "1", "effectiveTime": "20300901", "active": "1", "moduleId": "2", "refsetId": ICD10CM_MAP,
    "referencedComponentId": "900001", "referencedComponentName": "Lantern hypertension (disorder)", "mapGroup": "1",
    "mapPriority": "1", "mapRule": "TRUE", "mapAdvice": "ALWAYS I10", "mapTarget": "I10", "mapTargetName": "Title",
    "correlationId": "3", "mapCategoryId": "4", "mapCategoryName": "MAP SOURCE CONCEPT IS PROPERLY CLASSIFIED",
}  # fmt: skip

HCPCS: Final = hcpcs_file(*QUARTER)
CPT: Final = text("Consolidated_Code_List.txt", "CPT Code\tLong\tShort\n9ZZZ1\tInvented lantern repair\tLANTERN\n")
NCCI: Final = (ptp_text(), mue_csv())
CROSSWALK: Final = text(
    "tls_Icd10cmHumanReadableMap_US1000124_20300901.tsv", "\n".join(("\t".join(_MAP), "\t".join(_MAP.values()))) + "\n"
)
INDEX: Final = Given(
    "icd10cm-index-2027.xml",
    DISEASES.content.replace(
        b"</ICD10CM.index>",
        b"<letter><title>T</title><mainTerm><title>Tension, arterial</title><code>I10</code></mainTerm></letter>"
        b"</ICD10CM.index>",
    ),
)


def put(folder: Path, *files: Given) -> Path:
    """Write files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).write_bytes(file.content)
    return folder


def put_sources(root: Path) -> Path:
    """One miniature of every kind of file in the index's own folder."""
    sources = root / "sources"
    put(sources / "icd10cm" / "FY2027", INDEX)
    put(sources / "hcpcs", HCPCS)
    put(sources / "cpt", CPT)
    put(sources / "ncci", *NCCI)
    put(sources / "crosswalk", CROSSWALK)
    return sources
