"""Choose without a language model: the best candidate of each mention, when it stands out clearly enough.

This is the labelled fallback and the baseline. It never invents: a mention whose best candidate shares too little with
it stays uncoded, with that reason.
"""

from __future__ import annotations

from typing import Final

from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.mention import Assertion, Mention, MentionKind
from medcoding.proposal import Choice, NotCodedReason, Source
from retrieval.wording import forms

_ENOUGH: Final = 0.72
"""Lowest fused score at which a candidate found by search alone is taken."""

_SAYS_NOTHING: Final = frozenset({"Z79.899", "Y93.9", "Y92.9", "Y99.9"})
"""Long-term use of a drug without a code of its own; unspecified activity, place and status (I.C.20.b, c, k)."""

_HIV: Final = "B20"
"""Its drugs have no code of their own, and their long-term use is reported (guideline I.C.21.c.3)."""

_ONLY_WHEN_SAID: Final = {"C80.1": frozenset({"unknown", "occult", "undetermined", "unspecified"})}
"""A cancer whose primary site nobody could determine (guideline I.C.2.j); a bare `carcinoma` names no site."""

_SEPSIS: Final = ("A40", "A41")
_SAYS_SEPSIS: Final = frozenset({"sepsis", "septic", "septicemia", "urosepsis", "bacteremia"})
"""An organism grown from a wound or from urine is no sepsis; the provider has to say so (guideline I.C.1.d.1.a)."""

_SETTLED_LATER: Final = frozenset({CandidateOrigin.PAIR, CandidateOrigin.PARTNER})
_ALIKE: Final = 0.05
"""Scores closer than this say nothing about which candidate is better."""

_CLEAR_LEAD: Final = 0.08
_DICTIONARY_STRENGTH: Final = 0.8
_STATED: Final = 0.1


def choose(mention: Mention, candidates: tuple[Candidate, ...]) -> Choice:
    """The first candidate, or none. `strength` is a heuristic from 0 to 1, not a probability."""
    best = _leading(candidates) if candidates else None
    if best is None or _is_weak(best):
        return _none(mention, "No candidate shares enough words with the record.")
    if best.code in _ONLY_WHEN_SAID and not _ONLY_WHEN_SAID[best.code].intersection(mention.context):
        return _none(mention, "The record names no site, and does not say that the site is unknown.")
    if best.code.startswith(_SEPSIS) and not _SAYS_SEPSIS.intersection((*mention.context, *forms(mention.query))):
        return _none(mention, "The record names an organism, not a sepsis.")
    return Choice(
        mention_id=mention.id,
        system=best.system,
        code=best.code,
        reason=_reason(best),
        source=Source.RULES,
        strength=_strength(mention, best, candidates),
        evidence_sentences=(mention.sentence,),
    )


def _leading(candidates: tuple[Candidate, ...]) -> Candidate:
    """The first; of those that score alike the one that the record's own term leads to.

    What two conditions lead to together, and what a note asks for, is settled over the whole set, not here.
    """
    alone = [c for c in candidates if not _SETTLED_LATER.issuperset(c.origins)] or list(candidates)
    first = alone[0]
    alike = [c for c in alone if first.score - c.score < _ALIKE and not _says_more(first, c)]
    return next((c for c in alike if CandidateOrigin.DICTIONARY in c.origins), first)


def _says_more(one: Candidate, other: Candidate) -> bool:
    """True when a wording holds all words of another one and further ones of the record."""
    return frozenset(forms(one.surface)) > frozenset(forms(other.surface))


def _is_weak(best: Candidate) -> bool:
    return CandidateOrigin.DICTIONARY not in best.origins and best.score < _ENOUGH


def _strength(mention: Mention, best: Candidate, candidates: tuple[Candidate, ...]) -> float:
    exact = CandidateOrigin.DICTIONARY in best.origins
    strength = _DICTIONARY_STRENGTH if exact else min(best.score, _DICTIONARY_STRENGTH)
    if mention.heads_problem:
        strength += _STATED
    others = [c for c in candidates if c.code[:3] != best.code[:3]]
    if others and best.score - others[0].score < _CLEAR_LEAD:
        strength -= _STATED
    if mention.assertion is Assertion.POSSIBLE:
        strength -= _STATED
    return max(0.0, min(1.0, strength))


def _reason(best: Candidate) -> str:
    if CandidateOrigin.DICTIONARY in best.origins:
        return f"The record's wording is the clinical term “{best.surface}”, which leads here."
    return f"The wording “{best.surface}” of this code is the closest to the record's."


def _none(mention: Mention, reason: str) -> Choice:
    return Choice(
        mention_id=mention.id,
        code=None,
        reason=reason,
        source=Source.RULES,
        strength=0.0,
        declined_as=NotCodedReason.NO_CANDIDATE,
    )


def choose_dependent(mention: Mention, candidates: tuple[Candidate, ...], coded: frozenset[str]) -> Choice:
    """A mention that counts only beside others: a drug and its condition (Z79), a cause and its injury (chapter 20)."""
    met = not mention.needs or "" in mention.needs or any(code.startswith(mention.needs) for code in coded)
    told = candidates and (_leading(candidates).code not in _SAYS_NOTHING or _HIV in mention.needs)
    return choose(mention, candidates) if met and told else _none(mention, "Nothing coded makes it reportable.")


def is_dependent(mention: Mention) -> bool:
    """True for drugs and for what explains or measures another condition."""
    return mention.kind is MentionKind.DRUG or bool(mention.needs and "" not in mention.needs)
