"""Two conditions of one record that the code book reports together: `X with Y`, `X in Y`, `X due to Y`.

“With” and “in” of a title or of the Alphabetic Index presume that the two belong together, wherever the record names
them (guideline I.A.15). “Due to” and “following” do not: there the record itself has to join them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from medcoding.index_entries import IndexTerm
from medcoding.mention import Assertion, Mention, MentionKind
from retrieval.expand import expand
from retrieval.likeness import implied, joined, roots
from retrieval.refine import Missing, affirmed, nearly_spelled_out
from retrieval.title_axes import SILENT, Said, content, said_in, title_axes
from retrieval.wording import forms

_JOINT: Final = re.compile(
    r"^(?P<head>.+?)\b(?P<by>with|in|due to|secondary to|following|complicating)\b(?P<tail>.+)$", re.IGNORECASE
)
_PRESUMED: Final = frozenset({"with", "in"})
_LINKS: Final = frozenset(
    "due from secondary caused causing induced following after since related residual sequela late because".split()
)
_APART: Final = frozenset({"unrelated", "independent"})
_JOINED_CHAPTERS: Final = tuple("ABCDEFGHIJKLMNR")
"""Chapters whose titles join conditions; injuries, causes and statuses are joined by notes instead."""

_MOST_PAIRED: Final = 40
"""Conditions of one encounter that are tried with each other."""

_RESIDUAL: Final = re.compile(r"\b(?:other|classified elsewhere)\b", re.IGNORECASE)
_LEFT_OPEN: Final = re.compile(r"\s+(?:an? )?unspecified\b", re.IGNORECASE)
_OPEN_WORDS: Final = frozenset({"uncomplicated", "other"})
_SYMPTOMS: Final = "R"
_SEVERAL_AT_ONCE: Final = ("E08", "E09", "E10", "E11", "E13")
"""Diabetes: as many codes as there are complications (guideline I.C.4.a)."""

_PRESSURE_ULCERS: Final = "L89"
_HANDS: Final[Mapping[bool | None, tuple[str, ...]]] = {True: ("dominant",), False: ("nondominant",)}

_NOT_JOINED: Final = ("C", "D0", "D1", "D2", "D3", "D4", "F1", "O", "P", "Q", "S", "T", "U", "V", "W", "X", "Y", "Z")
"""Neoplasms, injuries, causes and statuses are joined by notes; a disorder that a substance induced has to be said to
be so (guideline I.C.5.b.3); chapters 15 and 16 have rules of their own."""

_TOO_GENERAL: Final = roots(
    "acute chronic subacute recurrent primary secondary severe mild moderate pain disease disorder both small large "
    "syndrome lesion".split()
)


class PairOffer(NamedTuple):
    """A code for one mention that another mention of the record leads to together with it."""

    mention_id: int
    partner_id: int
    code: str
    surface: str
    """The title that joins the two."""
    index_path: tuple[str, ...] = ()


def pair_offers(
    mentions: Sequence[Mention], leading: Mapping[int, str], codebook: Codebook, index: AlphabeticIndex | None = None
) -> tuple[PairOffer, ...]:
    """Codes that two of the mentions lead to together, each once for a mention.

    `leading` holds the best code that each mention has by itself, by mention id. With an Alphabetic Index its subterms
    below `with`, `in` and `due to` are tried too.
    """
    problems = [m for m in mentions if m.kind is MentionKind.PROBLEM and m.id in leading][:_MOST_PAIRED]
    sides = [_side(m, leading[m.id], codebook) for m in problems]
    closed = [side for side in sides if not is_open(side.code, codebook)]
    offers: dict[tuple[int, str], PairOffer] = {}
    for one in sides:
        if one in closed or one.code.startswith(_NOT_JOINED) or _is_specified(one, closed):
            continue
        for offer in _offers(one, [side for side in sides if not _kept_apart(one, side)], codebook, index):
            offers.setdefault((offer.mention_id, offer.code), offer)
    return tuple(offers.values())


class _Words(NamedTuple):
    """Roots by which a condition is recognised."""

    own: frozenset[str]
    """Of its words and its code's title."""
    kind: frozenset[str]
    """Of what the entries above its code call it (`neoplasm`, `endocrine`)."""


class _Side(NamedTuple):
    """A mention with the code it leads to by itself."""

    mention: Mention
    code: str
    words: _Words
    sides: frozenset[str]
    """Of the body, as the mention or the title of its code has them."""


class _Joint(NamedTuple):
    """A title that joins two conditions."""

    code: str
    head: frozenset[str]
    tail: frozenset[str]
    by: str
    """`with`, `in`, `due to`, …"""


