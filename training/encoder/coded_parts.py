"""Coded encounters in parts: learned from, tuned on, tested with; a patient in one part, the latest encounters test.

A folder with `training.jsonl`, `development.jsonl` and `test.jsonl` fixes the parts; a file is split here: patients
(and notes that are nearly the same) stay together, the groups with the latest encounters are the test part, those
before them the development part. Where encounters name no patient each is a group of its own, and where all carry one
date the digest of the group decides.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from medcoding.codebook import Codebook
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from medcoding.parsing import load_lines
from training.encoder.twins import twins

PARTS: Final = ("training", "development", "test")
_TEST_SHARE: Final = 0.15
_DEVELOPMENT_SHARE: Final = 0.15
_FEWEST: Final = 10
"""Fewer encounters cannot be split into parts that say anything."""


class CodedParts(NamedTuple):
    """Coded encounters by part; no two parts share a patient or a note."""

    training: tuple[CodedEncounter, ...]
    development: tuple[CodedEncounter, ...]
    test: tuple[CodedEncounter, ...]

    def named(self) -> Mapping[str, tuple[CodedEncounter, ...]]:
        """The parts by their names, in order."""
        return dict(zip(PARTS, self, strict=True))


class Mapped(NamedTuple):
    """Encounters with codes of one edition, and what became of the others."""

    encounters: tuple[CodedEncounter, ...]
    renamed: int
    """Codes that ended and have one successor, which took their place."""
    dropped: int
    """Codes that ended in several successors or in none, or that never were billable: left out."""


def read_parts(path: Path) -> CodedParts | tuple[CodedEncounter, ...]:
    """The parts of a folder, or the encounters of a file. Raises `InputError` naming what is missing."""
    if not path.is_dir():
        return load_lines(CodedEncounter, path)
    missing = [part for part in PARTS if not (path / f"{part}.jsonl").is_file()]
    if missing:
        raise InputError(f"{path} lacks {missing[0]}.jsonl; give the three parts, or one file to be split.")
    return CodedParts(*(load_lines(CodedEncounter, path / f"{part}.jsonl") for part in PARTS))


def split(encounters: Sequence[CodedEncounter]) -> CodedParts:
    """Split by patient and time. Raises `InputError` for fewer than ten groups."""
    groups = sorted(_groups(encounters).values(), key=_time_of(encounters))
    if len(groups) < _FEWEST:
        raise InputError(
            f"The data hold {len(groups)} patients or unlike notes; give at least {_FEWEST}, better thousands."
        )
    parts: tuple[list[CodedEncounter], ...] = ([], [], [])
    wanted = len(encounters) * _TEST_SHARE, len(encounters) * _DEVELOPMENT_SHARE
    for group in reversed(groups):
        place = 2 if len(parts[2]) < wanted[0] else 1 if len(parts[1]) < wanted[1] else 0
        parts[place].extend(group)
    return CodedParts(*(tuple(sorted(part, key=lambda e: (e.date_of_service, e.case_id))) for part in parts))


def in_edition(encounters: Sequence[CodedEncounter], book: Codebook) -> Mapped:
    """The encounters with ICD-10-CM codes as the edition has them; other systems' codes are left out."""
    mapped, renamed, dropped = [], 0, 0
    for encounter in encounters:
        codes = []
        for line in encounter.codes:
            if line.system is not CodeSystem.ICD10CM:
                continue
            now = (line.code,) if book.is_billable(line.code) else book.successors(line.code)
            if len(now) == 1:
                renamed += now[0] != line.code
                codes.append(line.model_copy(update={"code": now[0]}))
            else:
                dropped += 1
        mapped.append(encounter.model_copy(update={"codes": tuple(codes)}))
    return Mapped(tuple(mapped), renamed, dropped)


def _groups(encounters: Sequence[CodedEncounter]) -> dict[int, list[CodedEncounter]]:
    """Encounters that must not be parted: of one patient, or with nearly the same note."""
    leader = list(range(len(encounters)))

    def lead(place: int) -> int:
        while leader[place] != place:
            place = leader[place]
        return place

    first: dict[tuple[str | None, str], int] = {}
    for place, encounter in enumerate(encounters):
        if encounter.patient.id:
            leader[place] = lead(first.setdefault((encounter.tenant, encounter.patient.id), place))
    for one, other in twins(encounters, encounters):
        leader[lead(one)] = lead(other)
    groups: dict[int, list[CodedEncounter]] = defaultdict(list)
    for place, encounter in enumerate(encounters):
        groups[lead(place)].append(encounter)
    return groups


def _time_of(encounters: Sequence[CodedEncounter]) -> Callable[[Sequence[CodedEncounter]], tuple[str, str]]:
    """Sorts groups by their latest encounter; by digest where all are of one day."""
    timed = len({encounter.date_of_service for encounter in encounters}) > 1

    def key(group: Sequence[CodedEncounter]) -> tuple[str, str]:
        name = group[0].patient.id or group[0].case_id
        digest = hashlib.sha256(name.encode()).hexdigest()
        return (max(e.date_of_service for e in group).isoformat() if timed else "", digest)

    return key
