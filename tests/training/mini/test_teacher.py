"""Lessons: the product's own questions, with the answers of the record they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.bootstrap import build_pipeline
from agent.settings import Settings
from prompts.loader import load_prompt
from tests.training.mini.test_encounters import CONCEPTS
from training.mini.encounters import Writer
from training.mini.lessons import Lesson, read_lessons, write_lessons
from training.mini.teacher import Teacher


@pytest.fixture(scope="module")
def lessons(index_dir: Path) -> tuple[Lesson, ...]:
    """Of thirty encounters, candidates in the product's order."""
    teacher = Teacher(build_pipeline(Settings(index_dir=index_dir)), load_prompt("verify", "v3"), plainly=True)
    writer = Writer(CONCEPTS, "train")
    made = (teacher.lesson(writer.story(number, "teacher")) for number in range(30))
    return tuple(lesson for lesson in made if lesson)


def test_every_answer_is_among_what_is_offered(lessons: tuple[Lesson, ...]) -> None:
    """And is the JSON object that the prompt asks for, without white space, keys in order."""
    for lesson in lessons:
        for one in lesson.questions:
            told = json.loads(one.answer)
            assert list(told) == ["evidence", "reason", "missing", "choice"]
            assert told["choice"] == one.choice
            assert one.choice in one.numbers
            assert json.dumps(told, separators=(",", ":")) == one.answer


def test_the_evidence_holds_the_mention(lessons: tuple[Lesson, ...]) -> None:
    """The first sentence of the evidence is the mention's own line."""
    for lesson in lessons:
        for one in lesson.questions:
            line = (lesson.shared + one.question).rsplit("\nLine: ", 1)[1].split("\n", 1)[0]
            assert line.endswith(f"[{one.evidence[0]}]")


def test_what_is_denied_is_answered_none(lessons: tuple[Lesson, ...]) -> None:
    """Whether rules read it rightly or, as the lesson pretends, not."""
    denied = [one for lesson in lessons for one in lesson.questions if '"denied"' in one.answer]
    assert denied
    assert {one.choice for one in denied} == {"none"}


def test_both_answers_occur(lessons: tuple[Lesson, ...]) -> None:
    """Lessons that always or never have a right candidate would teach no choice."""
    choices = [one.choice for lesson in lessons for one in lesson.questions]
    assert 0.1 < choices.count("none") / len(choices) < 0.7


def test_all_questions_begin_with_the_same_text(lessons: tuple[Lesson, ...]) -> None:
    """The shared part holds the whole note."""
    for lesson in lessons:
        if len(lesson.questions) > 1:
            assert "\nPatient: " in lesson.shared


def test_lessons_come_back_from_their_file(lessons: tuple[Lesson, ...], tmp_path: Path) -> None:
    """A line that a killed run left unfinished is left out."""
    path = tmp_path / "lessons.jsonl"
    assert write_lessons(lessons, path) == len(lessons)
    with path.open("a", encoding="utf-8") as lines:
        lines.write('["system", "sha')
    assert tuple(read_lessons(path)) == lessons
