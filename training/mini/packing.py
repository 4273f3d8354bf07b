"""Packs: a lesson as tokens, with what is to be learned from each place."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.mini.decoder import Pack
from training.mini.lessons import Answered, Lesson
from training.mini.tokens import ASSISTANT, chat, common_length, number_of

_LONGEST_SHARED: Final = 1_400
_LONGEST_QUESTION: Final = 700
_FURTHEST: Final = 4_000
"""How far a question may be moved from the note, so that long notes are no surprise."""

_WHOLE: Final = 0.35
"""Share of questions that keep all their candidates."""
_FEW: Final = 6
_REORDERED: Final = 0.5
_MENTION: Final = re.compile(r"^Mention: (.*)$", re.MULTILINE)
_LIST: Final = re.compile(r"(?:^|(?<=\n))Candidates\n|(?=none of these #none\n)")


class Targets(NamedTuple):
    """Places of a pack, as indices into its tokens."""

    answers: Tensor
    """Tokens whose next token belongs to an answer."""
    choices: Tensor
    """Of those, the ones whose next token is the number that was chosen, one a question."""
    offered: tuple[Tensor, ...]
    """For each question the tokens of the numbers it offers, `none` last."""
    right: tuple[int, ...]
    """Which of those is right."""
    words: Tensor
    """Tokens of the candidates' titles."""
    is_said: Tensor
    """Of those, 1.0 for a word that the mention holds too."""


class PackMaker:
    """Makes packs with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._assistant = number_of(tokenizer, ASSISTANT)
        self._mark = tokenizer.encode(" #").ids[0]
        self._forms = {number: token.lstrip("Ġ").lower() for token, number in tokenizer.get_vocab().items()}

    def pack(self, lesson: Lesson, dice: random.Random | None = None, most: int = 8) -> tuple[Pack, Targets] | None:
        """The lesson with at most so many of its questions; None where it is too long.

        With dice the questions are drawn, and now and then stand further behind the note than they do.
        """
        questions = list(lesson.questions)
        if dice and len(questions) > most:
            questions = dice.sample(questions, most)
        if dice:
            questions = [_varied(one, dice) for one in questions]
        rows = [self._tokens(lesson, one) for one in questions]
        marks = [self._marks(row, one) for row, one in zip(rows, questions, strict=True)]
        shared = min(common_length(rows), *(places[0] for places in marks))
        if shared > _LONGEST_SHARED or max(map(len, rows)) - shared > _LONGEST_QUESTION:
            return None
        gap = dice.randrange(_FURTHEST) if dice and dice.random() < 0.3 else 0
        said = [self._said(lesson.shared + one.question) for one in questions]
        return _laid_out(rows, shared, gap), self._targets(_Rows(rows, shared, marks, said), questions)

    def _tokens(self, lesson: Lesson, one: Answered) -> list[int]:
        found: list[int] = self._tokenizer.encode(chat(lesson.system, lesson.shared + one.question, one.answer)).ids
        return found

    def _marks(self, row: Sequence[int], one: Answered) -> list[int]:
        """Where the marks before the offered numbers stand."""
        turn = row.index(self._assistant)
        return [place for place in range(turn) if row[place] == self._mark][-len(one.numbers) :]

    def _said(self, text: str) -> frozenset[str]:
        """Tokens of the mention's own words, whatever their case."""
        words = _MENTION.findall(text)
        ids = self._tokenizer.encode(words[-1]).ids if words else []
        return frozenset(form for number in ids if (form := self._forms[number]).isalpha())

    def _targets(self, packed: _Rows, questions: Sequence[Answered]) -> Targets:
        answers: list[int] = []
        choices: list[int] = []
        offered: list[Tensor] = []
        words: list[int] = []
        is_said: list[float] = []
        start = packed.shared
        for row, places, said in zip(packed.rows, packed.marks, packed.said, strict=True):
            moved = start - packed.shared
            answers += [moved + place for place in range(row.index(self._assistant), len(row) - 1)]
            choices.append(moved + len(row) - 4)
            offered.append(torch.tensor([moved + place + 1 for place in places]))
            for before, after in pairwise(places[:-1]):
                titled = [place for place in range(before + 3, after) if self._forms[row[place]].isalpha()]
                words += [moved + place for place in titled]
                is_said += [float(self._forms[row[place]] in said) for place in titled]
            start += len(row) - packed.shared
        right = tuple(one.numbers.index(one.choice) for one in questions)
        return Targets(
            torch.tensor(answers), torch.tensor(choices), tuple(offered), right, torch.tensor(words, dtype=torch.long),
            torch.tensor(is_said),
        )  # fmt: skip


class _Rows(NamedTuple):
    rows: Sequence[list[int]]
    shared: int
    marks: Sequence[list[int]]
    """For each question where the marks before the offered numbers stand."""
    said: Sequence[frozenset[str]]


def _varied(one: Answered, dice: random.Random) -> Answered:
    """Now and then without some of the wrong candidates, now and then in another order: numbers tell nothing."""
    parts = _LIST.split(one.question)
    if len(parts) != 3:  # the only question of its lesson: all of it is shared text
        return one
    lines = [line.rsplit(" #", 1) for line in parts[1].splitlines()]
    if dice.random() > _WHOLE and len(lines) > _FEW:
        drawn = set(dice.sample(range(len(lines)), dice.randint(2, _FEW)))
        lines = [line for place, line in enumerate(lines) if place in drawn or line[1] == one.choice]
    choice = one.choice
    if dice.random() < _REORDERED:
        dice.shuffle(lines)
        choice = next((str(n) for n, line in enumerate(lines, start=1) if line[1] == choice), choice)
        lines = [[title, str(n)] for n, (title, _) in enumerate(lines, start=1)]
    told = "".join(f"{title} #{number}\n" for title, number in lines)
    return one._replace(
        question=f"{parts[0]}Candidates\n{told}{parts[2]}",
        numbers=(*(number for _, number in lines), one.numbers[-1]),
        answer=one.answer.replace(f'"choice":"{one.choice}"', f'"choice":"{choice}"'),
        choice=choice,
    )


def _laid_out(rows: Sequence[list[int]], shared: int, gap: int) -> Pack:
    ids, positions = list(rows[0][:shared]), list(range(shared))
    longest = max(map(len, rows)) - shared
    places = torch.zeros(len(rows), longest, dtype=torch.long)
    is_there = torch.zeros(len(rows), longest, dtype=torch.bool)
    for number, row in enumerate(rows):
        length = len(row) - shared
        places[number, :length] = torch.arange(len(ids), len(ids) + length)
        is_there[number, :length] = True
        ids += row[shared:]
        positions += range(shared + gap, len(row) + gap)
    return Pack(torch.tensor(ids), torch.tensor(positions), shared, places, is_there)
