"""Gaps: the words between a cue and a mention, and whether a list runs through them or something new begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SEPARATORS: Final = frozenset({",", "or", "and", "nor", "/", "&", "vs"})
_LIST_JOINS: Final = frozenset({"or", "and", "nor", "&"})
_ENDS_AN_ITEM: Final = frozenset({",", ";", ".", ":", "(", ")", "-", "–", "—"})
_BEHIND_AN_ITEM: Final = frozenset(
    "and or but by on per given based with since at in after now so then as though although today / ?".split()
)
_LONGEST_ITEM: Final = 6
"""Words from a denial, or from the last comma of its list, to the item; beyond it the sentence has moved on."""

_AFFIRMS_BEFORE: Final = frozenset(
    (
        "+ positive has had have is was are with reports old known chronic stable mild moderate severe trace small "
        "large diffuse multiple extensive scattered now new today currently persistent residual worsening continued "
        "ongoing some since on takes taking took used uses using given gave got received started start continue cont "
        "increase decrease refilled from after while at"
    ).split()
)
"""An item of a denied list has none of these before it: `no ST elevation, old LBBB`."""

_AFFIRMS_AFTER: Final = frozenset(
    (
        "stable controlled uncontrolled improved improving worse worsening better unchanged healing persists "
        "continues treated managed well good present is was has remains positive yes + at under resolved resolving "
        "right left r l bilaterally rt lt"
    ).split()
)
"""An item of a denied list has none of these behind it: `no fever, cough improving`, `no rash, bruise right flank`."""

_FILLERS: Final = frozenset(
    (
        "now has have had is was are were been since all both also again completely fully largely mostly essentially "
        "clinically by and it which this that these ( ) - – — then today they to be not"
    ).split()
)
_DASHES: Final = frozenset({"-", "–", "—", "|"})


def is_one_item(gap: Sequence[str]) -> bool:
    """True when no more words than an item of a list has stand since the last separator."""
    run = 0
    for word in gap:
        run = 0 if word in _SEPARATORS else run + 1
        if run > _LONGEST_ITEM:
            return False
    return True


def is_bare_list(gap: Sequence[str]) -> bool:
    """True when nothing behind a comma of the gap begins a statement of its own."""
    later = _items(gap)[1:]
    affirmed = any(item and (item[0] in _AFFIRMS_BEFORE or item[-1] in _AFFIRMS_AFTER) for item in later)
    labelled = any(word == ":" or word in _DASHES for item in later for word in item)
    return not affirmed and not labelled and is_one_item(gap)


def is_affirmed(behind: Sequence[str]) -> bool:
    """True when the word right behind a mention says that it is there, or on which side."""
    return bool(behind) and behind[0] in _AFFIRMS_AFTER


def closes_a_list(behind: Sequence[str]) -> bool:
    """True where an item of a list stands before `or …` or `and …`: `possible cellulitis, abscess or gout`."""
    for place, word in enumerate(behind[:_LONGEST_ITEM]):
        if word in _LIST_JOINS:
            return True
        if (word in _ENDS_AN_ITEM and word != ",") or (place and word in _AFFIRMS_AFTER):
            return False
    return False


def is_joined(joins: Sequence[Sequence[str]]) -> bool:
    """True when the words between the mentions make one enumeration that ends in `and` or `or`."""
    return all(not _SEPARATORS.isdisjoint(join) for join in joins) and not _LIST_JOINS.isdisjoint(joins[-1])


def says_little(gap: Sequence[str]) -> bool:
    """True when behind the last comma nothing stands before a cue that looks back.

    `Pneumonia, now resolved` is resolved; `pneumonia, organism not found` is pneumonia.
    """
    return "," not in gap or _FILLERS.issuperset(_items(gap)[-1])


def ends_an_item(behind: Sequence[str]) -> bool:
    """True when no word of the same item stands behind a cue."""
    return not behind or behind[0] in _ENDS_AN_ITEM or behind[0] in _BEHIND_AN_ITEM


def opens_a_remark(gap: Sequence[str], behind: Sequence[str]) -> bool:
    """True in `thrombasthenia (absent GPIIb)`, where the cue speaks of what follows.

    Not in `pneumonia (resolved)`, nor where a date or a reason follows: `methotrexate (stopped 2023)`.
    """
    return list(gap[-1:]) == ["("] and not ends_an_item(behind) and not behind[0][:1].isdigit()


def sets_off(gap: Sequence[str]) -> bool:
    """True where a dash or a colon ends what a cue speaks of: `w/o esophagitis - cont PPI`."""
    return any(word in _DASHES or word == ":" for word in gap[1:])


def closes_a_bracket(gap: Sequence[str]) -> bool:
    """True when a bracket that was open at the cue is closed before the mention."""
    depth = 0
    for word in gap:
        depth += (word == "(") - (word == ")")
        if depth < 0:
            return True
    return False


def _items(gap: Sequence[str]) -> list[list[str]]:
    """The words between the commas."""
    items: list[list[str]] = [[]]
    for word in gap:
        if word == ",":
            items.append([])
        else:
            items[-1].append(word)
    return items
