"""Relevance: the quoted words are about the code."""

from __future__ import annotations

import pytest

from guardrails.relevance import evidence_speaks_of_the_code
from medcoding.codebook import Codebook
from tests.guardrails.cases import Written, case, mention, said

NOTE = "Essential hypertension. Migraine. Nausea from cisplatin. Former smoker."


@pytest.mark.parametrize(
    ("code", "words", "concept", "another"),
    [
        ("I10", "hypertension", "I10", False),
        ("I11.9", "hypertension", "I10", False),
        ("J44.9", "hypertension", "I10", True),
        ("E11.9", "Migraine", "G43", True),
        ("O16.1", "hypertension", "I10", False),
        ("T45.1X5A", "Nausea from cisplatin", "R11.0", False),
        ("Z87.891", "Former smoker", "F17.200", False),
        ("Z99.9", "word", "", False),
    ],
)
def test_a_quote_of_another_condition_is_a_question(
    fy2026: Codebook, code: str, words: str, concept: str, *, another: bool
) -> None:
    """Another chapter and no common word; causes and what carries no known mention are left alone."""
    note = NOTE if concept else f"{NOTE} word"
    history = "Z87.891" if code.startswith("Z87") else None
    mentions = (mention(note, words, concept, history_code=history),) if concept else ()
    findings = evidence_speaks_of_the_code(case(fy2026, note, Written(code, words), mentions=mentions))
    assert said(findings) == ([("evidence.another_condition", "must_resolve", (code,))] if another else [])
