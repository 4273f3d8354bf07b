"""The Alphabetic Index as phrases that a note could hold, each with the codes it leads to.

A path is printed for looking up (`Failure, heart` below `Diabetes, diabetic`); a note says `diabetes with heart
failure`. So inflections, fillers and "not elsewhere classified" go, and inverted titles are turned round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Literal, NamedTuple

from medcoding.alphabetic_index import AlphabeticIndex, Resolution
from medcoding.cross_references import inflections
from medcoding.index_entries import (
    DrugRow,
    IndexContent,
    IndexTerm,
    NeoplasmColumn,
    NeoplasmRow,
    TableCell,
    branch_connector,
)

WordingKind = Literal["index", "neoplasm_table", "drug_table"]

_FILLERS: Final = re.compile(r"\s*\b(NEC|NOS)\b|\s*\[[^\]]*\]|\s+--? code\b.*")
_NOTE: Final = "Note:"
"""Conversions of the index to tables put notes in the place of a term; what stands below has lost its path."""
_SPACES: Final = re.compile(r"\s+")
_GENERAL: Final = re.compile(r"(other )?(un)?specified( (type|site|form|part|cause|condition|disease|means)s?)?", re.I)
_FOLLOWS: Final = frozenset(
    [
        "with",
        "without",
        "in",
        "on",
        "due",
        "by",
        "of",
        "to",
        "for",
        "from",
        "following",
        "after",
        "not",
        "during",
        "as",
        "off",
        "out",
    ]
)
_MOST_INVERTED: Final = 2
_MOST_STEPS: Final = 3
_BEHAVIOR: Final[dict[NeoplasmColumn, str]] = {
    "malignant_primary": "malignant neoplasm of {}",
    "malignant_secondary": "secondary malignant neoplasm of {}",
    "ca_in_situ": "carcinoma in situ of {}",
    "benign": "benign neoplasm of {}",
    "uncertain": "neoplasm of uncertain behavior of {}",
    "unspecified": "neoplasm of unspecified behavior of {}",
}


class IndexWording(NamedTuple):
    """A phrase, the codes or stems it leads to, and which book says so.

    A code in brackets (guideline I.A.13) follows the code it belongs to.
    """

    text: str
    codes: tuple[str, ...]
    kind: WordingKind


def index_wordings(content: IndexContent) -> Iterator[IndexWording]:
    """Every index path with a code, every column of the neoplasm table, every effect of the table of drugs, once."""
    every = chain(
        (wording for term in chain(content.diseases, content.external_causes) for wording in _term_wordings(term)),
        (wording for row in content.neoplasms for wording in _neoplasm_wordings(row)),
        (wording for row in content.drugs for wording in _drug_wordings(row)),
    )
    return _distinct(every)


def referring_wordings(index: AlphabeticIndex) -> Iterator[IndexWording]:
    """Synonyms: paths without a code whose "see" leads to a code (`abdominalgia` to that of `pain, abdominal`)."""
    return _distinct(_referring(index))


def phrase(path: Sequence[str]) -> str:
    """`("Diabetes, diabetic", "type 2", "with", "chronic kidney disease")` as a clinician's words."""
    main, *subterms = (_turned(title) for title in path)
    return _SPACES.sub(" ", " ".join(filter(None, (_lowered(main), *subterms)))).strip()


def _term_wordings(term: IndexTerm) -> Iterator[IndexWording]:
    text = phrase(term.path)
    if not term.code or any(title.startswith(_NOTE) for title in term.path):
        return
    if text and not _GENERAL.fullmatch(_FILLERS.sub("", term.title).strip()):
        yield IndexWording(text, (term.code, *term.manifestations), "index")


def _neoplasm_wordings(row: NeoplasmRow) -> Iterator[IndexWording]:
    site = phrase(row.path[1:]) if len(row.path) > 1 else ""
    for column, cell in row.cells() if site else ():
        yield IndexWording(_BEHAVIOR[column].format(site), (cell.code,), "neoplasm_table")


def _drug_wordings(row: DrugRow) -> Iterator[IndexWording]:
    """One phrase for poisoning, whose intents are a character apart, the accidental one first (guideline I.C.19.e)."""
    substance = phrase(row.path)
    poisoning = (row.accidental, row.self_harm, row.assault, row.undetermined)
    effects: tuple[tuple[str, tuple[TableCell | None, ...]], ...] = (
        ("poisoning by {}", poisoning),
        ("adverse effect of {}", (row.adverse_effect,)),
        ("underdosing of {}", (row.underdosing,)),
    )
    for words, cells in effects:
        if codes := tuple(cell.code for cell in cells if cell):
            yield IndexWording(words.format(substance), codes, "drug_table")


def _referring(index: AlphabeticIndex) -> Iterator[IndexWording]:
    for reference in index.references():
        term = index.term(reference.entry)
        if reference.kind != "see" or term is None or term.code:
            continue
        if (code := _code_at(index, reference.resolution)) and (text := phrase(term.path)):
            yield IndexWording(text, (code,), "index")


def _code_at(index: AlphabeticIndex, resolution: Resolution, steps: int = _MOST_STEPS) -> str:
    """The code where a reference ends; empty where a choice by site or type is left, or nothing is found."""
    entry = index.entry(resolution.entry) if resolution.kind == "entry" and resolution.entry else None
    if entry is None or resolution.choose_by:
        return ""
    if not isinstance(entry, IndexTerm):
        return next((cell.code for column, cell in entry.cells() if column == resolution.column), "")
    if entry.code or not entry.see or steps == 0:
        return entry.code
    return _code_at(index, index.resolve(entry.see, entry.book), steps - 1)


def _turned(title: str) -> str:
    """A title without fillers and inflections; `failure, kidney` becomes `kidney failure`, a list stays a list."""
    bare = _FILLERS.sub("", title)
    said = inflections(bare)
    first, *others = (part.strip() for part in bare.split(","))
    joins = all(set(part.lower().split()) <= _FOLLOWS for part in (first, *others))
    if others and (joins or branch_connector(bare)):  # `from, off, out of` says one thing
        return first
    qualifiers = [part for part in others if part and part not in said]
    if len(qualifiers) == 1 and _inverted(qualifiers[0]):
        return f"{qualifiers[0].removesuffix('-')}{'-' if qualifiers[0].endswith('-') else ' '}{_lowered(first)}"
    lists = any(re.search(r"\b(or|and)\b", part) for part in qualifiers)
    return (", " if lists else " ").join((first, *qualifiers))


def _inverted(qualifier: str) -> bool:
    words = qualifier.split()
    return len(words) <= _MOST_INVERTED and words[0].lower() not in _FOLLOWS | {"or", "and"}


def _lowered(title: str) -> str:
    """A main term's capital is only its place in the list; those of names and of abbreviations stay."""
    first = title.split(" ", 1)[0]
    proper = first[1:] != first[1:].lower() or "'" in first or any(character.isdigit() for character in first)
    return title if proper else f"{title[:1].lower()}{title[1:]}"


def _distinct(wordings: Iterable[IndexWording]) -> Iterator[IndexWording]:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for wording in wordings:
        key = (wording.text.lower(), wording.codes)
        if key not in seen:
            seen.add(key)
            yield wording
