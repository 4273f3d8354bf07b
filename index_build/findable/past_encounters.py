"""Past encounters as things to find: those that ship, and those that the hospital attested and gave to the index.

A folder of JSON lines is the collection's one source, and the build its one writer. Taking an origin out of that folder
takes it out of the next build.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from index_build.findable.collection import Findable
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from medcoding.parsing import load_lines
from retrieval.similar import SHARED_TENANT, SHIPPED_ORIGIN, identity_of

_KEPT_AS: Final = ".jsonl"
PAST_ENCOUNTERS: Final = Path(__file__).parents[1] / "knowledge" / "past_encounters.jsonl"


def past_encounters(path: Path = PAST_ENCOUNTERS) -> tuple[CodedEncounter, ...]:
    """The shipped synthetic coded encounters; nobody attested them, and they say so."""
    return load_lines(CodedEncounter, path)


def attested_encounters(paths: Iterable[Path]) -> tuple[CodedEncounter, ...]:
    """The hospital's own. Raises `InputError` for a line that does not fit, is not attested or comes twice."""
    seen: dict[tuple[str, str], str] = {}
    encounters: list[CodedEncounter] = []
    for path in paths:
        for encounter in load_lines(CodedEncounter, path):
            _admit(encounter, path, seen)
            encounters.append(encounter)
    return tuple(encounters)


def findable_encounters(encounters: Iterable[CodedEncounter]) -> Iterator[Findable]:
    """One point per encounter, found by its problems in the words of its own evidence.

    The payload holds no identifier of a person: patient and author are digests.
    """
    for encounter in encounters:
        text = "; ".join(quote.text for line in encounter.codes for quote in line.evidence)
        if text:
            yield Findable(text, _payload(encounter))


def keep(path: Path, folder: Path) -> int:
    """Copy a file of attested encounters beside those already kept, as `<stem>.jsonl`; returns how many it brings.

    Raises `InputError` when there is none, a line does not fit, is not attested, or is kept already; then nothing is
    copied.
    """
    target = folder / f"{path.stem.lstrip('.')}{_KEPT_AS}"
    if target.exists():
        raise InputError(f"{target.name} is kept already; give {path.name} another name.")
    encounters = load_lines(CodedEncounter, path)
    if not encounters:
        raise InputError(f"{path.name} holds no encounter; write one coded encounter a line.")
    attested_encounters((*kept_files(folder), path))
    folder.mkdir(parents=True, exist_ok=True)
    _rewrite(target, encounters)
    return len(encounters)


def kept_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder of attested encounters."""
    return tuple(sorted(folder.glob(f"[!.]*{_KEPT_AS}")))


def without_origin(paths: Iterable[Path], origin: str) -> int:
    """Take every encounter of one origin out of the files, each rewritten at once or not at all; returns how many.

    A file that is left with none is deleted, so that its name may be given again.
    """
    removed = 0
    for path in paths:
        encounters = load_lines(CodedEncounter, path)
        kept = [encounter for encounter in encounters if encounter.provenance.origin != origin]
        if not kept:
            path.unlink()
        elif len(kept) < len(encounters):
            _rewrite(path, kept)
        removed += len(encounters) - len(kept)
    return removed


def _admit(encounter: CodedEncounter, path: Path, seen: dict[tuple[str, str], str]) -> None:
    if not encounter.provenance.attested_by:
        raise InputError(
            f"{path.name}: {encounter.case_id} names nobody who attested its codes (provenance.attested_by); "
            "only attested encounters may be learned from."
        )
    if encounter.provenance.origin == SHIPPED_ORIGIN:
        raise InputError(
            f"{path.name}: {encounter.case_id} has the origin '{SHIPPED_ORIGIN}', that of the shipped examples; "
            "name where your own comes from (provenance.origin)."
        )
    key = (encounter.tenant or SHARED_TENANT, encounter.case_id)
    if key in seen:
        raise InputError(f"{path.name}: {encounter.case_id} was already given by {seen[key]}; keep one of the two.")
    seen[key] = path.name


def _payload(encounter: CodedEncounter) -> dict[str, object]:
    tenant = encounter.tenant or SHARED_TENANT
    attested_by = encounter.provenance.attested_by
    return {
        "case_id": encounter.case_id,
        "codes": [line.code for line in encounter.codes if line.system is CodeSystem.ICD10CM],
        "setting": encounter.setting.value,
        "specialty": (encounter.specialty or "").lower(),
        "tenant": tenant,
        "patient": identity_of(tenant, encounter.patient.id),
        "author": identity_of(tenant, attested_by or f"{encounter.provenance.origin}/{encounter.case_id}"),
        "origin": encounter.provenance.origin,
        "coded_on": encounter.coding_date.isoformat(),
    }


def _rewrite(path: Path, encounters: Iterable[CodedEncounter]) -> None:
    """Written beside the file and moved over it, so that a crash leaves the old one."""
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{e.model_dump_json(exclude_defaults=True)}\n" for e in encounters)
        lines.flush()
        os.fsync(lines.fileno())
    fresh.replace(path)
