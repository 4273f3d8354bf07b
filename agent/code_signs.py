"""What speaks for and against each offered code of a mention: one row of numbers a candidate, for the decider.

The signs are few, and where it is plain which way one points, the decider is held to it: more likeness never makes a
code less likely. So an encoder that learned from other notes than a hospital's own errs within bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log1p
from typing import Final, NamedTuple

import numpy as np

from agent.choose import choose, is_dependent
from agent.encoder_files import Floats
from agent.label_head import LabelReading
from agent.questions import Offer
from agent.statements import DIAGNOSIS_SECTIONS
from agent.withheld import withheld_sentences
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Mention
from medcoding.proposal import Choice
from retrieval.likeness import implied, joined, roots
from retrieval.title_axes import TitleAxes, content, title_axes
from retrieval.wording import forms

_MOST_LOGIT: Final = 6.0
_INJURIES: Final = ("S", "T")
_CAUSES: Final = ("V", "W", "X", "Y")
_OPEN: Final = "unspecified"


class Sign(NamedTuple):
    """One column."""

    name: str
    direction: int = 0
    """1 where more of it may only raise the probability, -1 where it may only lower it, 0 where the data decide."""


_OF_CANDIDATE: Final = (
    Sign("score", 1), Sign("lead", 1), Sign("lead_of_category", 1), Sign("similarity", 1), Sign("rules_choose_it", 1),
    Sign("rules_choose_none"), Sign("dictionary"), Sign("search"), Sign("index_walk"), Sign("pair"), Sign("partner"),
    Sign("similar_encounters"), Sign("place", -1),
)  # fmt: skip
_OF_TITLE: Final = (
    Sign("side", 1), Sign("unsaid_here", -1), Sign("share_said", 1), Sign("unsaid_anywhere", -1), Sign("leaves_open"),
    Sign("other"), Sign("status"), Sign("symptom"), Sign("injury"), Sign("cause"),
)  # fmt: skip
_OF_MENTION: Final = (
    Sign("heads_problem"), Sign("in_diagnosis"), Sign("possible", -1), Sign("past"), Sign("lasting"),
    Sign("said_again", 1), Sign("problems"), Sign("term_words"), Sign("inside_another"), Sign("dependent"),
    Sign("inpatient"), Sign("emergency"), Sign("candidates"),
)  # fmt: skip
_OF_PAST: Final = (Sign("past_share", 1),)
_OF_LABEL: Final = (Sign("is_label"), Sign("label_logit", 1), Sign("label_looks_here", 1))
SIGNS: Final = (*_OF_CANDIDATE, *_OF_TITLE, *_OF_MENTION, *_OF_PAST, *_OF_LABEL)
LABEL_SIGNS: Final = len(_OF_LABEL)
"""How many columns, the last ones, come from the labels."""


class Reading(NamedTuple):
    """What of an encounter the signs read."""

    offer: Offer
    """All mentions that are to be coded, with what retrieval offers."""
    labels: LabelReading
    spoken: frozenset[str]
    """Roots of the words of every sentence that speaks of a condition and of no order."""


def spoken_words(offer: Offer, mentions: Sequence[Mention]) -> frozenset[str]:
    """Roots of the words of every sentence with a mention (`mentions` are all of the record), orders left out."""
    numbers = {mention.sentence for mention in mentions} - withheld_sentences(offer.chart)
    texts = (offer.chart.text_of(sentence) for sentence in offer.chart.sentences if sentence.number in numbers)
    return frozenset().union(*(_rooted(text) for text in texts))


def signs(reading: Reading, mention: Mention) -> Floats:
    """Candidates of the mention x `SIGNS`, in the order in which they are offered."""
    candidates = reading.offer.retrieved.of(mention.id)
    by_rules = choose(mention, candidates)
    said = _rooted(reading.offer.chart.text_of(reading.offer.chart.sentence(mention.sentence))) | _rooted(mention.query)
    told = _of_mention(reading.offer, mention, len(candidates))
    rows = [
        (
            *_of_candidate(candidate, candidates, by_rules),
            *_of_title(candidate, mention, said, reading.spoken),
            *told,
            _past_share(candidate.code, reading.offer),
            *label_signs(candidate.code, mention.sentence, reading.labels),
        )
        for candidate in candidates
    ]
    return np.array(rows, dtype=np.float32).reshape(-1, len(SIGNS))


def _of_candidate(candidate: Candidate, candidates: Sequence[Candidate], by_rules: Choice) -> tuple[float, ...]:
    others = [c.score for c in candidates if c.code != candidate.code]
    elsewhere = [c.score for c in candidates if c.code[:3] != candidate.code[:3]]
    origins = candidate.origins
    return (
        candidate.score,
        candidate.score - max(others, default=0.0),
        candidate.score - max(elsewhere, default=0.0),
        candidate.similarity,
        by_rules.code == candidate.code,
        by_rules.code is None,
        CandidateOrigin.DICTIONARY in origins,
        CandidateOrigin.SEARCH in origins,
        CandidateOrigin.INDEX in origins,
        CandidateOrigin.PAIR in origins,
        CandidateOrigin.PARTNER in origins,
        CandidateOrigin.SIMILAR in origins,
        log(candidate.number),
    )


def _of_title(
    candidate: Candidate, mention: Mention, said: frozenset[str], spoken: frozenset[str]
) -> tuple[float, ...]:
    title, axes = candidate.title.lower(), title_axes(candidate.title)
    words = content(axes.says) | axes.sides
    return (
        _side(axes, mention, title),
        len(words - said),
        len(words & said) / max(1, len(words)),
        len(words - said - spoken),
        _OPEN in title,
        "other " in title,
        candidate.code[0] == "Z",
        candidate.code[0] == "R",
        candidate.code.startswith(_INJURIES),
        candidate.code.startswith(_CAUSES),
    )


def _side(axes: TitleAxes, mention: Mention, title: str) -> float:
    """How the side of a title agrees with that of the mention."""
    side = mention.axes.laterality
    if axes.sides:
        return -0.5 if side is None else 1.0 if side in axes.sides else -1.0
    return -0.5 if side and _OPEN in title else 0.0


def _of_mention(offer: Offer, mention: Mention, candidates: int) -> tuple[float, ...]:
    same = sum(m.concept == mention.concept for m in offer.mentions) if mention.concept else 0
    setting = offer.chart.encounter.setting
    return (
        mention.heads_problem,
        mention.section in DIAGNOSIS_SECTIONS,
        mention.assertion is Assertion.POSSIBLE,
        mention.assertion is Assertion.HISTORICAL,
        mention.chronic,
        log1p(same),
        log1p(len(offer.mentions)),
        len(forms(mention.term or "")),
        mention.part_of is not None,
        is_dependent(mention),
        setting is Setting.INPATIENT,
        setting is Setting.ED,
        candidates,
    )


def label_signs(code: str, sentence: int, labels: LabelReading) -> tuple[float, ...]:
    """What the labels say of a code offered for a mention in that sentence: the last columns."""
    logit = labels.logits.get(code)
    if logit is None:
        return (0.0, 0.0, 0.0)
    return 1.0, max(-_MOST_LOGIT, min(_MOST_LOGIT, logit)), sentence in labels.carriers(code)


def _past_share(code: str, offer: Offer) -> float:
    """Share of the similar past encounters that carry the code's category."""
    past = offer.retrieved.similar
    return sum(any(other.startswith(code[:3]) for other in one.codes) for one in past) / max(1, len(past))


def _rooted(text: str) -> frozenset[str]:
    words = forms(text)
    return roots(words) | roots(joined(words)) | implied(words) | frozenset(words)
