"""Phantom codes: a search that offers nothing but codes that may not be billed, and a model that always takes one.

Random, near-miss, retired, header, future and wrongly written codes go through the production pipeline as offered
candidates. None may reach the answer, and each has to be named among what was not coded.
"""

from __future__ import annotations

import asyncio
import random
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, get_args

from agent.llm import Answer, AnswerT, LlmSettings, Message, Usage
from agent.pipeline import Pipeline
from agent.questions import Model
from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.mention import Mention
from medcoding.record import Record
from prompts.loader import load_prompt
from retrieval.search import CandidateSearch

_PER_MENTION: Final = 4
_SECRET: Final = b"phantoms"
_CHARACTERS: Final = string.digits + string.ascii_uppercase
_KINDS: Final = ("random", "near miss", "retired", "header", "future", "miswritten", "seventh character")


class PhantomReport(Record):
    """What became of codes that may not be billed."""

    chosen: int
    """Phantom codes that the model chose."""
    by_kind: dict[str, int]
    reached_the_set: int
    """Those that were still proposed when the guardrails looked; the others joined or gave way before."""
    in_output: int
    """Those in the answer: the figure that has to be 0."""
    unnamed: int
    """Those that were removed by a rule and are named nowhere in the answer."""
    crashes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSearch(CandidateSearch):
    """Offers phantom codes only, whatever is looked for."""

    phantoms: Iterator[str]

    def candidates(self, mentions: Sequence[Mention], *_: Any, **__: Any) -> tuple[MentionCandidates, ...]:
        """A few phantoms for each mention."""
        return tuple(
            MentionCandidates(
                mention_id=mention.id,
                candidates=tuple(_candidate(n, next(self.phantoms)) for n in range(1, _PER_MENTION + 1)),
            )
            for mention in mentions
        )


class GreedyModel:
    """Takes the first candidate of every question, within the grammar."""

    name = "greedy"

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """The first number that may be answered."""
        del messages, cache_salt, sample
        choice = get_args(response_model.model_fields["choice"].annotation)[0]
        value = response_model.model_validate({"evidence": [1], "reason": "it fits", "missing": None, "choice": choice})
        return Answer(value=value, content=value.model_dump_json(), usage=Usage())

    async def aclose(self) -> None:
        """There is nothing to release."""


