"""What changes between two editions, and how a terminal shows it."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from index_build.diff.compare import ChangedNotes, EditionDiff, diff_editions
from index_build.diff.text import diff_text
from index_build.readers.note_targets import instructional_note
from medcoding.codebook import (
    Codebook,
    CodebookEntry,
    Edition,
    EditionContent,
    EntryKind,
    Succession,
    write_codebook,
)
from medcoding.notes import NO_NOTES, InstructionalNotes

Differ = Callable[..., EditionDiff]

FAILURE = InstructionalNotes(code_first=(instructional_note("rheumatic heart failure (I09.81)"),))


def _entry(
    code: str,
    parent: str | None = None,
    title: str = "",
    *,
    billable: bool = False,
    notes: InstructionalNotes = NO_NOTES,
    kind: EntryKind | None = None,
) -> CodebookEntry:
    kind = kind or ("subcategory" if "." in code else "category")
    title = title or f"Title of {code}"
    return CodebookEntry(
        code=code, parent=parent, kind=kind, title=title, billable=billable, status="official", notes=notes
    )


CIRCULATORY = _entry("9", title="Diseases of the circulatory system", kind="chapter")
HEART = _entry("I30-I5A", "9", "Other forms of heart disease", kind="block")
BEFORE = (
    CIRCULATORY,
    HEART,
    _entry("I42", "I30-I5A", "Cardiomyopathy"),
    _entry("I42.0", "I42", "Dilated cardiomyopathy", billable=True),
    _entry("I50", "I30-I5A", "Heart failure", notes=FAILURE),
    _entry("I50.9", "I50", "Heart failure, unspecified", billable=True),
)


@pytest.fixture
def differ(tmp_path: Path) -> Differ:
    """Writes two editions and compares them."""

    def compare(
        after: Sequence[CodebookEntry],
        before: Sequence[CodebookEntry] = BEFORE,
        *,
        notes_from: str = "",
        successions: tuple[Succession, ...] = (),
    ) -> EditionDiff:
        books = []
        for year, entries in ((2030, before), (2031, after)):
            edition = Edition(
                name=f"FY{year}",
                effective_from=dt.date(year - 1, 10, 1),
                effective_to=dt.date(year, 9, 30),
                status="official",
                source="a test",
                notes_from=notes_from if year == 2031 else "",
            )
            path = tmp_path / f"{year}.sqlite"
            write_codebook(path, EditionContent(edition, entries, successions=successions if year == 2031 else ()))
            books.append(Codebook(path))
        found = diff_editions(*books)
        for book in books:
            book.close()
        return found

    return compare


class Timed(NamedTuple):
    """A diff and the processor seconds that it took."""

    diff: EditionDiff
    seconds: float


@pytest.fixture(scope="module")
def october(fy2026: Codebook, fy2027: Codebook) -> Timed:
    """The editions that ship, compared once."""
    started = time.process_time()
    diff = diff_editions(fy2026, fy2027)
    return Timed(diff, time.process_time() - started)


def _with(code: str, **changed: object) -> tuple[CodebookEntry, ...]:
    return tuple(e.model_copy(update=changed) if e.code == code else e for e in BEFORE)


def _shown(diff: EditionDiff) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    console.print(diff_text(diff))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


# Codes


def test_the_same_edition_differs_in_nothing(differ: Differ) -> None:
    """No list holds anything, notes are comparable, and the terminal says so."""
    diff = differ(BEFORE)
    assert set(diff.counts.values()) == {0}
    assert diff.notes_comparable
    assert "no change" in _shown(diff)


def test_a_code_that_is_split_becomes_a_header(differ: Differ) -> None:
    """I42.0 is demoted and names the codes that are complete now; those are new."""
    after = (*_with("I42.0", billable=False), _entry("I42.00", "I42.0", billable=True), _entry("I42.01", "I42.0"))
    diff = differ(after)
    (demoted,) = diff.demoted
    assert (demoted.code, demoted.complete, demoted.chapter) == ("I42.0", ("I42.00",), "9")
    assert [c.code for c in diff.added] == ["I42.00"]
    assert [c.code for c in diff.added_headers] == ["I42.01"]
    assert diff.chapters == {"9": "Diseases of the circulatory system"}


def test_a_header_can_become_billable(differ: Differ) -> None:
    """The other way round it is promoted."""
    diff = differ(_with("I50", billable=True))
    assert [c.code for c in diff.promoted] == ["I50"]
    assert diff.demoted == ()


def test_a_deleted_code_names_what_took_its_place(differ: Differ) -> None:
    """From the conversion table of the later edition; the title is the one it had."""
    after = tuple(e for e in BEFORE if e.code not in {"I42", "I42.0"})
    diff = differ(after, successions=(Succession(old="I42.0", new="I50.9", fiscal_year=2031),))
    assert [(c.code, c.title, c.successors, c.chapter) for c in diff.deleted] == [
        ("I42.0", "Dilated cardiomyopathy", ("I50.9",), "9")
    ]
    assert [c.code for c in diff.deleted_headers] == ["I42"]
    assert diff.counts["deleted"] == diff.counts["deleted_headers"] == 1


def test_a_new_title_is_shown_beside_the_old_one(differ: Differ) -> None:
    """Words count; spaces that moved do not."""
    diff = differ(_with("I42.0", title="Dilated cardiomyopathy, any cause"))
    assert [(c.before, c.title) for c in diff.retitled] == [
        ("Dilated cardiomyopathy", "Dilated cardiomyopathy, any cause")
    ]
    assert "was: Dilated cardiomyopathy" in _shown(diff)


def test_spaces_in_a_title_are_no_change(differ: Differ) -> None:
    """Editions are loaded from files that break their lines differently."""
    assert differ(_with("I42.0", title="Dilated  cardiomyopathy ")).retitled == ()


def test_blocks_are_counted_apart(differ: Differ) -> None:
    """A new block is no new header."""
    diff = differ((*BEFORE, _entry("I60-I6A", "9", kind="block")))
    assert ([c.code for c in diff.added_blocks], diff.added_headers) == (["I60-I6A"], ())


# Notes


def _noted(**notes: object) -> tuple[CodebookEntry, ...]:
    return _with("I50", notes=InstructionalNotes.model_validate(notes))


def test_a_note_line_that_came_or_went_is_shown_by_kind(differ: Differ) -> None:
    """The code-first line is removed, an Excludes2 line is new; each stands at its entry."""
    diff = differ(_noted(excludes2=[{"text": "cardiac arrest (I46.-)"}]))
    place = {"code": "I50", "title": "Heart failure", "chapter": "9"}
    assert diff.notes == (
        ChangedNotes(**place, kind="excludes2", added=("cardiac arrest (I46.-)",)),
        ChangedNotes(**place, kind="code_first", removed=("rheumatic heart failure (I09.81)",)),
    )
    shown = _shown(diff)
    assert "+ cardiac arrest (I46.-)" in shown
    assert "- rheumatic heart failure (I09.81)" in shown


def test_the_order_of_lines_and_their_targets_are_no_change(differ: Differ) -> None:
    """Only words count: not which line stands first, nor how a note was read."""
    before = _noted(excludes2=[{"text": "cardiac arrest (I46.-)"}, {"text": "neonatal failure (P29.0)"}])
    after = _noted(excludes2=[{"text": "neonatal  failure (P29.0)"}, {"text": "cardiac arrest (I46.-)", "targets": []}])
    assert differ(after, before).notes == ()


def test_a_changed_seventh_character_table_shows_both(differ: Differ) -> None:
    """A table that gains a character is shown as it was and as it is."""
    before = _noted(seventh_characters={"A": "initial encounter"})
    after = _noted(seventh_characters={"A": "initial encounter", "D": "subsequent encounter"})
    (changed,) = differ(after, before).seventh_characters
    assert (changed.code, list(changed.before), list(changed.after)) == ("I50", ["A"], ["A", "D"])


def test_borrowed_notes_are_not_compared(differ: Differ) -> None:
    """An edition that stands on another's notes says nothing about its own."""
    diff = differ(_noted(includes=["anything"]), notes_from="FY2030")
    assert (diff.notes_comparable, diff.notes, diff.counts["notes"]) == (False, (), 0)
    assert "FY2031 stands on the notes of FY2030" in _shown(diff)


