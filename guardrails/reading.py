"""How the quoted words are said, read again from the record itself: a claim about them is not taken on trust.

Cues that stand right beside a quote, or in it, are telling by themselves. What the product's own mentions say of the
same words is telling where a looser cue of the same clause agrees; alone it is a question for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from guardrails.quotes import Place, Quotes, place_of
from medcoding.mention import Assertion, Mention
from medcoding.proposal import EvidenceQuote, ProposedCode

_NEGATION: Final = (
    r"denies|denied|denying|negative for|no evidence (?:of|for)|no signs? of|no history of|ruled out(?: for)?|free of"
    r"|absence of|never had|never diagnosed with|does not have|did not have"
)
_UNCERTAINTY: Final = (
    r"possible|possibly|probable|probably|suspected|suspect|rule out|r/o|questionable|concern for|concerning for"
    r"|suspicion of|suspicious for|working diagnosis of|cannot exclude|could be"
)
_RELATIVES: Final = (
    r"mother|father|sister|brother|sibling|grand(?:mother|father|parent)s?|aunt|uncle|cousin|family history|fhx?"
    r"|maternal|paternal"
)
_BESIDE: Final = {
    Assertion.NEGATED: re.compile(rf"\b(?:{_NEGATION}|without|no)[\s:]+(?:[\w'’/-]+\s+){{0,3}}$"),
    Assertion.FAMILY: re.compile(rf"\b(?:{_RELATIVES})\b[^.;\n]{{0,30}}$"),
    Assertion.POSSIBLE: re.compile(rf"\b(?:{_UNCERTAINTY})[\s:]+(?:[\w'’/-]+\s+){{0,2}}$"),
}
"""Right before the quote, at most a few words between."""

_INSIDE: Final = {
    Assertion.NEGATED: re.compile(rf"^(?:\W|and|or|the|patient|pt|he|she|\s)*(?:{_NEGATION})\b"),
    Assertion.POSSIBLE: re.compile(rf"^(?:\W|{_UNCERTAINTY})*\b(?:{_UNCERTAINTY})\b"),
    Assertion.FAMILY: re.compile(rf"^\W*(?:{_RELATIVES})\b"),
}
"""At the beginning of the quote itself."""

_BEHIND: Final = {
    Assertion.NEGATED: re.compile(
        r"^[\s(-]*(?:(?:was|were|is|are|has been|have been)\s+)?(?:ruled out|excluded|denied|absent\s*$"
        r"|not (?:seen|present|found|identified|confirmed))\b"
    ),
    Assertion.POSSIBLE: re.compile(r"^[\s(-]*(?:(?:is|was|remains)\s+)?(?:suspected|possible|questionable|unlikely)\b"),
}
"""Right behind the quote."""

_LOOSE: Final = {
    Assertion.NEGATED: re.compile(
        r"\b(?:no|not|denies|denied|denying|without|negative|neither|nor|never|none|absent|excluded)\b[^.;:\n)]*$"
    ),
    Assertion.FAMILY: re.compile(rf"\b(?:{_RELATIVES}|parents?|family|relatives?|fh)\b[^.;\n]*$"),
    Assertion.POSSIBLE: re.compile(
        rf"\b(?:{_UNCERTAINTY}|likely|versus|vs|may|might|differential|ddx)\b[^.;\n]*$|\?\s*$"
    ),
    Assertion.HYPOTHETICAL: re.compile(
        r"\b(?:if|should|return for|in case|risk of|monitor for|watch for|prevent|prophylaxis|precautions"
        r"|warning signs?|discussed)\b[^.;\n]*$"
    ),
}
"""Anywhere before the quote in its clause: telling only where the product's own reading agrees."""

_TURNS: Final = re.compile(r"\b(?:but|however|although|except|patient|pt)\b")
_WINDOW: Final = 120
"""Characters of the clause that are looked at on either side."""


class Reading(NamedTuple):
    """How one quote is said."""

    claimed: Assertion
    """As whoever proposed it says; present where nothing was said."""
    by_mentions: frozenset[Assertion]
    """By the product's mentions of the code's own condition in these words; empty where none was found there."""
    by_cues: frozenset[Assertion]
    """By words beside the quote or in it; empty where none is telling."""


class Readings:
    """How the quotes of one record are said; what stands around a place is read once."""

    def __init__(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self._around: dict[Place, frozenset[Assertion]] = {}
        self._categories: dict[int, frozenset[str]] = {}
        self._before: dict[int, frozenset[Assertion]] = {}

    def of(self, line: ProposedCode) -> Iterator[Reading]:
        """One for each quote of a code."""
        for quote in line.evidence:
            category = line.code[:3]
            own = [m for m in self._quotes.touched_by(quote) if category in self._categories_of(m)]
            said = frozenset(m.assertion for m in own)
            cues = frozenset(cue for m in own for cue in self._cues_before(m) if cue in said)
            yield Reading(quote.assertion or Assertion.PRESENT, said, self._cues_around(quote) | cues)

    def _categories_of(self, mention: Mention) -> frozenset[str]:
        """What a mention is of, current or past."""
        found = self._categories.get(mention.id)
        if found is None:
            names = (mention.concept, mention.history_code, *mention.stems)
            found = self._categories[mention.id] = frozenset(name[:3] for name in names if name)
        return found

    def _cues_around(self, quote: EvidenceQuote) -> frozenset[Assertion]:
        place = place_of(quote)
        found = self._around.get(place)
        if found is None:
            found = self._around[place] = _cues_around(self._quotes.text_of(quote.document_id), quote)
        return found

    def _cues_before(self, mention: Mention) -> frozenset[Assertion]:
        found = self._before.get(mention.id)
        if found is None:
            found = self._before[mention.id] = _cues_before(self._quotes.text_of(mention.document_id), mention)
        return found


def _cues_around(text: str, quote: EvidenceQuote) -> frozenset[Assertion]:
    """Telling cues right beside the quote or at its beginning."""
    looks = ((_BESIDE, _before(text, quote.start)), (_INSIDE, quote.text.lower()), (_BEHIND, _behind(text, quote.end)))
    return frozenset(said for cues, words in looks for said, cue in cues.items() if cue.search(words))


def _cues_before(text: str, mention: Mention) -> frozenset[Assertion]:
    """Looser cues anywhere before a mention in its clause, and those right behind it."""
    clause, rest = _before(text, mention.span.start), _behind(text, mention.span.end)
    loose = {said for said, cue in _LOOSE.items() if cue.search(clause)}
    return frozenset(loose | {said for said, cue in _BEHIND.items() if cue.search(rest)})


def _before(text: str, end: int) -> str:
    """The words of the same clause before a place, in lower case."""
    words = text[max(0, end - _WINDOW) : end].lower()
    words = words[max(words.rfind("."), words.rfind(";"), words.rfind("\n")) + 1 :]
    turns = list(_TURNS.finditer(words))
    return words[turns[-1].end() :] if turns else words


def _behind(text: str, start: int) -> str:
    """The words of the same clause behind a place, in lower case."""
    words = text[start : start + _WINDOW].lower()
    ends = [place for mark in ".;\n" if (place := words.find(mark)) >= 0]
    words = words[: min(ends, default=len(words))]
    turn = _TURNS.search(words)
    return words[: turn.start()] if turn else words
