"""The built index on disk: where its parts lie and whether they are whole.

<root>/current -> builds/<digest>       swapped atomically when a build is complete
<root>/builds/<digest>/manifest.json    every part with size and SHA-256
                       codebook/        one SQLite file per edition
                       alphabetic_index/  the index books of each edition that has them
                       procedures/      HCPCS Level II, CPT and NCCI, where they were given
                       encoder/         model.onnx, tokenizer.json
                       reranker/        reranker.onnx, words.json, card.json
                       dictionary.json  clinical terms
                       collections/     surfaces, guidelines, past_encounters, procedure_wordings
<root>/cache/                           what a rebuild need not make again
<root>/sources/                         official and licensed files, read by every build
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, TypedDict

from pydantic import AwareDatetime, ValidationError

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, IntegrityError
from medcoding.ncci import NcciBook
from medcoding.procedures import ProcedureBook
from medcoding.record import Record

MANIFEST_VERSION: Final = 2
MANIFEST: Final = "manifest.json"
CURRENT: Final = "current"
CODEBOOKS: Final = "codebook"
ALPHABETIC_INDEX: Final = "alphabetic_index"
PROCEDURES: Final = "procedures"
ENCODER: Final = "encoder"
DICTIONARY: Final = "dictionary.json"
COLLECTIONS: Final = "collections"

SURFACES: Final = "surfaces"
GUIDELINES: Final = "guidelines"
PAST_ENCOUNTERS: Final = "past_encounters"
PROCEDURE_WORDINGS: Final = "procedure_wordings"
RERANKER: Final = "reranker"


class FilterKeys(TypedDict):
    """Payload keys that a collection is filtered by, indexed wherever it is stored."""

    keyword_keys: tuple[str, ...]
    integer_keys: tuple[str, ...]


FILTERED_BY: Final[dict[str, FilterKeys]] = {
    SURFACES: {"keyword_keys": (), "integer_keys": ("effective_from", "effective_to")},
    GUIDELINES: {
        "keyword_keys": ("settings", "source", "tenant", "payer_key"),
        "integer_keys": ("first_day", "last_day"),
    },
    PAST_ENCOUNTERS: {"keyword_keys": ("tenant", "setting", "specialty", "origin"), "integer_keys": ()},
    PROCEDURE_WORDINGS: {"keyword_keys": ("system",), "integer_keys": ("effective_from", "effective_to")},
}

_REBUILD: Final = "run 'chartwright index build'"


class IndexPart(Record):
    """One file of the index, its path relative to the build folder."""

    path: str
    size: int
    sha256: str


class IndexInput(Record):
    """One file that a build read: an official or licensed file, or a table that ships."""

    kind: str
    """For instance `order`, `tabular`, `hcpcs`, `table`."""
    name: str
    sha256: str


class IndexManifest(Record):
    """What a build holds and what it was made from."""

    version: int
    built_at: AwareDatetime
    editions: tuple[str, ...]
    counts: dict[str, int]
    """Points per collection, terms in the dictionary, billable codes per edition, rows of every other book."""
    encoder: str
    """The embedding model and the run time that its vectors come from."""
    distributions: tuple[str, ...]
    """Chartwright and the packages whose content or form the index holds, with versions."""
    inputs: tuple[IndexInput, ...]
    parts: tuple[IndexPart, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over all parts, 16 hexadecimal characters."""
        return digest_of(*(f"{p.path}:{p.sha256}" for p in self.parts))

    def digest_under(self, folder: str) -> str:
        """The same over the parts of one folder."""
        return digest_of(*(f"{p.path}:{p.sha256}" for p in self.parts if p.path.startswith(folder)))


class IndexFolder:
    """A complete build, opened for reading."""

    def __init__(self, folder: Path, manifest: IndexManifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @property
    def encoder(self) -> Path:
        """Folder of the ONNX encoder."""
        return self.folder / ENCODER

    @property
    def reranker(self) -> Path:
        """Folder of the learned reranker."""
        return self.folder / RERANKER

    @property
    def dictionary(self) -> Path:
        """The term dictionary's file."""
        return self.folder / DICTIONARY

    def collection(self, name: str) -> Path:
        """Folder of a Qdrant Edge collection."""
        return self.folder / COLLECTIONS / name

    def codebooks(self) -> Codebooks:
        """Open every edition."""
        return Codebooks(Codebook(path) for path in sorted((self.folder / CODEBOOKS).glob("*.sqlite")))

    def alphabetic_index(self, edition: str) -> AlphabeticIndex | None:
        """The Alphabetic Index and its tables for an edition; None when no official index file was given."""
        path = self.folder / ALPHABETIC_INDEX / f"icd10cm-{edition.lower()}.sqlite"
        return AlphabeticIndex(path) if path.is_file() else None

    def procedures(self, system: CodeSystem) -> ProcedureBook | None:
        """The book of HCPCS Level II or of CPT; None when its file was not given."""
        path = self.folder / PROCEDURES / f"{system}.sqlite"
        return ProcedureBook(path) if path.is_file() else None

    def ncci(self) -> NcciBook | None:
        """NCCI edits and medically unlikely edits; None when the tables were not given."""
        path = self.folder / PROCEDURES / "ncci.sqlite"
        return NcciBook(path) if path.is_file() else None


def open_index(root: Path) -> IndexFolder:
    """Open the current build. Raises `DependencyError` when there is none, `IntegrityError` when parts are damaged.

    Sizes of all parts are checked, content is not: see `verify_index`.
    """
    folder = (root / CURRENT).resolve()
    if not (folder / MANIFEST).is_file():
        raise DependencyError(f"There is no index in {root}; {_REBUILD} (about two minutes).")
    index = IndexFolder(folder, _read_manifest(folder / MANIFEST))
    for part in index.manifest.parts:
        _check_size(folder, part)
    return index


def verify_index(index: IndexFolder) -> None:
    """Compare every byte with the manifest; raises `IntegrityError` naming the first part that differs."""
    for part in index.manifest.parts:
        if file_digest(index.folder / part.path) != part.sha256:
            raise IntegrityError(f"The index part '{part.path}' has changed since it was built; {_REBUILD}.")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digest_of(*items: str) -> str:
    """SHA-256 over strings, 16 hexadecimal characters."""
    return hashlib.sha256("\n".join(items).encode()).hexdigest()[:16]


def _read_manifest(path: Path) -> IndexManifest:
    try:
        manifest = IndexManifest.model_validate_json(path.read_bytes())
    except ValidationError:
        raise IntegrityError(f"The index manifest is damaged; {_REBUILD}.") from None
    if manifest.version != MANIFEST_VERSION:
        raise IntegrityError(f"The index was built by another version of Chartwright; {_REBUILD}.")
    return manifest


def _check_size(folder: Path, part: IndexPart) -> None:
    path = folder / part.path
    if not path.is_file() or path.stat().st_size != part.size:
        raise IntegrityError(f"The index part '{part.path}' is damaged or missing; {_REBUILD}.")
