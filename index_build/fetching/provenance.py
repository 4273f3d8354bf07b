"""Where the official files of a folder came from: `provenance.json`, written by fetch, read by the index build."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from index_build.fetching.catalogue import SAFE_NAME
from medcoding.errors import InputError, IntegrityError
from medcoding.parsing import parse_record
from medcoding.record import Record
from retrieval.index_folder import file_digest

PROVENANCE: Final = "provenance.json"


class OfficialFile(Record):
    """One downloaded file, named as it was published."""

    kind: str
    """As in the catalogue: `code_descriptions`, `table_and_index`, `guidelines`, …"""
    name: Annotated[str, Field(pattern=f"^{SAFE_NAME}$")]
    url: str
    size: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    etag: str = ""
    last_modified: str = ""
    fetched_at: AwareDatetime
    """UTC."""
    replaced_sha256: str = ""
    """Digest of what was here before under this kind, where the publisher changed it; empty otherwise."""


class Provenance(Record):
    """What a folder of official files holds."""

    edition: str
    """For instance `FY2027`."""
    source: str
    """Address of the folder the files came from."""
    tool: str
    """Name and version of the program that fetched them."""
    complete: bool
    """False while some of the edition's published files are still to come; those listed are whole all the same."""
    files: tuple[OfficialFile, ...]
    not_published: tuple[str, ...] = ()
    """Kinds that the source does not offer for this edition."""

    def of(self, kind: str) -> OfficialFile | None:
        """The file of one kind."""
        return next((file for file in self.files if file.kind == kind), None)


def read_provenance(folder: Path) -> Provenance | None:
    """What fetch wrote into a folder; None where it never did. Raises `IntegrityError` when it is damaged."""
    path = folder / PROVENANCE
    if not path.is_file():
        return None
    try:
        return parse_record(Provenance, path.read_bytes(), PROVENANCE)
    except InputError:
        raise IntegrityError(f"{path} is damaged; delete it and fetch the edition again.") from None


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write it in one step: a reader sees the old one or the new one. One writer at a time (fetch holds a lock)."""
    unfinished = folder / f".{PROVENANCE}.unfinished"
    with unfinished.open("w", encoding="utf-8") as content:
        content.write(provenance.model_dump_json(indent=1) + "\n")
        content.flush()
        os.fsync(content.fileno())
    unfinished.replace(folder / PROVENANCE)


def verify_provenance(folder: Path) -> Provenance | None:
    """The same as `read_provenance`, every listed file compared with its size and digest (`IntegrityError`)."""
    provenance = read_provenance(folder)
    if provenance is None:
        return None
    for file in provenance.files:
        if not is_whole(folder, file):
            wrong = f"{folder / file.name} is not the file that was fetched"
            raise IntegrityError(f"{wrong}; fetch {provenance.edition} again.")
    return provenance


def is_whole(folder: Path, file: OfficialFile) -> bool:
    """True when the file is there with the size and the digest that were written down."""
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size and file_digest(path) == file.sha256