def test_an_edition_without_notes_has_not_lost_them(differ: Differ) -> None:
    """Loaded from a list of codes alone, it is not comparable."""
    diff = differ(_with("I50", notes=NO_NOTES))
    assert (diff.notes_comparable, diff.notes) == (False, ())
    assert "loaded without its notes" in _shown(diff)


# Output


def test_a_title_cannot_steer_the_terminal(differ: Differ) -> None:
    """Escape sequences lose their escape, markup of the terminal library is only text."""
    shown = _shown(differ(_with("I42.0", title="[red]Dilated[/red] \x1b]0;owned\x07cardiomyopathy")))
    assert "[red]Dilated[/red]" in shown
    assert "\x1b]0" not in shown
    assert "\x07" not in shown


def test_a_diff_survives_json(october: Timed) -> None:
    """What is printed as JSON is read back equal, and its counts are the lengths of its lists."""
    diff = october.diff
    printed = diff.model_dump_json()
    assert EditionDiff.model_validate_json(printed) == diff
    assert {name: len(json.loads(printed)[name]) for name in diff.counts} == diff.counts


# The editions that ship


def test_the_diff_of_october_2026_is_the_published_one(october: Timed, shared_data: Path) -> None:
    """190 new codes, 48 new headers, 21 deleted, 15 demoted, 4 retitled: the same codes, one by one, in 3 s."""
    delta = json.loads((shared_data / "icd10cm" / "fy2027_delta.json").read_text(encoding="utf-8"))
    diff = october.diff
    assert october.seconds < 3
    assert [c.code for c in diff.added] == sorted(delta["new_billable"])
    assert [c.code for c in diff.added_headers] == sorted(delta["new_headers"])
    assert sorted(c.code for c in (*diff.deleted, *diff.deleted_headers)) == sorted(delta["deleted"])
    assert [c.code for c in diff.demoted] == sorted(delta["demoted_to_header"])
    assert [c.code for c in diff.retitled] == sorted(delta["revised"])
    assert (len(diff.added), len(diff.added_headers), len(diff.demoted), len(diff.retitled)) == (190, 48, 15, 4)
    assert diff.promoted == diff.added_blocks == diff.deleted_blocks == ()
    assert not diff.notes_comparable


def test_turned_round_what_was_new_is_deleted(october: Timed, fy2026: Codebook, fy2027: Codebook) -> None:
    """Law: the diff backwards swaps added and deleted, demoted and promoted, and both titles."""
    there, back = october.diff, diff_editions(fy2027, fy2026)
    assert [c.code for c in there.added] == [c.code for c in back.deleted]
    assert [c.code for c in there.deleted_headers] == [c.code for c in back.added_headers]
    assert [c.code for c in there.demoted] == [c.code for c in back.promoted]
    assert [(c.before, c.title) for c in there.retitled] == [(c.title, c.before) for c in back.retitled]
