"""The official addenda of the order file or of the code list: what was added, deleted and revised since last year.

`Add:`, `Delete:`, `Revise from:` and `Revise to:` lines behind a count of the changes. Those of the order file have the
billable flag before the code. A code that is both deleted and added changed its flag.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from index_build.readers.official_text import dotted, misfit, numbered_lines
from medcoding.errors import InputError

AddendaAction = Literal["add", "delete", "revise_from", "revise_to"]

_ACTIONS: Final[dict[str, AddendaAction]] = {
    "add": "add",
    "delete": "delete",
    "revise from": "revise_from",
    "revise to": "revise_to",
}
_CHANGE: Final = re.compile(r"(\w+(?: \w+)?):\s+(?:([01])\s+)?([A-Z][0-9A-Z.]{2,8})\s+(\S.*)")
_COUNT: Final = re.compile(r"\s*(?:\d+ .*|of which.*|headers\s*|codes\s*|[^:]*\baddenda\b[^:]*)", re.IGNORECASE)
_SHORT_TITLE: Final = 61


class AddendaChange(NamedTuple):
    """One line."""

    action: AddendaAction
    code: str
    billable: bool | None
    """None in the addenda of a code list, which holds billable codes only."""
    title: str


def read_addenda(data: bytes, name: str) -> tuple[AddendaChange, ...]:
    """Every change in the order of the file; none where the file says that nothing changed.

    Raises `InputError` naming the first line that is neither a change nor a count, or a revision without its pair.
    """
    changes: list[AddendaChange] = []
    last: AddendaAction | None = None
    for number, line in numbered_lines(data, name):
        change = _change(line)
        if change is None and not _COUNT.fullmatch(line):
            raise misfit(name, number, "a line of an ICD-10-CM addenda")
        if change is None:
            continue
        if (change.action == "revise_to") is not (last == "revise_from"):
            raise InputError(f"Line {number} of {name} breaks a pair of revisions; download the official file again.")
        changes.append(change)
        last = change.action
    if last == "revise_from":
        raise InputError(f"{name} ends within a pair of revisions; download the official file again.")
    return tuple(changes)


def _change(line: str) -> AddendaChange | None:
    match = _CHANGE.fullmatch(line.rstrip())
    if not match or match[1].lower() not in _ACTIONS or not dotted(match[3]):
        return None
    flag = None if match[2] is None else match[2] == "1"
    return AddendaChange(_ACTIONS[match[1].lower()], dotted(match[3]), flag, _title(match[4], flag))


def _title(titles: str, flag: bool | None) -> str:
    """The long title: behind the column of the short one in the addenda of an order file."""
    return (titles[_SHORT_TITLE:].strip() or titles.strip()) if flag is not None else titles.strip()
