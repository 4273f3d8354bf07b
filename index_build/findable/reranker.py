"""The learned reranker that ships, copied into every build, so that answering reads the index alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from medcoding.errors import IntegrityError
from retrieval.index_folder import digest_of, file_digest
from retrieval.rerank import CARD, MODEL, WORDS

RERANKER_FOLDER: Final = Path(__file__).parents[1] / "models" / "reranker"
_PARTS: Final = (CARD, MODEL, WORDS)


def reranker_digest(source: Path = RERANKER_FOLDER) -> str:
    """What tells it from another. Raises `IntegrityError` where a part is missing from the installation."""
    return digest_of(*(file_digest(_there(source / name)) for name in _PARTS))


def copy_reranker(folder: Path, source: Path = RERANKER_FOLDER) -> None:
    """Put its parts into a folder. Raises as `reranker_digest`."""
    for name in _PARTS:
        shutil.copyfile(_there(source / name), folder / name)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise IntegrityError(f"The reranker's {path.name} is missing from the installation; install Chartwright again.")
    return path
