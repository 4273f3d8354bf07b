from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.codes import CodeSystem, parse_code
from medcoding.errors import InputError
from retrieval.index_folder import CODEBOOKS, IndexFolder
from tests.strategies import icd10cm_codes, typed


@given(icd10cm_codes().flatmap(lambda code: st.tuples(st.just(code), typed(code))))
def test_a_code_survives_however_it_was_typed(code_and_typing: tuple[str, str]) -> None:
    """Dot or none, any case, blanks around: the printed form comes back."""
    code, typing = code_and_typing
    assert parse_code(typing) == code


@given(icd10cm_codes())
def test_printing_is_the_end_of_parsing(code: str) -> None:
    """Parsing a printed code changes nothing."""
    assert parse_code(parse_code(code)) == parse_code(code)


@pytest.mark.parametrize("edition", ["fy2026", "fy2027"])
def test_every_code_of_the_book_survives_without_its_dot(index: IndexFolder, edition: str) -> None:
    """All 98,000 categories and codes of an edition come back from their undotted lower-case form."""
    with closing(sqlite3.connect(index.folder / CODEBOOKS / f"icd10cm-{edition}.sqlite")) as book:
        codes = [row[0] for row in book.execute("SELECT code FROM entry WHERE kind IN ('category', 'subcategory')")]
    assert len(codes) > 98_000
    assert [code for code in codes if parse_code(code.replace(".", "").lower()) != code] == []


@pytest.mark.parametrize("code", ["J4B", "K6A.01", "QA0.0101", "Z87.8901", "C7A.1", "U07.1", "S06.1X7A", "I10"])
def test_the_newest_shapes_are_codes(code: str) -> None:
    """Letters stand in the second and third place, and four characters after the dot."""
    assert parse_code(code) == code


@pytest.mark.parametrize(
    "text", ["", ".", "I", "I1", "110", "I10.12345", "I10-I16", "hypertension", "I10!", "é10", "1"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    """Words, ranges, too short or too long: the caller is told."""
    with pytest.raises(InputError, match="not written like"):
        parse_code(text)


@pytest.mark.parametrize("text", ["54-year-old man with HIV\nand cough", "Smithers", "4711123"])
def test_a_refusal_shows_nothing_of_what_was_given(text: str) -> None:
    """A name, a record number or a note pasted where a code belongs does not reach the message."""
    with pytest.raises(InputError) as refusal:
        parse_code(text)
    assert not set(text.split()) & set(str(refusal.value).split())


@pytest.mark.parametrize("text", ["J1100", "g0439", " A4206 "])
def test_hcpcs_codes_are_printed_without_a_dot(text: str) -> None:
    """HCPCS Level II is a letter and four digits."""
    assert parse_code(text, CodeSystem.HCPCS) == text.strip().upper()


def test_dental_codes_are_refused() -> None:
    """D codes belong to the American Dental Association."""
    with pytest.raises(InputError):
        parse_code("D0120", CodeSystem.HCPCS)


def test_the_system_decides_how_the_same_text_is_written() -> None:
    """`J1100` is a drug in HCPCS and a code with a dot in ICD-10-CM."""
    assert parse_code("J1100", CodeSystem.HCPCS) == "J1100"
    assert parse_code("J1100") == "J11.00"


def test_a_cpt_shape_is_five_characters() -> None:
    """Invented placeholders of the right shape pass, others do not."""
    assert parse_code("9999a", CodeSystem.CPT) == "9999A"
    with pytest.raises(InputError):
        parse_code("99999X", CodeSystem.CPT)
