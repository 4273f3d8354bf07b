"""An index of two tiny editions, put together by hand: what opens in a moment and holds what a test says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from medcoding.codebook import CodebookEntry, Edition, EditionContent, write_codebook
from medcoding.notes import CodeTarget, InstructionalNote, InstructionalNotes
from retrieval.index_folder import (
    CODEBOOKS,
    CURRENT,
    MANIFEST,
    MANIFEST_VERSION,
    IndexFolder,
    IndexInput,
    IndexManifest,
    IndexPart,
    file_digest,
    open_index,
)

FY2026: Final = Edition(
    name="FY2026",
    effective_from=dt.date(2025, 10, 1),
    effective_to=dt.date(2026, 9, 30),
    status="official",
    source="an order file of our own",
    poa_exempt_from="poa.txt",
)
FY2027: Final = Edition(
    name="FY2027",
    effective_from=dt.date(2026, 10, 1),
    effective_to=dt.date(2027, 9, 30),
    status="derived",
    source="a table of our own",
    notes_from="FY2026",
)
_READ: Final = InstructionalNote(
    text="Use additional code for gout (M10.-)", targets=(CodeTarget(first="M10", last="M10"),)
)
_NOT_READ: Final = InstructionalNote(text="Code also any gout (M10.9)")
_NOTES: Final = InstructionalNotes(use_additional_code=(_READ, _NOT_READ))


def entry(code: str, parent: str | None, title: str, notes: InstructionalNotes | None = None) -> CodebookEntry:
    """A category, or a billable code below one."""
    kind, billable = ("subcategory", True) if parent else ("category", False)
    return CodebookEntry.model_validate(
        {"code": code, "parent": parent, "kind": kind, "title": title, "billable": billable, "status": "official"}
        | ({"notes": notes} if notes else {})
    )


BEFORE: Final = EditionContent(
    FY2026,
    (
        entry("M10", None, "Gout"),
        entry("M10.9", "M10", "Gout, unspecified"),
        entry("M72", None, "Fibroblastic disorders", _NOTES),
        entry("M72.2", "M72", "Plantar fascial fibromatosis"),
    ),
    poa_exempt=frozenset({"M10.9"}),
)
AFTER: Final = EditionContent(
    FY2027,
    (
        entry("M10", None, "Gout"),
        entry("M10.9", "M10", "Gout, site not told"),
        entry("M72", None, "Fibroblastic disorders", _NOTES),
        entry("M72.5", "M72", "Lantern fasciitis"),
    ),
)


def write_tiny_index(root: Path, editions: Sequence[EditionContent] = (BEFORE, AFTER)) -> IndexFolder:
    """Codebooks and a manifest; no encoder, no collections."""
    build = root / "builds" / "tiny"
    (build / CODEBOOKS).mkdir(parents=True)
    for content in editions:
        write_codebook(build / CODEBOOKS / f"icd10cm-{content.edition.name.lower()}.sqlite", content)
    (root / CURRENT).symlink_to("builds/tiny")
    seal(build)
    return open_index(root)


def seal(build: Path) -> None:
    """Write the manifest over everything that lies in a build folder."""
    files = sorted(p for p in build.rglob("*") if p.is_file() and p.name != MANIFEST)
    manifest = IndexManifest(
        version=MANIFEST_VERSION,
        built_at=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC),
        editions=("FY2026", "FY2027"),
        counts={"FY2026": 2, "FY2027": 2, "surfaces": 1_234},
        encoder="an encoder of our own",
        distributions=("chartwright 0",),
        inputs=(IndexInput(kind="poa_exempt", name="poa.txt", sha256="ab" * 32),),
        parts=tuple(
            IndexPart(path=str(p.relative_to(build)), size=p.stat().st_size, sha256=file_digest(p)) for p in files
        ),
    )
    (build / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
