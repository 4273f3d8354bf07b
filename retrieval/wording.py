"""How words are compared: tokens with offsets, their normal forms, and titles reduced to what distinguishes them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

_LETTERS: Final = r"(?:[^\W\d_]|[\u0300-\u036f])+"
"""Letters of any script, with combining marks: a note may hold `é` in one code point or in two."""

_TOKEN: Final = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})?|\d+(?:\.\d+)?[A-Za-z]?|(?<=\w)[+−-](?!\w)")
_DROPPED: Final = frozenset({"the", "a", "an", "of"})
ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "iiia": "3a", "iiib": "3b"}
"""Numerals that count a type, stage, grade or class."""

_COUNTED: Final = frozenset({"type", "stage", "grade", "class", "bipolar"})
_LETTERED: Final = _COUNTED | {
    "hepatitis", "hep", "influenza", "flu", "vitamin", "group", "hemophilia", "lipoprotein", "lp", "immunoglobulin",
    "chromogranin",
}  # fmt: skip
"""After these `a` is a letter (`hepatitis A`), unless a time follows (`hepatitis a year ago`)."""
_TIME: Final = re.compile(r"\s+(few|couple|day|week|month|year|decade|while|long)", re.IGNORECASE)
_SIGNED: Final = frozenset({"er", "pr", "hr", "her", "her2", "rh", "hiv", "hcv", "hbv", "hpv"})
_SIGNS: Final = {"+": "positive", "-": "negative", "−": "negative"}
_KEPT_S: Final = ("ss", "us", "is", "os", "as")
_IRREGULAR: Final = {
    "vertebrae": "vertebra",
    "calculi": "calculus",
    "diverticula": "diverticulum",
    "feet": "foot",
    "does": "does",
    "nows": "nows",
    "ppms": "ppms",
    "hlhs": "hlhs",
}

_LATERALITY: Final = re.compile(
    r"\b(right|left|bilateral)\b[ -]?"
    r"(?!(heart|ventric|atri|bundle|main|coronary|colon|to-|axis|sided|handed|dominant))",
    re.IGNORECASE,
)
_SIDE_PHRASE: Final = re.compile(r",? (unspecified (side|laterality|eye|ear|limb)|both sides)\b", re.IGNORECASE)
_SIDED_ORGAN: Final = re.compile(r", (right|left|unspecified|bilateral|both) (eye|ear|side)s?\b", re.IGNORECASE)
_UNSPECIFIED: Final = re.compile(r",? ?\b(unspecified|not otherwise specified|NOS)\b ?", re.IGNORECASE)
_PARENTHESES: Final = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_SPACES: Final = re.compile(r"\s+")

SIDES: Final = frozenset({"right", "left", "bilateral"})
"""How titles name sides."""

LATERALITY_WORDS: Final = SIDES | {"bilaterally", "both"}


class Token(NamedTuple):
    """A word in its normal form and where it stands in the text."""

    form: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Words of a text in normal form, articles and `of` left out, offsets in code points."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        before = found[-1].form if found else ""
        form = normal_form(match.group())
        if form in ROMAN and before in _COUNTED:
            form = ROMAN[form]
        if form in _SIGNS:
            form = _SIGNS[form] if _is_sign(found) else ""
        labels = form == "a" and before in _LETTERED and not _TIME.match(text, match.end())
        if labels or (form and form not in _DROPPED):
            found.append(Token(form, match.start(), match.end()))
    return found


def _is_sign(before: list[Token]) -> bool:
    """True behind a receptor or a virus: `HER2-`, `HIV+`; a hyphen elsewhere and the plus of `2+ edema` say nothing."""
    words = [token.form for token in before[-2:]]
    return bool(words) and (words[-1] in _SIGNED or words == ["her", "2"])


@lru_cache(maxsize=32_768)
def forms(text: str) -> tuple[str, ...]:
    """Only the normal forms of a text's words; remembered, since every step asks for those of the same titles."""
    return tuple(t.form for t in tokens(text))


@lru_cache(maxsize=65_536)
def normal_form(word: str) -> str:
    """Lower case, accents, possessive and plural endings dropped.

    `Crohn's` and `crohns` meet, as do `stones` and `stone`, `Ménière` and `Meniere`.
    """
    word = _unaccented(word.lower().replace("’", "'").replace("'", ""))
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEPT_S):
        return word[:-1]
    return word


def _unaccented(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def reduce_title(title: str) -> str:
    """A tabular title without side, `unspecified` and bracketed nonessential words: what a note would say."""
    text = _PARENTHESES.sub("", title)
    text = _SIDED_ORGAN.sub("", _SIDE_PHRASE.sub("", text))
    text = _UNSPECIFIED.sub(" ", text)
    text = _LATERALITY.sub("", text)
    return _SPACES.sub(" ", text).replace(" ,", ",").strip(" ,;")
