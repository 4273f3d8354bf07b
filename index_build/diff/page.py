"""A diff of two editions as a page: one HTML file with nothing from elsewhere, changes grouped by chapter.

Template, style and script stand in `index_build/pages/` and are inlined. The content security policy admits that
one script by its digest, so a title from a file can never run; without the script everything is on the page already.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from index_build.diff.compare import NOTE_WORDS, Change, ChangedNotes, EditionDiff
from index_build.diff.text import not_compared, shown_changes, what_happened

_PAGES: Final = Path(__file__).parent / "pages"
_ELSEWHERE: Final = "Outside the chapters"


class Kind(NamedTuple):
    """One kind of change as the page shows it."""

    id: str
    """Its name without spaces: a class of the style sheet and what the buttons filter by."""
    one: str
    many: str
    number: int
    """Of changes."""


class Row(NamedTuple):
    """One change."""

    kind: Kind
    change: Change
    details: str
    note_kind: str
    """The kind of note in the words of the tabular list; empty for other changes."""
    added: tuple[str, ...]
    removed: tuple[str, ...]


class Chapter(NamedTuple):
    """The changes of one chapter, in the order of codes."""

    id: str
    title: str
    rows: tuple[Row, ...]


def diff_page(diff: EditionDiff) -> str:
    """One self-contained HTML page. Same diff, same page."""
    script = (_PAGES / "diff.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("diff.html.j2")
        .render(
            diff=diff,
            kinds=[kind for kind, _ in _kinds(diff)],
            chapters=_chapters(diff),
            not_compared=not_compared(diff),
            style=Markup((_PAGES / "diff.css").read_text(encoding="utf-8")),  # noqa: S704 our own file
            script=Markup(script),  # noqa: S704 our own file
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _kinds(diff: EditionDiff) -> list[tuple[Kind, tuple[Change, ...]]]:
    return [
        (Kind(one.replace(" ", "-"), one, many, len(changes)), changes) for one, many, changes in shown_changes(diff)
    ]


def _chapters(diff: EditionDiff) -> list[Chapter]:
    rows = sorted(
        (_row(kind, change) for kind, changes in _kinds(diff) for change in changes), key=lambda r: r.change.code
    )
    titles = {**diff.chapters, "": _ELSEWHERE}
    grouped = {chapter: tuple(row for row in rows if row.change.chapter == chapter) for chapter in titles}
    return [Chapter(chapter, titles[chapter], inside) for chapter, inside in grouped.items() if inside]


def _row(kind: Kind, change: Change) -> Row:
    if isinstance(change, ChangedNotes):
        return Row(kind, change, "", NOTE_WORDS[change.kind], change.added, change.removed)
    return Row(kind, change, what_happened(change), "", (), ())
