"""The words of a phrase in the form in which the Alphabetic Index is compared."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from medcoding.cross_references import words
from retrieval.wording import ROMAN, tokens

JOINERS: Final = {
    **dict.fromkeys(("with", "associated", "association"), "with"),
    **dict.fromkeys(("due", "caused", "by", "from"), "due"),
    **dict.fromkeys(("in", "on", "at", "during", "for", "into"), "in"),
}
"""Words that join a path, each as the one it stands for."""

JOINED: Final = frozenset(JOINERS.values())


@lru_cache(maxsize=16_384)
def spoken(phrase: str) -> tuple[str, ...]:
    """The distinct words in order, joining words as the one they stand for.

    `Type II` says 2, as a title `IV` does alone; `hepatitis a` says a, as `A` does alone; `HER2` is one word.
    """
    alone = phrase.strip().lower()
    said = ROMAN.get(alone) or ("A" if alone == "a" else _written_out(phrase))
    return tuple(dict.fromkeys(JOINERS.get(word, word) for word in words(said)))


def _written_out(phrase: str) -> str:
    """Numerals that count something as digits, and a letter that names a type as the index prints it."""
    written, end = "", 0
    for token in tokens(phrase):
        text = phrase[token.start : token.end]
        said = token.form if token.form.isdigit() and text.isalpha() else text.upper() if token.form == "a" else text
        written, end = f"{written}{phrase[end : token.start]}{said}", token.end
    return written + phrase[end:]
