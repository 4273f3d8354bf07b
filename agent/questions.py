"""The questions of the *verify* step: one a mention, all behind the same text, candidates by number.

A code that was not offered cannot be expressed: the response model of a mention allows the numbers of its own
candidates, `none`, and the numbers of sentences that exist. Note text stands between marks that no note can know.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import ConfigDict, Field, create_model

from agent.distinguishing import candidate_axes, notes_that_speak
from agent.llm import LLM, LlmSettings, Message
from agent.note_budget import FittedNote, fit_note
from agent.pseudonyms import Pseudonyms
from agent.withheld import plain, withheld_sentences
from medcoding.candidate import Candidate, Retrieved
from medcoding.chart import Chart, Sentence
from medcoding.codebook import Codebook
from medcoding.encounter import Encounter
from medcoding.errors import ConfigError
from medcoding.mention import Mention
from medcoding.record import Record
from prompts.loader import Prompt
from retrieval.wording import forms

NONE: Final = "none"
_MAX_EVIDENCE: Final = 6
_WITHHELD: Final = "(left out: no clinical text)"
_MAX_LISTED_SENTENCES: Final = 64
"""Up to this many sentence numbers are listed in the schema; beyond it they are a range."""


class MentionAnswer(Record):
    """What the model answers for one mention; the keys are generated in this order.

    A server whose grammar allows no whitespace writes it as compact JSON, without a blank after a comma or colon:
    `{"evidence":[4,9],"reason":"documented","missing":null,"choice":"2"}`. The small model is trained on that.
    """

    model_config = ConfigDict(use_attribute_docstrings=False)  # or every question's model reads this file once more

    evidence: list[int]
    reason: str
    missing: str | None
    choice: str


@dataclass(frozen=True, slots=True)
class Model:
    """The language model with what it needs; absent where none is configured."""

    llm: LLM
    prompt: Prompt
    secret: bytes
    """Installation secret: the note's delimiter and the tenants' cache salts are derived from it."""
    settings: LlmSettings = field(default_factory=LlmSettings)
    fallback_allowed: bool = True


class Offer(NamedTuple):
    """What the model is asked about: a record, its mentions, and what retrieval offers for each."""

    chart: Chart
    mentions: Sequence[Mention]
    retrieved: Retrieved
    codebook: Codebook


class Asked(NamedTuple):
    """One mention with the candidates to choose among."""

    mention: Mention
    candidates: tuple[Candidate, ...]
    findings: tuple[str, ...] = ()
    """What a check found in an earlier answer, in words that hold no note text."""


class Question(NamedTuple):
    """What is sent for one mention, and the shape of its answer."""

    mention_id: int
    candidates: tuple[Candidate, ...]
    messages: tuple[Message, ...]
    response_model: type[MentionAnswer]


class QuestionMaker:
    """Makes the questions of one encounter; the shared text is rendered once."""

    def __init__(self, offer: Offer, model: Model) -> None:
        self._offer = offer
        self._prompt = model.prompt
        self._withheld = withheld_sentences(offer.chart)
        self._delimiter = _delimiter(offer.chart.encounter, model.secret)
        self.note: FittedNote = fit_note(offer.chart, offer.mentions, model.settings.note_tokens)
        """What of the record the model reads."""
        self.cache_salt = derived(model.secret, "cache salt", (offer.chart.encounter.tenant or "").encode())
        """Only encounters of the same tenant share a server's prefix cache."""
        self.words = frozenset(
            form
            for s in offer.chart.sentences
            if s.number not in self._withheld
            for form in forms(offer.chart.text_of(s))
        )
        """Normal forms of the record's words."""
        self._system = Message(role="system", content=model.prompt.render_part("system"))
        self._pseudonyms = Pseudonyms(offer.chart, (mention.text for mention in offer.mentions))
        self._shared = self._rendered("shared", self._shared_values())

    def question(self, asked: Asked) -> Question | None:
        """The question about one mention; None where it has no candidates or stands in no clinical text."""
        if not asked.candidates or asked.mention.sentence in self._withheld:
            return None
        text = self._shared + self._rendered("mention", self._mention_values(asked))
        model = response_model(asked.candidates, [sentence.number for sentence in self.note.shown])
        return Question(asked.mention.id, asked.candidates, (self._system, Message(role="user", content=text)), model)

    def first_round(self) -> tuple[Question, ...]:
        """The questions about every mention that retrieval found candidates for."""
        retrieved = self._offer.retrieved
        asked = (Asked(mention, retrieved.of(mention.id)) for mention in self._offer.mentions)
        return tuple(question for one in asked if (question := self.question(one)))

    def _rendered(self, part: str, values: Mapping[str, object]) -> str:
        rendered = self._prompt.render_part(part, delimiter=self._delimiter, **values)
        return self._pseudonyms.concealed(rendered, self._delimiter)

    def _shared_values(self) -> dict[str, object]:
        chart, retrieved = self._offer.chart, self._offer.retrieved
        patient = chart.encounter.patient
        age = "age not stated" if patient.age is None else f"{patient.age} years"
        similar = [  # by number: what another system calls its cases is no text of ours
            {"case_id": f"encounter {place}", "codes": ", ".join(encounter.codes)}
            for place, encounter in enumerate(retrieved.similar, start=1)
        ]
        return {
            "lines": self._lines(),
            "left_out": [str(part) for part in self.note.left_out],
            "patient": f"{age}, {patient.sex or 'sex not stated'}",
            "passages": retrieved.passages,
            "similar": similar,
        }

    def _lines(self) -> list[dict[str, object]]:
        """The numbered sentences, with a heading where document or section changes."""
        documents = self._offer.chart.encounter.documents
        order = {document.document_id: n for n, document in enumerate(documents, start=1)}
        lines: list[dict[str, object]] = []
        place = ""
        for sentence in self.note.shown:
            before, place = place, f"document {order[sentence.document_id]}, {_words(sentence.section)}"
            heading = place if place != before else ""
            lines.append({"number": sentence.number, "text": self._readable(sentence), "heading": heading})
        return lines

    def _readable(self, sentence: Sentence) -> str:
        return _WITHHELD if sentence.number in self._withheld else plain(self._offer.chart.text_of(sentence))

    def _mention_values(self, asked: Asked) -> dict[str, object]:
        chart, mention, axes = self._offer.chart, asked.mention, asked.mention.axes
        about = "" if mention.experiencer == "patient" else ", of a relative"
        episode = axes.episode and f"{axes.episode} encounter"
        words = (mention.text, mention.query, axes.laterality, episode, *axes.qualifiers)
        setting = chart.encounter.setting
        return {
            "mention": {
                "sentence": mention.sentence,
                "line": self._readable(chart.sentence(mention.sentence)),
                "section": _words(mention.section),
                "reading": _words(mention.assertion) + about,
                "words": "; ".join(dict.fromkeys(plain(part) for part in words if part)),
            },
            "setting": setting.value,
            "codes_uncertain": setting.codes_uncertain_diagnoses,
            "candidates": self._candidate_values(asked.candidates),
            "findings": asked.findings,
        }

    def _candidate_values(self, candidates: Sequence[Candidate]) -> list[dict[str, object]]:
        axes = candidate_axes(candidates)
        return [
            {
                "number": candidate.number,
                "title": plain(candidate.title),
                "matched": _matched(candidate),
                "axes": axes.get(candidate.number, ""),
                "notes": notes_that_speak(candidate.code, self._offer.codebook, self.words),
            }
            for candidate in candidates
        ]


