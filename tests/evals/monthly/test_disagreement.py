"""What an auditor changed, sorted into kinds."""

from __future__ import annotations

import pytest

from evals.monthly.disagreement import disagreements
from evals.monthly.findings import AuditFinding
from evals.specificity import Detail
from medcoding.codebook import Codebook
from tests.evals.monthly.audited import REASON, finding, stay


def kinds(audited: AuditFinding, codebook: Codebook) -> list[tuple[str, str | None, str | None]]:
    """Kind, given code, auditor's code."""
    return [(c.kind.value, c.given, c.audited) for c in disagreements(audited, audited.final, codebook)]


@pytest.mark.parametrize(
    ("final", "audited", "expected"),
    [
        ("I10 E11.9", "I10 E11.9", []),
        ("E11.9", "E11.22", [("specificity", "E11.9", "E11.22")]),
        ("M17.11", "M17.12", [("specificity", "M17.11", "M17.12")]),
        ("I10", "I10 J44.1", [("missing", None, "J44.1")]),
        ("I10 J44.1", "I10", [("unsupported", "J44.1", None)]),
        ("I10 Z79.4", "I10 Z79.84", [("unsupported", "Z79.4", None), ("missing", None, "Z79.84")]),
        ("I10 J44.1", "J44.1 I10", [("sequencing", "I10", "J44.1")]),
        ("I10 J44.1", "J44.1", [("unsupported", "I10", None)]),
        ("I10 hcpcs:J1815", "I10", [("unsupported", "J1815", None)]),
    ],
)
def test_kinds_of_change(
    final: str, audited: str, expected: list[tuple[str, str | None, str | None]], fy2027: Codebook
) -> None:
    """Insulin for an oral drug is another fact, the other knee a detail; a wrong first code is not sequencing too."""
    assert kinds(finding(final, audited), fy2027) == expected


@pytest.mark.parametrize(("audited", "expected"), [("J18.9@N", 1), ("J18.9@Y", 0), ("J18.9", 0)])
def test_indicators_are_compared_where_the_auditor_names_one(audited: str, expected: int, fy2027: Codebook) -> None:
    """An auditor who says nothing about presence on admission changed nothing."""
    found = kinds(stay("J18.9@Y", audited), fy2027)
    assert found == [("POA", "J18.9", "J18.9")] * expected


def test_the_auditors_word_stands(fy2027: Codebook) -> None:
    """Reason and kind as the auditor gave them, over the kind that the codes suggest."""
    reasons = [{"code": "N18.31", "reason": REASON, "kind": "unsupported"}]
    audited = finding("N18.30", "N18.31", reasons=reasons)
    (change,) = disagreements(audited, audited.final, fy2027)
    assert (change.kind.value, change.reason, change.detail) == ("unsupported", REASON, Detail.UNDER)
