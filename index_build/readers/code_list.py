"""The plain official lists of codes: `A000    Cholera due to …` (billable codes only) or bare codes with their headers.

A list with headers also names chapters and blocks, which are skipped. A code is billable when nothing stands below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from index_build.readers.official_text import dotted, misfit, nothing_in, numbered_lines
from index_build.readers.order_file import ListedCode, prefixes
from medcoding.errors import InputError

_CHAPTER_OR_BLOCK: Final = re.compile(r"[1-9][0-9]?|[A-Z][0-9A-Z]{2}-[A-Z][0-9A-Z]{2}")
_KIND: Final = "a line of an ICD-10-CM code list"


def read_code_list(data: bytes, name: str) -> tuple[ListedCode, ...]:
    """Read a list. Raises `InputError` naming the first line that does not fit or a code that stands twice.

    A block of one category has its name (`F99`), so a category may follow itself.
    """
    titles: dict[str, str] = {}
    last = ""
    for number, code, title in _lines(data, name):
        if code in titles and not (code == last and len(code) == 3):
            raise InputError(f"Line {number} of {name} repeats {code}; download the official file again.")
        titles[code] = title
        last = code
    if not titles:
        raise nothing_in(name, "codes")
    headers = {prefix for code in titles for prefix in prefixes(code)}
    return tuple(ListedCode(code, code not in headers, title) for code, title in titles.items())


def _lines(data: bytes, name: str) -> Iterator[tuple[int, str, str]]:
    """Line number, code and title. The titles of a file stand in all its lines or in none."""
    titled: bool | None = None
    for number, line in numbered_lines(data, name):
        written, _, title = line.strip().partition(" ")
        if not title and _CHAPTER_OR_BLOCK.fullmatch(written):
            continue
        code = dotted(written)
        if not code or titled is (not title):
            raise misfit(name, number, _KIND)
        titled = bool(title)
        yield number, code, title.strip()
