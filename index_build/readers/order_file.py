"""The official order file of any year: every code, whether it is billable, and its title.

Fixed width, published each year by CDC/NCHS and CMS: order number in columns 1–5, code 7–13, billable flag 15, short
title 17–76, long title from 78. It holds no notes and no blocks; those are taken from an edition that has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from index_build.readers.official_text import dotted, misfit, nothing_in, numbered_lines
from medcoding.errors import InputError

_KIND: Final = "a line of an ICD-10-CM order file"
_MEND: Final = "download the official file again"


class ListedCode(NamedTuple):
    """One code of an official list."""

    code: str
    billable: bool
    title: str
    """Empty where the list holds bare codes."""


def read_order(data: bytes, name: str) -> tuple[ListedCode, ...]:
    """Read an order file. Raises `InputError` naming the first line that does not fit.

    Besides its columns a file keeps its own laws: order numbers count from 1 without a gap, no code stands twice, every
    code has its category, and exactly the codes with nothing below them are billable.
    """
    listed = tuple(_lines(data, name))
    if not listed:
        raise nothing_in(name, "codes")
    check_list(listed, name)
    return listed


def check_list(listed: Sequence[ListedCode], name: str) -> None:
    """Refuse a list that repeats a code, leaves a category out, or flags a header as billable or a code as a header."""
    codes = {line.code for line in listed}
    if len(codes) < len(listed):
        twice = Counter(line.code for line in listed).most_common(1)[0][0]
        raise InputError(f"{twice} stands twice in {name}; {_MEND}.")
    headers = {prefix for code in codes for prefix in prefixes(code)}
    for line in listed:
        if line.code[:3] not in codes:
            raise InputError(f"{name} holds {line.code} without its category; {_MEND}.")
        if line.billable is (line.code in headers):
            fault = "billable with codes below it" if line.billable else "a header with no code below it"
            raise InputError(f"{line.code} is {fault} in {name}; {_MEND}.")


def prefixes(code: str) -> Iterator[str]:
    """What may stand above a code, nearest first: `S82.62XA` is below `S82.62X`, `S82.62`, `S82.6` and `S82`."""
    for length in range(len(code) - 1, 2, -1):
        if length != 4:  # the dot
            yield code[:length]


def _lines(data: bytes, name: str) -> Iterator[ListedCode]:
    last = 0
    for number, line in numbered_lines(data, name):
        order, code, flag = line[:5], dotted(line[6:13]), line[14:15]
        title = line[77:].strip() or line[16:76].strip()
        blanks = line[5:6] + line[13:14] + line[15:16] + line[76:77]
        fits = order.isdecimal() and order.isascii() and code and flag in {"0", "1"} and title and not blanks.strip()
        if not fits:
            raise misfit(name, number, _KIND)
        if int(order) != last + 1:
            raise InputError(f"Line {number} of {name} has order number {order} after {last}; {_MEND}.")
        last = int(order)
        yield ListedCode(code, flag == "1", title)
