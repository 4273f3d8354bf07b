"""Age and sex: advisory, read from titles and chapters, compared with the dated lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrails.age_sex import age_fits, sex_fits
from medcoding.codebook import Codebook
from tests.guardrails.cases import case, said
from tests.guardrails.editor_lists import editor_list

NOTE = "Seen today."


@pytest.mark.parametrize(
    ("code", "age", "conflict"),
    [
        ("Z38.00", 0, False),
        ("Z38.00", 1, True),
        ("R95", 30, False),
        ("Z00.129", 17, False),
        ("Z00.129", 18, True),
        ("Z00.00", 14, True),
        ("O80", 8, True),
        ("O80", 30, False),
        ("O80", 70, True),
        ("H25.9", 12, True),
        ("N40.0", 60, False),
        ("P07.30", 3, False),
        ("I10", 4, False),
        ("Z38.00", None, False),
    ],
)
def test_a_code_of_an_age_on_another_age(fy2026: Codebook, code: str, age: int | None, *, conflict: bool) -> None:
    """Worth a look at the code and at the registration, nothing more."""
    findings = age_fits(case(fy2026, NOTE, code, age=age))
    assert said(findings) == ([("age.conflict", "advise", (code,))] if conflict else [])


@pytest.mark.parametrize(
    ("code", "sex", "conflict"),
    [
        ("N40.0", "F", True),
        ("N40.0", "M", False),
        ("O80", "M", True),
        ("N83.201", "M", True),
        ("C50.911", "M", True),
        ("C50.921", "F", True),
        ("Z80.41", "M", False),
        ("P00.0", "M", False),
        ("Q53.10", "F", True),
        ("I10", "F", False),
        ("O80", None, False),
    ],
)
def test_a_code_of_one_sex_on_the_other(fy2026: Codebook, code: str, sex: str | None, *, conflict: bool) -> None:
    """The editor's sex edits are no longer active; the finding says so."""
    findings = sex_fits(case(fy2026, NOTE, code, sex=sex))
    assert said(findings) == ([("sex.conflict", "advise", (code,))] if conflict else [])
    assert all("deactivated 2024-10-01" in finding.source for finding in findings)


@pytest.mark.parametrize(
    ("edit", "age", "sex", "known"),
    [
        ("Newborn_Only", 40, None, 0.95),
        ("Pediatric_Only", 40, None, 0.75),
        ("Maternity_Only", 80, None, 0.98),
        ("Adult_Only", 3, None, 0.9),
        ("Female_Only", None, "M", 0.93),
        ("Male_Only", None, "F", 0.89),
    ],
)
def test_most_of_the_dated_lists_follow_from_titles(
    fy2026: Codebook, shared_data: Path, edit: str, age: int | None, sex: str | None, known: float
) -> None:
    """The share of each list that titles and chapters find by themselves."""
    listed = editor_list(shared_data, edit, fy2026)
    cases = [case(fy2026, NOTE, code, age=age, sex=sex) for code in listed]
    assert sum(bool(age_fits(one) + sex_fits(one)) for one in cases) >= known * len(listed) > 0
