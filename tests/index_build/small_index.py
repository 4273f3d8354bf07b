"""The small real index of the tests: built by the product's own builder, kept in `var/test-index` between runs.

`python -m tests.index_build.small_index` builds it in a process of its own, because the build needs torch.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock

from index_build.build import build_index
from index_build.workshop import BuildPlan

ROOT: Final = Path(__file__).parents[2]
INDEX_DIR: Final = ROOT / "var" / "test-index"
CATEGORIES: Final = frozenset(
    [
        "A41",
        "B34",
        "D64",
        "E03",
        "E10",
        "E11",
        "E66",
        "E78",
        "F33",
        "F41",
        "F99",
        "G43",
        "I10",
        "I11",
        "I12",
        "I13",
        "I21",
        "I42",
        "I48",
        "I50",
        "J18",
        "J44",
        "J45",
        "K21",
        "K59",
        "K80",
        "M17",
        "M25",
        "M54",
        "M72",
        "N18",
        "N39",
        "O80",
        "R05",
        "R07",
        "R10",
        "R50",
        "R51",
        "S06",
        "S82",
        "S93",
        "U07",
        "Z00",
        "Z23",
        "Z80",
    ]
)
"""Common outpatient, emergency and inpatient categories: about 4,000 surfaces."""

_LONGEST_BUILD_S: Final = 900


class Silent:
    """A reporter that says nothing."""

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """Take the step and its progress without a word."""
        return lambda _: None


def ensure_small_index() -> Path:
    """Root of the index, built first when its sources have changed. One session builds, others wait for it."""
    INDEX_DIR.mkdir(parents=True, exist_ok=True)
    with FileLock(INDEX_DIR / "tests.lock", timeout=_LONGEST_BUILD_S):
        stamp, digest = INDEX_DIR / "sources.sha256", _sources_digest()
        if not stamp.is_file() or stamp.read_text() != digest:
            stamp.unlink(missing_ok=True)
            _build_in_a_process()
            stamp.write_text(digest)
    return INDEX_DIR


def main() -> None:
    """Build the index of the fixed categories."""
    build_index(BuildPlan(root=INDEX_DIR, categories=CATEGORIES), Silent())


def _build_in_a_process() -> None:
    built = subprocess.run(
        [sys.executable, "-m", "tests.index_build.small_index"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_BUILD_S,
    )
    if built.returncode:
        raise RuntimeError(f"the small index could not be built:\n{built.stderr[-2000:]}")


def _sources_digest() -> str:
    """SHA-256 over the sources and tables that decide what a build holds."""
    digest = hashlib.sha256(" ".join(sorted(CATEGORIES)).encode())
    for package in ("index_build", "retrieval", "medcoding"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".tsv", ".json", ".jsonl"}:
                digest.update(f"{path.relative_to(ROOT)}:{hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
