from __future__ import annotations

import json
from pathlib import Path

import pytest

from index_build.editions.changes import (
    AddedCode,
    EditionChanges,
    RetitledCode,
    apply_changes,
    block_of,
    divided_codes,
    edition_of,
    fy2027_changes,
)
from medcoding.codebook import Codebook, CodebookEntry, EditionContent, EntryKind, Succession


@pytest.fixture(scope="module")
def changes() -> EditionChanges:
    """Our table of the October 2026 change."""
    return fy2027_changes()


def test_the_table_of_changes_counts_what_was_announced(changes: EditionChanges) -> None:
    """190 new billable codes, 48 new headers, 21 deletions, 15 codes that become headers, 4 new titles."""
    billable = [line for line in changes.added if line.billable]
    assert (len(billable), len(changes.added) - len(billable)) == (190, 48)
    assert (len(changes.deleted), len(changes.demoted), len(changes.retitled)) == (21, 15, 4)


def test_no_code_is_changed_twice(changes: EditionChanges) -> None:
    """Added, deleted and demoted are three different things."""
    added = [line.code for line in changes.added]
    touched = [*added, *changes.deleted, *changes.demoted]
    assert len(set(touched)) == len(touched)


def test_the_changes_fit_the_edition_they_start_from(changes: EditionChanges, fy2026: Codebook) -> None:
    """What is new did not exist; what ends, becomes a header or gets a title did."""
    assert [line.code for line in changes.added if line.code in fy2026] == []
    assert [code for code in changes.deleted if code not in fy2026] == []
    assert [code for code in changes.demoted if not fy2026.is_billable(code)] == []
    assert [line.code for line in changes.retitled if line.code not in fy2026] == []


def test_the_changes_lead_to_a_book_that_holds_together(changes: EditionChanges, fy2027: Codebook) -> None:
    """A new header has billable codes below it, a demoted code too; what ended is gone."""
    headers = [line.code for line in changes.added if not line.billable]
    assert [code for code in (*headers, *changes.demoted) if not fy2027.billable_under(code)] == []
    assert [code for code in changes.deleted if code in fy2027] == []
    assert [line.code for line in changes.retitled if fy2027.title(line.code) != line.title] == []


@pytest.mark.parametrize(
    ("code", "block"),
    [("J4B", "J40-J4A"), ("K6A", "K65-K68"), ("K6A.01", "K65-K68"), ("M72.20", "M70-M79"), ("C78.31", "C76-C80")],
)
def test_a_new_code_stands_in_its_block(fy2027: Codebook, code: str, block: str) -> None:
    """A new category beside the category before it, a new code below its own."""
    assert block in [entry.code for entry in fy2027.ancestors(code)]


def test_the_table_agrees_with_the_collected_facts(changes: EditionChanges, shared_data: Path) -> None:
    """Code by code against the facts collected from public repositories; the titles are our own words."""
    facts = json.loads((shared_data / "icd10cm" / "fy2027_delta.json").read_bytes())
    assert {line.code for line in changes.added if line.billable} == set(facts["new_billable"])
    assert {line.code for line in changes.added if not line.billable} == set(facts["new_headers"])
    assert set(changes.deleted) == set(facts["deleted"])
    assert set(changes.demoted) == set(facts["demoted_to_header"])
    assert {line.code for line in changes.retitled} == set(facts["revised"])
    copied = [c.code for c in changes.added if facts["new_billable"].get(c.code, "").lower() == c.title.lower()]
    assert copied == []


def test_the_derived_edition_names_its_source(changes: EditionChanges) -> None:
    """Derived, from when to when, and from what."""
    edition = edition_of(changes)
    assert (edition.name, edition.status) == ("FY2027", "derived")
    assert (str(edition.effective_from), str(edition.effective_to)) == ("2026-10-01", "2027-09-30")
    assert "not checked against the official file" in edition.source
    assert edition.notes_from == "FY2026"


def _entry(code: str, parent: str | None, kind: EntryKind, *, billable: bool = False) -> CodebookEntry:
    return CodebookEntry(code=code, parent=parent, kind=kind, title=code, billable=billable, status="official")


def test_changes_are_applied_and_marked() -> None:
    """Each kind of change on a book of five entries; what is not named stays as it was."""
    book = [
        _entry("1", None, "chapter"),
        _entry("A00-A09", "1", "block"),
        _entry("A00", "A00-A09", "category"),
        _entry("A00.0", "A00", "subcategory", billable=True),
        _entry("A00.1", "A00", "subcategory", billable=True),
        _entry("A00.9", "A00", "subcategory", billable=True),
    ]
    changes = EditionChanges.model_validate(
        {
            "edition": "FY2099",
            "effective_from": "2098-10-01",
            "effective_to": "2099-09-30",
            "status": "derived",
            "source": "a test",
            "added": [
                AddedCode(code="A00.00", title="new", billable=True),
                AddedCode(code="A0B", title="new category", billable=True),
            ],
            "deleted": ["A00.1"],
            "demoted": ["A00.0"],
            "retitled": [RetitledCode(code="A00.9", title="renamed")],
        }
    )
    after = {e.code: (e.parent, e.kind, e.title, e.billable, e.status) for e in apply_changes(book, changes)}
    assert after == {
        "1": (None, "chapter", "1", False, "official"),
        "A00-A09": ("1", "block", "A00-A09", False, "official"),
        "A00": ("A00-A09", "category", "A00", False, "official"),
        "A00.0": ("A00", "subcategory", "A00.0", False, "derived"),
        "A00.9": ("A00", "subcategory", "renamed", True, "derived"),
        "A00.00": ("A00.0", "subcategory", "new", True, "derived"),
        "A0B": ("A00-A09", "category", "new category", True, "derived"),
    }


def test_only_certain_successions_are_stated(changes: EditionChanges, shipped: tuple[EditionContent, ...]) -> None:
    """A code that became a header was divided into its new codes; each of the 15 has some, and nothing else has."""
    successions = divided_codes(shipped[0].entries, shipped[1].entries, 2027)
    assert successions == shipped[1].successions
    assert {s.old for s in successions} == set(changes.demoted)
    new = {line.code for line in changes.added if line.billable}
    assert {s.new for s in successions} <= new
    plantar = [s for s in successions if s.old == "M72.2"]
    assert plantar == [Succession(old="M72.2", new=f"M72.2{n}", fiscal_year=2027) for n in range(3)]


@pytest.mark.parametrize(
    ("category", "block"), [("J4A", "J40-J4A"), ("J4B", "J40-J4A"), ("K6A", "K65-K68"), ("B00", None)]
)
def test_a_category_has_its_block(category: str, block: str | None) -> None:
    """Its own, else that of the category before it under the same letter."""
    assert block_of(category, {"A99": "A90-A99", "J4A": "J40-J4A", "K65": "K65-K68", "K70": "K70-K77"}) == block
