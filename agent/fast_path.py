"""The fast path: the encoder chooses a code for each mention, or none, with a probability and what carried it.

A cascade. Mentions were found by words and candidates retrieved before it begins. All clinical sentences get static
vectors; labels read them; the decider joins what the labels say with what retrieval, the rules and similar encounters
say, to the probability that a candidate is on the final answer. Where that leaves it unsure, the sentences concerned,
a bounded number of them, are read once more with the backbone.

It chooses among offered candidates only, each on a mention of the record, so that no code of the edition is out of
reach and none comes from nowhere. A departure from what rules choose has to be borne out by the record's words, as a
language model's has (`agent.departures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from agent.code_signs import Reading, signs, spoken_words
from agent.decider import Decider
from agent.encoder_files import BACKBONE, DECIDER, EncoderFiles, Floats
from agent.familiarity import Familiarity, familiarity
from agent.label_head import LabelHead, LabelReading, clinical_sentences, marks
from agent.questions import Offer
from agent.sentence_space import SentenceSpace
from medcoding.candidate import Candidate
from medcoding.chart import Sentence
from medcoding.mention import Mention
from medcoding.proposal import Choice, ModelSignals, NotCodedReason, Source
from retrieval.encoder import OnnxEncoder, TextEncoder

_MOST_EVIDENCE: Final = 3


class Scored(NamedTuple):
    """The candidates of one mention with their probabilities, as offered."""

    candidates: tuple[Candidate, ...]
    probabilities: tuple[float, ...]

    @property
    def best(self) -> int:
        """The place of the likeliest candidate, the first of equals."""
        return max(range(len(self.candidates)), key=lambda place: (self.probabilities[place], -place))

    @property
    def surest(self) -> float:
        """The best candidate's probability."""
        return self.probabilities[self.best]

    @property
    def margin(self) -> float:
        """What it has before the next."""
        others = [p for place, p in enumerate(self.probabilities) if place != self.best]
        return self.surest - max(others, default=0.0)


class FastAnswer(NamedTuple):
    """What the encoder says about one encounter."""

    choices: tuple[Choice, ...]
    """One for each mention that was offered something."""
    familiarity: Familiarity
    read_again: int
    """Sentences that were read with the backbone."""


class FastPath:
    """Answers encounters; safe to call from several threads."""

    def __init__(self, files: EncoderFiles, encoder: TextEncoder | None) -> None:
        """`encoder` is the index's, where it is the backbone; with neither it nor one of its own nothing is read
        again."""
        own = files.folder / BACKBONE
        self.files = files
        self._backbone: TextEncoder | None = OnnxEncoder(own) if own.is_dir() else encoder
        self._space = SentenceSpace(files.folder, files.vectors)
        self._head = LabelHead(files.folder, files.card.labels)
        self._decider = Decider.load(files.folder / DECIDER)

    def answer(self, offer: Offer, mentions: Sequence[Mention]) -> FastAnswer:
        """Choices and familiarity. `mentions` are all of the record, those of the offer are to be coded."""
        offer = codeable(offer)
        read = _Read(offer, clinical_sentences(offer.chart), spoken_words(offer, mentions))
        marked = marks(read.sentences, mentions)
        texts = [offer.chart.text_of(sentence) for sentence in read.sentences]
        vectors = self._space.static(texts)
        labels, scored = self._scored(read, vectors, marked)
        unsure = self._unsure(offer, scored, read.sentences) if self._backbone else []
        if unsure and self._backbone:
            vectors[unsure] = self._space.projected(self._backbone.encode([texts[place] for place in unsure]))
            labels, scored = self._scored(read, vectors, marked)
        taken = [
            self._choice(mention, scored[mention.id], labels) for mention in offer.mentions if mention.id in scored
        ]
        known = familiarity(taken, vectors, self.files, self._head.knows)
        return FastAnswer(tuple(taken), known, len(unsure))

    def _scored(self, read: _Read, vectors: Floats, marked: Floats) -> tuple[LabelReading, Mapping[int, Scored]]:
        offer = read.offer
        codes = [c.code for m in offer.mentions for c in offer.retrieved.of(m.id)]
        labels = self._head.read([s.number for s in read.sentences], vectors, marked, codes)
        reading = Reading(offer, labels, read.spoken)
        asked = [m for m in offer.mentions if offer.retrieved.of(m.id)]
        tables = [signs(reading, mention) for mention in asked]
        found = self._decider.probabilities(np.concatenate(tables)).tolist() if tables else []
        scored: dict[int, Scored] = {}
        for mention, table in zip(asked, tables, strict=True):
            own, found = found[: len(table)], found[len(table) :]
            scored[mention.id] = Scored(offer.retrieved.of(mention.id), tuple(own))
        return labels, scored

    def _unsure(self, offer: Offer, scored: Mapping[int, Scored], sentences: Sequence[Sentence]) -> list[int]:
        """Places of the sentences whose mentions are least sure, at most so many."""
        bounds = self.files.card.thresholds
        places = {sentence.number: place for place, sentence in enumerate(sentences)}
        doubt: dict[int, float] = {}
        for mention in offer.mentions:
            one = scored.get(mention.id)
            if one and mention.sentence in places and bounds.unsure_from <= one.surest <= bounds.unsure_to:
                place = places[mention.sentence]
                if any(self._head.knows(candidate.code) for candidate in one.candidates):
                    doubt[place] = min(doubt.get(place, 1.0), abs(one.surest - bounds.taken_from))
        return sorted(sorted(doubt, key=lambda place: (doubt[place], place))[: bounds.most_read])

    def _choice(self, mention: Mention, scored: Scored, labels: LabelReading) -> Choice:
        best, sure = scored.candidates[scored.best], scored.surest
        signals = ModelSignals(choice_probability=round(sure, 4), margin=round(scored.margin, 4))
        if sure < self.files.card.thresholds.taken_from:
            return Choice(
                mention_id=mention.id,
                code=None,
                reason=f"No candidate is likely enough; the best is on the answer with probability {sure:.2f}.",
                source=Source.ENCODER,
                strength=0.0,
                declined_as=NotCodedReason.NO_CANDIDATE,
                signals=signals,
            )
        carried = dict.fromkeys((mention.sentence, *labels.carriers(best.code)))
        return Choice(
            mention_id=mention.id,
            system=best.system,
            code=best.code,
            reason=f"The encoder finds it on the answer with probability {sure:.2f}; its wording is “{best.surface}”.",
            source=Source.ENCODER,
            strength=round(sure, 4),
            evidence_sentences=tuple(carried)[:_MOST_EVIDENCE],
            signals=signals,
        )


class _Read(NamedTuple):
    """One encounter while it is read."""

    offer: Offer
    sentences: tuple[Sentence, ...]
    spoken: frozenset[str]


def codeable(offer: Offer) -> Offer:
    """The offer without mentions whose code hangs on the rest of the record: a drug that harmed, an organism, a birth
    weight, how an injury came about. Rules put those together from several statements; a sentence says too little."""
    return offer._replace(mentions=tuple(mention for mention in offer.mentions if not mention.needs))