def _offers(
    one: _Side, others: Sequence[_Side], codebook: Codebook, index: AlphabeticIndex | None
) -> Iterator[PairOffer]:
    nearly = nearly_spelled_out(one.code, codebook, _record(one))
    joints = _joints_of(codebook, one.words.own)
    subterms = _joining_subterms(index, one.mention.term or one.mention.query) if index else ()
    for other in others:
        for code in filter(None, (_within(one, other, nearly, codebook), _across(one, other, joints, codebook))):
            yield PairOffer(one.mention.id, other.mention.id, code, codebook.title(code))
        for entry in subterms:
            if printed := _indexed(one, other, entry, codebook):
                yield PairOffer(one.mention.id, other.mention.id, printed, codebook.title(printed), entry.path)


def _record(side: _Side) -> Said:
    context = side.mention.context or forms(side.mention.query)
    axes = side.mention.axes.model_copy(update={"qualifiers": ()})
    return said_in(context, axes, frozenset(context) - affirmed(context))


def _within(one: _Side, other: _Side, nearly: Sequence[Missing], codebook: Codebook) -> str | None:
    """`Diverticulosis` beside `bleeding`: the sibling that names both."""
    own_head = content(title_axes(_head(codebook.title(one.code))).says) - _TOO_GENERAL
    if one.code[:3] == other.code[:3] or own_head & other.words.own or _is_of_its_own_cause(one, other):
        return None
    found = [
        missing
        for missing in nearly
        if missing.words - _TOO_GENERAL
        and missing.words <= _told(codebook.title(missing.code), one, other)
        and _on_their_side(codebook.title(missing.code), one, other)
    ]
    return max(found, key=lambda missing: (missing.fit, missing.code)).code if found else None


def _across(one: _Side, other: _Side, joints: Sequence[_Joint], codebook: Codebook) -> str | None:
    """`Anemia` beside a cancer: a title of another category that joins the two."""
    found = [joint.code for joint in joints if joint.code[:3] != one.code[:3] and _joins(joint, one, other)]
    if not found:
        return None
    sides = one.sides or other.sides
    axes = one.mention.axes.model_copy(update={"laterality": next(iter(sides)) if len(sides) == 1 else None})
    said = (*one.mention.context, *other.mention.context) or forms(one.mention.query)
    hand = _HANDS.get(title_axes(codebook.title(one.code)).dominant, ())
    return next(iter(expand(found, codebook, axes, (*hand, *said), 1)), None)


def _joins(joint: _Joint, one: _Side, other: _Side) -> bool:
    """True when the title speaks of exactly these two."""
    tail = joint.tail - one.words.own
    return bool(tail) and tail <= _told_by(joint.by, one, other) and joint.head <= one.words.own


def _told(title: str, one: _Side, other: _Side) -> frozenset[str]:
    """What the partner may add to a condition in this title; nothing where the title joins no two conditions."""
    joint = _JOINT.match(title)
    return (
        frozenset() if joint is None or _LEFT_OPEN.match(joint["tail"]) else _told_by(joint["by"].lower(), one, other)
    )


def _told_by(connector: str, one: _Side, other: _Side) -> frozenset[str]:
    """Nothing where the title presumes no link and the record makes none; the partner's kind only as a cause."""
    if connector not in _PRESUMED and not _is_linked(one, other, connector):
        return frozenset()
    return other.words.own if connector == "with" else other.words.own | other.words.kind


def _on_their_side(title: str, one: _Side, other: _Side) -> bool:
    """True for a title without a side, or with the side of either."""
    sides = title_axes(title).sides
    return not sides or bool(sides & (one.sides | other.sides))


def _is_of_its_own_cause(one: _Side, other: _Side) -> bool:
    """A pressure ulcer is no diabetic one, whoever has it."""
    return one.code.startswith(_SEVERAL_AT_ONCE) and other.code.startswith(_PRESSURE_ULCERS)


def _head(title: str) -> str:
    return joint["head"] if (joint := _JOINT.match(title)) else title


def is_open(code: str, codebook: Codebook) -> bool:
    """True for a code that leaves something to be said: unspecified, other, without a complication, or a symptom."""
    title = title_axes(codebook.title(code))
    return title.unspecified or bool(title.denies or title.says & _OPEN_WORDS) or code.startswith(_SYMPTOMS)


def _is_specified(one: _Side, closed: Sequence[_Side]) -> bool:
    """True when another mention says more of the same: `anemia` beside `anemia due to chemotherapy`."""
    said = roots(forms(one.mention.query))
    several = one.code.startswith(_SEVERAL_AT_ONCE)
    return any(said <= side.words.own for side in closed if side.code[:3] != one.code[:3] or not several)


