"""Why the patient is here, and what is known of them, told in several words (chapter 21, guideline I.C.21.c).

Dictionaries find names; these are told by what was done and when: a vaccine that was given, a cycle of chemotherapy,
a fraction of radiation, a lytic given elsewhere, nights in a tent. The patterns stand in the table `contact_reasons`,
the groups of words that they share in `contact_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from agent.tables import rows
from medcoding.encounter import Setting

_ALONE: Final = ("",)
"""Counts whatever else is coded, and alone."""

_GROUP: Final = re.compile(r"<([a-z ]+)>")
_CLAUSE_END: Final = re.compile(r"[;:\n]|\.\s|\. ?$")
_OF_VISITS: Final = frozenset({"Z08", "Z01.810", "Z01.818", "Z51.81", "Z76.0", "Z95.5", "Z09"})
_COURSES: Final = frozenset({"Z51.11", "Z51.12"})
_ADMITTED: Final = re.compile(r"\badmi(?:t|ssion)|\breason\b|\bhere for\b", re.IGNORECASE)
"""In a stay a cycle of chemotherapy is a reason only where the stay is for it (guideline I.C.2.e.2)."""

_RULED_OUT: Final = re.compile(
    r"\b(?:ruled out|excluded|not found|unfounded|not confirmed|not supported)\b", re.IGNORECASE
)
_SUSPECTED: Final = r"\b(?:alleged|suspected)\b[^.;\n]{0,30}\b"
_ADULT: Final = 18
_ABUSE: Final = (
    (re.compile(_SUSPECTED + r"(?<!sexual )abuse\b", re.IGNORECASE), "Z04.71", "Z04.72"),
    (re.compile(_SUSPECTED + r"(?:rape|sexual (?:assault|abuse))\b", re.IGNORECASE), "Z04.41", "Z04.42"),
)
_NEWBORN: Final = (
    (re.compile(_SUSPECTED + r"(?:sepsis|infection|meningitis)\b", re.IGNORECASE), "Z05.1"),
    (re.compile(_SUSPECTED + r"(?:cardiac|heart)\b", re.IGNORECASE), "Z05.0"),
    (re.compile(_SUSPECTED + r"(?:respiratory|lung|pneumonia)\b", re.IGNORECASE), "Z05.3"),
)


class ContactReason(NamedTuple):
    """Words of a sentence, the code they lead to, and what must be coded for it to count."""

    start: int
    end: int
    code: str
    needs: tuple[str, ...]


class _Told(NamedTuple):
    """Words that lead to a code, and words of the same clause that take it back."""

    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    code: str
    needs: tuple[str, ...]


class ContactReasons:
    """The table `contact_reasons`, ready to find."""

    @cached_property
    def _told(self) -> tuple[_Told, ...]:
        groups = {row["name"]: row["words"] for row in rows("contact_words.tsv")}
        return tuple(
            _Told(
                words=_pattern(row["words"], groups),
                unless=_pattern(row["unless"], groups) if row["unless"] else None,
                code=row["code"],
                needs=tuple(filter(None, row["needs"].split("|"))) or _ALONE,
            )
            for row in rows("contact_reasons.tsv")
        )

    def find(self, text: str, age: int | None, setting: Setting) -> Iterator[ContactReason]:
        """The reasons for contact and circumstances that one sentence tells."""
        for one in self._told:
            match = one.words.search(text)
            if (
                match
                and _may_be(one.code, text, setting)
                and not (one.unless and one.unless.search(_around(text, match)))
            ):
                yield ContactReason(match.start(), match.end(), one.code, one.needs)
        yield from _observed(text, age)


def _pattern(words: str, groups: dict[str, str]) -> re.Pattern[str]:
    return re.compile(_GROUP.sub(lambda group: f"(?:{groups[group.group(1)]})", words), re.IGNORECASE)


def _may_be(code: str, text: str, setting: Setting) -> bool:
    if setting is not Setting.INPATIENT:
        return True
    return code not in _OF_VISITS and (code not in _COURSES or bool(_ADMITTED.search(text)))


def _around(text: str, match: re.Match[str]) -> str:
    """The clause of a match."""
    starts = [m.end() for m in _CLAUSE_END.finditer(text, 0, match.start())]
    ends = [m.start() for m in _CLAUSE_END.finditer(text, match.end())]
    return text[max(starts, default=0) : min(ends, default=len(text))]


def _observed(text: str, age: int | None) -> Iterator[ContactReason]:
    """What was suspected and ruled out: abuse (category Z04), a condition of a newborn (guideline I.C.16.b)."""
    child = age is not None and age < _ADULT
    found = [(pattern, child_code if child else adult_code) for pattern, adult_code, child_code in _ABUSE]
    for pattern, code in (*found, *(_NEWBORN if age == 0 else ())):
        match = pattern.search(text)
        ruled_out = _RULED_OUT.search(text, match.end()) if match else None
        if match and ruled_out:
            yield ContactReason(match.start(), ruled_out.end(), code, _ALONE)
