"""The official list of codes exempt from present-on-admission reporting (guidelines, appendix I).

Three columns behind a heading, divided by tabs: order number, dotted code, title.
"""

from __future__ import annotations

import re
from typing import Final

from index_build.readers.official_text import dotted, misfit, nothing_in, numbered_lines

_KIND: Final = "a line of the list of codes exempt from present-on-admission reporting"
_HEADING: Final = re.compile(r"\s*order.*poa.*code", re.IGNORECASE)


def read_poa_exempt(data: bytes, name: str) -> frozenset[str]:
    """The exempt codes. Raises `InputError` naming the first line that does not fit."""
    codes: set[str] = set()
    for number, line in numbered_lines(data, name):
        if not codes and _HEADING.match(line):
            continue
        order, code, title = (*(column.strip() for column in line.split("\t")), "", "", "")[:3]
        if not (order.isdecimal() and dotted(code) and title) or dotted(code) in codes:
            raise misfit(name, number, _KIND)
        codes.add(dotted(code))
    if not codes:
        raise nothing_in(name, "codes")
    return frozenset(codes)
