"""The user's own payer policies as things to find: cut into nodes by llama-index, whose document store keeps them.

One document of the store is one page. A page that did not change is not cut again, one that changed is, and the pages
of a file that is gone are removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from index_build.findable.collection import Findable
from index_build.findable.passage_nodes import PassageCutter
from index_build.readers.policy_document import SIDECAR, SUFFIXES, PolicyDocument, read_policy
from medcoding.errors import InputError
from medcoding.guideline import POLICY, PolicyPassage
from retrieval.index_folder import file_digest

STORE: Final = "policies"
"""Name of the document store beside that of the guidelines."""


class Ingested(NamedTuple):
    """What came of the policies this time."""

    findable: tuple[Findable, ...]
    files: int
    cut: int
    """Pages that were new or had changed."""


def policy_files(*places: Path) -> tuple[Path, ...]:
    """The policies in folders and files, in order of path; sidecars and hidden files are none.

    Raises `InputError` for a place that is missing, and for a file of another kind.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise InputError(f"{place} does not exist; check the path.")
        inside = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        found |= dict.fromkeys(p for p in inside if _is_policy(p))
    return tuple(found)


def with_sidecar(path: Path) -> tuple[Path, ...]:
    """A policy's file and, where one lies beside it, the file with its facts."""
    sidecar = path.with_suffix(SIDECAR)
    return (path, sidecar) if sidecar.is_file() else (path,)


def ingest_policies(paths: Sequence[Path], cutter: PassageCutter) -> Ingested:
    """Every policy cut into what an encoder can read. Raises `InputError` for the first file that cannot be read."""
    read = {str(path.absolute()): (path, read_policy(path)) for path in paths}
    nodes = cutter.ingested(
        {
            f"{key}#{number}": f"{document.facts.title}. {page}"
            for key, (_, document) in read.items()
            for number, page in enumerate(document.pages, start=1)
            if page.strip()
        }
    )
    findable = tuple(
        found
        for key, (path, document) in read.items()
        for number in range(1, len(document.pages) + 1)
        for found in _findable(document, file_digest(path), number, nodes.by_document.get(f"{key}#{number}", ()))
    )
    return Ingested(findable, len(read), nodes.cut)


def _findable(document: PolicyDocument, sha256: str, page: int, pieces: Sequence[str]) -> Iterator[Findable]:
    facts = document.facts
    for piece in pieces:
        passage = PolicyPassage(
            file=document.name,
            title=facts.title,
            payer=facts.payer,
            page=page,
            text=piece,
            tenant=facts.tenant,
            effective_from=facts.effective_from,
            effective_to=facts.effective_to,
            sha256=sha256,
        )
        days = {"first_day": _day(facts.effective_from), "last_day": _day(facts.effective_to)}
        payer = {"payer_key": facts.payer.casefold()}
        yield Findable(piece, {"source": POLICY, **payer, **days, **passage.model_dump(mode="json")})


def _is_policy(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() == SIDECAR:
        return False
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path.name} is no policy that can be read; give PDF, Markdown or text files.")
    return True


def _day(day: object) -> int:
    return int(str(day).replace("-", ""))
