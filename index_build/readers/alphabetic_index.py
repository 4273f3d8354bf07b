"""The Alphabetic Index: official XML of the index to diseases and of the index to external causes, or a path file.

A path file is JSON lines, one entry a line: `path` (titles from the main term down), `nemod`, `code`, `see`,
`see_also`. It is what conversions of the official index to tables hold; manifestation codes are not in it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from pydantic import Field

from index_build.readers.index_titles import printed_title
from index_build.readers.index_xml import NamedBytes, PrintedTerm, parse_index
from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError
from medcoding.index_entries import Connector, IndexTerm, branch_connector, leading_connector
from medcoding.parsing import parse_record
from medcoding.record import Record

TermBook = Literal["diseases", "external_causes"]

_SPACES: Final = re.compile(r"\s+")
_WRITTEN_CODE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?(?:\.?-)?")
_SEE: Final = re.compile(r"see\s+(?!also\b)(.+)", re.IGNORECASE)
_LEVELS: Final = 12
_BOOK_NAMES: Final[dict[TermBook, str]] = {"diseases": "diseases and injuries", "external_causes": "external causes"}


class PathLine(Record):
    """One line of a path file."""

    path: tuple[str, ...] = Field(min_length=1, max_length=_LEVELS)
    nemod: str = ""
    code: str = ""
    see: str = ""
    see_also: str = ""
    status_fy2027: str = ""


def read_index_xml(file: NamedBytes, book: TermBook, first_id: int = 1) -> Iterator[IndexTerm]:
    """Terms of an official index, numbered from `first_id`.

    Raises `InputError` when the file is another index or a table, and naming the element that does not fit.
    """
    index = parse_index(file)
    if index.first_column:
        raise InputError(
            f"{file.name} is the table of '{index.first_column[:40]}', not an index; give it as the table."
        )
    if ("external cause" in index.title.lower()) != (book == "external_causes"):
        raise InputError(f"{file.name} is not the index to {_BOOK_NAMES[book]}; give the two indexes as what they are.")
    return _numbered(index.terms(), book, file.name, first_id)


def read_index_paths(file: NamedBytes, book: TermBook, first_id: int = 1) -> Iterator[IndexTerm]:
    """Terms of a path file, which does not say which index it holds; `InputError` names the line that does not fit."""
    return _numbered(_printed_lines(file), book, file.name, first_id)


def _printed_lines(file: NamedBytes) -> Iterator[PrintedTerm]:
    above: tuple[str, ...] = ()
    for number, line in enumerate(io.BytesIO(file.read_bytes()), start=1):
        if not line.strip():
            continue
        place = f"Line {number} of {file.name}"
        record = parse_record(PathLine, line, place)
        if record.path[:-1] != above[: len(record.path) - 1]:
            raise InputError(f"{place} stands below a term that does not precede it; keep the printed order.")
        above = record.path
        yield _printed(record, place)


def _printed(line: PathLine, place: str) -> PrintedTerm:
    title = printed_title([(line.path[-1], False), (line.nemod, True)])
    if not title.text:
        raise InputError(f"{place} has no title; write the words the index prints.")
    fields = {"code": line.code, "see": line.see, "seeAlso": line.see_also}
    return PrintedTerm(len(line.path) - 1, title, {k: _spaced(v) for k, v in fields.items() if v.strip()}, {})


def _numbered(printed: Iterable[PrintedTerm], book: TermBook, name: str, first_id: int) -> Iterator[IndexTerm]:
    above: list[IndexTerm] = []
    for number, term in enumerate(printed, start=first_id):
        del above[term.level :]
        record = _term(term, number, above[-1] if above else None, (book, name))
        above.append(record)
        yield record


def _term(printed: PrintedTerm, number: int, parent: IndexTerm | None, origin: tuple[TermBook, str]) -> IndexTerm:
    book, name = origin
    path = (*(parent.path if parent else ()), printed.title.text)
    code = printed.fields.get("code", "")
    modifiers, see = _see_in_modifiers(printed.title.nonessential)
    connector = branch_connector(printed.title.text)
    return IndexTerm(
        id=number,
        parent=parent.id if parent else None,
        book=book,
        path=path,
        nonessential=modifiers,
        code=_code(code, path, name),
        stem=code.endswith("-"),
        manifestations=_manifestations(printed.fields.get("manif", ""), path, name),
        see=printed.fields.get("see", see),
        see_also=printed.fields.get("seeAlso", ""),
        see_category=printed.fields.get("seecat", ""),
        see_subcategory=printed.fields.get("subcat", ""),
        connector=connector,
        relation=connector or leading_connector(printed.title.text) or _relation(parent),
    )


def _relation(parent: IndexTerm | None) -> Connector | None:
    """What a branch says of everything below it; words inside a title speak only for that title and below."""
    return parent.relation if parent else None


def _see_in_modifiers(modifiers: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """A reference printed in parentheses (`Hematothorax (see Hemothorax)`) is no modifier."""
    found = [match.group(1) for modifier in modifiers if (match := _SEE.fullmatch(modifier))]
    return tuple(m for m in modifiers if not _SEE.fullmatch(m)), next(iter(found), "")


def _code(printed: str, path: tuple[str, ...], name: str) -> str:
    code = printed.upper().rstrip("-. ")
    if printed and not ICD10CM_SHAPE.fullmatch(code):
        raise InputError(f"{name}, '{', '.join(path)[:80]}' holds something that is no code; download the file again.")
    return code


def _manifestations(printed: str, path: tuple[str, ...], name: str) -> tuple[str, ...]:
    codes = _WRITTEN_CODE.findall(printed)
    if printed and not codes:
        raise InputError(f"{name}, '{', '.join(path)[:80]}' holds a <manif> without a code; download the file again.")
    return tuple(code.rstrip("-.") for code in codes)


def _spaced(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
