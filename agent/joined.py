"""Two codes of the set that the code book reports as one: the combination takes the place of what it says.

`E11.9` beside `N18.32` becomes `E11.22` with `N18.32`, `K70.30` beside `R18.8` becomes `K70.31` (guidelines I.A.15,
I.B.9). What a note asks for beside the combination stays.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from agent.code_set import CodeSet
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason
from retrieval.pairs import is_open, pair_offers
from retrieval.title_axes import content, title_axes

_SEQUELA: Final = ("I69",)
"""The event behind a sequela is past, so it has no code beside it (guideline I.B.10)."""

_PATHOLOGICAL_FRACTURES: Final = ("M80", "M84.4", "M84.5", "M84.6")
_INJURIES: Final = "S"


class _Joined(NamedTuple):
    """A combination and the two codes of the set that lead to it."""

    one: str
    other: str
    code: str


def join_pairs(settled: CodeSet, codebook: Codebook) -> None:
    """Put combinations in the place of codes that say less than two of them do together."""
    found = _found(settled, codebook)
    for joined in found:
        if joined.one in settled.lines and joined.other in settled.lines and not _is_known(joined, settled, codebook):
            settled.add_joined(joined.code, (joined.one, joined.other), "I.A.15: the two are reported together.")
    for joined in found:
        for part in (joined.one, joined.other):
            if part in settled.lines and joined.code in settled.lines and _is_said(part, joined, codebook):
                settled.drop(part, NotCodedReason.DUPLICATE, f"Reported as {joined.code} (I.A.15, I.B.9).")


def _found(settled: CodeSet, codebook: Codebook) -> tuple[_Joined, ...]:
    coded = {i: code for code, line in settled.lines.items() for i in line.mention_ids}
    mentions = [m for m in settled.mentions if m.id in coded]
    unique = list({m.id: m for m in mentions}.values())
    offers = pair_offers(unique, coded, codebook)
    return tuple(dict.fromkeys(_Joined(coded[o.mention_id], coded[o.partner_id], o.code) for o in offers))


def _is_known(joined: _Joined, settled: CodeSet, codebook: Codebook) -> bool:
    """True when another code of the set says all that the combination does."""
    new = content(title_axes(codebook.title(joined.code)).says)
    others = (code for code in settled.lines if code != joined.one)
    return any(new <= content(title_axes(codebook.title(code)).says) for code in others)


def _is_said(part: str, joined: _Joined, codebook: Codebook) -> bool:
    """True when the combination says all that a code says, and no note asks for both."""
    if part == joined.code or codebook.asks_for(joined.code, part) or codebook.asks_for(part, joined.code):
        return False
    said, combination = title_axes(codebook.title(part)), title_axes(codebook.title(joined.code))
    if joined.code.startswith(_SEQUELA) or content(said.says) <= combination.says | combination.optional:
        return True
    if part == joined.one:
        return part[:3] != joined.code[:3] and is_open(part, codebook)
    return joined.code.startswith(_PATHOLOGICAL_FRACTURES) and part.startswith(_INJURIES)
