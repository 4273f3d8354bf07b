"""Findings and overrides as records."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from medcoding.finding import Finding, Override, Severity

WHEN = dt.datetime(2026, 11, 3, 9, 30, tzinfo=dt.UTC)


def test_an_override_survives_in_the_record() -> None:
    """Who, why and when come back from JSON as they went in."""
    override = Override(by="coder-7", reason="unrelated conditions", at=WHEN)
    finding = Finding(
        rule="notes.excludes1",
        severity=Severity.MUST_RESOLVE,
        codes=("D50.0", "D62"),
        message="They are kept apart.",
        source="Excludes1 note at D50.0; I.A.12.a",
        mend="Report one of them.",
        mend_codes=("D50.0", "D62"),
        override=override,
    )
    assert Finding.model_validate_json(finding.model_dump_json()) == finding


def test_an_override_has_a_time_zone() -> None:
    """A bare clock time says nothing to somebody elsewhere."""
    with pytest.raises(ValidationError):
        Override(by="coder-7", reason="unrelated", at=dt.datetime(2026, 11, 3, 9, 30))
