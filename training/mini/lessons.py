"""Lessons: questions about one encounter with the answers they deserve, in memory and as files of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Answered(NamedTuple):
    """One question and its answer."""

    question: str
    """What follows the lesson's shared text in the user's message."""
    numbers: tuple[str, ...]
    """What may be chosen: the candidates' numbers as shown, then `none`."""
    first: str
    """The number of the candidate that retrieval put first."""
    answer: str
    """The JSON object."""
    choice: str
    evidence: tuple[int, ...]


class Lesson(NamedTuple):
    """All questions about one encounter, behind the same text."""

    system: str
    shared: str
    questions: tuple[Answered, ...]


def write_lessons(lessons: Iterable[Lesson], path: Path) -> int:
    """Append lessons to a file of JSON lines; returns how many."""
    number = 0
    with path.open("a", encoding="utf-8") as lines:
        for lesson in lessons:
            lines.write(json.dumps(lesson, ensure_ascii=False) + "\n")
            number += 1
    return number


def read_lessons(path: Path) -> Iterator[Lesson]:
    """Lessons of a file, in order; a last line that was cut off is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                system, shared, questions = json.loads(line)
                told = tuple(Answered(q[0], tuple(q[1]), q[2], q[3], q[4], tuple(q[5])) for q in questions)
                yield Lesson(system, shared, told)
