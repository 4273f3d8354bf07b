"""The tabular list in XML: chapters, blocks, categories and codes with their titles, notes and seventh characters.

It does not say which codes exist: seventh characters stand in tables that govern a stem and everything below it, and 76
of the codes that such tables would make do not exist (`S06.1X7D`). The official list of codes decides that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from index_build.readers.note_targets import instructional_note
from index_build.readers.official_xml import parse_xml
from medcoding.codebook import EntryKind
from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError
from medcoding.notes import NO_NOTES, InstructionalNote, InstructionalNotes

_LISTS: Final = {"includes": "includes", "inclusionTerm": "inclusion_terms", "notes": "notes"}
_POINTING: Final = {
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional_code",
    "codeAlso": "code_also",
}
_LIST_FIELDS: Final = (*_LISTS.values(), *_POINTING.values())
_SEVENTH_NOTE: Final = "sevenChrNote"
_SEVENTH_TABLE: Final = "sevenChrDef"
_PRINTED: Final = {*_LISTS, *_POINTING, _SEVENTH_NOTE, _SEVENTH_TABLE}
_PLAIN: Final = {"name", "desc", "visualImpairment", "deactivated"}
_BELOW: Final = {"chapter": {"section", "sectionIndex"}, "section": {"diag"}, "diag": {"diag"}}
_BEFORE_CHAPTERS: Final = {"version", "title", "introduction"}
_BLOCK: Final = re.compile(r"([A-Z][0-9A-Z]{2})(?:-([A-Z][0-9A-Z]{2}))?")
_CHAPTER: Final = re.compile(r"[1-9][0-9]?")
_CHARACTER: Final = re.compile(r"[0-9A-Z]")
_LINE_BREAKS: Final = re.compile(r"[\t\r\n]+ *")
_MEND: Final = "download the official file again"


class SeventhCharacters(NamedTuple):
    """The table that governs a stem and everything below it: character to the words it adds to a title."""

    meanings: dict[str, str]
    """The character's own words."""
    printed: dict[str, str]
    """The same with the inclusion terms that are printed below a character, behind a slash."""


class TabularEntry(NamedTuple):
    """One printed entry: chapter, block, category or code."""

    code: str
    parent: str | None
    kind: EntryKind
    title: str
    notes: InstructionalNotes
    governed_by: dict[str, str]
    """The seventh characters in force here, from the entry itself or from above; character to words."""


class TabularList(NamedTuple):
    """The whole file."""

    name: str
    year: int
    """The fiscal year that the file states as its version."""
    entries: dict[str, TabularEntry]


def read_tabular(data: bytes, name: str) -> TabularList:
    """Read a tabular list. Raises `InputError` naming the entry that does not fit; nothing is read by halves."""
    root = parse_xml(data, name, "ICD10CM.tabular")
    entries: dict[str, TabularEntry] = {}
    for entry in _Reading(name).chapters(root):
        if entry.code in entries:
            raise InputError(f"{entry.code} stands twice in {name}; {_MEND}.")
        entries[entry.code] = entry
    if not entries:
        raise InputError(f"{name} holds no chapter; {_MEND}.")
    return TabularList(name, _year(root, name), entries)


class _Place(NamedTuple):
    """What an entry takes from those above it."""

    above: str
    """The element it stands in; empty for a chapter."""
    parent: str | None
    governed_by: dict[str, str]


