"""The codes that an instructional note names, read from its printed text (guidelines I.A.4, I.A.12, I.A.13, I.A.17).

Codes stand in parentheses, `(N18.1-N18.6)`, or in the sentence behind words that announce them, `code from category
O08`. What only looks like a code (vitamin B12, HLA-B27, CD4) is none, and a code that the sentence mentions beside
the ones in parentheses only describes. A restriction that cannot be read (`with ketoacidosis`) drops its codes,
because without it the note would hold too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from medcoding.notes import CharacterPlace, CodeTarget, InstructionalNote

_CODE: Final = r"[A-Z](?:[0-9][0-9A-Z]|[A-Z][0-9](?=[.-]))(?:\.[0-9A-Zx]{1,4})?(?![0-9A-Za-z])"
"""A code or stem; a letter in second place (`QA0.01`) only before a point or dash, so that a word is no category."""
_CODE_WITH_POINT: Final = r"(?<![\w.-])[A-Z][0-9A-Z]{2}\.(?=[0-9A-Zx-])"

_RANGE: Final = r"\.?(?:\s*[-–][-–\s]*|-?\s+to\s+)"
_ITEM: Final = rf"(?>{_CODE}(?:{_RANGE}{_CODE})?\.?(?:\s?-)?)"
_SEPARATOR: Final = r"(?>\s*(?:[,;.]\s*)?(?:(?:and|or)\s+)?)"
_LIST: Final = rf"{_ITEM}(?:{_SEPARATOR}{_ITEM})*"
_ANNOUNCED: Final = (
    r"(?i:(?:sub)?categor(?:y|ies)|codes?|coded?\s+(?:to|in)|classifi(?:ed|able)\s+(?:in|to|under)|from)"
)

_BRACKETED: Final = re.compile(r"[(\[]([^()\[\]{}]*)(?:[)\]}]|$)")
_WHOLE_BRACKET: Final = re.compile(
    rf"\s*(?:(?:see|{_ANNOUNCED})\s+)*(?P<codes>{_LIST})[\s,.;]*(?:with\s+(?P<limit>.+))?"
)
_IN_SENTENCE: Final = re.compile(
    rf"(?:\b{_ANNOUNCED}\s+|(?={_CODE_WITH_POINT}))(?P<codes>{_LIST})(?:,?\s+with\s+(?P<limit>.+))?"
)
_SCOPE: Final = re.compile(rf"\bfor codes?\s+{_LIST}")
"""The codes at which a note holds (`code, if applicable, for codes G31.0-G31.83`), not those that it names."""
_FIRST_AND_LAST: Final = re.compile(rf"({_CODE})(?:{_RANGE}({_CODE}))?")

_ORDINALS: Final[dict[str, CharacterPlace]] = {
    "fourth": "fourth", "4th": "fourth", "fifth": "fifth", "5th": "fifth", "sixth": "sixth", "six": "sixth",
    "6th": "sixth", "seventh": "seventh", "7th": "seventh", "final": "last", "last": "last",
}  # fmt: skip
_ORDINAL: Final = "|".join(_ORDINALS)
_LIMIT: Final = re.compile(
    rf"(?:an?\s+)?(?:(?:fifth|5th)\s+(?P<joint>or|to|and)\s+(?:sixth|six|6th)|(?P<place>{_ORDINAL}))"
    r"[\s-]+characters?\s+(?P<shown>.+)"
)
_SHOWN: Final = re.compile(r"[.-]?([0-9A-Z]{1,4})(?:-\.?([0-9A-Z]{1,4}))?-?")
_BETWEEN_SHOWN: Final = re.compile(r"\s*(?:[,;]|\bor\b|\band\b|\.(?=\s))\s*")
_ANY_INTENT: Final = "to indicate intent"
"""Every code of the range tells an intent there: no restriction."""

_CHAPTER: Final = re.compile(r"\bchapter\s+(\d{1,2})\b", re.IGNORECASE)
_CHAPTERS: Final = {
    "1": ("A00", "B99"), "2": ("C00", "D49"), "3": ("D50", "D89"), "4": ("E00", "E89"), "5": ("F01", "F99"),
    "6": ("G00", "G99"), "7": ("H00", "H59"), "8": ("H60", "H95"), "9": ("I00", "I99"), "10": ("J00", "J99"),
    "11": ("K00", "K95"), "12": ("L00", "L99"), "13": ("M00", "M99"), "14": ("N00", "N99"), "15": ("O00", "O9A"),
    "16": ("P00", "P96"), "17": ("Q00", "QA0"), "18": ("R00", "R99"), "19": ("S00", "T88"), "20": ("V00", "Y99"),
    "21": ("Z00", "Z99"), "22": ("U00", "U85"),
}  # fmt: skip


def instructional_note(text: str) -> InstructionalNote:
    """One printed line with the codes it names."""
    return InstructionalNote(text=text, targets=parse_targets(text))


def parse_targets(text: str) -> tuple[CodeTarget, ...]:
    """Codes, stems, ranges and chapters, in the order of the text; empty where it names none or none can be read."""
    bracketed = [t for inside in _BRACKETED.findall(text) for t in _read(_WHOLE_BRACKET.fullmatch(inside))]
    named = bracketed or [t for found in _IN_SENTENCE.finditer(_outside_brackets(text)) for t in _read(found)]
    chapters = [_CHAPTERS[number] for number in _CHAPTER.findall(text) if number in _CHAPTERS]
    return tuple(dict.fromkeys([*named, *(CodeTarget(first=first, last=last) for first, last in chapters)]))


def codes_outside_brackets_describe(text: str) -> bool:
    """True when codes in parentheses were read, so that one in the sentence (`any type in A15 (J65)`) is no target."""
    return any(_WHOLE_BRACKET.fullmatch(inside) for inside in _BRACKETED.findall(text))


def _outside_brackets(text: str) -> str:
    """The sentence with `code(s)` as a word: what stands in parentheses was read on its own."""
    return _SCOPE.sub(" ", _BRACKETED.sub(" ", text.replace("(s)", "s")))


def _read(found: re.Match[str] | None) -> Iterator[CodeTarget]:
    """The targets of one list; none when the restriction behind it cannot be read."""
    if found is None:
        return
    limit = _parse_limit(found["limit"]) if found["limit"] else (None, ())
    if limit is None:
        return
    place, characters = limit
    for first, last in _FIRST_AND_LAST.findall(found["codes"]):
        ends = first.upper(), (last or first).upper()
        if ends[0] <= ends[1]:
            yield CodeTarget(first=ends[0], last=ends[1], place=place, characters=characters)


def _parse_limit(words: str) -> tuple[CharacterPlace | None, tuple[str, ...]] | None:
    """The characters behind `with`: `.40`, `fifth or sixth character 1-4`, `7th character B or C`; None if unread."""
    words = words.strip().rstrip(".,")
    if words.startswith("."):
        return _limited("fourth", words)
    found = _LIMIT.fullmatch(words)
    if found is None:
        return None
    if found["shown"].startswith(_ANY_INTENT):
        return None, ()
    return _limited(_place(found), found["shown"])


def _place(found: re.Match[str]) -> CharacterPlace:
    """`fifth or sixth` is the last before the seventh; `fifth to sixth` begins at the fifth; `.00` at the fourth."""
    if found["joint"]:
        return "last" if found["joint"] == "or" else "fifth"
    place = _ORDINALS[found["place"]]
    return "fourth" if place == "last" and found["shown"].startswith(".") else place


def _limited(place: CharacterPlace, shown: str) -> tuple[CharacterPlace, tuple[str, ...]] | None:
    parts = [_spread(part) for part in _BETWEEN_SHOWN.split(shown) if part]
    return (place, tuple(characters for part in parts for characters in part)) if parts and all(parts) else None


def _spread(shown: str) -> list[str]:
    """`1-4` as 1, 2, 3, 4 and `.51-.52` as 51, 52: only the last character runs; empty for anything else."""
    found = _SHOWN.fullmatch(shown)
    if found is None or (found[2] and found[1][:-1] != found[2][:-1]):
        return []
    first, last = found[1], found[2] or found[1]
    ends = range(ord(first[-1]), ord(last[-1]) + 1)
    return [first[:-1] + chr(end) for end in ends if chr(end).isalnum()]
