"""The user's own copy of the Official Guidelines."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, IndirectObject, NameObject

from index_build.readers.guidelines_pdf import read_guidelines
from medcoding.errors import InputError
from medcoding.guideline import OfficialPassage, guideline_order

TITLE = "ICD-10-CM Official Guidelines for Coding and Reporting"
WRONG_IDS = {
    f"I.C.{rest}"
    for rest in ("1.d.1.i", "1.g.1.v", "4.a.6.i", "6.b.1.i", "19.e.5.i", *(f"19.c.{number}" for number in range(4, 10)))
}
"""Ids of the comparison file that no heading of the document has: roman numerals and burns under the wrong parent."""


class Mark(NamedTuple):
    """A bookmark of the miniature and what its page prints below the heading."""

    depth: int
    title: str
    text: tuple[str, ...] = ("Invented words that say nothing official.",)


CHAPTERS = tuple(Mark(2, f"{number}. Chapter {number}: Invented chapter") for number in range(2, 23))
MARKS = (
    Mark(0, "Section I. Conventions and rules"),
    Mark(1, "A. Conventions"),
    Mark(2, "1. Brackets", ("Square marks hold other words.", "2. is how this line happens to begin.")),
    Mark(1, "B. General rules"),
    Mark(1, "C. Chapter rules"),
    Mark(2, "1. Chapter 1: Invented infections (A00-B99)", ()),
    Mark(3, "a. Invented virus", ()),
    Mark(4, "1) Choosing the code", ("Text of the first rule.",)),
    *(Mark(5, f"({letter}) Case {letter}") for letter in "abcdefgh"),
    Mark(5, "(i) Case after h"),
    Mark(6, "(i) First case below the letter"),
    Mark(6, "(ii) Second case below the letter"),
    Mark(5, "(j) Case after i"),
    Mark(4, "2) Mild disease", ("What holds for both kinds.", "(a) Very mild disease", "Codes of the mildest kind.")),
    *CHAPTERS,
    Mark(0, "Section II. Principal diagnosis"),
    Mark(1, "A. Symptoms", ("A symptom waits.", TITLE, "FY 2031", "Page 9 of 12", "It waits long.")),
    Mark(0, "Section III. Further diagnoses"),
    Mark(0, "Section IV. Outpatients"),
    Mark(1, "A. First-listed diagnosis"),
    Mark(0, "Appendix I", ("Present on admission.",)),
)


def pdf(marks: Sequence[Mark] = MARKS, *, front: Sequence[str] = (TITLE, "FY 2031", "Words. " * 40)) -> bytes:
    """A miniature of the document: a title page, then a page for each bookmark."""
    writer = PdfWriter()
    _add_page(writer, front)
    parents: list[IndirectObject] = []
    for number, mark in enumerate(marks, start=1):
        _add_page(writer, (mark.title, *mark.text))
        above = parents[mark.depth - 1] if mark.depth else None
        parents[mark.depth :] = [writer.add_outline_item(title=mark.title, page_number=number, parent=above)]
    return _bytes(writer)


def _add_page(writer: PdfWriter, lines: Sequence[str]) -> None:
    page = writer.add_blank_page(612, 792)
    font = DictionaryObject({NameObject(f"/{k}"): NameObject(f"/{v}") for k, v in FONT.items()})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F"): font})})
    content = DecodedStreamObject()
    shown = "\n".join("({}) Tj T*".format(re.sub(r"([()\\])", r"\\\1", line)) for line in lines)
    content.set_data(f"BT /F 10 Tf 14 TL 40 750 Td\n{shown}\nET".encode("latin-1"))
    page[NameObject("/Contents")] = content


FONT = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


def _bytes(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def miniature() -> dict[str, OfficialPassage]:
    """The miniature read back, by section id."""
    passages = read_guidelines(pdf(), "guidelines.pdf")
    assert len({passage.id for passage in passages}) == len(passages)
    return {passage.id: passage for passage in passages}


def test_a_section_has_its_id_page_edition_and_headings(miniature: dict[str, OfficialPassage]) -> None:
    """What a coder needs to find it in the printed document."""
    passage = miniature["I.C.1.a.1"]
    assert (passage.page, passage.edition, passage.text) == (9, "FY2031", "Text of the first rule.")
    assert passage.title == "1) Choosing the code"
    assert passage.headings == (
        "I Section I. Conventions and rules",
        "I.C C. Chapter rules",
        "I.C.1 1. Chapter 1: Invented infections (A00-B99)",
        "I.C.1.a a. Invented virus",
    )


def test_sections_come_in_the_order_of_the_document(miniature: dict[str, OfficialPassage]) -> None:
    """And the sort key of an id gives the same order."""
    assert sorted(miniature, key=guideline_order) == list(miniature)
    assert [i for i in miniature if "C" not in i] == [
        *("I", "I.A", "I.A.1", "I.B", "II", "II.A", "III", "IV", "IV.A", "App.I")
    ]


def test_the_letter_i_is_told_from_the_numeral(miniature: dict[str, OfficialPassage]) -> None:
    """`(i)` follows `(h)` as a letter and opens the numerals below any letter."""
    below = {name.removeprefix("I.C.1.a.1"): passage.title for name, passage in miniature.items()}
    assert below[".i"] == "(i) Case after h"
    assert below[".i.i"] == "(i) First case below the letter"
    assert below[".i.ii"] == "(ii) Second case below the letter"
    assert below[".j"] == "(j) Case after i"


def test_a_heading_without_a_bookmark_is_found_on_the_page(miniature: dict[str, OfficialPassage]) -> None:
    """As a first heading below the one that holds it; a sentence that begins like a label is none."""
    assert miniature["I.C.1.a.2"].text == "What holds for both kinds."
    assert miniature["I.C.1.a.2.a"].text == "Codes of the mildest kind."
    assert miniature["I.A.1"].text.endswith("2. is how this line happens to begin.")


def test_running_heads_are_no_text(miniature: dict[str, OfficialPassage]) -> None:
    """The head of a page that falls into a section is left out; a heading with nothing below it has no text."""
    assert miniature["II.A"].text == "A symptom waits. It waits long."
    assert miniature["I.C.1"].text == ""


def test_sections_that_a_later_year_moves_are_read_where_they_stand() -> None:
    """A new chapter section takes its place and those behind it their new letters."""
    moved = [*MARKS[:6], Mark(3, "a. Newly inserted"), MARKS[6]._replace(title="b. Invented virus"), *MARKS[7:]]
    passages = {passage.id: passage for passage in read_guidelines(pdf(moved), "guidelines.pdf")}
    assert passages["I.C.1.a"].title == "a. Newly inserted"
    assert passages[f"{passages['I.C.1.b'].id}.1"].text == "Text of the first rule."


def _encrypted() -> bytes:
    writer = PdfWriter(clone_from=BytesIO(pdf()))
    writer.encrypt("secret", algorithm="RC4-128")
    return _bytes(writer)


BAD = {
    "empty": (b"", "is not a PDF"),
    "a saved web page": (b"<html>Not found</html>", "is not a PDF"),
    "cut short": (pdf()[:3000], "is damaged or incomplete"),
    "only a first line": (b"%PDF-1.7\n", "is damaged or incomplete"),
    "locked": (_encrypted(), "is locked with a password"),
    "scanned": (pdf([], front=()), "holds pictures of pages and no text"),
    "another document": (pdf(front=("ICD-10-PCS Official Guidelines FY 2031", "Words. " * 40)), "is not the Official"),
    "no year": (pdf(front=(TITLE, "Words. " * 40)), "is not the Official"),
    "bookmarks lost": (pdf([]), "has lost its bookmarks"),
    "a chapter missing": (pdf([m for m in MARKS if not m.title.startswith("19.")]), "no bookmark for section I.C.19"),
    "no appendix": (pdf(MARKS[:-1]), "no bookmark for section App.I"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_not_the_guidelines_is_refused(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """In one sentence that names the file and the mend, and without a word in the log."""
    data, why = BAD[kind]
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError) as refusal:
        read_guidelines(data, "guidelines.pdf")
    assert why in str(refusal.value)
    assert re.fullmatch(r"guidelines\.pdf [^.;]*(?:[.;]\S[^.;]*)*; [^;\n]+\.", str(refusal.value))
    assert caplog.records == []


def test_a_heading_that_is_not_on_its_page_is_refused() -> None:
    """A file put together from two editions must not give a section the words of another."""
    writer = PdfWriter(clone_from=BytesIO(pdf(MARKS[:-1])))
    writer.add_outline_item(title="Appendix I", page_number=3)
    with pytest.raises(InputError, match=r"Page 4 of guidelines\.pdf does not carry its heading App\.I"):
        read_guidelines(_bytes(writer), "guidelines.pdf")


def test_damage_is_refused_or_harmless() -> None:
    """Cut or overwritten anywhere: a clear refusal, or sections that are nearly all there; never a traceback."""
    good, source = pdf(), random.Random(3)
    ids = _ids_or_refusal(good)
    refused = 0
    for _ in range(40):
        at = source.randrange(len(good))
        damaged = good[:at] if source.random() < 0.5 else good[:at] + source.randbytes(20) + good[at + 20 :]
        found = _ids_or_refusal(damaged)
        refused += not found
        assert not found or len(found & ids) >= 0.8 * len(ids)
    assert 0 < refused < 40


def _ids_or_refusal(data: bytes) -> set[str]:
    """The ids read, none when the file was refused."""
    try:
        return {passage.id for passage in read_guidelines(data, "guidelines.pdf")}
    except InputError:
        return set()


def test_the_official_file_gives_every_section(shared_data: Path) -> None:
    """FY2025: the ids of the comparison file but for those that no heading has, the same text, and what that lacks."""
    folder = shared_data / "guidelines"
    passages = read_guidelines((folder / "icd-10-cm-guidelines-FY2025.pdf").read_bytes(), "guidelines.pdf")
    by_id = {passage.id: passage for passage in passages}
    others = [json.loads(line) for line in (folder / "guidelines_fy2025_passages.jsonl").read_text().splitlines()]
    assert len(by_id) == len(passages) == 486
    assert {other["id"] for other in others} - set(by_id) == WRONG_IDS
    assert {passage.edition for passage in passages} == {"FY2025"}
    assert sorted(by_id, key=guideline_order) == list(by_id)
    told = [other for other in others if other["id"] in by_id and by_id[other["id"]].text]
    same = [o for o in told if _letters(by_id[o["id"]].text) in _letters(f"{o['title']} {o['text']}")]
    assert len(same) / len(told) > 0.9
    assert [o["id"] for o in same if by_id[o["id"]].page != o["page"]] == []


def _letters(text: str) -> str:
    return re.sub(r"\W|FY 2025", "", text)
