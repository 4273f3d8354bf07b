"""Bytes become an encounter, or a refusal of one sentence without note text."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.ingest import InputLimits, VisitFacts, read_encounter
from medcoding.encounter import Encounter, Setting, Sex
from medcoding.errors import InputError
from tests.strategies import NOTE_ALPHABET

CANARY = "zqxcanary"
VISIT = VisitFacts(setting=Setting.OUTPATIENT, date_of_service=dt.date(2026, 11, 2))
NOBODY = VisitFacts()
LIMITS = InputLimits(max_bytes=4_000, max_text_chars=1_000, max_documents=3)


def read(data: bytes | str, facts: VisitFacts = VISIT, name: str = "note.txt") -> Encounter:
    """Read one encounter."""
    return read_encounter(data.encode() if isinstance(data, str) else data, name, facts, LIMITS)


def sent(**changes: Any) -> str:
    """A JSON encounter."""
    values: dict[str, Any] = {
        "case_id": "c1",
        "setting": "inpatient",
        "date_of_service": "2026-11-02",
        "documents": [{"document_id": "d1", "text": f"Gout. {CANARY}"}],
    }
    return json.dumps({k: v for k, v in (values | changes).items() if v is not None})


def refusal(data: bytes | str, facts: VisitFacts = VISIT) -> str:
    """The sentence of a refusal; it is one, it ends, and it says nothing of the note."""
    with pytest.raises(InputError) as refused:
        read(data, facts)
    words = str(refused.value)
    assert words.endswith(".")
    assert "\n" not in words
    assert CANARY not in words
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    return words


def test_plain_text_is_one_document() -> None:
    """Named after its file, with what the caller says about the visit."""
    facts = VISIT.model_copy(update={"age": 67, "sex": Sex.F, "specialty": "rheumatology"})
    encounter = read("Gout.\n", facts, "visits/monday.txt")
    assert (encounter.case_id, encounter.setting, encounter.date_of_service) == (
        "monday",
        "outpatient",
        dt.date(2026, 11, 2),
    )
    assert (encounter.patient.age, encounter.patient.sex, encounter.specialty) == (67, "F", "rheumatology")
    assert [(d.document_id, d.text) for d in encounter.documents] == [("note", "Gout.\n")]


def test_a_long_file_name_is_cut_to_a_case_id() -> None:
    """The longest name a file system allows is no reason to fail."""
    assert read("Gout.", VISIT, f"{'n' * 251}.txt").case_id == "n" * 200


@pytest.mark.parametrize(
    "facts",
    [NOBODY, VisitFacts(setting=Setting.ED), VisitFacts(date_of_service=dt.date(2026, 11, 2))],
)
def test_plain_text_needs_setting_and_date(facts: VisitFacts) -> None:
    """Both decide the answer, so both are asked for by the name of their argument."""
    words = refusal(f"Gout. {CANARY}", facts)
    assert "--setting" in words
    assert "--dos" in words


@pytest.mark.parametrize("before", ["", "\ufeff", "  \n"])
def test_json_is_recognised_by_its_first_character(before: str) -> None:
    """With a byte order mark or white space before it, whatever the file is called."""
    encounter = read(before + sent(), NOBODY, "whatever.txt")
    assert (encounter.case_id, encounter.setting) == ("c1", Setting.INPATIENT)


def test_a_byte_order_mark_is_no_text() -> None:
    """Offsets count from the first character of the note."""
    assert read("\ufeffGout.").documents[0].text == "Gout."


@given(st.text(NOTE_ALPHABET, min_size=1, max_size=200).filter(lambda t: t.strip() and not t.lstrip().startswith("{")))
def test_text_is_kept_as_received(text: str) -> None:
    """Law: line ends, tabs, accents and emoji stay, so that offsets are the sender's (control noise is refused)."""
    try:
        kept = read(text).documents[0].text
    except InputError:
        assert not text.removeprefix("\ufeff").strip() or any(ord(c) < 32 for c in text)
    else:
        assert kept == text.removeprefix("\ufeff")


