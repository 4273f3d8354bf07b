"""Submitted codes held against the record, on the small real index."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from agent.audit import Audit, Audited, audit, submitted_codes
from agent.pipeline import Pipeline
from medcoding.codes import CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.errors import InputError

NOTE = """CHIEF COMPLAINT: follow-up of diabetes and blood pressure.
HPI: Denies chest pain.
A/P:
1. T2DM w/ hyperglycemia - increase glargine to 28 units.
2. CKD stage 3b - recheck in 3 months.
3. HTN, controlled - continue lisinopril.
4. Fatigue, possible hypothyroidism - TSH drawn.
"""


@pytest.fixture(scope="module")
def audited(pipeline: Pipeline) -> Audited:
    """The note coded once."""
    encounter = Encounter(
        case_id="c",
        setting=Setting.OUTPATIENT,
        date_of_service=date(2026, 11, 2),
        documents=(Document(document_id="n", text=NOTE),),
    )
    trace = asyncio.run(pipeline.trace(encounter))
    return Audited(trace.result, pipeline.case(trace.prepared, trace.proposal))


def _audit(audited: Audited, *codes: str) -> Audit:
    return audit(submitted_codes(codes), audited)


@pytest.mark.parametrize(
    ("code", "verdict", "instead"),
    [
        ("E11.65", "supported", None),
        ("N18.32", "supported", None),
        ("E11.9", "more_specific", "E11.22"),
        ("N18", "more_specific", "N18.32"),
        ("I10", "unsupported", "I12.9"),
        ("R07.9", "unsupported", None),
        ("E03.9", "unsupported", None),
        ("J18.9", "unsupported", None),
        ("E11.6500", "nonexistent", None),
        ("hcpcs:J1885", "unverifiable", None),
    ],
)
def test_each_code_gets_its_verdict(audited: Audited, code: str, verdict: str, instead: str | None) -> None:
    """A combination is more specific than its part of the same category; another category is just not right."""
    (found,) = _audit(audited, code).codes
    assert (found.verdict, found.instead) == (verdict, instead)
    assert bool(found.would_support) == (verdict not in {"supported", "unverifiable"})


def test_quotes_stand_in_the_note(audited: Audited) -> None:
    """Supported codes bring the words they rest on, and a denied one the denial."""
    supported, denied = _audit(audited, "N18.32", "R07.9").codes
    assert [q.text for q in supported.evidence] == ["CKD stage 3b"]
    assert all(NOTE[q.start : q.end] == q.text for q in (*supported.evidence, *denied.evidence))
    assert "denies it" in denied.would_support


def test_what_is_documented_and_missing_is_named(audited: Audited) -> None:
    """Only what no submitted code reports; a less specific code does report its condition."""
    missed = {line.code for line in _audit(audited, "E11.9", "I12.9", "E11.65").missed}
    assert "N18.32" in missed
    assert not missed & {"E11.22", "I12.9", "E11.65"}


def test_codes_that_clash_say_so(audited: Audited) -> None:
    """The guardrails judge the submitted set, not ours: I10 beside I12.9 is one hypertension twice."""
    codes = {c.code: c for c in _audit(audited, "I10", "I12.9", "N18.32").codes}
    assert any({"I10", "I12.9"} <= set(f.codes) or f.codes == ("I10",) for f in codes["I10"].conflicts)
    assert not any(f.rule.startswith("evidence.") for c in codes.values() for f in c.conflicts)


def test_codes_are_read_as_people_write_them() -> None:
    """Each once, in order, of any system."""
    assert submitted_codes(["e119", " E11.9", "cpt:9ZZZ1", ""]) == (
        (CodeSystem.ICD10CM, "E11.9"),
        (CodeSystem.CPT, "9ZZZ1"),
    )
    for wrong in (["", " "], ["no code"], ["snomed:1"], ["hcpcs:E11.9"]):
        with pytest.raises(InputError):
            submitted_codes(wrong)
