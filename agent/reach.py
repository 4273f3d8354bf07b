"""Reach: which of a sentence's cues speak of a mention, and which of those decides.

A cue reaches forwards until a terminator, the end of its scope, or the end of the list it opens; backwards over the
mentions that are joined to the nearest one by `and` or `or`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from agent import gaps
from agent.cues import Cue, Reading, Word
from medcoding.mention import Assertion, MentionKind

_STRONGEST_FIRST: Final = (
    Assertion.NEGATED,
    Assertion.FAMILY,
    Assertion.HYPOTHETICAL,
    Assertion.POSSIBLE,
    Assertion.HISTORICAL,
)
_BEGINS_ANEW: Final = frozenset(
    (
        "fell fall slipped tripped struck hit cut stung bitten burned scalded punched kicked twisted rolled vomited "
        "old chronic known"
    ).split()
)
"""A mention that begins so is a statement of its own: `hx HTN, afib, fell at home`; `no acute infarct, old infarct`."""

_FAMILY_WORDS: Final = frozenset({"family", "fhx", "fh", "familial", "fmhx", "fam"})
_DECIDES: Final = frozenset({"declined", "declines", "declining", "refused", "refuses", "deferred", "wants"})
"""`Family declined PEG`: what the family decides is the patient's."""

_OPENS_A_MENTION: Final = frozenset({"historical", "family"})
"""Effects of a cue that is a mention's own beginning: `history of gout`, `s/p CABG`."""

_FORWARD: Final = frozenset({"forward", "both"})
_BACK: Final = frozenset({"backward", "both"})


class SentenceReader:
    """The cues of one sentence; asked once per mention."""

    def __init__(self, sentence: str, words: Sequence[Word], cues: Sequence[Cue]) -> None:
        self._sentence = sentence
        self._words = words
        self._texts = [word.text for word in words]
        self._terminators = [cue for cue in cues if cue.trigger.effect == "terminator"]
        self._cues = [cue for cue in cues if cue.trigger.effect not in {"pseudo", "terminator"}]

    def assertion(
        self, start: int, end: int, kind: MentionKind = MentionKind.PROBLEM, others: Iterable[tuple[int, int]] = ()
    ) -> Reading:
        """Reading of the mention at `sentence[start:end]`; present when no cue reaches it.

        `others` are the spans of the sentence's other mentions: a cue behind several speaks of the nearest one and of
        those joined to it.
        """
        inside = self._inside(start, end) if self._cues else None
        if inside is None:
            return Reading(Assertion.PRESENT, None)
        beside = [place for s, e in others if (place := self._inside(s, e)) and place != inside]
        reaching = [c for c in self._cues if _concerns(c, kind) and self._reaches(c, inside, beside)]
        return self._decided(self._not_overridden(reaching, inside[0]))

    def _decided(self, cues: Sequence[Cue]) -> Reading:
        """The strongest effect with its cue as written."""
        of_family = any(cue.trigger.effect == Assertion.FAMILY.value or self._names_family(cue) for cue in cues)
        for assertion in _STRONGEST_FIRST:
            for cue in cues:
                if cue.trigger.effect == assertion.value:
                    return Reading(assertion, cue.span.of(self._sentence), of_family)
        return Reading(Assertion.PRESENT, None)

    def _inside(self, start: int, end: int) -> tuple[int, int] | None:
        """Positions of a span's first and last word, None where it holds no word."""
        held = [i for i, word in enumerate(self._words) if word.start < end and word.end > start]
        return (held[0], held[-1]) if held else None

    def _reaches(self, cue: Cue, inside: tuple[int, int], beside: Sequence[tuple[int, int]]) -> bool:
        first, last = inside
        trigger = cue.trigger
        if cue.first < first <= cue.last:
            return trigger.direction in _FORWARD
        if cue.first == first and cue.last <= last:
            return trigger.effect in _OPENS_A_MENTION and trigger.direction == "forward"
        if cue.last < first:
            return trigger.direction in _FORWARD and self._reaches_forward(cue, first, last)
        return cue.first > last and self._looks_back(cue) and self._reaches_back(cue, last, beside)

    def _looks_back(self, cue: Cue) -> bool:
        direction = cue.trigger.direction
        if direction == "closing":
            return gaps.ends_an_item(self._texts[cue.last + 1 : cue.last + 2])
        return direction in _BACK or direction == "across"

    def _reaches_forward(self, cue: Cue, first: int, last: int) -> bool:
        gap, behind = self._texts[cue.last + 1 : first], self._texts[last + 1 :]
        if len(gap) > cue.trigger.scope or self._stopped(cue.last, first) or gaps.closes_a_bracket(gap):
            return False
        if _is_set_off(cue, gap) or ("," in gap and self._texts[first] in _BEGINS_ANEW):
            return False
        denies = cue.trigger.effect == Assertion.NEGATED.value
        if "," not in gap:
            return not denies or gaps.is_one_item(gap)
        if not cue.trigger.over_lists:
            return gaps.closes_a_list(behind) and gaps.is_bare_list(gap)
        return not denies or (gaps.is_bare_list(gap) and not gaps.is_affirmed(behind))

    def _reaches_back(self, cue: Cue, last: int, beside: Sequence[tuple[int, int]]) -> bool:
        if cue.trigger.direction == "across":
            return not any(last < start < cue.first for start, _ in beside)
        gap = self._texts[last + 1 : cue.first]
        behind = self._texts[cue.last + 1 : cue.last + 2]
        if len(gap) > cue.trigger.scope or self._stopped(last, cue.first) or gaps.opens_a_remark(gap, behind):
            return False
        between = sorted(place for place in beside if last < place[0] and place[1] < cue.first)
        between = [(start, end) for start, end in between if self._texts[start - 1] not in {"(", "["}]
        if not between:
            return "," not in gap or (cue.trigger.direction != "both" and gaps.says_little(gap))
        ends = [last, *(end for _, end in between[:-1])]
        starts = [start for start, _ in between]
        return gaps.is_joined([self._texts[a + 1 : b] for a, b in zip(ends, starts, strict=True)])

    def _stopped(self, left: int, right: int) -> bool:
        return any(left < cue.first and cue.last < right for cue in self._terminators)

    def _names_family(self, cue: Cue) -> bool:
        """True for a denial of the whole family's: `no family history of`."""
        words = self._texts[cue.first : cue.last + 1]
        return not _FAMILY_WORDS.isdisjoint(words) and _DECIDES.isdisjoint(words)

    def _not_overridden(self, cues: Sequence[Cue], first: int) -> list[Cue]:
        """A cue gives way to a nearer one that begins an item of its own: `denies chest pain, possible UTI`.

        Also to one that is the mention's own beginning: `no hemoptysis, quit smoking`.
        """
        nearer = [cue for cue in cues if cue.first <= first and cue.trigger.effect != Assertion.FAMILY.value]
        ahead = [cue for cue in nearer if cue.last < first]
        return [
            cue
            for cue in cues
            if cue not in ahead
            or not any("," in self._texts[cue.last + 1 : other.first] for other in nearer if other.first > cue.last)
        ]


def _concerns(cue: Cue, kind: MentionKind) -> bool:
    return not cue.trigger.kinds or kind.value in cue.trigger.kinds


def _is_set_off(cue: Cue, gap: Sequence[str]) -> bool:
    """True where a dash or colon ends what a cue speaks of, or a comma a bare `mother` (but not `mother, 62, …`)."""
    if cue.trigger.effect == Assertion.FAMILY.value:
        return list(gap[:1]) == [","] and not any(word.isdigit() for word in gap[1:2])
    return gaps.sets_off(gap)
