"""What a figure was measured with: commit, versions, and the sources that score."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

from retrieval.index_folder import digest_of

_HERE: Final = Path(__file__).parent
_SCORING: Final = ("scores.py", "specificity.py", "evidence.py", "ledger.py")
_NAMED: Final = ("chartwright", "numpy", "onnxruntime", "pydantic", "qdrant-edge-py", "simple-icd-10-cm")
_LONGEST_S: Final = 10


def scoring_digest() -> str:
    """Digest of the sources that score one encounter: records that they made are not mixed with later ones."""
    return digest_of(*((_HERE / name).read_text(encoding="utf-8") for name in _SCORING))


def versions() -> dict[str, str]:
    """Python and the packages that can change an answer; those that are not installed are left out."""
    found = {"python": platform.python_version()}
    for name in _NAMED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The checkout's commit, with `+` where tracked files differ from it; empty outside a checkout."""
    head = _git("rev-parse", "--short=12", "HEAD")
    if not head:
        return ""
    return f"{head}+" if _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    program = shutil.which("git")
    if program is None or not (_HERE.parent / ".git").exists():
        return ""
    command = [program, "-C", str(_HERE.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)  # noqa: S603 - our own arguments
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
