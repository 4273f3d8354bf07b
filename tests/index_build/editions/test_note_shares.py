"""The share of instructional notes that was read."""

from __future__ import annotations

from typing import Final

import pytest

from index_build.editions.note_shares import NoteShare, dangling_targets, parsed_shares
from index_build.readers.note_targets import instructional_note
from medcoding.codebook import Codebook, CodebookEntry
from medcoding.notes import NOTE_KINDS, InstructionalNote, InstructionalNotes


def _entry(code: str, *excludes1: str, billable: bool = True) -> CodebookEntry:
    return CodebookEntry(
        code=code,
        parent=None,
        kind="category",
        title=code,
        billable=billable,
        status="official",
        notes=InstructionalNotes(excludes1=tuple(map(instructional_note, excludes1))),
    )


def _share(*excludes1: str) -> NoteShare:
    book = (_entry("I10", *excludes1), _entry("I11", billable=False), _entry("I11.0"), _entry("J65"), _entry("A15"))
    return parsed_shares(book)[NOTE_KINDS.index("excludes1")]


@pytest.mark.parametrize(
    ("line", "naming", "parsed"),
    [
        ("hypertensive heart disease (I11.-)", 1, 1),
        ("hypertensive heart disease (I11.0)", 1, 1),
        ("pneumoconiosis with tuberculosis, any type in A15 (J65)", 1, 1),
        ("essential hypertension NOS", 0, 0),
        ("vitamin B12 deficiency", 0, 0),
        ("hypertension (stage 2)", 1, 0),
        ("heart disease as in I11 with heart failure", 1, 0),
        ("a code that does not exist (I19.9)", 1, 0),
    ],
)
def test_a_line_counts_as_read_when_all_that_it_names_is_a_target(line: str, naming: int, parsed: int) -> None:
    """A code that is missed, misread or not in the book counts against the share; words that name none do not."""
    share = _share(line)
    assert (share.lines, share.naming, share.parsed) == (1, naming, parsed)
    assert [u.text for u in share.unparsed] == [line] * (naming - parsed)


def test_the_share_of_nothing_is_whole() -> None:
    """No line of a kind is no fault."""
    share = _share()
    assert (share.lines, share.share, share.share_of_all) == (0, 1.0, 1.0)


def test_a_half_read_list_is_not_read() -> None:
    """One code of two in the targets is not enough, whoever wrote the targets."""
    (target,) = instructional_note("(I11.0)").targets
    note = InstructionalNote(text="heart disease (I11.0), pneumoconiosis (J65)", targets=(target,))
    entry = _entry("I10").model_copy(update={"notes": InstructionalNotes(excludes1=(note,))})
    share = parsed_shares([entry, _entry("I11.0"), _entry("J65")])[0]
    assert (share.naming, share.parsed) == (1, 0)


_LINES: Final = {
    "excludes1": 5_403,
    "excludes2": 2_520,
    "code_first": 809,
    "use_additional_code": 1_485,
    "code_also": 655,
}


@pytest.fixture(scope="module")
def april(fy2026: Codebook) -> tuple[CodebookEntry, ...]:
    """Every entry of April 2026."""
    return tuple(fy2026.entries())


def test_the_official_notes_are_read(april: tuple[CodebookEntry, ...]) -> None:
    """April 2026: no line of any kind is lost, and 99.8 % of the lines that name a code are read."""
    shares = parsed_shares(april)
    assert [share.kind for share in shares if share.lines < _LINES[share.kind]] == []
    assert {share.kind: share.share for share in shares if share.share < 0.998} == {}
    assert shares[0].share_of_all > 0.97


def test_the_only_target_without_a_code_is_the_books_own_slip(april: tuple[CodebookEntry, ...]) -> None:
    """F02 prints G31.90 where the list has G31.9; every other target leads to a billable code."""
    assert [(d.line.at, d.kind, d.target.first) for d in dangling_targets(april)] == [("F02", "code_first", "G31.90")]
