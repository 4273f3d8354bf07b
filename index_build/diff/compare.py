"""What changes from one edition of the code set to another: codes, titles, notes, seventh characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from pydantic import Field

from medcoding.codebook import Codebook, CodebookEntry, Edition
from medcoding.notes import InstructionalNotes
from medcoding.record import Record

NoteLines = Literal[
    "includes",
    "inclusion_terms",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
    "notes",
    "seventh_character_note",
]
"""The parts of an entry's notes that are lines of text."""

NOTE_WORDS: Final[Mapping[NoteLines, str]] = {
    "includes": "Includes",
    "inclusion_terms": "Inclusion terms",
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "Code first",
    "use_additional_code": "Use additional code",
    "code_also": "Code also",
    "notes": "Note",
    "seventh_character_note": "Seventh character",
}
"""Each kind of lines in the words of the tabular list."""


_LISTS: Final = (
    "added",
    "added_headers",
    "deleted",
    "deleted_headers",
    "demoted",
    "promoted",
    "retitled",
    "added_blocks",
    "deleted_blocks",
    "notes",
    "seventh_characters",
)


class Change(Record):
    """An entry of the tabular list that changed."""

    code: str
    title: str
    """The later edition's title; the earlier one's where the code ends."""
    chapter: str
    """The chapter it stands in (`10`); empty where no chapter is above it."""


class DeletedCode(Change):
    """A code that the later edition no longer has."""

    successors: tuple[str, ...] = ()
    """What took its place, as the conversion table says; empty when no table was loaded or it says nothing."""


class DemotedCode(Change):
    """A code that was billable and is a header now."""

    complete: tuple[str, ...]
    """The billable codes below it in the later edition."""


class RetitledCode(Change):
    """A code whose title changed."""

    before: str


class ChangedNotes(Change):
    """Lines that came or went in one kind of note at an entry that both editions have."""

    kind: NoteLines
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class ChangedSeventhCharacters(Change):
    """A seventh-character table that changed, at an entry that both editions have."""

    before: dict[str, str]
    after: dict[str, str]


class EditionDiff(Record):
    """Everything that changes between two editions, each list in the order of the book."""

    before: Edition
    after: Edition
    notes_comparable: bool
    """False where one edition's notes stand in from another or are absent; then no note counts as changed."""
    added: tuple[Change, ...]
    """New billable codes."""
    added_headers: tuple[Change, ...]
    deleted: tuple[DeletedCode, ...]
    deleted_headers: tuple[DeletedCode, ...]
    demoted: tuple[DemotedCode, ...]
    promoted: tuple[Change, ...]
    """Headers that became billable."""
    retitled: tuple[RetitledCode, ...]
    added_blocks: tuple[Change, ...]
    """Blocks and chapters; their names are ranges and numbers."""
    deleted_blocks: tuple[Change, ...]
    notes: tuple[ChangedNotes, ...]
    seventh_characters: tuple[ChangedSeventhCharacters, ...]
    chapters: dict[str, str] = Field(default_factory=dict)
    """Number and title of each chapter in which something changed, in the order of the book."""
    counts: dict[str, int] = Field(default_factory=dict)
    """How many changes each list holds, by its name."""


def diff_editions(before: Codebook, after: Codebook) -> EditionDiff:
    """Compare two editions, 2 s for 98,000 entries each. Entries are the same when their codes are.

    Notes count where both editions have the entry; those of a new code are part of what is new.
    """
    compared = _Comparison.of(before, after)
    comparable = compared.notes_comparable()
    found = EditionDiff(
        before=before.edition,
        after=after.edition,
        notes_comparable=comparable,
        added=compared.added(billable=True),
        added_headers=compared.added(billable=False),
        deleted=compared.deleted(billable=True),
        deleted_headers=compared.deleted(billable=False),
        demoted=tuple(compared.demoted()),
        promoted=tuple(compared.promoted()),
        retitled=tuple(compared.retitled()),
        added_blocks=tuple(_change(e, after) for e in compared.new if not _is_code(e)),
        deleted_blocks=tuple(_change(e, before) for e in compared.ended if not _is_code(e)),
        notes=tuple(compared.notes()) if comparable else (),
        seventh_characters=tuple(compared.seventh_characters()) if comparable else (),
    )
    counts = {name: len(getattr(found, name)) for name in _LISTS}
    return found.model_copy(update={"chapters": _chapters(found, compared), "counts": counts})


class _Pair(NamedTuple):
    """One entry as it was and as it is; None in the edition that does not have it."""

    was: CodebookEntry | None
    now: CodebookEntry | None


class _Kept(NamedTuple):
    """An entry of both editions in which something differs."""

    was: CodebookEntry
    now: CodebookEntry


