"""Verify: the model chooses, for each mention, one of its numbered candidates or none.

A code that was not offered cannot be expressed: the response model of a mention allows the numbers of its own
candidates, `none`, and the numbers of sentences that exist. All mentions of an encounter are asked at once behind the
same text (instructions, note, passages, similar encounters), which a server computes once. What the model says about
its own certainty is not asked for: the probability is measured from the tokens.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, create_model

from agent.llm import LLM, Answer, Message, TokenScore, UnusableAnswerError, Usage
from agent.withheld import plain, withheld_sentences
from medcoding.candidate import Candidate, Retrieved
from medcoding.chart import Chart
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import ConfigError, DependencyError, ModelOutputError
from medcoding.mention import Mention
from medcoding.proposal import Choice, ModelSignals, NotCodedReason, Source
from medcoding.record import Record
from prompts.loader import Prompt

NONE: Final = "none"
_MAX_EVIDENCE: Final = 6
_MAX_REASON_CHARS: Final = 400
_MAX_MISSING_CHARS: Final = 200
_WITHHELD: Final = "(left out: no clinical text)"
_MAX_LISTED_SENTENCES: Final = 64
"""Up to this many sentence numbers are listed in the schema; beyond it they are a range."""
_UNKNOWN_STRENGTH: Final = 0.5
_CHOICE: Final = re.compile(rb'"choice"\s*:\s*"([^"]*)"\s*\}\s*$')


class MentionAnswer(Record):
    """What the model answers for one mention; the keys are generated in this order."""

    evidence: list[int]
    reason: str
    missing: str | None
    choice: str


class Verification(Record):
    """Record of the *verify* step."""

    choices: tuple[Choice, ...] = ()
    """One for each mention that was asked and answered, in the mentions' order."""
    usage: Usage = Usage()
    """Tokens spent on all answers, unusable ones included."""
    failures: dict[int, str] = Field(default_factory=dict)
    """Mention id → one sentence, free of note text, for each mention that got no usable answer."""


class _Question(NamedTuple):
    mention_id: int
    candidates: tuple[Candidate, ...]
    messages: tuple[Message, ...]
    response_model: type[MentionAnswer]


class _Outcome(NamedTuple):
    mention_id: int
    choice: Choice | None
    usage: Usage
    error: DependencyError | ModelOutputError | None


async def verify(
    chart: Chart, mentions: Sequence[Mention], retrieved: Retrieved, llm: LLM, prompt: Prompt, secret: bytes
) -> Verification:
    """Ask the model about every mention that has candidates, all at once.

    `secret` is the installation's; the note's delimiter and the tenant's cache salt are derived from it. A mention
    without a usable answer stands in `failures`. Raises `DependencyError` when the server answered none of them.
    """
    questions = _questions(chart, mentions, retrieved, prompt, secret)
    salt = _derived(secret, "cache salt", (chart.encounter.tenant or "").encode())
    outcomes = await asyncio.gather(*(_ask(llm, question, salt) for question in questions))
    down = [outcome.error for outcome in outcomes if isinstance(outcome.error, DependencyError)]
    if down and len(down) == len(outcomes):
        raise down[0]
    return Verification(
        choices=tuple(outcome.choice for outcome in outcomes if outcome.choice),
        usage=sum((outcome.usage for outcome in outcomes), Usage()),
        failures={outcome.mention_id: str(outcome.error) for outcome in outcomes if outcome.error},
    )


async def _ask(llm: LLM, question: _Question, salt: str) -> _Outcome:
    try:
        answer = await llm.answer(question.messages, question.response_model, cache_salt=salt)
    except (DependencyError, ModelOutputError) as error:
        spent = error.usage if isinstance(error, UnusableAnswerError) else Usage()
        return _Outcome(question.mention_id, None, spent, error)
    return _Outcome(question.mention_id, _choice(question, answer), answer.usage, None)


def _choice(question: _Question, answer: Answer[MentionAnswer]) -> Choice:
    """Read an answer as a choice; its number is one of the question's, the response model has seen to that."""
    value = answer.value
    chosen = {str(candidate.number): candidate for candidate in question.candidates}.get(value.choice)
    signals = choice_signals(answer, _allowed(question.candidates))
    return Choice(
        mention_id=question.mention_id,
        system=chosen.system if chosen else CodeSystem.ICD10CM,
        code=chosen.code if chosen else None,
        reason=_shortened(value.reason, _MAX_REASON_CHARS),
        source=Source.LLM,
        strength=_UNKNOWN_STRENGTH if signals.choice_probability is None else signals.choice_probability,
        evidence_sentences=tuple(dict.fromkeys(value.evidence)),
        missing=_shortened(value.missing, _MAX_MISSING_CHARS) or None if value.missing else None,
        declined_as=None if chosen else NotCodedReason.DECLINED,
        signals=signals,
    )


def response_model(candidates: Sequence[Candidate], sentences: int) -> type[MentionAnswer]:
    """The shape of one mention's answer: its candidates' numbers or none, and sentences 1 to `sentences`.

    No string has a maximum length: with one, the grammar takes a server tens of seconds to build.
    """
    numbers: Any = Annotated[int, Field(ge=1, le=sentences)]
    if sentences <= _MAX_LISTED_SENTENCES:
        numbers = _literal(range(1, sentences + 1))
    evidence: Any = Annotated[list[numbers], Field(max_length=_MAX_EVIDENCE)]
    choice = _literal(_allowed(candidates))
    return create_model("MentionAnswer", __base__=MentionAnswer, evidence=(evidence, ...), choice=(choice, ...))


