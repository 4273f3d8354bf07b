"""The suites: folders of JSON lines, one file a part, in the coded-encounter format.

The folders of `OTHER_GOLD` hold gold of one step and are read by the module that scores it.

`evals/suites/<name>/<part>.jsonl`. A suite is read strictly: one line that does not fit, or a case id that stands
twice, and it is refused whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from evals.loaders.gold_set import GoldForm, GoldSet, dataset_digest, shown_scope
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError
from medcoding.parsing import load_lines

SUITES: Final = Path(__file__).parent / "suites"
OTHER_GOLD: Final = frozenset({"sentences", "shorthand"})
"""Sentences with mentions (`evals.mention_suite`) and wordings with codes (`evals.retrieval_suite`)."""

_PART: Final = "*.jsonl"


def load_suite(name_or_path: str | Path, part: str | None = None, suites: Path = SUITES) -> GoldSet:
    """A shipped suite by name, or a folder or file of coded encounters; all of it, or one part.

    Raises `InputError` when there is no such suite or part, or any line of it does not fit.
    """
    place = suite_place(name_or_path, suites)
    files = _files(place, part)
    encounters: dict[str, CodedEncounter] = {}
    for file in files:
        for encounter in load_lines(CodedEncounter, file):
            if encounter.case_id in encounters:
                raise InputError(
                    f"The case_id {encounter.case_id} stands a second time in {file.name}; give each its own."
                )
            encounters[encounter.case_id] = encounter
    if not encounters:
        raise InputError(f"{place.name} holds no coded encounter; give one on each line.")
    taken = tuple(encounters.values())
    return GoldSet(
        name=f"{place.stem}/{part}" if part else place.stem,
        form=GoldForm.JSONL,
        encounters=taken,
        scope=shown_scope(taken),
        digest=dataset_digest(taken),
    )


def suite_names(suites: Path = SUITES) -> tuple[str, ...]:
    """The shipped suites of coded encounters, in order of name."""
    return tuple(sorted({file.parent.name for file in suites.glob(f"*/{_PART}")} - OTHER_GOLD))


def suite_parts(name_or_path: str | Path, suites: Path = SUITES) -> tuple[str, ...]:
    """The parts of a suite, in order of name; a single file is its own only part."""
    return tuple(file.stem for file in _files(suite_place(name_or_path, suites), None))


def suite_place(name_or_path: str | Path, suites: Path = SUITES) -> Path:
    """Where a suite lies: the shipped one of that name, else the file or folder. Raises `InputError` for neither."""
    name = str(name_or_path)
    if name in suite_names(suites):
        return suites / name
    path = Path(name_or_path)
    if path.exists():
        return path
    shipped = ", ".join(suite_names(suites)) or "none"
    raise InputError(f"{name} is no suite and no file; name a path or one of the shipped suites ({shipped}).")


def _files(place: Path, part: str | None) -> tuple[Path, ...]:
    files = tuple(sorted(place.glob(_PART))) if place.is_dir() else (place,)
    if part is None:
        return files
    chosen = tuple(file for file in files if file.stem == part)
    if not chosen:
        parts = ", ".join(file.stem for file in files) or "none"
        raise InputError(f"{place.name} has no part {part}; name one of its parts ({parts}).")
    return chosen
