"""What the remaining characters of a stem mean, read from the tabular list.

The Alphabetic Index gives most codes as a stem (`S72.00-`). Each further character is a choice the record must
support; its meaning is what a title adds to the title above it, or a line of the seventh-character table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from medcoding.codebook import Codebook
from medcoding.errors import UnknownCodeError
from medcoding.record import Record

CharacterAxis = Literal[
    "laterality", "encounter", "stage", "trimester", "severity", "intent", "fetus", "site", "type", "other",
    "placeholder",
]  # fmt: skip
"""What a character decides. `other`: an "other specified" or "unspecified" choice; `placeholder`: the letter X."""

_PLACEHOLDER: Final = "X"
_SEVENTH: Final = 7
_CATEGORY_LENGTH: Final = 3
_WORD: Final = re.compile(r"[\w'’-]+")
_SIDES: Final = frozenset({"right", "left", "bilateral"})
_UNSPECIFIED: Final = frozenset({"unspecified", "other", "specified", "not", "elsewhere", "classified"})
_SIDED_PARTS: Final = frozenset({"eye", "ear", "side", "limb", "arm", "leg", "hand", "foot", "breast"})
_AXES: Final[tuple[tuple[CharacterAxis, re.Pattern[str]], ...]] = (
    ("encounter", re.compile(r"\bencounter\b|\bsequela", re.IGNORECASE)),
    ("fetus", re.compile(r"\bfetus\b", re.IGNORECASE)),
    ("trimester", re.compile(r"\btrimester\b", re.IGNORECASE)),
    (
        "intent",
        re.compile(
            r"\b(accidental|self-harm|assault|undetermined|adverse effect|underdosing|unintentional)\b", re.IGNORECASE
        ),
    ),
    ("stage", re.compile(r"\b(stage|grade|degree|unstageable)\b", re.IGNORECASE)),
    ("severity", re.compile(r"\b(mild|moderate|severe|profound|intractable)\b", re.IGNORECASE)),
)
_SITES: Final = re.compile(
    r"\b(shoulder|elbow|wrist|hand|fingers?|thumb|hip|knee|ankle|foot|feet|toes?|arm|forearm|leg|thigh|limb|head|neck"
    r"|face|scalp|trunk|chest|thorax|thoracic|abdom\w+|back|spine|cervical|lumbar|lumbosacral|sacr\w+|vertebra\w*"
    r"|pelvi\w+|femur|tibia|fibula|humerus|radius|ulna|clavicle|scapula|joints?|eye|eyelid|ear|nose|lip|breast"
    r"|quadrant|lobe|bronchus|site|sites|region|artery|vein|skin)\b",
    re.IGNORECASE,
)


class CharacterMeaning(Record):
    """One character beyond the stem."""

    position: int
    """From 1, the dot not counted: the seventh character has 7."""
    character: str
    axis: CharacterAxis
    meaning: str
    """What it adds to the code before it, in the words of the tabular list."""


class ExpandedCode(Record):
    """A billable code below a stem, with the meaning of each character the stem leaves open."""

    code: str
    characters: tuple[CharacterMeaning, ...]


def expansions(codebook: Codebook, stem: str) -> tuple[ExpandedCode, ...]:
    """Every billable code that the stem stands for, in book order; the code itself when it is billable.

    Raises `UnknownCodeError` when the stem is not in the edition.
    """
    if stem not in codebook:
        raise UnknownCodeError(f"{stem} does not exist in {codebook.edition.name}; look the term up again.")
    reader = _Reader(codebook)
    return tuple(
        ExpandedCode(code=code, characters=tuple(reader.meanings(code, beyond=stem)))
        for code in codebook.billable_under(stem)
    )


def character_meanings(codebook: Codebook, code: str, *, beyond: str = "") -> tuple[CharacterMeaning, ...]:
    """What each character of one code behind `beyond` means; behind its category where nothing is given."""
    return tuple(_Reader(codebook).meanings(code, beyond=beyond or code[:_CATEGORY_LENGTH]))


class _Reader:
    """Reads meanings from one edition and keeps those that many codes of a stem share."""

    def __init__(self, codebook: Codebook) -> None:
        self._codebook = codebook
        self._meaning = lru_cache(maxsize=None)(self._read)

    def meanings(self, code: str, *, beyond: str) -> Iterator[CharacterMeaning]:
        bare = code.replace(".", "")
        for position in range(len(beyond.replace(".", "")) + 1, len(bare) + 1):
            yield self._meaning(bare[:position])

    def _read(self, bare: str) -> CharacterMeaning:
        position, character, code = len(bare), bare[-1], _dotted(bare)
        seventh = self._seventh(code) if position == _SEVENTH else ""
        if character == _PLACEHOLDER and position > _CATEGORY_LENGTH and not seventh:
            return _meant(bare, "placeholder", "placeholder, so that the next character stands in its place")
        meaning = seventh or self._added(code)
        axis = _axis_of(meaning) or self._choice(code, meaning)
        return _meant(bare, axis, meaning)

    def _seventh(self, code: str) -> str:
        """Its line in the seventh-character table; behind a slash the release prints a second wording."""
        return self._codebook.seventh_characters(self._above(code)).get(code[-1], "").split("/", 1)[0].strip()

    def _added(self, code: str) -> str:
        """What the title says that the title above does not, between the words both begin and end with."""
        title = self._codebook.title(code)
        above = self._codebook.title(self._above(code))
        if above and title.startswith(f"{above}, "):
            return title.removeprefix(f"{above}, ")
        return _middle(title.split(), above.split()) or title

    def _above(self, code: str) -> str:
        """The nearest existing code above, placeholders passed over."""
        entry = self._codebook.entry(code)
        if entry and entry.parent:
            return entry.parent
        bare = code.replace(".", "")
        shorter = (_dotted(bare[:length]) for length in range(len(bare) - 1, _CATEGORY_LENGTH - 1, -1))
        return next((name for name in shorter if name in self._codebook), "")

    def _choice(self, code: str, meaning: str) -> CharacterAxis:
        """Laterality where a side is said, or is left open beside codes that say it; else site, type or other."""
        added = _words(meaning)
        if added & _SIDES or ("unspecified" in added and self._sided_beside(code, added)):
            return "laterality"
        if _SITES.search(meaning):
            return "site"
        return "other" if added & _UNSPECIFIED else "type"

    def _sided_beside(self, code: str, added: frozenset[str]) -> bool:
        """True when a code beside this one differs from it by a side only."""
        siblings = self._codebook.children(self._above(code))
        beside = (_words(self._added(sibling)) for sibling in siblings if sibling != code)
        return any(w & _SIDES and w - _SIDES == added - {"unspecified"} - (_SIDED_PARTS - w) for w in beside)


def _meant(bare: str, axis: CharacterAxis, meaning: str) -> CharacterMeaning:
    return CharacterMeaning(position=len(bare), character=bare[-1], axis=axis, meaning=meaning)


def _axis_of(meaning: str) -> CharacterAxis | None:
    return next((axis for axis, pattern in _AXES if pattern.search(meaning)), None)


def _middle(title: list[str], above: list[str]) -> str:
    shared = 0
    while shared < min(len(title), len(above)) and title[shared].lower() == above[shared].lower():
        shared += 1
    title, above = title[shared:], above[shared:]
    while title and above and title[-1].lower() == above[-1].lower():
        title, above = title[:-1], above[:-1]
    return " ".join(title).strip(" ,")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _dotted(bare: str) -> str:
    return bare if len(bare) <= _CATEGORY_LENGTH else f"{bare[:_CATEGORY_LENGTH]}.{bare[_CATEGORY_LENGTH:]}"