def _allowed(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    return (*(str(candidate.number) for candidate in candidates), NONE)


def _literal(values: Iterable[object]) -> Any:
    """`Literal` of values known at run time only."""
    return Literal.__getitem__(tuple(values))


def choice_signals(answer: Answer[MentionAnswer], allowed: Sequence[str]) -> ModelSignals:
    """Probability of the chosen id among the allowed ones, from the tokens that spell it and its closing quote.

    The margin is to the strongest token that began another id, so it is never too large. Empty when the server sent
    no logprobs or when its tokens do not spell the answer.
    """
    generated = b"".join(token.text for token in answer.tokens)
    content = answer.content.encode()
    offset, choice = generated.rfind(content), _CHOICE.search(content)
    if not content or offset < 0 or choice is None:
        return ModelSignals()
    start, end = offset + choice.start(1), offset + choice.end(1) + 1
    spellings = tuple(generated[:start] + identifier.encode() + b'"' for identifier in allowed)
    probability, runner_up, position = 1.0, 0.0, 0
    for token in answer.tokens:
        before, position = position, position + len(token.text)
        if position > start and before < end:
            share, next_share = _shares(token, generated[:before], spellings)
            runner_up = max(runner_up, probability * next_share)
            probability *= share
    return ModelSignals(choice_probability=probability, margin=probability - runner_up)


def _shares(token: TokenScore, before: bytes, spellings: Sequence[bytes]) -> tuple[float, float]:
    """Shares of the token and of its strongest rival, what could not spell an allowed id taken out."""
    rivals, outside = 0.0, 0.0
    for text, logprob in token.alternatives:
        so_far = before + text
        if text == token.text:
            continue
        if any(spelling.startswith(so_far) or so_far.startswith(spelling) for spelling in spellings):
            rivals = max(rivals, math.exp(logprob))
        else:
            outside += math.exp(logprob)
    inside = max(1.0 - outside, math.exp(token.logprob))
    return min(1.0, math.exp(token.logprob) / inside), min(1.0, rivals / inside)


def _questions(
    chart: Chart, mentions: Sequence[Mention], retrieved: Retrieved, prompt: Prompt, secret: bytes
) -> tuple[_Question, ...]:
    """One question for each mention that has candidates; all begin with the same text."""
    delimiter = _delimiter(chart.encounter, secret)
    system = Message(role="system", content=prompt.render_part("system"))
    shared = prompt.render_part("shared", delimiter=delimiter, **_shared_values(chart, retrieved))
    questions = []
    withheld = withheld_sentences(chart)
    for mention in mentions:
        candidates = retrieved.of(mention.id)
        if candidates and mention.sentence not in withheld:
            values = _mention_values(chart.encounter, mention, candidates)
            text = shared + prompt.render_part("mention", delimiter=delimiter, **values)
            model = response_model(candidates, len(chart.sentences))
            messages = (system, Message(role="user", content=text))
            questions.append(_Question(mention.id, candidates, messages, model))
    return tuple(questions)


def _shared_values(chart: Chart, retrieved: Retrieved) -> dict[str, object]:
    patient = chart.encounter.patient
    age = "age not stated" if patient.age is None else f"{patient.age} years"
    similar = [  # by number: what another system calls its cases is no text of ours
        {"case_id": f"encounter {place}", "codes": ", ".join(encounter.codes)}
        for place, encounter in enumerate(retrieved.similar, start=1)
    ]
    return {
        "lines": _lines(chart),
        "patient": f"{age}, {patient.sex or 'sex not stated'}",
        "passages": retrieved.passages,
        "similar": similar,
    }


def _lines(chart: Chart) -> list[dict[str, object]]:
    """The numbered sentences, with a heading where document or section changes."""
    order = {document.document_id: n for n, document in enumerate(chart.encounter.documents, start=1)}
    withheld = withheld_sentences(chart)
    lines: list[dict[str, object]] = []
    place = ""
    for sentence in chart.sentences:
        before, place = place, f"document {order[sentence.document_id]}, {_words(sentence.section)}"
        text = _WITHHELD if sentence.number in withheld else plain(chart.text_of(sentence))
        lines.append({"number": sentence.number, "text": text, "heading": place if place != before else ""})
    return lines


def _mention_values(encounter: Encounter, mention: Mention, candidates: Sequence[Candidate]) -> dict[str, object]:
    axes = mention.axes
    about = "" if mention.experiencer == "patient" else ", of a relative"
    words = [
        mention.text,
        mention.query,
        axes.laterality,
        axes.episode and f"{axes.episode} encounter",
        *axes.qualifiers,
    ]
    return {
        "mention": {
            "sentence": mention.sentence,
            "section": _words(mention.section),
            "reading": _words(mention.assertion) + about,
            "words": "; ".join(dict.fromkeys(plain(part) for part in words if part)),
        },
        "setting": encounter.setting.value,
        "codes_uncertain": encounter.setting.codes_uncertain_diagnoses,
        "candidates": [_candidate_values(candidate) for candidate in candidates],
    }


def _candidate_values(candidate: Candidate) -> dict[str, object]:
    surface = plain(candidate.surface)
    matched = surface if surface.casefold() != candidate.title.casefold() else ""
    return {"number": candidate.number, "title": plain(candidate.title), "matched": matched}


def _delimiter(encounter: Encounter, secret: bytes) -> str:
    """The mark around note text: no note can know it, and the same encounter always gets the same one."""
    digest = hashlib.sha256(encounter.model_dump_json().encode()).digest()
    return _derived(secret, "note delimiter", digest)[:24]


def _derived(secret: bytes, purpose: str, value: bytes) -> str:
    if not secret:
        raise ConfigError("The installation secret is empty; set one.")
    return hmac.new(secret, purpose.encode() + b"\0" + value, hashlib.sha256).hexdigest()


def _shortened(text: str, limit: int) -> str:
    shown = plain(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _words(name: str) -> str:
    return name.replace("_", " ")
