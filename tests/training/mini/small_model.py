"""A tokenizer and a decoder so small that a test can train them, and a lesson that they are asked."""

from __future__ import annotations

import json
from typing import Final

from tokenizers import Tokenizer

from training.mini.decoder import DecoderPlan
from training.mini.lessons import Answered, Lesson
from training.mini.tokens import SPECIAL, chat, train_tokenizer

NOTE: Final = "NOTE 0a1b\nHypertension, stable. [1]\nGout of the left knee. [2]\nEND 0a1b\nNOTE 0a1b\nLine: "
ASKED: Final = {
    "Hypertension, stable. [1]\nMention: hypertension": ("Essential hypertension", "Gout, unspecified"),
    "Gout of the left knee. [2]\nMention: gout; left": ("Gout of left knee", "Gout of right knee", "Essential tremor"),
}


def answered(question: str, candidates: tuple[str, ...], choice: str, evidence: int) -> Answered:
    """One question about a mention, in the form of the prompt."""
    lines = "".join(f"{title} #{number}\n" for number, title in enumerate(candidates, start=1))
    text = f"{question}\nEND 0a1b\nCandidates\n{lines}none of these #none\nAnswer\n"
    told = {"evidence": [evidence], "reason": "documented", "missing": None, "choice": choice}
    numbers = (*(str(number) for number in range(1, len(candidates) + 1)), "none")
    return Answered(text, numbers, "1", json.dumps(told, separators=(",", ":")), choice, (evidence,))


def small_lesson() -> Lesson:
    """Two questions of different length about one note."""
    (first, few), (second, more) = ASKED.items()
    return Lesson("You check codes.", NOTE, (answered(first, few, "1", 1), answered(second, more, "none", 2)))


def small_tokenizer() -> Tokenizer:
    """Trained on the lesson alone."""
    lesson = small_lesson()
    texts = [chat(lesson.system, lesson.shared + one.question, one.answer) for one in lesson.questions]
    return train_tokenizer(texts, 256 + 90 + len(SPECIAL) + 120)


def small_plan(tokenizer: Tokenizer) -> DecoderPlan:
    """Two layers of two heads."""
    return DecoderPlan(
        vocabulary=tokenizer.get_vocab_size(), width=32, layers=2, heads=2, key_heads=2, head_width=32, inner=48
    )
