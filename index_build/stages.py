"""Results of build steps, kept by the digest of what they were made from.

A rebuild makes again only what its inputs changed; a build that was killed goes on from the last step it finished. A
result that is no longer what was made (its files are shared with the builds that hold it) is made again too.

<cache>/stages/<step>/<key>/            written under another name and renamed when complete
                            content/    what the step made
                            digests     of every file in it
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

import orjson

from retrieval.index_folder import digest_of, file_digest

_UNFINISHED: Final = ".unfinished-"
_CONTENT: Final = "content"
_DIGESTS: Final = "digests"
_KEPT: Final = 2


class Stages:
    """The kept results under one cache folder. One builder at a time (the build lock sees to that)."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "stages"

    def made(self, step: str, key: str, make: Callable[[Path], None]) -> Path:
        """Folder of a step's result: kept from an earlier build, else `make` fills a new empty folder."""
        kept = self._folder / step / key
        if _is_whole(kept):
            os.utime(kept)
        else:
            shutil.rmtree(kept, ignore_errors=True)
            work = self._new(step)
            (work / _CONTENT).mkdir()
            make(work / _CONTENT)
            (work / _DIGESTS).write_bytes(orjson.dumps(_digests(work)))
            work.rename(kept)
        self._prune(step, kept)
        return kept / _CONTENT

    def latest(self, step: str) -> Path | None:
        """The result of this step that was used last, whatever it was made from."""
        return next((kept / _CONTENT for kept in self._by_age(step) if _is_whole(kept)), None)

    def _new(self, step: str) -> Path:
        folder = self._folder / step
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))

    def _prune(self, step: str, current: Path) -> None:
        others = [folder for folder in self._by_age(step) if folder != current]
        for old in others[_KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)

    def _by_age(self, step: str) -> list[Path]:
        """Complete results of a step, the one used last first."""
        kept = (p for p in (self._folder / step).glob("*") if not p.name.startswith(_UNFINISHED))
        return sorted(kept, key=lambda p: p.stat().st_mtime_ns, reverse=True)


def linked(source: Path, target: Path) -> None:
    """Put a kept result into a build: the files are shared on disk, so nothing may write into either.

    The write-ahead log of a collection is copied: opening a collection writes there.
    """
    for path in sorted(source.rglob("*")):
        place = path.relative_to(source)
        if path.is_dir():
            (target / place).mkdir(parents=True, exist_ok=True)
        else:
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            _put(path, target / place, shared="wal" not in place.parts)


def code_digest(modules: Iterable[ModuleType]) -> str:
    """Digest of the sources of modules and whole packages: a changed reader makes its editions again."""
    files = [path for module in modules for path in _sources(module)]
    return digest_of(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))


def _sources(module: ModuleType) -> list[Path]:
    own = Path(module.__file__ or "")
    return sorted(own.parent.glob("*.py")) if own.name == "__init__.py" else [own]


def _is_whole(kept: Path) -> bool:
    try:
        made = orjson.loads((kept / _DIGESTS).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return False
    return bool(made == _digests(kept))


def _digests(kept: Path) -> dict[str, str]:
    content = kept / _CONTENT
    return {str(path.relative_to(content)): file_digest(path) for path in content.rglob("*") if path.is_file()}


def _put(source: Path, target: Path, *, shared: bool) -> None:
    if shared:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