def _joints_of(codebook: Codebook, words: frozenset[str]) -> tuple[_Joint, ...]:
    joints = _joints(codebook)
    return tuple(joint for word in words for joint in joints.get(word, ()) if joint.head <= words)


@lru_cache(maxsize=8)
def _joints(codebook: Codebook) -> dict[str, tuple[_Joint, ...]]:
    """Every title of the edition that joins two conditions, by a word of its first one."""
    found: dict[str, list[_Joint]] = defaultdict(list)
    for code, title in codebook.billable_titles():
        if code.startswith(_JOINED_CHAPTERS):
            for joint in _read(code, title):
                found[min(joint.head)].append(joint)
    return {word: tuple(joints) for word, joints in found.items()}


def _read(code: str, title: str) -> Iterator[_Joint]:
    match = _JOINT.match(title)
    if match is None or _LEFT_OPEN.match(match["tail"]) or _RESIDUAL.search(title):
        return
    tail = content(title_axes(match["tail"]).says)
    for part in _heads(match["head"]):
        head = content(title_axes(part).says)
        if head - _TOO_GENERAL and tail:
            yield _Joint(code, head, tail, match["by"].lower())


def _heads(words: str) -> Iterator[str]:
    """`Hemiplegia and hemiparesis` are two names of what is joined; `heart and kidney disease` is one."""
    parts = words.split(" and ")
    yield from parts if all(len(content(title_axes(part).says)) == 1 for part in parts) else [words]


def _side(mention: Mention, code: str, codebook: Codebook) -> _Side:
    """Of diabetes every complication is joined with the disease itself, whatever else is coded of it."""
    default = f"{code[:3]}.9"
    joins = default if code.startswith(_SEVERAL_AT_ONCE) and codebook.is_billable(default) else code
    side = frozenset({mention.axes.laterality}) if mention.axes.laterality else frozenset()
    return _Side(mention, joins, _words_of(mention, code, codebook), side | title_axes(codebook.title(code)).sides)


def _words_of(mention: Mention, code: str, codebook: Codebook) -> _Words:
    title = title_axes(codebook.title(code))
    context = forms(mention.query)
    stated = affirmed(context)
    said = [word for word in context if word in stated]
    own = roots(joined(said)) | implied(said) | content(title.says) | title.optional
    above = [title_axes(entry.title).says for entry in codebook.ancestors(code)]
    return _Words(own - SILENT, content(frozenset().union(*above)))


def _is_linked(one: _Side, other: _Side, connector: str = "due to") -> bool:
    """True when one sentence joins the two: `due to`, `residual`; a past event `with` what it left (I.C.9.d.1)."""
    past = other.mention.assertion is Assertion.HISTORICAL
    left = past and connector == "following" and "with" in one.mention.context
    return one.mention.sentence == other.mention.sentence and (left or bool(_LINKS.intersection(one.mention.context)))


def _kept_apart(one: _Side, other: _Side) -> bool:
    """True for a condition and itself, and where the record says that the two have nothing to do with each other."""
    apart = not _APART.isdisjoint((*one.mention.context, *other.mention.context))
    return one.mention.id == other.mention.id or (apart and one.mention.sentence == other.mention.sentence)


def _indexed(one: _Side, other: _Side, entry: IndexTerm, codebook: Codebook) -> str | None:
    """The code of a subterm below `with`, `in` or `due to` whose words the partner says."""
    tail = content(roots(joined(forms(entry.title))))
    linked = entry.relation in _PRESUMED or _is_linked(one, other)
    if not tail - _TOO_GENERAL or not tail <= other.words.own | other.words.kind or not linked:
        return None
    return next(iter(expand([entry.code], codebook, one.mention.axes, forms(one.mention.query), 1)), None)


@lru_cache(maxsize=1_024)
def _joining_subterms(index: AlphabeticIndex, term: str) -> tuple[IndexTerm, ...]:
    """Entries with a code below a connector of the main term that the words begin or end with."""
    said = forms(term)
    mains = [entry for word in dict.fromkeys((term, *said[-1:], *said[:1])) for entry in index.find_main(word)]
    return tuple(_below_connectors(index, (entry for entry in mains if isinstance(entry, IndexTerm))))


def _below_connectors(index: AlphabeticIndex, mains: Iterable[IndexTerm]) -> Iterator[IndexTerm]:
    for main in mains:
        branches = [c for c in index.children(main.id) if isinstance(c, IndexTerm) and c.connector]
        below = (entry for branch in branches for entry in index.children(branch.id))
        yield from (entry for entry in below if isinstance(entry, IndexTerm) and entry.code)
