"""A diff of two editions in words: what each kind of change is called, and the whole of it for a terminal."""

from __future__ import annotations

from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from index_build.diff.compare import (
    NOTE_WORDS,
    Change,
    ChangedNotes,
    ChangedSeventhCharacters,
    DeletedCode,
    DemotedCode,
    EditionDiff,
    RetitledCode,
)


class ShownChanges(NamedTuple):
    """One kind of change, as a page or a terminal shows it."""

    one: str
    """What a single change is called."""
    many: str
    changes: tuple[Change, ...]


def shown_changes(diff: EditionDiff) -> tuple[ShownChanges, ...]:
    """Every kind that holds a change, in the order in which they are shown; deleted headers beside the codes."""
    kinds = (
        ShownChanges("new code", "new codes", diff.added),
        ShownChanges("new header", "new headers", diff.added_headers),
        ShownChanges("deleted", "deleted", (*diff.deleted, *diff.deleted_headers)),
        ShownChanges("now a header", "now headers", diff.demoted),
        ShownChanges("now billable", "now billable", diff.promoted),
        ShownChanges("retitled", "retitled", diff.retitled),
        ShownChanges("new block", "new blocks", diff.added_blocks),
        ShownChanges("deleted block", "deleted blocks", diff.deleted_blocks),
        ShownChanges("notes", "changed notes", diff.notes),
        ShownChanges("seventh characters", "changed seventh characters", diff.seventh_characters),
    )
    return tuple(kind for kind in kinds if kind.changes)


def diff_text(diff: EditionDiff) -> RenderableType:
    """The diff for a terminal: the counts, then one table for each list that is not empty."""
    tables = [_table(kind.many, kind.changes) for kind in shown_changes(diff)]
    return Group(_heading(diff), *tables)


def what_happened(change: Change) -> str:
    """One line about a change, beside its code and title; empty where those two say it all."""
    match change:
        case DeletedCode(successors=successors):
            return f"now {', '.join(successors)}" if successors else ""
        case DemotedCode(complete=complete):
            return f"complete codes: {', '.join(complete)}"
        case RetitledCode(before=title):
            return f"was: {title}"
        case ChangedSeventhCharacters(before=before, after=after):
            return f"was {_characters(before)}; is {_characters(after)}"
        case _:
            return ""


def not_compared(diff: EditionDiff) -> str:
    """Why notes were not compared, as one sentence; empty when they were."""
    if diff.notes_comparable:
        return ""
    reasons = [f"{e.name} stands on the notes of {e.notes_from}" for e in (diff.before, diff.after) if e.notes_from]
    return f"Notes were not compared: {' and '.join(reasons) or 'one edition was loaded without its notes'}."


def _heading(diff: EditionDiff) -> Text:
    counted = ", ".join(f"{len(kind.changes):,} {kind.many}" for kind in shown_changes(diff)) or "no change"
    heading = Text(f"{diff.before.name} to {diff.after.name}", style="bold")
    heading.append(f"\n{counted}", style="not bold")
    for note in (*_derived(diff), not_compared(diff)):
        if note:
            heading.append(f"\n{note}", style="not bold yellow")
    return heading


def _derived(diff: EditionDiff) -> list[str]:
    derived = (edition.name for edition in (diff.before, diff.after) if edition.status == "derived")
    return [f"{name} is derived, not checked against the official files." for name in derived]


def _table(name: str, changes: tuple[Change, ...]) -> Table:
    table = Table(title=Text(f"{name} ({len(changes):,})"), title_justify="left", show_header=False, box=None)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for change in changes:
        table.add_row(_shown(change.code), _details(change))
    return table


def _details(change: Change) -> Text:
    details = _shown(change.title)
    if isinstance(change, ChangedNotes):
        details.append(f"\n{NOTE_WORDS[change.kind]}", style="dim")
        for sign, style, lines in (("+", "green", change.added), ("-", "red", change.removed)):
            for line in lines:
                details.append(f"\n{sign} ", style=style).append_text(_shown(line))
    elif more := what_happened(change):
        details.append("\n").append_text(_shown(more))
    return details


def _shown(text: str) -> Text:
    """A title or line without anything that would steer a terminal, brackets as they are."""
    return Text("".join(c if c.isprintable() else " " for c in text))


def _characters(table: dict[str, str]) -> str:
    return ", ".join(f"{key} {words}" for key, words in table.items()) or "none"
