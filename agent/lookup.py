"""What the books say of a code, and codes for clinical words; both outside any encounter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from agent.books import Books
from agent.found_codes import as_mention
from agent.index_path import IndexPath, paths_of
from agent.parts import Parts
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.candidate import Candidate
from medcoding.characters import ExpandedCode, character_meanings
from medcoding.codebook import Codebook, CodebookEntry, Codebooks, Edition, EditionChoice
from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import DependencyError, InputError, UnknownCodeError
from medcoding.notes import CodeTarget, NoteKind
from medcoding.procedures import Descriptor, ProcedureBook
from medcoding.record import Record

_MOST_PATHS: Final = 10
_MOST_EXPANDED: Final = 40
_DENTAL: Final = re.compile(r"D[0-9]{4}", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"[A-Z0-9]{2}")


class LookupQuery(Record):
    """Which book a code is looked up in."""

    system: CodeSystem = CodeSystem.ICD10CM
    """The code system; a code alone does not tell it."""
    dos: date | None = None
    """Use the edition in force on this day (default: the latest)."""
    edition: str | None = None
    """Use this ICD-10-CM edition, for instance `FY2026`, in place of a day."""


class Ancestor(Record):
    """An entry above a code."""

    code: str
    kind: str
    title: str


class GoverningNote(Record):
    """A note in force at a code."""

    at: str
    """The entry that carries it: the code itself or one above."""
    kind: NoteKind
    text: str
    targets: tuple[CodeTarget, ...]
    """The codes it names; empty where it only describes."""


class CodeAnswer(CodebookEntry):
    """An entry of the tabular list with its place in the book and what leads to it."""

    edition: Edition
    in_force: bool
    """False when no loaded edition is in force on the day asked about and this is the nearest one."""
    seventh_characters: dict[str, str]
    """The table that governs the code, its own or an ancestor's."""
    lineage: tuple[Ancestor, ...]
    """Entries above, nearest first, up to the chapter."""
    billable_children: int
    """Number of billable codes below."""
    index_loaded: bool
    """False when the edition has no Alphabetic Index, so that nothing is said of what leads to the code."""
    index_paths: tuple[IndexPath, ...] = ()
    """Entries of the Alphabetic Index that lead to the code or its stem, the first ten."""
    index_paths_left_out: int = 0
    expansion: tuple[ExpandedCode, ...] = ()
    """The first forty billable codes below a header, with what each further character means."""
    expansion_left_out: int = 0
    notes_in_force: tuple[GoverningNote, ...] = ()
    """Notes that point at other codes, the code's own first, then those it inherits."""
    poa_exempt: bool | None = None
    """Exempt from present-on-admission reporting; null when no list was loaded."""
    successors: tuple[str, ...] = ()
    """What took its place where a loaded edition ends it or makes it a header."""


class ProcedureAnswer(Descriptor):
    """A code or modifier of HCPCS Level II or CPT."""

    system: CodeSystem
    kind: Literal["code", "modifier"]
    category: str
    """For instance `Level II`, `Category III`."""
    release: str
    """The release the book holds."""
    dated: bool
    """False where the file names no days, so that nothing says whether the code has ended."""
    in_force: bool | None
    """On the day asked about; null without a day and where the file names no days."""


def look_up(books: Books, asked: str, query: LookupQuery) -> CodeAnswer | ProcedureAnswer:
    """What the books say of a code as a person typed it.

    Raises `UnknownCodeError` with the successor or the nearest code, `InputError` when it is not written like one,
    `DependencyError` when the system has no book.
    """
    if query.system is not CodeSystem.ICD10CM:
        return _procedure(books, asked, query)
    return _diagnosis(books, asked, choose_edition(books.codebooks, query))


def choose_edition(codebooks: Codebooks, query: LookupQuery) -> EditionChoice:
    """The edition named, the one for the day, or the latest. Raises `InputError` when it is not loaded."""
    if query.edition is None:
        return codebooks.for_date(query.dos) if query.dos else EditionChoice(codebooks.latest, in_force=True)
    if query.dos:
        raise InputError("A day decides the edition by itself; give the edition or the day, not both.")
    for codebook in codebooks.editions:
        if codebook.edition.name == query.edition.strip().upper():
            return EditionChoice(codebook, in_force=True)
    loaded = ", ".join(codebook.edition.name for codebook in codebooks.editions)
    raise InputError(f"No edition of that name is loaded; name one of {loaded}.")


def _diagnosis(books: Books, asked: str, choice: EditionChoice) -> CodeAnswer:
    codebook = choice.codebook
    entry = _find(books.codebooks, codebook, asked)
    below = tuple(code for code in codebook.billable_under(entry.code) if code != entry.code)
    index = books.alphabetic_indexes.get(codebook.edition.name)
    paths = _paths(index, entry.code)
    return CodeAnswer(
        **dict(entry),
        edition=codebook.edition,
        in_force=choice.in_force,
        seventh_characters=codebook.seventh_characters(entry.code),
        lineage=tuple(Ancestor(code=a.code, kind=a.kind, title=a.title) for a in codebook.ancestors(entry.code)),
        billable_children=len(below),
        index_loaded=index is not None,
        index_paths=paths[:_MOST_PATHS],
        index_paths_left_out=max(0, len(paths) - _MOST_PATHS),
        expansion=_expansion(codebook, entry.code, below[:_MOST_EXPANDED]),
        expansion_left_out=max(0, len(below) - _MOST_EXPANDED),
        notes_in_force=_notes(codebook, entry.code),
        poa_exempt=codebook.poa_exempt(entry.code),
        successors=_successors(books.codebooks, codebook, entry.code),
    )


