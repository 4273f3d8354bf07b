"""Where selected words stand in a document's text as it was received."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.printable import printable


class Place(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


def place_of(text: str, selected: str, near: int) -> Place | None:
    """The occurrence of the selected words nearest to an offset; None where they do not stand in the text.

    A browser gives one line end for two, its own blanks, and the pictures of control characters (`printable`, one for
    one), so blanks match any blanks.
    """
    words = printable(selected).split()
    if not words:
        return None
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words))
    found = [Place(*match.span()) for match in pattern.finditer(printable(text))]
    return min(found, key=lambda place: abs(place.start - near), default=None)
