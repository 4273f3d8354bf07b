"""How the quoted words are said, read again from the record itself: a claim about them is not taken on trust.

Cues that stand right beside a quote, or in it, are telling by themselves. What the product's own mentions say of the
same words is telling where a looser cue of the same clause agrees; alone it is a question for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from guardrails.case import Case
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


def readings(case: Case, line: ProposedCode) -> Iterator[Reading]:
    """One for each quote of a code."""
    touched = case.mentions_in(line)
    for quote in line.evidence:
        own = tuple(m for m in touched if _lies_in(m, quote) and _means(m, line.code))
        said = frozenset(m.assertion for m in own)
        cues = _cues_around(case, quote) | (_cues_before(case, own) & said)
        yield Reading(quote.assertion or Assertion.PRESENT, said, cues)


def _lies_in(mention: Mention, quote: EvidenceQuote) -> bool:
    same = mention.document_id == quote.document_id
    return same and mention.span.start < quote.end and quote.start < mention.span.end


def _means(mention: Mention, code: str) -> bool:
    """True when a mention is of the code's category, current or past."""
    return any(name[:3] == code[:3] for name in (mention.concept, mention.history_code, *mention.stems) if name)


def _cues_around(case: Case, quote: EvidenceQuote) -> frozenset[Assertion]:
    """Telling cues right beside the quote or at its beginning."""
    text = case.text_of(quote.document_id)
    looks = ((_BESIDE, _before(text, quote.start)), (_INSIDE, quote.text.lower()), (_BEHIND, _behind(text, quote.end)))
    return frozenset(said for cues, words in looks for said, cue in cues.items() if cue.search(words))


def _cues_before(case: Case, mentions: tuple[Mention, ...]) -> frozenset[Assertion]:
    """Looser cues anywhere before a mention in its clause."""
    clauses = [_before(case.text_of(m.document_id), m.span.start) for m in mentions]
    behind = [_behind(case.text_of(m.document_id), m.span.end) for m in mentions]
    loose = {said for said, cue in _LOOSE.items() if any(map(cue.search, clauses))}
    return frozenset(loose | {said for said, cue in _BEHIND.items() if any(map(cue.search, behind))})


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
