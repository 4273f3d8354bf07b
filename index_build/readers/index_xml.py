"""The shape shared by the official index files: letters, main terms, terms with a level, titles of mixed content.

The index to diseases, the index to external causes, the neoplasm table and the table of drugs are all
`ICD10CM.index` documents (schemas `icd10cm-index` and `icd-10-cm-drug-neoplasm`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol
from xml.etree.ElementTree import Element

from index_build.readers.index_titles import PrintedTitle, printed_title
from index_build.readers.official_xml import parse_xml
from medcoding.errors import InputError

ROOT: Final = "ICD10CM.index"
_HEAD: Final = ("version", "title", "indexHeading/head")
_FIELDS: Final = ("code", "manif", "see", "seeAlso", "seecat", "subcat")
_MEND: Final = "download the official file again"
_SPACES: Final = re.compile(r"\s+")
_COLUMNS: Final = frozenset("23456789")
_DEEPEST: Final = 9
"""The schema's own bounds."""


class NamedBytes(Protocol):
    """A file of a release: its name, for refusals, and its content."""

    @property
    def name(self) -> str:
        """The file's own name, without its folder."""
        ...

    def read_bytes(self) -> bytes:
        """The whole content."""
        ...


class PrintedTerm(NamedTuple):
    """A main term (level 0) or a term below it, as its element prints it."""

    level: int
    title: PrintedTitle
    fields: dict[str, str]
    """Texts by element name, `code`, `manif`, `see`, `seeAlso`, `seecat`, `subcat`; absent ones are left out."""
    cells: dict[int, str]
    """Texts by column number."""


class OfficialIndex(NamedTuple):
    """A parsed file: what it says of itself, and its terms in printed order."""

    name: str
    version: str
    title: str
    first_column: str
    """Heading of column 1, which tells a table from an index; empty in an index."""
    root: Element

    def terms(self) -> Iterator[PrintedTerm]:
        """Every main term and term. Raises `InputError` naming the file and the element that does not fit."""
        before = "its beginning"
        for main in self.root.iterfind("letter/mainTerm"):
            for printed in _walk(main, 0, self.name, before):
                before = printed.title.text[:60]
                yield printed


def parse_index(file: NamedBytes) -> OfficialIndex:
    """Parse an official file. Raises `InputError` when it is none, or holds changes only."""
    root = parse_xml(file.read_bytes(), file.name, ROOT)
    if root.get("isAddenda") == "true":
        raise InputError(f"{file.name} is an addenda, which holds changes only; give the whole index of the year.")
    said = {tag: _text(found) if (found := root.find(tag)) is not None else "" for tag in _HEAD}
    return OfficialIndex(file.name, said["version"], said["title"], said["indexHeading/head"], root)


def _walk(element: Element, level: int, name: str, before: str) -> Iterator[PrintedTerm]:
    title = element.find("title")
    printed = printed_title(_pieces(title)) if title is not None else PrintedTitle("", ())
    if not printed.text:
        raise InputError(f"{name}, after '{before}', holds a <{element.tag}> without a title; {_MEND}.")
    inside = f"{name}, '{printed.text[:60]}'"
    yield PrintedTerm(level, printed, _fields(element), _cells(element, inside))
    for child in element.iterfind("term"):
        if level == _DEEPEST or child.get("level") != str(level + 1):
            raise InputError(f"{inside} holds a <term> that is not of level {level + 1}; {_MEND}.")
        yield from _walk(child, level + 1, name, before)


def _fields(element: Element) -> dict[str, str]:
    texts = ((name, element.find(name)) for name in _FIELDS)
    return {name: text for name, found in texts if found is not None and (text := _text(found))}


def _cells(element: Element, place: str) -> dict[int, str]:
    cells: dict[int, str] = {}
    for cell in element.iterfind("cell"):
        column = cell.get("col", "")
        if column not in _COLUMNS:
            raise InputError(f"{place} holds a <cell> without a column from 2 to 9; {_MEND}.")
        cells[int(column)] = _text(cell)
    return cells


def _pieces(title: Element) -> Iterable[tuple[str, bool]]:
    """Texts of a title in order, each with whether it is nonessential; what an addenda marks as old is left out."""
    yield title.text or "", False
    for child in title:
        if child.tag != "old":
            yield "".join(child.itertext()), child.tag == "nemod"
        yield child.tail or "", False


def _text(element: Element) -> str:
    return _SPACES.sub(" ", "".join(text for text, _ in _pieces(element))).strip()
