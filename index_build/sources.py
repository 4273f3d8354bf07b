"""The official and licensed files that a build reads, from the index's own folder for them and from elsewhere.

<index>/sources/icd10cm/     official releases: folders, zips or single files (`chartwright index fetch` puts them here)
                hcpcs/       the quarterly release of HCPCS Level II
                cpt/         the licensee's CPT file
                ncci/        NCCI procedure-to-procedure edits and medically unlikely edits
                crosswalk/   SNOMED CT or UMLS maps to ICD-10-CM
                policies/    payer policies of the user's own: PDF, Markdown, text; facts of each in a .toml beside it
                encounters/  the hospital's own attested encounters, JSON lines

What `chartwright index fetch` put into a folder must still be what it checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from index_build.editions.load import edition_inputs
from index_build.editions.release import ReleaseFiles, find_releases
from index_build.fetching.catalogue import published_edition
from index_build.fetching.provenance import PROVENANCE, verify_provenance
from index_build.findable.past_encounters import kept_files
from index_build.findable.policies import policy_files, with_sidecar
from index_build.procedures import hcpcs_files, ncci_files
from index_build.readers.table import NamedFile
from medcoding.errors import InputError
from retrieval.index_folder import IndexInput, file_digest

SOURCES: Final = "sources"
_INDEX_KINDS: Final = ("alphabetic_index", "external_cause_index", "neoplasms", "drugs", "guidelines")


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Files that lie elsewhere, beside those in the index's own folder for sources."""

    official: tuple[Path, ...] = ()
    """Folders, zips or single files of official ICD-10-CM releases."""
    hcpcs: Path | None = None
    cpt: Path | None = None
    ncci: Path | None = None
    crosswalk: tuple[Path, ...] = ()
    policies: tuple[Path, ...] = ()
    """Folders or single files of payer policies."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a build reads."""

    releases: tuple[ReleaseFiles, ...] = ()
    hcpcs: Path | None = None
    cpt: Path | None = None
    ncci: Path | None = None
    crosswalks: tuple[Path, ...] = ()
    encounters: tuple[Path, ...] = ()
    """JSON lines of attested encounters."""
    policies: tuple[Path, ...] = ()
    """Payer policies of the user's own."""

    def inputs(self) -> tuple[IndexInput, ...]:
        """Every file with its digest: what the manifest names and what decides whether a step is made again."""
        editions = (IndexInput(kind=i.kind, name=i.name, sha256=i.sha256) for i in edition_inputs(self.releases))
        indexes = (
            IndexInput(kind=kind, name=file.name, sha256=file.sha256())
            for release in self.releases
            for kind, file in release.files().items()
            if kind in _INDEX_KINDS
        )
        return (*editions, *indexes, *self._other_inputs())

    def _other_inputs(self) -> Iterator[IndexInput]:
        if self.hcpcs:
            yield from (_input("hcpcs", file) for file in hcpcs_files(self.hcpcs) if file)
        if self.cpt:
            yield _input("cpt", self.cpt)
        if self.ncci:
            yield from (_input("ncci", file) for file in ncci_files(self.ncci))
        yield from (_input("crosswalk", path) for path in self.crosswalks)
        yield from (_input("encounters", path) for path in self.encounters)
        yield from (_input("policy", file) for path in self.policies for file in with_sidecar(path))


def find_sources(root: Path, given: GivenFiles | None = None) -> Sources:
    """What lies in `<root>/sources` and what was given besides.

    Raises `InputError` for what is missing or cannot be told apart, `IntegrityError` for what is not as it was fetched.
    """
    given = given or GivenFiles()
    own = root / SOURCES
    official = (*filter(None, [_folder(own / "icd10cm")]), *(_checked(_there(path)) for path in given.official))
    return Sources(
        releases=find_releases(*official),
        hcpcs=_checked(_there(given.hcpcs)) if given.hcpcs else _folder(own / "hcpcs"),
        cpt=_there(given.cpt) if given.cpt else _only_file(own / "cpt"),
        ncci=_there(given.ncci) if given.ncci else _folder(own / "ncci"),
        crosswalks=(*_files(own / "crosswalk"), *(_there(path) for path in given.crosswalk)),
        encounters=kept_files(encounters_folder(root)),
        policies=policy_files(*filter(Path.is_dir, [own / "policies"]), *given.policies),
    )


def encounters_folder(root: Path) -> Path:
    """Where attested past encounters lie, JSON lines; every build reads them there."""
    return root / SOURCES / "encounters"


def fetch_folder(root: Path, edition: str) -> Path:
    """Where the files of a published edition (`FY2027`, `HCPCS-2026-October`) belong; every build reads them there."""
    name = published_edition(edition).name
    return root / SOURCES / ("hcpcs" if name.startswith("HCPCS") else "icd10cm") / name


def _checked(path: Path) -> Path:
    for folder in (path, *path.glob("*")):
        provenance = verify_provenance(folder)
        if provenance and provenance.files and not provenance.complete:
            raise InputError(
                f"The files of {provenance.edition} in {folder} are not all fetched; "
                f"run 'chartwright index fetch {provenance.edition}' again."
            )
    return path


def _there(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path} does not exist; check the path.")
    return path


def _folder(folder: Path) -> Path | None:
    """The folder when a file lies in it; a hidden one (a lock) is nothing, nor is one that is still being fetched."""
    return _checked(folder) if any(_counts(path) for path in folder.rglob("*")) else None


def _counts(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and ".part" not in path.suffixes and path.name != PROVENANCE


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith(".")))


def _only_file(folder: Path) -> Path | None:
    files = _files(folder)
    if len(files) > 1:
        raise InputError(f"{folder} holds {len(files)} files; keep the one CPT file to use.")
    return files[0] if files else None


def _input(kind: str, file: NamedFile) -> IndexInput:
    sha256 = file_digest(file) if isinstance(file, Path) else hashlib.sha256(file.read_bytes()).hexdigest()
    return IndexInput(kind=kind, name=file.name, sha256=sha256)
