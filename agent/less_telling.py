"""Codes that say nothing beside another one of the set (guidelines I.B.2, I.B.18, I.C.19.b)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from agent.combine import CombinationTable
from medcoding.codebook import Codebook
from medcoding.proposal import NotCodedReason
from retrieval.likeness import roots
from retrieval.title_axes import TitleAxes, content, title_axes
from retrieval.wording import forms

_LEAST_SPECIFIC: Final = ("unspecified", "without", "uncomplicated")
_SILENT: Final = frozenset({"unspecified", "uncomplicated"})
_LEFT_OPEN: Final = roots(("complication", "complications"))
"""`With unspecified complications` gives way to the complication that the other code names."""

_SEVERAL: Final = re.compile(r"\b(?:and|or)\b|,", re.IGNORECASE)
"""`Gastritis and duodenitis` stands above two conditions, of which a code below is one."""

_KIND: Final = 7
"""Letters from which on a word that ends in another names a kind of it: `polyneuropathy`, `bronchopneumonia`."""

_ONE_OF_A_KIND: Final = ("J45", "Y92", "Y93")
"""Asthma has one severity at a time, an accident one place and one activity (guideline I.C.20.b, c)."""

_BODY_REGION_UNKNOWN: Final = "T14"
_NOT_COMPARED: Final = "ORSTUVWXYZ"
"""Chapters whose titles share words without saying the same: a symptom, an injury, a cause, a status."""


def drop_less_telling(settled: CodeSet, codebook: Codebook, table: CombinationTable) -> None:
    """The unspecified code beside the specific one, the part beside the whole, `without` beside `with`."""
    for code in list(settled.lines):
        if why := table.gives_way(code, settled.lines):
            settled.drop(code, NotCodedReason.DUPLICATE, why)
    for find in (_more_specific, _says_the_opposite, _whole_of):
        for code in list(settled.lines):
            if better := find(code, settled, codebook):
                settled.drop(code, NotCodedReason.DUPLICATE, f"{better} says the same more specifically.")


def _more_specific(code: str, settled: CodeSet, codebook: Codebook) -> str | None:
    """A code that says what this one says and more; among injuries and Z codes only by their very titles."""
    others = [c for c in settled.lines if c != code]
    if code.startswith(_BODY_REGION_UNKNOWN):
        found = [c for c in others if c[0] in "ST" and c[:3] != _BODY_REGION_UNKNOWN]
    elif code[0] not in "STZ" and _is_least(codebook, code):
        found = [c for c in others if _is_finer(codebook, c, code)]
    else:
        found = []
    found += [c for c in others if c[:3] == code[:3] and _says_less(codebook.title(code), codebook.title(c))]
    return next(iter(found), None)


def _says_the_opposite(code: str, settled: CodeSet, codebook: Codebook) -> str | None:
    """`Sickle-cell disease without crisis` beside `with acute chest syndrome`: the record says that there is one."""
    title = title_axes(codebook.title(code))
    if not title.denies or code[0] in _NOT_COMPARED:
        return None
    return next((c for c in settled.lines if c[:3] == code[:3] and c != code and _affirms(codebook, c, title)), None)


def _affirms(codebook: Codebook, code: str, denying: TitleAxes) -> bool:
    """True for the same condition with what the other title denies."""
    title = title_axes(codebook.title(code))
    return (
        _on_one_side(title, denying)
        and bool(denying.denies & title.says)
        and content(denying.says) <= title.says | title.optional
    )


def _on_one_side(one: TitleAxes, other: TitleAxes) -> bool:
    return not (one.sides and other.sides) or one.sides == other.sides


def _whole_of(code: str, settled: CodeSet, codebook: Codebook) -> str | None:
    """`Peritonitis, unspecified` beside `appendicitis with perforation and localized peritonitis`."""
    title = title_axes(codebook.title(code))
    said = content(title.says)
    if not said or code[0] in _NOT_COMPARED:
        return None
    for other in settled.lines:
        whole = title_axes(codebook.title(other))
        more = content(whole.says) | whole.optional
        compared = other != code and other[0] not in _NOT_COMPARED and said < more and _on_one_side(title, whole)
        kept_apart = title.unspecified or _excludes(codebook, code, other)
        if compared and kept_apart and not _both_asked_for(codebook, code, other):
            return other
    return None


def _excludes(codebook: Codebook, code: str, other: str) -> bool:
    """`Acute cholecystitis` excludes the one with gallstones, which says both."""
    return any(n.kind == "excludes1" and n.note.names(other) for n in codebook.notes_in_force(code))


def _both_asked_for(codebook: Codebook, code: str, other: str) -> bool:
    return codebook.asks_for(code, other) or codebook.asks_for(other, code)


def _is_finer(codebook: Codebook, other: str, code: str) -> bool:
    """A specific code of the same category, on no other side, that says the condition's own words.

    `Insomnia, unspecified` and `sleep apnea` share a category and are two diagnoses.
    """
    broad, finer = title_axes(codebook.title(code)), title_axes(codebook.title(other))
    if other[:3] != code[:3] or _is_least(codebook, other) or not broad.sides <= finer.sides:
        return False
    if code.startswith(_ONE_OF_A_KIND):
        return True
    named = tuple(_named_by(codebook, other))
    said = content(broad.says) - _LEFT_OPEN
    return all(word in named or (len(word) >= _KIND and any(n.endswith(word) for n in named)) for word in said)


def _named_by(codebook: Codebook, code: str) -> frozenset[str]:
    """Roots that a code's title says, and those of the entries above it that stand for one condition only."""
    title = title_axes(codebook.title(code))
    above = (entry.title for entry in codebook.ancestors(code) if not _SEVERAL.search(entry.title))
    return frozenset().union(title.says, title.optional, *(title_axes(name).says for name in above))


def _says_less(title: str, other: str) -> bool:
    """`Heart failure, unspecified` against `Unspecified diastolic (congestive) heart failure`."""
    words = frozenset(forms(title))
    return "unspecified" in words and words - _SILENT < frozenset(forms(other)) - _SILENT


def _is_least(codebook: Codebook, code: str) -> bool:
    title = codebook.title(code).lower()
    return any(word in title for word in _LEAST_SPECIFIC)
