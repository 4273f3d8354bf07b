"""Makes lessons: the product's own questions about an encounter, each with the answer it deserves.

Mentions, candidates and wording come from `Pipeline.prepare` and `agent.questions`; only the answers come from the
made-up record. What rules would leave unasked (denied, of a relative) is asked too, often as if rules had misread it.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from agent.choose import is_dependent
from agent.llm import Answer, AnswerT, Message
from agent.pipeline import Pipeline
from agent.questions import NONE, Asked, Model, Offer, Question, QuestionMaker
from agent.stages import Clock, Prepared
from medcoding.candidate import Candidate
from medcoding.encounter import Encounter
from medcoding.errors import ModelOutputError
from medcoding.mention import Assertion, Mention
from prompts.loader import Prompt
from training.mini.concepts import is_held_out
from training.mini.encounters import Story, Told
from training.mini.lessons import Answered, Lesson

_SECRET: Final = b"chartwright-mini"
_SHUFFLED: Final = 0.35
_TAKEN_OUT: Final = 0.12
_MISREAD: Final = 0.6
_WHOLE: Final = 0.6
"""Share of a statement's words that a mention must hold to be about all of it."""
_VAGUE: Final = ("unspecified", "NOS")


class _Gold(NamedTuple):
    codes: tuple[str, ...]
    reason: str
    missing: str | None
    evidence: tuple[int, ...]
    """Of the first of the codes; the others rest on the first sentence alone."""
    is_whole: bool
    """The mention holds the statement's words, so that no right candidate means none."""


class Teacher:
    """Makes lessons; one pipeline, one prompt, dice of its own for each encounter."""

    def __init__(self, pipeline: Pipeline, prompt: Prompt, *, plainly: bool = False) -> None:
        """`plainly`: the candidates in the order in which the product offers them, never shuffled."""
        self._pipeline = pipeline
        self._model = Model(llm=_Nobody(), prompt=prompt, secret=_SECRET)
        self._plainly = plainly

    def lesson(self, story: Story) -> Lesson | None:
        """The lesson of a made-up encounter; None where it leads to no question."""
        dice = random.Random(f"lesson {story.encounter.case_id}")  # noqa: S311 - no secrets
        prepared = self._pipeline.prepare(story.encounter, Clock())
        asked = [
            (mention, gold)
            for mention in self._mentions(dice, prepared)
            if (gold := _gold(prepared, mention, story.told)) is not None
        ]
        return self._lesson(dice, prepared, asked)

    def past(self, row: dict[str, Any]) -> Lesson | None:
        """The lesson of a coded past encounter: evidence spans tell which mention carries which code."""
        fields = {name: value for name, value in row.items() if name in Encounter.model_fields}
        encounter = Encounter.model_validate_json(json.dumps(fields))
        prepared = self._pipeline.prepare(encounter, Clock())
        asked = [
            (mention, gold)
            for mention in prepared.selected.mentions
            if not is_dependent(mention) and (gold := _coded(mention, row["codes"])) is not None
        ]
        return self._lesson(random.Random(encounter.case_id), prepared, asked)  # noqa: S311 - no secrets

    def _mentions(self, dice: random.Random, prepared: Prepared) -> Iterator[Mention]:
        selected = {mention.id for mention in prepared.selected.mentions}
        for mention in prepared.mentions:
            if mention.id in selected and not is_dependent(mention):
                yield mention
            elif mention.id not in selected and mention.concept:
                misread = dice.random() < _MISREAD
                now = {"assertion": Assertion.PRESENT, "experiencer": "patient"} if misread else {}
                yield mention.model_copy(update={"stems": (mention.concept,), **now})

    def _lesson(self, dice: random.Random, prepared: Prepared, asked: Sequence[tuple[Mention, _Gold]]) -> Lesson | None:
        offers = self._offers(prepared, [mention for mention, _ in asked])
        maker = QuestionMaker(
            Offer(prepared.chart, [m for m, _ in asked], prepared.retrieved, prepared.edition.codebook), self._model
        )
        made: list[tuple[Question, Answered]] = []
        for mention, gold in asked:
            candidates, first = self._laid_out(dice, offers.get(mention.id, ()), gold)
            right = next((c for code in gold.codes for c in candidates if c.code == code), None)
            if right is None and not gold.is_whole:
                continue
            if question := maker.question(Asked(mention, candidates)):
                made.append((question, _answered(question, gold, right, first)))
        if not made:
            return None
        texts = [question.messages[1].content for question, _ in made]
        shared = os.path.commonprefix(texts)  # noqa: RUF071 - of texts, character by character
        system = made[0][0].messages[0].content
        told = (one._replace(question=text[len(shared) :]) for (_, one), text in zip(made, texts, strict=True))
        return Lesson(system, shared, tuple(told))

    def _offers(self, prepared: Prepared, mentions: Sequence[Mention]) -> dict[int, tuple[Candidate, ...]]:
        """As retrieved; for a mention that rules leave out, from a search of its own."""
        offers = {mention.id: prepared.retrieved.of(mention.id) for mention in mentions}
        unasked = [mention for mention in mentions if not offers[mention.id]]
        day = prepared.edition.day_inside(prepared.chart.encounter.coding_date)
        found = self._pipeline.parts.search.candidates(unasked, prepared.edition.codebook, day)
        return offers | {entry.mention_id: entry.candidates for entry in found}

    def _laid_out(
        self, dice: random.Random, candidates: Sequence[Candidate], gold: _Gold
    ) -> tuple[tuple[Candidate, ...], str]:
        """The candidates, now and then without the right ones, now and then shuffled; and the first one's number."""
        kept = list(candidates)
        if gold.is_whole and gold.codes and dice.random() < _TAKEN_OUT:
            kept = _without(candidates, gold.codes)
        leader = kept[0].code if kept else ""
        if not self._plainly and dice.random() < _SHUFFLED:
            dice.shuffle(kept)
        numbered = tuple(c.model_copy(update={"number": n}) for n, c in enumerate(kept, start=1))
        return numbered, next((str(c.number) for c in numbered if c.code == leader), "1")


