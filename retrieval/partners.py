"""Codes that the notes of one code ask for beside it: code first, use additional code, code also.

A note names a range (`use additional code to identify infectious agent (B95-B97)`). Which code of it is meant the
record has to say, so a partner is offered for the mention whose words lead into it (guidelines I.A.13, I.A.17, I.B.7).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.codebook import Codebook
from medcoding.mention import Mention, MentionKind
from medcoding.notes import PARTNER_KINDS, CodeTarget, NoteInForce, NoteKind
from retrieval.expand import expand
from retrieval.likeness import implied, joined, roots
from retrieval.refine import affirmed
from retrieval.title_axes import content, title_axes
from retrieval.wording import forms

_AS_A_CAUSE: Final = re.compile(r"\s*(?:infection )?as the cause of diseases classified elsewhere", re.IGNORECASE)
_LONGEST_RANGE: Final = 400
"""Codes of a target that are compared with a mention; a whole chapter is reached by the mention's own code only."""

_AFTER_ALL_CODES: Final = "￿"


class PartnerOffer(NamedTuple):
    """A code for a mention because a note at another code of the record asks for it."""

    mention_id: int
    code: str
    asked_by: str
    """The code whose note asks."""
    kind: NoteKind
    note: str
    """As printed in the tabular list."""


def partner_offers(
    mentions: Sequence[Mention], leading: Mapping[int, str], codebook: Codebook
) -> tuple[PartnerOffer, ...]:
    """Codes inside the targets of notes that the words of some other mention lead to, each once for a mention.

    `leading` holds the best code that each mention has by itself, by mention id.
    """
    problems = [m for m in mentions if m.kind is MentionKind.PROBLEM]
    offers: dict[tuple[int, str], PartnerOffer] = {}
    for code in dict.fromkeys(leading.values()):
        for note in (n for n in codebook.notes_in_force(code) if n.kind in PARTNER_KINDS):
            for mention in (m for m in problems if leading.get(m.id) != code):
                for partner in _led_into(note, mention, leading.get(mention.id), codebook):
                    offer = PartnerOffer(mention.id, partner, code, note.kind, note.note.text)
                    offers.setdefault((mention.id, partner), offer)
    return tuple(offers.values())


def _led_into(note: NoteInForce, mention: Mention, own: str | None, codebook: Codebook) -> Iterator[str]:
    """The mention's own code where a target holds it, and the code of a target whose title the mention says."""
    if own and note.note.names(own):
        yield own
        return
    said = _said(mention)
    for target in note.note.targets:
        found = [code for code in _codes_of(codebook, target) if _is_said(codebook.title(code), said)]
        if found:
            yield from expand(found, codebook, mention.axes, mention.context or forms(mention.query), 1)


def _said(mention: Mention) -> frozenset[str]:
    words = forms(mention.query)
    stated = affirmed(words)
    kept = [word for word in words if word in stated]
    return roots(joined(kept)) | implied(kept)


def _is_said(title: str, said: frozenset[str]) -> bool:
    """True when the mention says all that the title does, or the name that it prints in brackets."""
    axes = title_axes(_AS_A_CAUSE.sub("", title))
    words = content(axes.says)
    return bool(words and words <= said) or bool(axes.optional and axes.optional <= said)


@lru_cache(maxsize=1_024)
def _codes_of(codebook: Codebook, target: CodeTarget) -> tuple[str, ...]:
    """Billable codes that a target holds; none where it names more than a mention can choose from."""
    codes = _billable(codebook)
    first = bisect_left(codes, target.first)
    last = bisect_right(codes, target.last + _AFTER_ALL_CODES)
    return tuple(code for code in codes[first:last] if target.holds(code)) if last - first <= _LONGEST_RANGE else ()


@lru_cache(maxsize=8)
def _billable(codebook: Codebook) -> tuple[str, ...]:
    return tuple(code for code, _ in codebook.billable_titles())
