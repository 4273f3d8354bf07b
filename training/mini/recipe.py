"""The recipe of chartwright-mini: lessons, tokenizer, learning, folder; every step goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import torch
from tokenizers import Tokenizer

from index_build.findable.terms import clinical_terms
from prompts.loader import load_prompt
from training.mini.decoder import DecoderPlan
from training.mini.export import MODEL_FOLDER, export_model
from training.mini.learning import Learner, LearningPlan, Progress
from training.mini.lesson_files import PROMPT_VERSION, LessonPlan, ensure_lessons, learned_lessons
from training.mini.lessons import Lesson
from training.mini.tokens import chat, train_tokenizer
from training.term_pairs import packaged_entries

MINI_STEPS: Final = ("Making lessons", "Learning")
_READ_FOR_TOKENS: Final = 1_500
_LOGGED_EVERY: Final = 10


class MiniRecipe(NamedTuple):
    """Where the recipe reads and writes, and how much it does."""

    work: Path
    out: Path = MODEL_FOLDER
    index_dir: Path | None = None
    """The index whose candidates are asked about; by default the one in the settings."""
    lessons: LessonPlan = LessonPlan()
    size: DecoderPlan = DecoderPlan()
    learning: LearningPlan = LearningPlan()


def make_mini(recipe: MiniRecipe, told: Callable[[str, float], None]) -> Path:
    """Make lessons, learn, and write the model's folder; returns it. `told` hears the step and its share done."""
    torch.set_num_threads(1)
    recipe.work.mkdir(parents=True, exist_ok=True)
    files = ensure_lessons(
        recipe.work, recipe.lessons, recipe.index_dir, lambda _, done, of: told(MINI_STEPS[0], done / of)
    )
    lessons = learned_lessons(files)
    tokenizer = _ensured_tokenizer(recipe.work / "tokenizer.json", lessons, recipe.size.vocabulary)
    learner = Learner(tokenizer, recipe.size, recipe.learning)
    with (recipe.work / "learning.log").open("a", encoding="utf-8") as log:
        learner.learn(lessons, recipe.work, _logged(log.write, log.flush, told))
    export_model(recipe.out, learner.decoder, tokenizer, load_prompt("verify", PROMPT_VERSION))
    return recipe.out


def _ensured_tokenizer(path: Path, lessons: list[Lesson], size: int) -> Tokenizer:
    if not path.is_file():
        train_tokenizer(_texts(lessons), size).save(str(path))
    return Tokenizer.from_file(str(path))


def _texts(lessons: list[Lesson]) -> Iterator[str]:
    """Prompts with their answers, titles and terms."""
    for lesson in islice(lessons, _READ_FOR_TOKENS):
        yield chat(lesson.system, lesson.shared)
        yield from (one.question + one.answer for one in lesson.questions)
    yield from (entry.title for entry in packaged_entries())
    yield from (term.text for term in clinical_terms())


def _logged(
    write: Callable[[str], object], flush: Callable[[], None], told: Callable[[str, float], None]
) -> Callable[[Progress], None]:
    """Tell the bar each step, and the log a line of averages every few steps."""
    latest: list[Progress] = []

    def hear(progress: Progress) -> None:
        told(MINI_STEPS[1], progress.share)
        latest.append(progress)
        if len(latest) == _LOGGED_EVERY:
            averages = ((sum(getattr(one, name) for one in latest) / len(latest)) for name in Progress._fields[2:5])
            loss, choices, tapped = averages
            write(
                f"step {progress.step} packs {progress.packs} share {progress.share:.3f} loss {loss:.3f} "
                f"choices {choices:.3f} tapped {tapped:.3f}\n"
            )
            flush()
            latest.clear()

    return hear
