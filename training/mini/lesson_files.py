"""The files of lessons: one to learn from, three that judge; made in order, so that a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from prompts.loader import load_prompt
from training.mini.concepts import gather_concepts
from training.mini.encounters import Writer
from training.mini.lessons import Lesson, read_lessons, write_lessons

PROMPT_VERSION: Final = "v3"
_PAST: Final = Path(__file__).parents[2] / "index_build" / "knowledge" / "past_encounters.jsonl"
_AT_ONCE: Final = 20

Part = Literal["training", "past", "samples", "templates", "codes", "records"]
LEARNED: Final[tuple[Part, ...]] = ("training", "past")
"""Made-up encounters; most of the coded past encounters that ship."""
JUDGING: Final[tuple[Part, ...]] = ("samples", "templates", "codes", "records")
"""Unseen made-up encounters; with unseen sentences; about unseen codes; the past encounters that were not learned."""
_HELD_RECORDS: Final = 5
"""Every so many-th past encounter judges."""
_PAST_TIMES: Final = 4
"""How often a past encounter is read for each time that a made-up one is."""


class LessonPlan(NamedTuple):
    """How many encounters are made up for each part."""

    training: int = 9_000
    judging: int = 150
    seed: int = 11


def ensure_lessons(
    work: Path,
    plan: LessonPlan,
    index_dir: Path | None,
    told: Callable[[Part, int, int], None],
    parts: Sequence[Part] = (*LEARNED, *JUDGING),
) -> dict[Part, Path]:
    """Make what is still missing in `work`; returns the file of each part. `told` hears part, number done and all."""
    work.mkdir(parents=True, exist_ok=True)
    files: dict[Part, Path] = {part: work / f"lessons-{part}.jsonl" for part in parts}
    for part, path in files.items():
        of = _number(part, plan)
        counted = work / f"{path.stem}.done"
        done = int(counted.read_text()) if counted.is_file() else 0
        if done < of:
            _drop_torn_line(path)
            for done_now, lessons in _made(part, plan, index_dir, range(done, of)):
                write_lessons(lessons, path)
                counted.write_text(str(done_now))
                told(part, done_now, of)
    return files


def learned_lessons(files: Mapping[Part, Path]) -> list[Lesson]:
    """What is learned from, past encounters several times over."""
    return [*read_lessons(files["training"]), *(_PAST_TIMES * list(read_lessons(files["past"])))]


def _number(part: Part, plan: LessonPlan) -> int:
    if part in {"past", "records"}:
        return len(_past(part))
    return plan.training if part == "training" else plan.judging


def _past(part: Part) -> list[dict[str, Any]]:
    """The coded past encounters of one part."""
    lines = _PAST.read_text(encoding="utf-8").splitlines()
    judges = part == "records"
    return [json.loads(line) for at, line in enumerate(lines) if (at % _HELD_RECORDS == 0) == judges]


def _made(part: Part, plan: LessonPlan, index_dir: Path | None, numbers: range) -> Iterator[tuple[int, list[Lesson]]]:
    """Lessons by twenties, each with the number of encounters that are done."""
    from agent.bootstrap import build_pipeline
    from agent.settings import Settings
    from training.mini.teacher import Teacher

    settings = Settings() if index_dir is None else Settings(index_dir=index_dir)
    teacher = Teacher(build_pipeline(settings), load_prompt("verify", PROMPT_VERSION), plainly=part in JUDGING)
    if part in {"past", "records"}:
        rows = _past(part)
        make = lambda number: teacher.past(rows[number])  # noqa: E731 - one of two ways
    else:
        writer = Writer(gather_concepts(held_out=part == "codes"), "held" if part == "templates" else "train")
        make = lambda number: teacher.lesson(writer.story(number, f"{part}-{plan.seed}"))  # noqa: E731 - the other
    for start in range(numbers.start, numbers.stop, _AT_ONCE):
        batch = range(start, min(start + _AT_ONCE, numbers.stop))
        yield batch.stop, [lesson for lesson in map(make, batch) if lesson]


def _drop_torn_line(path: Path) -> None:
    """Cut off what a killed run left of a line."""
    if path.is_file() and not path.read_bytes().endswith(b"\n"):
        kept = list(read_lessons(path))
        path.unlink()
        write_lessons(kept, path)
