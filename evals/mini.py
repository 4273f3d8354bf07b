"""What chartwright-mini is worth on questions that it did not learn from, beside two that need no model.

Four parts judge: unseen made-up encounters, unseen sentences, unseen codes (whole categories), and past encounters that
were left out of learning.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from medcoding.record import Record
from training.mini.lessons import Answered, Lesson, read_lessons

NONE = "none"


class Judged(NamedTuple):
    """A question and an answer to it."""

    asked: Answered
    choice: str
    evidence: tuple[int, ...]


class AnswererScore(Record):
    """How one way of answering did on one part."""

    choice_accuracy: float
    """Share of questions whose number, or none, is the right one."""
    accuracy_where_offered: float | None
    """The same where a right candidate was offered."""
    none_precision: float | None
    """Of the answers `none`, the share that is right; None where it was never answered."""
    none_recall: float | None
    """Of the questions without a right candidate, the share that was answered `none`."""
    evidence_f1: float | None = None
    """Over the numbers of sentences, summed over questions; None for a way that names none."""
    unusable: float = 0.0
    """Share of answers that keep no form or choose what was not offered; no grammar helped."""


class PartScore(Record):
    """One part, all ways."""

    encounters: int
    questions: int
    without_right_candidate: int
    model: AnswererScore
    first_candidate: AnswererScore
    random_pick: AnswererScore


class MiniReport(Record):
    """All parts of the report on one model."""

    model: str
    parts: dict[str, PartScore]


def measure_mini(
    folder: Path, files: Mapping[str, Path], limit: int | None, told: Callable[[int, int], None]
) -> MiniReport:
    """Ask the model every question of the files, at most so many encounters of each. `told` hears done and all."""
    from training.mini.answering import Examinee

    examinee = Examinee(folder)
    lessons = {part: list(read_lessons(path))[:limit] for part, path in files.items()}
    of, done = sum(map(len, lessons.values())), 0
    parts = {}
    for part, some in lessons.items():
        judged: list[Judged] = []
        for lesson in some:
            given = examinee.answers(lesson)
            judged += (Judged(q, g.choice, g.evidence) for q, g in zip(lesson.questions, given, strict=True))
            done += 1
            told(done, of)
        parts[part] = part_score(some, judged)
    return MiniReport(model=folder.name, parts=parts)


def part_score(lessons: Sequence[Lesson], judged: Sequence[Judged]) -> PartScore:
    """The scores of one part: the model's, those of the first candidate and of a random pick."""
    dice = random.Random(0)  # noqa: S311 - a baseline
    asked = [question for lesson in lessons for question in lesson.questions]
    first = [Judged(question, question.first, ()) for question in asked]
    picked = [Judged(question, dice.choice(question.numbers), ()) for question in asked]
    return PartScore(
        encounters=len(lessons),
        questions=len(asked),
        without_right_candidate=sum(question.choice == NONE for question in asked),
        model=score(judged, names_evidence=True),
        first_candidate=score(first),
        random_pick=score(picked),
    )


def score(judged: Sequence[Judged], *, names_evidence: bool = False) -> AnswererScore:
    """One way's figures over the questions it answered."""
    right = [one.choice == one.asked.choice for one in judged]
    none_said = [hit for one, hit in zip(judged, right, strict=True) if one.choice == NONE]
    none_due = [hit for one, hit in zip(judged, right, strict=True) if one.asked.choice == NONE]
    offered = [hit for one, hit in zip(judged, right, strict=True) if one.asked.choice != NONE]
    return AnswererScore(
        choice_accuracy=_share(right) or 0.0,
        accuracy_where_offered=_share(offered),
        none_precision=_share(none_said),
        none_recall=_share(none_due),
        evidence_f1=_evidence_f1(judged) if names_evidence else None,
        unusable=_share([not one.choice for one in judged]) or 0.0,
    )


def _evidence_f1(judged: Iterable[Judged]) -> float | None:
    both = named = due = 0
    for one in judged:
        both += len(set(one.evidence) & set(one.asked.evidence))
        named += len(set(one.evidence))
        due += len(set(one.asked.evidence))
    return round(2 * both / (named + due), 4) if named + due else None


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None
