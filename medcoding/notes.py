"""Instructional notes of the tabular list: what an entry prints, what it names (guidelines I.A.11–17)."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pydantic import Field

from medcoding.record import Record

NoteKind = Literal["excludes1", "excludes2", "code_first", "use_additional_code", "code_also"]
"""The kinds of note that point at other codes."""

NOTE_KINDS: Final[tuple[NoteKind, ...]] = (
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
)

PARTNER_KINDS: Final[frozenset[NoteKind]] = frozenset({"code_first", "use_additional_code", "code_also"})
"""Those that ask for a second code; Excludes notes keep codes apart."""


CharacterPlace = Literal["fourth", "fifth", "sixth", "seventh", "last"]
"""Where a note looks for characters; `last` is the last one before the seventh, placeholders `X` aside.

The drug notes call that one "fifth or sixth": it tells the intent in T36.95XA and in T39.015A, whose fifth does not.
"""

_OFFSETS: Final[dict[CharacterPlace, int]] = {"fourth": 3, "fifth": 4, "sixth": 5, "seventh": 6}
_SHORTEST_WITH_LAST: Final = 5
"""Below five characters a code has none that a note could mean by its last."""


class CodeTarget(Record):
    """Codes that a note names: one code or stem with everything below it, or a range with everything inside.

    `T36-T50 with fifth or sixth character 5` and `E08-E13 with .40` add the characters that such a code must show.
    """

    first: str
    last: str
    """Equal to `first` unless the note names a range; everything below it is still inside."""
    place: CharacterPlace | None = None
    """The first character that the note restricts; none where it takes every code."""
    characters: tuple[str, ...] = ()
    """What may stand there, each one character or several in a row (`40` for `.40`)."""

    def holds(self, code: str) -> bool:
        """True when a code lies under the stem or inside the range and shows the characters asked for."""
        inside = self.first <= code and (code <= self.last or code.startswith(self.last))
        return inside and (self.place is None or self._shows_characters(code.replace(".", "")))

    def _shows_characters(self, undotted: str) -> bool:
        if self.place is None or self.place == "last":
            meaningful = undotted[:6].rstrip("X")
            return len(meaningful) >= _SHORTEST_WITH_LAST and meaningful.endswith(self.characters)
        return undotted.startswith(self.characters, _OFFSETS[self.place])


class InstructionalNote(Record):
    """One line of a note, verbatim, and the codes it names; no targets where it only describes."""

    text: str
    targets: tuple[CodeTarget, ...] = ()

    def names(self, code: str) -> bool:
        """True when a target holds the code."""
        return any(target.holds(code) for target in self.targets)


class InstructionalNotes(Record):
    """The notes printed at one tabular entry, verbatim from the release."""

    includes: tuple[str, ...] = ()
    inclusion_terms: tuple[str, ...] = ()
    excludes1: tuple[InstructionalNote, ...] = ()
    excludes2: tuple[InstructionalNote, ...] = ()
    code_first: tuple[InstructionalNote, ...] = ()
    use_additional_code: tuple[InstructionalNote, ...] = ()
    code_also: tuple[InstructionalNote, ...] = ()
    notes: tuple[str, ...] = ()
    seventh_character_note: str = ""
    seventh_characters: dict[str, str] = Field(default_factory=dict)

    def __bool__(self) -> bool:
        return self != NO_NOTES

    def of(self, kind: NoteKind) -> tuple[InstructionalNote, ...]:
        """The notes of one kind."""
        notes: tuple[InstructionalNote, ...] = getattr(self, kind)
        return notes


NO_NOTES: Final = InstructionalNotes()


class NoteInForce(NamedTuple):
    """A note that governs a code: printed at the code itself or at an entry above it."""

    at: str
    kind: NoteKind
    note: InstructionalNote
