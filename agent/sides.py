"""Sides: left and right of a mention, from its own words, those that belong to it, and what it is done to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from agent.kinds import kind_of
from agent.lines import Line, Spotted
from agent.stretches import Beside, behind
from medcoding.chart import SectionKind
from medcoding.mention import Laterality, MentionKind
from retrieval.wording import Token

_SIDES: Final[dict[str, Laterality]] = {
    "right": "right", "right-sided": "right", "rt": "right", "left": "left", "left-sided": "left", "lt": "left",
    "bilateral": "bilateral", "bilaterally": "bilateral", "bilat": "bilateral", "both": "bilateral",
}  # fmt: skip
_OF_NO_SIDE: Final = frozenset(
    "ventricular ventricle atrial atrium heart bundle main anterior circumflex coronary handed axis shift".split()
)
"""Behind these `left` names a part of the heart or a leaning."""

_NEAR: Final = 4
"""Words between a mention and a side behind it."""

_CLAUSE_BREAK: Final = re.compile(r"[;\n]|\.\s")
_DENIES: Final = re.compile(r"\b(?:no|without|w/o|denies|negative for|neg for|r/o|\?)\s(?:\w+\s){0,3}$", re.IGNORECASE)
_LEADS_AWAY: Final = frozenset(
    "radiating radiates radiation shooting shoots spreads spreading landing landed fell".split()
)
_FINDINGS: Final = frozenset(
    {SectionKind.PHYSICAL_EXAM, SectionKind.RESULTS, SectionKind.PROCEDURES, SectionKind.REVIEW_OF_SYSTEMS}
)
_WITHOUT_SIDES: Final = (
    "A", "B", "D5", "D6", "D7", "D8", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "F", "I1", "I2", "I3", "I4", "I5", "J",
    "K", "O", "R", "V", "W", "X", "Y", "Z",
)  # fmt: skip
_EXTERNAL_CAUSES: Final = ("V", "W", "X", "Y")
_SIDED_ANYWAY: Final = ("R22", "R29", "Z89", "Z90", "Z96.6", "Z97", "I80", "K40", "K41", "R10")
_NO_LIMB: Final = re.compile(
    r"crutch|walker|wheelchair|bed|chemo|dialysis|infus|transfus|central|paracentesis|graft|ablation|oxygen|commode"
    r"|radiation",
    re.IGNORECASE,
)


def laterality_of(line: Line, found: Spotted, own: Beside, every: Sequence[Spotted]) -> Laterality | None:
    """The side named in the mention, beside it, close behind it, or of what it is done to."""
    inside = {side for _, side in _sides([t for t in line.words if t.start < found.end and t.end > found.start])}
    if inside:
        return "bilateral" if len(inside) > 1 else inside.pop()
    if found.term and found.term.stems and found.term.stems[0].startswith(_EXTERNAL_CAUSES):
        return None
    if _sides(own.tokens):
        return _nearest(found, own.tokens)
    return _behind(behind(line, found, every)) or _carried(line, found)


def side_throughout(sentences: Iterable[Sequence[Token]]) -> Laterality | None:
    """The one side that complaint, history and assessment speak of, None when they name several or none."""
    named = {side for words in sentences for _, side in _sides(words)}
    return named.pop() if len(named) == 1 else None


def may_have_side(concept: str | None) -> bool:
    """True for conditions of what the body has twice; a systemic disease takes no side from its neighbours."""
    return concept is not None and (concept.startswith(_SIDED_ANYWAY) or not concept.startswith(_WITHOUT_SIDES))


def side_in(words: Sequence[Token]) -> Laterality | None:
    """The side that words on their own name; two of them are both sides."""
    named = {side for _, side in _sides(words)}
    return "bilateral" if len(named) > 1 else next(iter(named), None)


def _sides(words: Sequence[Token]) -> list[tuple[int, Laterality]]:
    """Where sides are named; the left ventricle and a right hand that is dominant are no side."""
    following = [*(t.form for t in words[1:]), "", ""]
    return [
        (i, _SIDES[t.form])
        for i, t in enumerate(words)
        if t.form in _SIDES and following[i] not in _OF_NO_SIDE and following[i + 1] != "dominant"
    ]


def _nearest(found: Spotted, words: Sequence[Token]) -> Laterality:
    def gap(pair: tuple[int, Laterality]) -> int:
        token = words[pair[0]]
        return min(abs(token.start - found.end), abs(found.start - token.end))

    return min(_sides(words), key=gap)[1]


def _behind(stretches: Iterable[Sequence[Token]]) -> Laterality | None:
    """A side a few words behind it, or in a short stretch of its own: `pain in the left knee`, `ulcer, R heel`."""
    for place, words in enumerate(stretches):
        with_another = next((at for at, word in enumerate(words) if word.form == "with"), len(words))
        sided = [(at, side) for at, side in _sides(words) if at < min(_NEAR, with_another)]
        if sided and (place == 0 or len(words) <= _NEAR + 1):
            leads_away = any(word.form in _LEADS_AWAY for word in words[: sided[0][0]])
            return None if leads_away else sided[0][1]
    return None


def _carried(line: Line, found: Spotted) -> Laterality | None:
    """The side last named before it: near by, of a label (`OS: …`), of the limb that is examined or operated on."""
    kind = kind_of(found.term)
    clause = max((m.end() for m in _CLAUSE_BREAK.finditer(line.text, 0, found.start)), default=0)
    if not _takes_a_side(line, found) or _DENIES.search(line.text, clause, found.start):
        return None
    words = [
        t for t in line.words if (0 if kind is MentionKind.PROCEDURE else clause) <= t.start and t.end <= found.start
    ]
    named = _sides(words)
    if not named:
        return None
    place, side = named[-1]
    near = len(words) - place <= _NEAR + 1
    labelled = line.text.find(":", words[place].end, found.start) >= 0
    return side if near or labelled or kind is not MentionKind.PROBLEM or line.sentence.section in _FINDINGS else None


def _takes_a_side(line: Line, found: Spotted) -> bool:
    """False for drugs, for what has no side, and for problems of the whole body."""
    kind = kind_of(found.term)
    if kind is not MentionKind.PROBLEM:
        return kind is not MentionKind.DRUG and not _NO_LIMB.search(line.text[found.start : found.end])
    stems = found.term.stems if found.term else ()
    return may_have_side(stems[0]) if stems else line.sentence.section in _FINDINGS
