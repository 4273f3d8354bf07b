"""Coded encounters as JSON lines: the project's own form, one file or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evals.loaders.gold_set import GoldForm, GoldOptions, GoldSet, Outcome, RefusedCase, SetDescription, gold_set
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError
from medcoding.parsing import read_lines


def read_jsonl(path: Path, _options: GoldOptions) -> GoldSet:
    """Every line that fits; the others are refused by number. Raises `InputError` when none fits."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    return gold_set(SetDescription(path.name, GoldForm.JSONL), _outcomes(files), {})


def _outcomes(files: list[Path]) -> Iterator[Outcome]:
    for file in files:
        for number, read in read_lines(CodedEncounter, file):
            if isinstance(read, InputError):
                yield RefusedCase(case_id=f"{file.name}:{number}", why=str(read))
            else:
                yield read
