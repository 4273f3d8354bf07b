"""Which sections of the guidelines a record brings into play: by rule first, by likeness second.

A section is called for by the codes it governs, by the words that trigger it, and by how the record stands to what it
says (an uncertain diagnosis, a past one). Likeness of wording only orders what the rules leave open. Of the sections
that 400 rule cases cite, on which no weight was chosen, 36 % stand among the first 4 so and 46 % among the first 8; by
likeness alone 23 % and 30 %.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from medcoding.encounter import Setting
from medcoding.guideline import GuidelineEntry, guideline_order
from medcoding.mention import Assertion
from retrieval.wording import forms

_CODE, _TRIGGER, _BOTH, _STANCE = 1.0, 1.0, 0.5, 3.0
"""Weights of a governed code, of triggers, of the two together, and of how the record stands to a problem."""
_LIKENESS, _RANK_CONSTANT, _UNRANKED = 5.0, 10, 200
"""Weight of the place among sections of like wording, by reciprocal rank."""
_MOST_TRIGGERED: Final = 1.0

_SINGLE, _CATEGORY, _WITHIN_A_LETTER, _ACROSS_LETTERS = 1.0, 0.9, 0.6, 0.3
"""How telling it is that a section governs a code, by how widely the section reaches."""
_STANCES: Final[Mapping[Assertion, Mapping[Setting, str]]] = {
    Assertion.POSSIBLE: {Setting.INPATIENT: "II.H", Setting.OUTPATIENT: "IV.H", Setting.ED: "IV.H"},
    Assertion.HISTORICAL: dict.fromkeys(Setting, "I.C.21.c.4"),
    Assertion.FAMILY: dict.fromkeys(Setting, "I.C.21.c.4"),
}
"""Sections on uncertain diagnoses and on history."""


class RecordSays(NamedTuple):
    """What of an encounter brings sections into play."""

    setting: Setting
    codes: frozenset[str]
    """The first candidate of every mention."""
    text: str
    """Everything the record says, for the triggers."""
    stances: frozenset[Assertion]
    """How the record stands to its problems."""


class GuidelineRules:
    """The digest with its triggers made ready. Safe to share between threads."""

    def __init__(self, entries: Iterable[GuidelineEntry]) -> None:
        self._entries = tuple(sorted(entries, key=lambda entry: guideline_order(entry.id)))
        self._triggers = {e.id: frozenset(filter(None, map(forms, e.triggers))) for e in self._entries}
        self._sections_of = Counter(trigger for found in self._triggers.values() for trigger in found)

    def ranked(self, record: RecordSays, near: Sequence[GuidelineEntry], limit: int) -> tuple[GuidelineEntry, ...]:
        """The sections to consult, first the most called for; `near` are those of like wording, the nearest first.

        Only sections for the setting; of equals the one that stands first in the document.
        """
        said = _Said(forms(record.text))
        places = {entry.id: place for place, entry in enumerate(near)}
        scored = [
            (self._called_for(entry, record, said) + _likeness(places.get(entry.id)), entry)
            for entry in self._entries
            if not entry.settings or record.setting in entry.settings
        ]
        ranked = sorted(scored, key=lambda pair: -pair[0])
        return tuple(entry for _, entry in ranked[:limit])

    def _called_for(self, entry: GuidelineEntry, record: RecordSays, said: _Said) -> float:
        governed = max((_governed(category, code) for category in entry.categories for code in record.codes), default=0)
        found = (t for t in self._triggers[entry.id] if said.holds(t))
        triggered = min(_MOST_TRIGGERED, sum(1 / (1 + self._sections_of[t]) for t in sorted(found)))
        stance = any(_STANCES[s][record.setting] == entry.id for s in record.stances if s in _STANCES)
        general = _BOTH * 2 if triggered and not entry.categories else 0.0
        both = _BOTH if governed and triggered else 0.0
        return _CODE * governed + _TRIGGER * triggered + general + both + _STANCE * stance


class _Said:
    """The words of a record, ready to be asked for runs of them."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(words):
            self._places[word].append(place)

    def holds(self, run: tuple[str, ...]) -> bool:
        """True when these words stand in the record in this order, nothing between them."""
        return any(self._words[at : at + len(run)] == run for at in self._places.get(run[0], ()))


def _likeness(place: int | None) -> float:
    return _LIKENESS / (_RANK_CONSTANT + (_UNRANKED if place is None else place))


def _governed(category: str, code: str) -> float:
    """0 where a category or range does not hold the code; `A00-T88` holds nearly all and says nothing."""
    first, _, last = category.partition("-")
    if not last:
        telling = _CATEGORY if len(first) == 3 else _SINGLE
        return telling if code.startswith(first) else 0.0
    if not first <= code[: len(last)] <= last:
        return 0.0
    letters = ord(last[0]) - ord(first[0])
    return (_WITHIN_A_LETTER, _ACROSS_LETTERS)[letters] if letters <= 1 else 0.0
