"""What made-up records speak of: wordings of codes, with what tells siblings apart, held out by whole categories.

Sources are the packaged code book and our own table of clinical terms.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from index_build.findable.terms import clinical_terms
from medcoding.codebook import CodebookEntry
from retrieval.wording import reduce_title
from training.term_pairs import packaged_entries

HELD_OUT_SHARE: Final = 0.1
_SEED: Final = "chartwright-mini"
_SIDE: Final = re.compile(r"\b(right|left|bilateral)\b")
_TAIL: Final = re.compile(r"^(?P<head>[^,]{6,60}), (?P<tail>[^,]{3,40})$")
_VAGUE: Final = re.compile(r"\b(unspecified|not elsewhere|other|encounter|sequela|classified)\b", re.IGNORECASE)
_INJURIES: Final = ("S", "T", "V", "W", "X", "Y")
_LONGEST: Final = 70

Shape = Literal["plain", "side", "type"]


class Concept(NamedTuple):
    """A wording that means one code, and the words that a record must add for it."""

    wording: str
    code: str
    shape: Shape = "plain"
    detail: str = ""
    """The side, type or stage that only the right sibling names; empty where the code wants none."""
    fallback: str = ""
    """The sibling for a record that does not say the detail."""
    history_code: str = ""
    family_code: str = ""
    chronic: bool = False


class Concepts(NamedTuple):
    """All concepts by shape and, within it, by category."""

    by_shape: Mapping[Shape, Mapping[str, Sequence[Concept]]]

    def draw(self, dice: random.Random, shape: Shape) -> Concept:
        """One concept: a category first, by the root of its size, so that long ones are not drawn all the time."""
        categories = list(self.by_shape[shape].values())
        (category,) = dice.choices(categories, [len(concepts) ** 0.5 for concepts in categories])
        return dice.choice(category)

    def sibling(self, dice: random.Random, concept: Concept) -> Concept:
        """Another concept of the same category, where there is one."""
        return dice.choice(self.by_shape[concept.shape][concept.code[:3]])


def is_held_out(code: str) -> bool:
    """True for the codes of the categories that no statement of the training part means."""
    digest = hashlib.sha256(f"{_SEED}:{code[:3]}".encode()).digest()
    return int.from_bytes(digest[:4]) < HELD_OUT_SHARE * 2**32


def gather_concepts(*, held_out: bool) -> Concepts:
    """The concepts of one side of the split. Takes some seconds."""
    entries = packaged_entries()
    billable = {entry.code: entry for entry in entries if entry.billable and _is_told(entry.code)}
    found = [
        *_clinical(billable), *_of_book(billable.values()), *_sided(billable.values()), *_typed(billable.values()),
    ]  # fmt: skip
    by_shape: dict[Shape, dict[str, list[Concept]]] = defaultdict(lambda: defaultdict(list))
    for concept in found:
        if len(concept.wording) <= _LONGEST and is_held_out(concept.code) == held_out:
            by_shape[concept.shape][concept.code[:3]].append(concept)
    return Concepts(by_shape)


def common_concepts() -> Concepts:
    """What our own table of clinical terms names, on both sides of the split; sided and typed ones as in the book."""
    entries = packaged_entries()
    billable = {entry.code: entry for entry in entries if entry.billable and _is_told(entry.code)}
    by_shape: dict[Shape, dict[str, list[Concept]]] = defaultdict(lambda: defaultdict(list))
    for concept in (*_clinical(billable), *_sided(billable.values()), *_typed(billable.values())):
        if len(concept.wording) <= _LONGEST:
            by_shape[concept.shape][concept.code[:3]].append(concept)
    return Concepts(by_shape)


def _is_told(code: str) -> bool:
    """False for causes of accidents and for later episodes of injuries, of which notes speak otherwise."""
    return not code.startswith(_INJURIES[2:]) and (code[0] not in _INJURIES or len(code) < 8 or code.endswith("A"))


def _clinical(billable: Mapping[str, CodebookEntry]) -> Iterable[Concept]:
    for term in clinical_terms():
        if len(term.stems) == 1 and term.stems[0] in billable:
            yield Concept(
                term.text,
                term.stems[0],
                history_code=term.history_code,
                family_code=term.family_code,
                chronic=term.chronic,
            )


def _of_book(entries: Iterable[CodebookEntry]) -> Iterable[Concept]:
    """Titles and inclusion terms of codes that no side or episode tells apart."""
    for entry in entries:
        if not _SIDE.search(entry.title) and not _VAGUE.search(entry.title) and entry.code[0] not in _INJURIES:
            for text in (reduce_title(entry.title), *entry.notes.inclusion_terms):
                if len(text) > 4:
                    yield Concept(text.lower(), entry.code)


def _sided(entries: Iterable[CodebookEntry]) -> Iterable[Concept]:
    """Codes that differ from their neighbours by the side alone."""
    groups: dict[tuple[str, str], list[CodebookEntry]] = defaultdict(list)
    for entry in entries:
        if _SIDE.search(entry.title.lower()) or "unspecified" in entry.title.lower():
            groups[entry.code[:5], reduce_title(entry.title).lower()].append(entry)
    for (_, base), group in groups.items():
        sides = [(match.group(), e) for e in group if (match := _SIDE.search(e.title.lower()))]
        open_ones = [e for e in group if not _SIDE.search(e.title.lower())]
        if len(sides) >= 2 and len(open_ones) == 1:
            wording = base.removesuffix(", initial encounter")
            yield from (Concept(wording, e.code, "side", side, open_ones[0].code) for side, e in sides)
            yield Concept(wording, open_ones[0].code, "side")


def _typed(entries: Iterable[CodebookEntry]) -> Iterable[Concept]:
    """Codes whose title is a shared beginning, a comma, and the type, stage or place that tells them apart."""
    groups: dict[tuple[str, str], list[tuple[str, CodebookEntry]]] = defaultdict(list)
    for entry in entries:
        if (match := _TAIL.match(entry.title)) and not _SIDE.search(entry.title.lower()):
            groups[entry.code[:3], match["head"].lower()].append((match["tail"].lower(), entry))
    for (_, head), group in groups.items():
        telling = [(tail, entry) for tail, entry in group if not _VAGUE.search(tail)]
        vague = [entry.code for tail, entry in group if tail.startswith("unspecified")]
        if len(telling) >= 2 and not _VAGUE.search(head):
            fallback = vague[0] if len(vague) == 1 else ""
            yield from (Concept(head, entry.code, "type", tail, fallback) for tail, entry in telling)
            yield from (Concept(head, code, "type") for code in vague[:1])