class _Reading:
    """One pass over a file, whose name every refusal gives."""

    def __init__(self, name: str) -> None:
        self._name = name

    def chapters(self, root: Element) -> Iterator[TabularEntry]:
        """Every entry, those above before those below."""
        if root.get("isAddenda") == "true":
            raise InputError(f"{self._name} is an addenda, not the whole tabular list; add the tabular list.")
        for element in root:
            if element.tag == "chapter":
                yield from self._entries(element, _Place("", None, {}))
            elif element.tag not in _BEFORE_CHAPTERS:
                raise self._refusal(element, "the list")

    def _entries(self, element: Element, place: _Place) -> Iterator[TabularEntry]:
        entry = self._entry(element, place)
        self._check_place(entry, place.above)
        alone = entry.kind == "block" and "-" not in entry.code
        if not alone:
            yield entry
        inside = _Place(entry.code, place.parent if alone else entry.code, entry.governed_by)
        for child in element:
            if child.tag in {"section", "diag"}:
                found = self._entries(child, inside)
                yield from _with_notes_of(entry, found) if alone else found

    def _entry(self, element: Element, place: _Place) -> TabularEntry:
        code, kind = self._code(element)
        for child in element:
            if child.tag not in _PRINTED | _PLAIN | _BELOW[element.tag]:
                raise self._refusal(child, code)
        title = self._text(element.find("desc"), f"{code} has no title")
        table = self._seventh_characters(element, code)
        notes = self._notes(element, code, table)
        return TabularEntry(code, place.parent, kind, title, notes, table.meanings or place.governed_by)

    def _code(self, element: Element) -> tuple[str, EntryKind]:
        if element.tag == "section":
            code = element.get("id", "")
            if _BLOCK.fullmatch(code):
                return code, "block"
            raise InputError(f"A section of {self._name} has no range of categories as its id; {_MEND}.")
        code = self._text(element.find("name"), f"a {element.tag} has no name")
        if element.tag == "chapter" and _CHAPTER.fullmatch(code):
            return code, "chapter"
        if element.tag == "diag" and ICD10CM_SHAPE.fullmatch(code):
            return code, "subcategory" if "." in code else "category"
        raise InputError(f"'{code[:12]}' in {self._name} is not the name of a {element.tag}; {_MEND}.")

    def _notes(self, element: Element, code: str, table: SeventhCharacters) -> InstructionalNotes:
        lists: dict[str, tuple[str, ...]] = {}
        pointing: dict[str, tuple[InstructionalNote, ...]] = {}
        for child in element:
            if child.tag in _LISTS:
                key = _LISTS[child.tag]
                lists[key] = (*lists.get(key, ()), *self._lines(child, code))
            elif child.tag in _POINTING:
                key = _POINTING[child.tag]
                pointing[key] = (*pointing.get(key, ()), *map(instructional_note, self._lines(child, code)))
        seventh = " ".join(line for note in element.findall(_SEVENTH_NOTE) for line in self._lines(note, code))
        if not (lists or pointing or seventh or table.printed):
            return NO_NOTES
        return InstructionalNotes.model_validate(
            {**lists, **pointing, "seventh_character_note": seventh, "seventh_characters": table.printed}
        )

    def _lines(self, parent: Element, code: str) -> tuple[str, ...]:
        strange = next((note for note in parent if note.tag != "note"), None)
        if strange is not None:
            raise self._refusal(strange, code)
        return tuple(self._text(note, f"a note of {code} is empty") for note in parent)

    def _seventh_characters(self, element: Element, code: str) -> SeventhCharacters:
        """A note below a character is an inclusion term of that character."""
        meanings: dict[str, str] = {}
        printed: dict[str, str] = {}
        character = ""
        for line in (line for table in element.findall(_SEVENTH_TABLE) for line in table):
            if line.tag == "extension":
                character = line.get("char", "")
                if not _CHARACTER.fullmatch(character) or character in meanings:
                    raise InputError(f"A seventh character of {code} in {self._name} is none or stands twice; {_MEND}.")
                meanings[character] = self._text(line, f"a seventh character of {code} has no words")
                printed[character] = meanings[character]
            elif line.tag == "note" and character:
                printed[character] += "/" + self._text(line, f"a note of {code} is empty")
            else:
                raise self._refusal(line, code)
        return SeventhCharacters(meanings, printed)

    def _text(self, element: Element | None, lack: str) -> str:
        """The words of an element on one line. Those of an addenda hold further elements and are refused."""
        if element is not None and len(element):
            raise self._refusal(element[0], f"<{element.tag}>")
        text = _LINE_BREAKS.sub(" ", element.text or "").strip() if element is not None else ""
        if not text:
            raise InputError(f"{lack[0].upper()}{lack[1:]} in {self._name}; {_MEND}.")
        return text

    def _check_place(self, entry: TabularEntry, above: str) -> None:
        """Codes extend the code above them; categories lie in their block, which is not sorted (`C4A` before `C44`)."""
        if entry.kind == "subcategory":
            fits = entry.code.startswith(above) and entry.code != above
        elif entry.kind == "category":
            block = _BLOCK.fullmatch(above)
            fits = block is not None and block[1][:2] <= entry.code[:2] <= (block[2] or block[1])[:2]
        else:
            fits = not above or entry.kind == "block"
        if not fits:
            raise InputError(f"{entry.code} stands below {above} in {self._name}; {_MEND}.")

    def _refusal(self, element: Element, place: str) -> InputError:
        return InputError(f"<{element.tag[:20]}> has no place in {place} in {self._name}; {_MEND}.")


def _with_notes_of(block: TabularEntry, below: Iterator[TabularEntry]) -> Iterator[TabularEntry]:
    """The category that stands for its block too (`F99`) is one entry, with the notes of both."""
    for entry in below:
        if entry.code == block.code and block.notes:
            lists = {name: getattr(block.notes, name) + getattr(entry.notes, name) for name in _LIST_FIELDS}
            yield entry._replace(notes=entry.notes.model_copy(update=lists))
        else:
            yield entry


def _year(root: Element, name: str) -> int:
    version = re.search(r"\b20\d\d\b", root.findtext("version") or "")
    if not version:
        raise InputError(f"{name} states no year as its version; {_MEND}.")
    return int(version[0])