def phantom_codes(codebooks: Codebooks, book: Codebook, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Kind and code without end: none of them may be billed in this edition."""
    chance = random.Random(seed)  # noqa: S311 - draws examples, guards nothing
    sources = {kind: _Source(codebooks, book, chance).of(kind) for kind in _KINDS}
    usable = [kind for kind in _KINDS if next(sources[kind], None) is not None]
    while True:
        kind = chance.choice(usable)
        code = next(sources[kind])
        if not book.is_billable(code):
            yield kind, code


def measure_phantoms(pipeline: Pipeline, encounters: Sequence[Encounter], wanted: int, seed: int = 1) -> PhantomReport:
    """Code encounters with phantom candidates until so many were chosen; the encounters are gone through again."""
    tally: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    without_end: dict[str, Iterator[tuple[str, str]]] = {}
    with asyncio.Runner() as runner:
        turn = 0
        while tally["chosen"] < wanted:
            encounter = encounters[turn % len(encounters)]
            book = pipeline.parts.codebooks.for_date(encounter.coding_date).codebook
            if book.edition.name not in without_end:
                without_end[book.edition.name] = phantom_codes(pipeline.parts.codebooks, book, seed)
            hostile, offered = _hostile(pipeline, without_end[book.edition.name])
            turn += 1
            try:
                trace = runner.run(hostile.trace(encounter))
            except Exception:  # noqa: BLE001 - crashes are what is counted
                tally["crashes"] += 1
                tally["chosen"] += 1
                continue
            chosen = [c.code for c in trace.choices if c.code in offered]
            proposed = {line.code for line in trace.proposal.codes} & set(offered)
            answered = {line.code for line in trace.result.codes} & set(offered)
            named = {item.code for item in trace.result.not_coded}
            tally.update(chosen=len(chosen), reached=len(proposed), out=len(answered))
            tally.update(unnamed=len(proposed - answered - named))
            kinds.update(offered[code] for code in chosen if code)
    return PhantomReport(
        chosen=tally["chosen"],
        by_kind=dict(kinds.most_common()),
        reached_the_set=tally["reached"],
        in_output=tally["out"],
        unnamed=tally["unnamed"],
        crashes=tally["crashes"],
    )


def _hostile(pipeline: Pipeline, phantoms: Iterator[tuple[str, str]]) -> tuple[Pipeline, dict[str, str]]:
    """The pipeline with phantom candidates and a greedy model; the codes it has offered, with their kinds."""
    parts = pipeline.parts
    offered: dict[str, str] = {}

    def told() -> Iterator[str]:
        for kind, code in phantoms:
            offered[code] = kind
            yield code

    taken = {part.name: getattr(parts.search, part.name) for part in fields(parts.search)}
    search = PhantomSearch(**taken, phantoms=told())
    model = Model(GreedyModel(), load_prompt("verify", "v1"), _SECRET, LlmSettings(), fallback_allowed=True)
    return Pipeline(replace(parts, search=search, model=model)), offered


@dataclass(frozen=True, slots=True)
class _Source:
    codebooks: Codebooks
    book: Codebook
    chance: random.Random

    def of(self, kind: str) -> Iterator[str]:
        """Codes of one kind without end; nothing where the loaded editions have none."""
        if kind in {"retired", "future"}:
            yield from self._of_other_editions(later=kind == "future")
            return
        make = {
            "random": self._random,
            "near miss": self._near_miss,
            "header": self._header,
            "miswritten": self._miswritten,
            "seventh character": self._seventh,
        }[kind]
        while True:
            yield make()

    def _billable(self) -> str:
        """Some billable code, by way of a category drawn by chance."""
        while True:
            stem = f"{self.chance.choice(string.ascii_uppercase)}{self.chance.randrange(100):02d}"
            if below := self.book.billable_under(stem):
                return self.chance.choice(below)

    def _random(self) -> str:
        rest = "".join(self.chance.choices(_CHARACTERS, k=self.chance.randrange(5)))
        head = self.chance.choice(string.ascii_uppercase) + "".join(self.chance.choices(_CHARACTERS, k=2))
        return f"{head}.{rest}" if rest else head

    def _near_miss(self) -> str:
        code = self._billable()
        place = self.chance.choice([n for n, character in enumerate(code) if character != "."])
        return f"{code[:place]}{self.chance.choice(_CHARACTERS)}{code[place + 1 :]}"

    def _header(self) -> str:
        code = self._billable()
        return code[: self.chance.randrange(3, max(4, len(code)))].rstrip(".")

    def _miswritten(self) -> str:
        code = self._billable()
        forms = (code.lower(), code.replace(".", "") + " ", f"{code}.", f"{code} {self.book.title(code)}", f"{code}-")
        return self.chance.choice(forms)

    def _seventh(self) -> str:
        code = self._billable()
        stem = code.replace(".", "").ljust(6, "X")[:6]
        return f"{stem[:3]}.{stem[3:]}{self.chance.choice(string.ascii_uppercase)}"

    def _of_other_editions(self, *, later: bool) -> Iterator[str]:
        here = self.book.edition
        others = [
            other
            for other in self.codebooks.editions
            if (other.edition.effective_from > here.effective_from) is later and other.edition != here
        ]
        codes = [
            e.code for other in others for e in other.entries() if e.billable and not self.book.is_billable(e.code)
        ]
        while codes:
            yield self.chance.choice(codes)


def _candidate(number: int, code: str) -> Candidate:
    return Candidate(
        number=number,
        system=CodeSystem.ICD10CM,
        code=code,
        title="as documented",
        surface="as documented",
        score=1.0,
        similarity=1.0,
        origins=(CandidateOrigin.DICTIONARY,),
    )
