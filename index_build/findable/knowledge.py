"""Guideline digest and official passages as things to find in their collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import orjson

import medcoding.guideline
from index_build.editions.release_file import ReleaseFile
from index_build.findable import passage_nodes
from index_build.findable.collection import Findable
from index_build.findable.passage_nodes import PassageCutter
from index_build.readers import guidelines_pdf, pdf
from index_build.readers.guidelines_pdf import read_guidelines
from index_build.stages import Stages, code_digest
from medcoding.guideline import DIGEST, OFFICIAL, GuidelineEntry, OfficialPassage, settings_of_section
from retrieval.index_folder import digest_of

_FINDABLE: Final = "findable.jsonl"


def findable_passages(entries: Sequence[GuidelineEntry]) -> Iterator[Findable]:
    """Points of the digest: an entry is found by what it says, and apart from that by what brings it into play.

    Of the 267 sections that the past encounters cite, 43 % stood among the first 8 of 20 found so, 38 % where one point
    held both, 33 % without the triggers.
    """
    for entry in entries:
        payload = {"source": DIGEST, **entry.model_dump(mode="json")}
        yield Findable(f"{entry.title}. {entry.text}", payload)
        if entry.triggers:
            yield Findable(f"{entry.title}: {'; '.join(entry.triggers)}", payload)


def official_guidelines(file: ReleaseFile, stages: Stages, cutter: PassageCutter) -> tuple[Findable, ...]:
    """What is to be found in the user's own copy of the guidelines; a file is read and cut once.

    Raises `InputError` when the file is not the guidelines.
    """
    key = digest_of(file.sha256(), code_digest([guidelines_pdf, pdf, passage_nodes, medcoding.guideline]))
    made = stages.made(f"guidelines-{file.name}", key, lambda folder: _write_official(folder, file, cutter))
    return tuple(Findable(*orjson.loads(line)) for line in (made / _FINDABLE).read_bytes().splitlines())


def _write_official(folder: Path, file: ReleaseFile, cutter: PassageCutter) -> None:
    found = findable_official(read_guidelines(file.read_bytes(), file.name), cutter)
    (folder / _FINDABLE).write_bytes(b"\n".join(orjson.dumps(tuple(one)) for one in found))


def findable_official(passages: Sequence[OfficialPassage], cutter: PassageCutter) -> Iterator[Findable]:
    """One point per node of a passage of the user's own copy; the payload is the whole passage and where it holds."""
    telling = {passage.id: passage for passage in passages if passage.text}
    nodes = cutter.nodes({name: f"{passage.title}. {passage.text}" for name, passage in telling.items()})
    for name, passage in telling.items():
        settings = [setting.value for setting in settings_of_section(name)]
        payload = {"source": OFFICIAL, "settings": settings, **passage.model_dump(mode="json")}
        for piece in nodes.by_document[name]:
            yield Findable(piece, payload)
