"""The Official Guidelines for Coding and Reporting as CDC and CMS publish them: one PDF a fiscal year.

The file's bookmarks carry the headings with their pages, and the label of a heading says how deep it stands: Section I,
A, 1, a, 1), (a), (i). The words between two headings are the passage of the first. The depth of a bookmark settles only
what its label leaves open, because published files nest some bookmarks wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from pypdf import PdfReader

from index_build.readers.pdf import damaged, opened_pdf, page_text, quiet
from medcoding.errors import InputError
from medcoding.guideline import OfficialPassage

_TITLE: Final = "icd10cmofficialguidelinesforcodingandreporting"
_YEAR: Final = re.compile(r"FY\s*(20\s*\d\s*\d)")
_RUNNING_HEAD: Final = re.compile(r"ICD-10-CM Official Guidelines for Coding and Reporting|FY 20\d\d|Page \d+ of \d+")
_SECTION: Final = re.compile(r"Section (I|II|III|IV)\.(?=\s)")
_APPENDIX: Final = re.compile(r"Appendix I\b")
_AS_PUBLISHED: Final = "give the guidelines as CDC or CMS publish them"
_LABELS: Final = (
    re.compile(r"([A-Z])\.(?=\s)"),
    re.compile(r"(\d{1,2})\.(?=\s)"),
    re.compile(r"([a-z])\.(?=\s)"),
    re.compile(r"(\d{1,2})\)(?=\s)"),
    re.compile(r"\(([a-z])\)(?=\s)"),
    re.compile(r"\(([ivx]+)\)(?=\s)"),
)
"""Labels below a section, the outermost first."""
_LETTER: Final = len(_LABELS) - 1
"""Depth of `(a)`; a section has depth 0."""
_FIRST: Final = frozenset({"A", "1", "a", "i"})
_EXPECTED: Final = (
    "I",
    "I.A",
    "I.B",
    "I.C",
    *(f"I.C.{n}" for n in range(1, 23)),
    "II",
    "III",
    "IV",
    "App.I",
)
_PAGES_TO_RECOGNISE: Final = 3
_LEAST_LETTERS: Final = 200
"""A page of the guidelines has thousands; a scan has none."""
_HEADING_LETTERS: Final = 24
"""So much of a heading must stand on its page when the bookmark and the page word the rest differently."""


class _Bookmark(NamedTuple):
    depth: int
    title: str
    page: int


class _Heading(NamedTuple):
    id: str
    title: str
    page: int
    depth: int


class _Line(NamedTuple):
    page: int
    text: str


class _Place(NamedTuple):
    heading: _Heading
    start: int
    """The line on which it begins."""
    letters: int
    """How many of its letters and digits stand there."""


def read_guidelines(data: bytes, name: str) -> tuple[OfficialPassage, ...]:
    """Every section of a guidelines PDF in the order of the document; `name` names the file in refusals.

    Raises `InputError` for a file that is damaged, encrypted, scanned, another document, or laid out otherwise.
    """
    with quiet():
        reader = opened_pdf(data, name, _AS_PUBLISHED)
        edition = _recognised(reader, name)
        headings = _headings(_bookmarks(reader, name), name)
        lines = _lines(reader, name)
    return _passages(headings, lines, edition, name)


def _recognised(reader: PdfReader, name: str) -> str:
    """The edition on the title page. Raises `InputError` for a scan and for another document."""
    front = "\n".join(page_text(reader, number, name) for number in range(min(_PAGES_TO_RECOGNISE, len(reader.pages))))
    if len(_letters(front)) < _LEAST_LETTERS:
        raise InputError(f"{name} holds pictures of pages and no text; {_AS_PUBLISHED}.")
    year = _YEAR.search(front)
    if _TITLE not in _letters(front) or not year:
        raise InputError(f"{name} is not the Official Guidelines for Coding and Reporting; check which file it is.")
    return f"FY{re.sub(r'[^0-9]', '', year.group(1))}"


def _bookmarks(reader: PdfReader, name: str) -> list[_Bookmark]:
    try:
        found = list(_walked(reader, reader.outline, 0))
    except Exception:  # noqa: BLE001 - as above
        raise damaged(name) from None
    if not found:
        raise InputError(f"{name} has lost its bookmarks; {_AS_PUBLISHED}.")
    return found


def _walked(reader: PdfReader, outline: Sequence[object], depth: int) -> Iterator[_Bookmark]:
    for item in outline:
        if isinstance(item, list):
            yield from _walked(reader, item, depth + 1)
            continue
        page = reader.get_destination_page_number(item)  # type: ignore[arg-type]  # pypdf types the tree loosely
        title = " ".join(str(getattr(item, "title", "")).split())
        if title and page is not None:
            yield _Bookmark(depth, title, page + 1)


def _headings(bookmarks: Sequence[_Bookmark], name: str) -> list[_Heading]:
    headings: list[_Heading] = []
    path: list[tuple[str, int]] = []
    """Labels of the headings that are open, each with the depth of its bookmark."""
    for bookmark in bookmarks:
        placed = _placed(bookmark, path)
        if placed is None:
            continue
        label, depth = placed
        path[depth:] = [(label, bookmark.depth)]
        section_id = ".".join(step for step, _ in path)
        headings.append(_Heading(section_id, bookmark.title, bookmark.page, depth))
    missing = next((section for section in _EXPECTED if section not in {h.id for h in headings}), None)
    if missing:
        raise InputError(f"{name} has no bookmark for section {missing}; {_AS_PUBLISHED}.")
    return headings


def _placed(bookmark: _Bookmark, path: Sequence[tuple[str, int]]) -> tuple[str, int] | None:
    """The label of a heading and its depth below the section; None for a bookmark without a label."""
    if section := _SECTION.match(bookmark.title):
        return section.group(1), 0
    if _APPENDIX.match(bookmark.title):
        return "App.I", 0
    fitting = [(depth, m.group(1)) for depth, label in enumerate(_LABELS, 1) if (m := label.match(bookmark.title))]
    fitting = [(depth, label) for depth, label in fitting if depth <= len(path)]
    if not fitting:
        return None
    depth, label = fitting[-1] if len(fitting) > 1 and _is_roman(bookmark, fitting[0][1], path) else fitting[0]
    return label, depth


def _is_roman(bookmark: _Bookmark, label: str, path: Sequence[tuple[str, int]]) -> bool:
    """`(i)` after `(h)` on the same level is the letter; below any letter it is the first numeral."""
    letter, at = path[_LETTER]
    return bookmark.depth > at or ord(label) != ord(letter) + 1


def _lines(reader: PdfReader, name: str) -> list[_Line]:
    return [
        _Line(number, line.strip())
        for number in range(1, len(reader.pages) + 1)
        for line in page_text(reader, number - 1, name).splitlines()
        if line.strip() and not _RUNNING_HEAD.fullmatch(line.strip())
    ]


def _passages(
    headings: Sequence[_Heading], lines: Sequence[_Line], edition: str, name: str
) -> tuple[OfficialPassage, ...]:
    printed = list(_with_unmarked(_located(headings, lines, name), lines))
    ends = [place.start for place in printed[1:]] + [len(lines)]
    return tuple(
        OfficialPassage(
            id=place.heading.id,
            title=place.heading.title,
            page=lines[place.start].page,
            edition=edition,
            headings=_above(place.heading, headings),
            text=_after_heading(lines[place.start : end], place.letters),
        )
        for place, end in zip(printed, ends, strict=True)
    )


def _with_unmarked(places: Iterator[_Place], lines: Sequence[_Line]) -> Iterator[_Place]:
    """The places, and behind each the first heading below it that is printed without a bookmark (I.C.4.a.1.a)."""
    for place, following in pairwise(chain(places, (None,))):
        if place is None:
            return
        yield place
        inner = range(place.start + 1, following.start if following else len(lines))
        for number in inner:
            label = _first_below(place.heading, lines[number : number + 2])
            if label:
                title, page = lines[number].text, lines[number].page
                heading = _Heading(f"{place.heading.id}.{label}", title, page, place.heading.depth + 1)
                yield _Place(heading, number, len(_letters(title)))
                break


def _first_below(heading: _Heading, lines: Sequence[_Line]) -> str | None:
    """The label when the first line reads like the first heading below a heading: labelled so, and no sentence."""
    if not heading.depth or heading.depth >= len(_LABELS) or len(lines) < 2:
        return None
    label = _LABELS[heading.depth].match(lines[0].text)
    is_heading = label and label.group(1) in _FIRST and lines[0].text[-1].isalnum() and lines[1].text[0].isupper()
    return label.group(1) if label and is_heading else None


def _located(headings: Sequence[_Heading], lines: Sequence[_Line], name: str) -> Iterator[_Place]:
    """Where each heading is printed."""
    after = 0
    for heading in headings:
        found = _found(heading, lines, after)
        if found is None:
            raise InputError(f"Page {heading.page} of {name} does not carry its heading {heading.id}; {_AS_PUBLISHED}.")
        yield found
        after = found.start + 1


def _found(heading: _Heading, lines: Sequence[_Line], after: int) -> _Place | None:
    """Looked for on the bookmark's page, then on the one behind it; word for word first, then by its beginning."""
    wanted = _letters(heading.title)
    near = [n for n in range(after, len(lines)) if heading.page <= lines[n].page <= heading.page + 1]
    for letters in (wanted, wanted[:_HEADING_LETTERS]):
        for number in near:
            if _letters("".join(line.text for line in lines[number : number + 4])).startswith(letters):
                return _Place(heading, number, len(letters))
    return None


def _after_heading(lines: Sequence[_Line], letters: int) -> str:
    """The text behind the first so many letters and digits, its lines joined."""
    text = " ".join(line.text for line in lines)
    seen = 0
    for position, character in enumerate(text):
        if seen == letters:
            return text[position:].lstrip(' .:;”")').strip()
        seen += character.isalnum()
    return ""


def _above(heading: _Heading, headings: Sequence[_Heading]) -> tuple[str, ...]:
    return tuple(f"{h.id} {h.title}" for h in headings if heading.id.startswith(f"{h.id}."))


def _letters(text: str) -> str:
    """Letters and digits alone: extraction splits words and varies quotes."""
    return "".join(c for c in text.lower() if c.isalnum())
