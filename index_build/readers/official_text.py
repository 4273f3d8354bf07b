"""What every official text file has in common: UTF-8, printable lines, codes written with or without their dot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError

LONGEST_LINE: Final = 2_000
"""Characters. The longest line of an official file is about 350."""

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_LINE_END: Final = re.compile("\r+\n|\r|\n")


def numbered_lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1. Raises `InputError` naming the first unreadable line."""
    for number, line in enumerate(_LINE_END.split(_decoded(data, name)), start=1):
        if len(line) > LONGEST_LINE or _UNPRINTABLE.search(line):
            raise misfit(name, number, "a line of text")
        if line.strip():
            yield number, line


def dotted(code: str) -> str:
    """The printed form of a code that may stand without its dot, or an empty text where it is no ICD-10-CM code."""
    bare = code.strip()
    printed = bare if "." in bare or len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"
    return printed if ICD10CM_SHAPE.fullmatch(printed) else ""


def misfit(name: str, line: int, expected: str) -> InputError:
    """The refusal of one line."""
    return InputError(f"Line {line} of {name} is not {expected}; download the official file again.")


def nothing_in(name: str, expected: str) -> InputError:
    """The refusal of a file without a single line of the kind it should hold."""
    return InputError(f"{name} holds not one line of {expected}; download the official file again.")


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"Line {line} of {name} is not UTF-8 text; download the official file again.") from None