def response_model(candidates: Sequence[Candidate], sentences: Sequence[int]) -> type[MentionAnswer]:
    """The shape of one mention's answer: its candidates' numbers or none, and the numbers of sentences.

    No string has a maximum length: with one, the grammar takes a server tens of seconds to build.
    """
    numbers: Any = Annotated[int, Field(ge=min(sentences, default=1), le=max(sentences, default=1))]
    if len(sentences) <= _MAX_LISTED_SENTENCES:
        numbers = _literal(sentences)
    evidence: Any = Annotated[list[numbers], Field(max_length=_MAX_EVIDENCE)]
    choice = _literal(allowed(candidates))
    return create_model("MentionAnswer", __base__=MentionAnswer, evidence=(evidence, ...), choice=(choice, ...))


def allowed(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """What may be answered: the candidates' numbers, or `none`."""
    return (*(str(candidate.number) for candidate in candidates), NONE)


def derived(secret: bytes, purpose: str, value: bytes) -> str:
    """A hexadecimal keyed digest. `ConfigError` without a secret, for then it could be guessed."""
    if not secret:
        raise ConfigError("The installation secret is empty; set one.")
    return hmac.new(secret, purpose.encode() + b"\0" + value, hashlib.sha256).hexdigest()


def _delimiter(encounter: Encounter, secret: bytes) -> str:
    """The mark around note text: no note can know it, and the same encounter always gets the same one."""
    digest = hashlib.sha256(encounter.model_dump_json().encode()).digest()
    return derived(secret, "note delimiter", digest)[:24]


def _literal(values: Iterable[object]) -> Any:
    """`Literal` of values known at run time only."""
    return Literal.__getitem__(tuple(values))


def _matched(candidate: Candidate) -> str:
    surface = plain(candidate.surface)
    return surface if surface.casefold() != candidate.title.casefold() else ""


def _words(name: str) -> str:
    return name.replace("_", " ")