def _aligned(before: Iterator[CodebookEntry], after: Iterator[CodebookEntry]) -> Iterator[_Pair]:
    """Both editions side by side, in the order of code in which they are read; nothing is held in memory."""
    was, now = next(before, None), next(after, None)
    while was or now:
        if now is None or (was and was.code < now.code):
            yield _Pair(was, None)
            was = next(before, None)
        elif was is None or now.code < was.code:
            yield _Pair(None, now)
            now = next(after, None)
        else:
            yield _Pair(was, now)
            was, now = next(before, None), next(after, None)


def _differs(pair: _Pair) -> bool:
    was, now = pair
    if was is None or now is None:
        return True
    return (was.billable, was.title) != (now.billable, now.title) or was.notes != now.notes


def _change(entry: CodebookEntry, codebook: Codebook) -> Change:
    chapter = next((e.code for e in codebook.lineage(entry.code) if e.kind == "chapter"), "")
    return Change(code=entry.code, title=entry.title, chapter=chapter)


def _is_code(entry: CodebookEntry) -> bool:
    return entry.kind in {"category", "subcategory"}


class _Comparison(NamedTuple):
    """Two editions and the entries that differ between them."""

    before: Codebook
    after: Codebook
    new: tuple[CodebookEntry, ...]
    ended: tuple[CodebookEntry, ...]
    kept: tuple[_Kept, ...]

    @classmethod
    def of(cls, before: Codebook, after: Codebook) -> _Comparison:
        pairs = [pair for pair in _aligned(before.entries(), after.entries()) if _differs(pair)]
        return cls(
            before,
            after,
            new=tuple(now for was, now in pairs if now and not was),
            ended=tuple(was for was, now in pairs if was and not now),
            kept=tuple(_Kept(was, now) for was, now in pairs if was and now),
        )

    def added(self, *, billable: bool) -> tuple[Change, ...]:
        return tuple(_change(e, self.after) for e in self.new if _is_code(e) and e.billable is billable)

    def deleted(self, *, billable: bool) -> tuple[DeletedCode, ...]:
        return tuple(self._deleted(e) for e in self.ended if _is_code(e) and e.billable is billable)

    def _deleted(self, entry: CodebookEntry) -> DeletedCode:
        successors = self.after.successors(entry.code) or self.before.successors(entry.code)
        return DeletedCode(**_change(entry, self.before).model_dump(), successors=successors)

    def demoted(self) -> Iterator[DemotedCode]:
        for was, now in self.kept:
            if was.billable and not now.billable:
                complete = self.after.billable_under(now.code)
                yield DemotedCode(**_change(now, self.after).model_dump(), complete=complete)

    def promoted(self) -> Iterator[Change]:
        return (_change(now, self.after) for was, now in self.kept if now.billable and not was.billable)

    def retitled(self) -> Iterator[RetitledCode]:
        for was, now in self.kept:
            if _is_code(now) and _spaced(now.title) != _spaced(was.title):
                yield RetitledCode(**_change(now, self.after).model_dump(), before=was.title)

    def notes_comparable(self) -> bool:
        """Each edition has notes, and they are its own."""
        return all(not book.edition.notes_from and any(e.notes for e in book.entries()) for book in self[:2])

    def notes(self) -> Iterator[ChangedNotes]:
        for was, now in self.kept:
            for kind in NOTE_WORDS:
                old, new = _note_lines(was.notes, kind), _note_lines(now.notes, kind)
                if old.keys() != new.keys():
                    yield ChangedNotes(
                        **_change(now, self.after).model_dump(),
                        kind=kind,
                        added=tuple(new[key] for key in new if key not in old),
                        removed=tuple(old[key] for key in old if key not in new),
                    )

    def seventh_characters(self) -> Iterator[ChangedSeventhCharacters]:
        for was, now in self.kept:
            old, new = _seventh_characters(was), _seventh_characters(now)
            if old != new:
                yield ChangedSeventhCharacters(**_change(now, self.after).model_dump(), before=old, after=new)


def _seventh_characters(entry: CodebookEntry) -> dict[str, str]:
    return {key: _spaced(words) for key, words in entry.notes.seventh_characters.items()}


def _note_lines(notes: InstructionalNotes, kind: NoteLines) -> dict[str, str]:
    """The lines of one kind by their words; spaces that changed are no change."""
    held = getattr(notes, kind)
    lines = (held,) if isinstance(held, str) else tuple(held)
    texts = (line if isinstance(line, str) else line.text for line in lines)
    return {_spaced(text): text for text in texts if text}


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _chapters(diff: EditionDiff, compared: _Comparison) -> dict[str, str]:
    used = {change.chapter for name in _LISTS for change in getattr(diff, name)} - {""}
    in_order = sorted(used, key=lambda chapter: (len(chapter), chapter))
    return {chapter: compared.after.title(chapter) or compared.before.title(chapter) for chapter in in_order}
