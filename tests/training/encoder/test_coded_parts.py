"""Parts of coded encounters: by patient and time, in one edition, without what leaks from one part to another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.codebook import Codebook, EditionContent, Succession, write_codebook
from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Patient
from medcoding.errors import InputError
from tests.index_build.tiny_index import FY2027, entry
from tests.training.encoder.coded_notes import clinic, coded
from training.encoder.coded_parts import CodedParts, in_edition, read_parts, split
from training.encoder.leakage import refuse_leakage


def _visits(patients: list[int]) -> list[CodedEncounter]:
    return [
        one.model_copy(update={"patient": Patient(id=f"p{patient}")})
        for one, patient in zip(clinic(len(patients)), patients, strict=True)
    ]


@given(st.lists(st.integers(0, 40), min_size=30, max_size=60).filter(lambda some: len(set(some)) >= 10))
def test_a_patient_is_in_one_part_only(patients: list[int]) -> None:
    """Whoever comes how often: no part shares a patient with another, and no encounter is lost."""
    parts = split(_visits(patients))
    seen = [{e.patient.id for e in part} for part in parts]
    assert sum(map(len, seen)) == len(set(patients))
    assert sum(map(len, parts)) == len(patients)


def test_the_latest_encounters_are_the_test_part() -> None:
    """What is answered tomorrow is later than what was learned from."""
    parts = split(clinic(40))
    days = [[e.date_of_service for e in part] for part in parts]
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])


def test_encounters_of_one_day_are_parted_by_digest() -> None:
    """Without dates the split is the same in any order of the file."""
    visits = [one.model_copy(update={"date_of_service": dt.date(2026, 1, 5)}) for one in clinic(40)]
    first, second = split(visits), split(list(reversed(visits)))
    assert {e.case_id for e in first.test} == {e.case_id for e in second.test}


def test_too_few_patients_are_refused() -> None:
    """Forty visits of three patients cannot be split into parts that say anything."""
    with pytest.raises(InputError, match="3 patients"):
        split(_visits([n % 3 for n in range(40)]))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Codebook]:
    """An edition in which one code ended in another, and one in two."""
    billable = [entry(code, code[:3], f"Title of {code}") for code in ("I10", "E16.A1", "D69.11", "D69.19")]
    ended = tuple(
        Succession(old=old, new=new, fiscal_year=2027)
        for old, new in (("E16.9", "E16.A1"), ("D69.1", "D69.11"), ("D69.1", "D69.19"))
    )
    write_codebook(tmp_path / "book.sqlite", EditionContent(FY2027, billable, successions=ended))
    book = Codebook(tmp_path / "book.sqlite")
    yield book
    book.close()


def test_a_code_that_ended_becomes_its_successor(book: Codebook) -> None:
    """By the conversion table; what ended in several codes or never was one is left out and counted."""
    mapped = in_edition([coded("c1", "E16.9", "I10"), coded("c2", "D69.1"), coded("c3", "A00.0")], book)
    assert [[line.code for line in one.codes] for one in mapped.encounters] == [["E16.A1", "I10"], [], []]
    assert mapped.renamed == 1
    assert mapped.dropped == 2


def test_shared_patients_are_refused() -> None:
    """Parts that were fixed by hand are held to the same law; the sentence names cases, never the patient."""
    one, other, third = clinic(3)
    again = other.model_copy(update={"patient": one.patient})
    with pytest.raises(InputError, match="share patients") as refusal:
        refuse_leakage(CodedParts((one,), (again,), (third,)))
    assert one.patient.id not in str(refusal.value).split()


def test_nearly_the_same_note_in_two_parts_is_refused() -> None:
    """A note copied forward under another name is no test."""
    one, other, third = clinic(3)
    copied = other.model_copy(
        update={"documents": (one.documents[0].model_copy(update={"text": one.documents[0].text + "Signed."}),)}
    )
    with pytest.raises(InputError, match="nearly the same notes"):
        refuse_leakage(CodedParts((one,), (copied,), (third,)))


@pytest.mark.parametrize("written", ["Gout (M10.9)", "dx M109", "I10: hypertension"])
def test_codes_written_in_the_note_are_refused(written: str) -> None:
    """A note that holds its own codes teaches to copy them."""
    one, other, third = clinic(3)
    with_code = coded("c9", "M10.9", "I10", text=f"Assessment:\n{written}\n", patient=Patient(id="p9"))
    with pytest.raises(InputError, match="codes in writing"):
        refuse_leakage(CodedParts((one, with_code), (other,), (third,)))


def test_other_numbers_are_no_codes() -> None:
    """A dose, a room or a code of another encounter in the text refuses nothing."""
    one, other, third = clinic(3)
    plain = coded("c9", "M10.9", text="Assessment:\nGout. Room 109, vitamin B12, 10.9 mg.\n", patient=Patient(id="p9"))
    refuse_leakage(CodedParts((one, plain), (other,), (third,)))


def test_a_folder_lacking_a_part_is_named(tmp_path: Path) -> None:
    """A folder fixes the parts; the sentence says which file is missing."""
    (tmp_path / "training.jsonl").write_text(clinic(1)[0].model_dump_json() + "\n")
    with pytest.raises(InputError, match=r"development\.jsonl"):
        read_parts(tmp_path)
