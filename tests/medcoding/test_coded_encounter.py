from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medcoding.coded_encounter import CodedEncounter
from medcoding.encounter import Document
from medcoding.proposal import EvidenceQuote
from tests.strategies import documents, quotes

TEXT = "Type 2 diabetes. Type 2 diabetes with neuropathy."


def _coded(quote: dict[str, Any]) -> CodedEncounter:
    return CodedEncounter.model_validate_json(
        json.dumps(
            {
                "case_id": "c1",
                "setting": "outpatient",
                "date_of_service": "2026-11-02",
                "documents": [{"document_id": "d1", "text": TEXT}],
                "codes": [
                    {
                        "system": "icd10cm",
                        "code": "the patient's own words",
                        "role": "first_listed",
                        "sequence": 1,
                        "evidence": [{"document_id": "d1"} | quote],
                    }
                ],
                "provenance": {"origin": "synthetic", "certified_coder": False},
            }
        )
    )


def test_a_verbatim_quote_is_accepted() -> None:
    """The second mention is quoted by its own offsets."""
    coded = _coded({"start": 17, "end": 48, "text": "Type 2 diabetes with neuropathy"})
    assert coded.codes[0].evidence[0].span.of(TEXT) == "Type 2 diabetes with neuropathy"


@pytest.mark.parametrize(
    "quote",
    [
        {"start": 16, "end": 47, "text": "Type 2 diabetes with neuropathy"},
        {"start": 0, "end": 15, "text": "type 2 diabetes"},
        {"start": 0, "end": 0, "text": ""},
        {"start": -49, "end": -34, "text": "Type 2 diabetes"},
        {"start": 17, "end": 60, "text": "Type 2 diabetes with neuropathy."},
        {"start": 0, "end": 15, "text": "Type 2 diabetes", "document_id": "d2"},
    ],
    ids=["shifted", "other case", "empty", "counted from the end", "past the end", "other document"],
)
def test_a_quote_that_does_not_stand_there_is_refused(quote: dict[str, Any]) -> None:
    """And the refusal says offsets, not words; the code's own text is not repeated either."""
    with pytest.raises(ValidationError, match="not verbatim at") as refusal:
        _coded(quote)
    assert "diabetes" not in str(refusal.value)
    assert "own words" not in str(refusal.value)


@given(documents().flatmap(lambda d: st.tuples(st.just(d), quotes(d))))
def test_a_quote_drawn_from_a_text_stands_in_it(drawn: tuple[Document, EvidenceQuote]) -> None:
    """Any slice of any text is a verbatim quote of it, and one more character is not."""
    document, quote = drawn
    assert quote.stands_in(document.text)
    assert not quote.model_copy(update={"text": f"{quote.text}x"}).stands_in(document.text)
    assert not quote.model_copy(update={"start": quote.start - len(document.text) - 1}).stands_in(document.text)