def _find(codebooks: Codebooks, codebook: Codebook, asked: str) -> CodebookEntry:
    """The entry; a code that another loaded edition holds is refused with what became of it."""
    code = parse_code(asked)
    elsewhere = [other.edition for other in codebooks.editions if code in other]
    if code in codebook or not elsewhere:
        return codebook.find(code)
    edition = codebook.edition
    if elsewhere[0].effective_from > edition.effective_from:
        begins = elsewhere[0]
        raise UnknownCodeError(
            f"{code} does not exist in {edition.name}; it begins with {begins.name} on {begins.effective_from}."
        )
    instead = [f"{new} {codebook.title(new)}" for new in _successors(codebooks, codebook, code)]
    nearest = codebook.nearest(code) or ""
    mend = f"use {' or '.join(instead)}" if instead else f"the nearest entry is {nearest} {codebook.title(nearest)}"
    raise UnknownCodeError(f"{code} ended with {elsewhere[-1].name} and does not exist in {edition.name}; {mend}.")


def _successors(codebooks: Codebooks, codebook: Codebook, code: str) -> tuple[str, ...]:
    """As the conversion tables of this edition and the later ones say."""
    later = [c for c in codebooks.editions if c.edition.effective_from >= codebook.edition.effective_from]
    return tuple(dict.fromkeys(new for book in later for new in book.successors(code)))


def _paths(index: AlphabeticIndex | None, code: str) -> tuple[IndexPath, ...]:
    return tuple(path for entry in index.leading_to(code) for path in paths_of(entry, code)) if index else ()


def _expansion(codebook: Codebook, stem: str, codes: Sequence[str]) -> tuple[ExpandedCode, ...]:
    """Only of the codes that are shown: a category can hold three thousand."""
    return tuple(ExpandedCode(code=code, characters=character_meanings(codebook, code, beyond=stem)) for code in codes)


def _notes(codebook: Codebook, code: str) -> tuple[GoverningNote, ...]:
    return tuple(
        GoverningNote(at=held.at, kind=held.kind, text=held.note.text, targets=held.note.targets)
        for held in codebook.notes_in_force(code)
    )


def _procedure(books: Books, asked: str, query: LookupQuery) -> ProcedureAnswer:
    if query.edition:
        raise InputError("Editions are those of ICD-10-CM; for other systems give the day in place of the edition.")
    code = _procedure_code(asked, query.system)
    book = books.procedures.get(query.system)
    if book is None:
        name = query.system.value
        raise DependencyError(f"No {name.upper()} book is loaded; run 'chartwright index build --{name} FILE'.")
    kind: Literal["code", "modifier"] = "modifier" if len(code) == 2 else "code"
    found, category = (_modifier(book, code), "modifier") if kind == "modifier" else _code(book, code)
    return ProcedureAnswer(
        **{name: getattr(found, name) for name in Descriptor.model_fields},
        system=query.system,
        kind=kind,
        category=category,
        release=book.release.name,
        dated=book.release.dated,
        in_force=found.in_force_on(query.dos) if query.dos and book.release.dated else None,
    )


def _procedure_code(asked: str, system: CodeSystem) -> str:
    """A code of the system or a modifier, upper case."""
    code = asked.strip().upper()
    if system is CodeSystem.HCPCS and _DENTAL.fullmatch(code):
        raise InputError(
            f"{code} is a dental code; these belong to the American Dental Association and are never loaded, look it up"
            " in its CDT book."
        )
    is_modifier = system is CodeSystem.HCPCS and _MODIFIER.fullmatch(code)
    return code if is_modifier else parse_code(asked, system)


def _code(book: ProcedureBook, code: str) -> tuple[Descriptor, str]:
    found = book.find(code)
    return found, found.category


def _modifier(book: ProcedureBook, code: str) -> Descriptor:
    found = book.modifier(code)
    if found is None:
        known = ", ".join(m.code for m in book.modifiers() if m.code[0] == code[0])
        hint = f"those that begin alike are {known}" if known else "check the spelling"
        raise UnknownCodeError(f"The modifier {code} is not in {book.release.name}; {hint}.")
    return found


def search_codes(parts: Parts, text: str, day: date | None, limit: int) -> tuple[Candidate, ...]:
    """Best codes for the words, in the edition in force on `day` (the latest by default); abbreviations are read."""
    latest = parts.codebooks.latest.edition.effective_from
    edition = parts.codebooks.for_date(day or latest)
    asked = as_mention(parts, text)
    (found,) = parts.search.candidates((asked,), edition.codebook, edition.day_inside(day or latest))
    return found.candidates[:limit]