class _Nobody:
    """Stands where a model is wanted and none is asked."""

    name = "nobody"

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,  # noqa: ARG002 - the protocol's
        sample: int = 0,  # noqa: ARG002 - the protocol's
    ) -> Answer[AnswerT]:
        """Never: lessons hold the answers."""
        raise ModelOutputError(f"Nobody answers {len(messages)} messages as {response_model.__name__}.")

    async def aclose(self) -> None:
        """Nothing to release."""


def _gold(prepared: Prepared, mention: Mention, told: Sequence[Told]) -> _Gold | None:
    """What is right for a mention: the statement whose words it shares most."""
    shares = [(min(mention.span.end, t.span.end) - max(mention.span.start, t.span.start), t) for t in told]
    overlap, statement = max(shares, key=lambda pair: pair[0], default=(0, None))
    if statement is None or overlap <= 0:
        return None
    whole = overlap >= _WHOLE * (statement.span.end - statement.span.start) or not statement.codes
    details = (_sentence_at(prepared, span.start) for span in statement.also)
    evidence = (mention.sentence, *(number for number in details if number))
    return _Gold(statement.codes, statement.reason, statement.missing, tuple(dict.fromkeys(evidence)), whole)


def _coded(mention: Mention, codes: Sequence[dict[str, Any]]) -> _Gold | None:
    """The codes whose evidence the mention overlaps, the closest first; None where a held-out code is one."""
    near = []
    for code in codes:
        for quote in code["evidence"]:
            if quote["document_id"] == mention.document_id:
                overlap = min(mention.span.end, quote["end"]) - max(mention.span.start, quote["start"])
                if overlap > 0:
                    near.append((overlap / (quote["end"] - quote["start"]), code["code"]))
    found = tuple(dict.fromkeys(code for _, code in sorted(near, reverse=True)))
    if any(is_held_out(code["code"]) for code in codes if code["code"] in found):
        return None
    others = tuple(code["code"] for code in codes if not is_held_out(code["code"]))
    reason = "documented" if found else "not to be coded"
    return _Gold(found or others, reason, None, (mention.sentence,), is_whole=True)


def _sentence_at(prepared: Prepared, place: int) -> int | None:
    return next((s.number for s in prepared.chart.sentences if s.span.start <= place < s.span.end), None)


def _without(candidates: Sequence[Candidate], codes: Sequence[str]) -> list[Candidate]:
    """The candidates without the right ones and without vaguer ones that would then be right."""
    categories = {code[:3] for code in codes}
    return [
        c
        for c in candidates
        if c.code not in codes and not (c.code[:3] in categories and (c.code[-1] in "09" or _is_vague(c)))
    ]


def _is_vague(candidate: Candidate) -> bool:
    return any(word in candidate.title for word in _VAGUE)


def _answered(question: Question, gold: _Gold, right: Candidate | None, first: str) -> Answered:
    best = right is not None and right.code == gold.codes[0]
    missing = gold.missing if right is not None else None
    evidence = gold.evidence if best else gold.evidence[:1]
    absent = "no candidate says it" if gold.codes else gold.reason
    choice = str(right.number) if right else NONE
    answer = {
        "evidence": evidence, "reason": gold.reason if right else absent, "missing": missing, "choice": choice,
    }  # fmt: skip
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    numbers = (*(str(c.number) for c in question.candidates), NONE)
    return Answered("", numbers, first, text, choice, evidence)
