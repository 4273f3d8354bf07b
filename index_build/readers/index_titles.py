"""A printed title taken apart: the words themselves and the nonessential modifiers in parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_SPACES: Final = re.compile(r"\s+")
_SPACE_BEFORE: Final = re.compile(r"\s+([,;])")


class PrintedTitle(NamedTuple):
    """`Accident (to) NEC` is the text `Accident NEC` with the nonessential modifier `to`."""

    text: str
    nonessential: tuple[str, ...]


def printed_title(pieces: Iterable[tuple[str, bool]]) -> PrintedTitle:
    """Join pieces of a title, each (text, whether it is printed as nonessential).

    Words outside the parentheses of a nonessential piece belong to the title (`(s) NEC (acquired)`). Where
    everything is in parentheses, that is the title; an empty one means that nothing was printed.
    """
    words: list[str] = []
    modifiers: list[str] = []
    for text, nonessential in pieces:
        if not nonessential or not text:
            words.append(text)
            continue
        for part, inside in _parts(text):
            (modifiers if inside else words).append(part)
    title = _SPACE_BEFORE.sub(r"\1", _SPACES.sub(" ", "".join(words))).strip()
    told = tuple(m for modifier in modifiers if (m := _SPACES.sub(" ", modifier).strip()))
    return PrintedTitle(title, told) if title else PrintedTitle(" ".join(told), ())


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Text outside and inside the outermost parentheses; a parenthesis left open runs to the end."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        if character == "(":
            if depth == 0:
                yield text[start:place], False
                start = place + 1
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if depth == 0:
                yield text[start:place], True
                start = place + 1
    yield text[start:], depth > 0