@pytest.mark.parametrize("text", ["Gout.\r\nAsthma.\r\n", "a\tb", "e\u0301🙂", "page one\x0cpage two", "\x1b[1mGout"])
def test_line_ends_and_layout_are_kept(text: str) -> None:
    """CRLF, tabs, combining marks, form feeds and terminal colours are text."""
    assert read(text).documents[0].text == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no text"),
        (b" \r\n\t ", "no text"),
        (b"\xef\xbb\xbf", "no text"),
        (b"\xff\xfe\x00G\x00o", "not UTF-8"),
        (CANARY.encode() + b"\xc3\x28", "not UTF-8"),
        (b"%PDF-1.7\n" + CANARY.encode() + bytes(range(8)) * 3, "binary"),
        (b"PK\x03\x04" + b"\x00" * 40, "binary"),
        ((CANARY * 500).encode(), "split the encounter or raise CHARTWRIGHT_LIMITS__MAX_BYTES"),
        ((CANARY + " gout" * 300).encode(), "CHARTWRIGHT_LIMITS__MAX_TEXT_CHARS"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes, words: str) -> None:
    """Empty, another encoding, a binary file, too many bytes, too many characters; each with its mend."""
    assert words in refusal(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f'{{"case_id": "{CANARY}"', "not valid JSON (line 1, column"),
        ('{"documents": ' + "[" * 1_900 + "]" * 1_900 + "}", ""),
        (sent(**{f"{CANARY} {CANARY}": 1}), "an unknown key"),
        (sent(setting=CANARY), "setting"),
        (sent(date_of_service="2026-02-31"), "date_of_service"),
        (sent(date_of_service=None), "date_of_service"),
        (sent(documents=[]), "documents"),
        (sent(documents=[{"document_id": "d1", "text": "  "}]), "no text"),
        (sent(documents=[{"document_id": "d", "text": CANARY}] * 2), "same document_id"),
        (
            sent(documents=[{"document_id": f"d{n}", "text": CANARY} for n in range(4)]),
            "CHARTWRIGHT_LIMITS__MAX_DOCUMENTS",
        ),
        (
            sent(documents=[{"document_id": f"d{n}", "text": "x" * 600} for n in range(2)]),
            "CHARTWRIGHT_LIMITS__MAX_TEXT",
        ),
        (sent(documents=[{"document_id": "d1", "text": 5}]), "documents.0.text"),
        (sent(patient={"age": 200}), "patient.age"),
        (sent(discharge_date="2026-11-01"), "discharge_date lies before"),
        (sent(case_id=""), "case_id"),
    ],
)
def test_a_wrong_encounter_is_refused_by_field(data: str, words: str) -> None:
    """The field and what is wrong with it, never its content."""
    assert words in refusal(data, NOBODY)


def test_too_deep_nesting_is_refused() -> None:
    """A bracket bomb is an input error, whatever the parser's limit is."""
    deep = InputLimits(max_bytes=1_000_000)
    bomb = b'{"a": ' + b"[" * 300_000 + b"]" * 300_000 + b"}"
    with pytest.raises(InputError):
        read_encounter(bomb, "bomb.json", NOBODY, deep)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (VisitFacts(setting=Setting.ED), "setting"),
        (VisitFacts(date_of_service=dt.date(2026, 11, 3)), "date_of_service"),
    ],
)
def test_file_and_arguments_must_not_contradict(facts: VisitFacts, field: str) -> None:
    """Which of the two is right only the caller knows."""
    assert field in refusal(sent(), facts)


def test_arguments_fill_what_the_file_leaves_open() -> None:
    """And override nothing that it says."""
    facts = VisitFacts(setting=Setting.INPATIENT, age=50, sex=Sex.M, specialty="surgery")
    open_, said = read(sent(), facts), read(sent(patient={"age": 0, "sex": "F"}, specialty="urology"), facts)
    assert (open_.patient.age, open_.patient.sex, open_.specialty) == (50, "M", "surgery")
    assert (said.patient.age, said.patient.sex, said.specialty) == (0, "F", "urology")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Law: nothing but an encounter or an `InputError` comes out; what is read stands in the bytes."""
    with contextlib.suppress(InputError):
        assert read(data).documents[0].text.encode() in data
