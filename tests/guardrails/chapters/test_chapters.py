"""What holds for every chapter rule: it has rows of both kinds, names its source and speaks in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Final

import pytest

from guardrails.chapters import RULES
from guardrails.chapters.families import family, intent, seventh
from index_build.guidelines.citations import cited
from index_build.guidelines.digest import guideline_entries
from medcoding.codebook import Codebook
from medcoding.finding import Severity
from tests.guardrails.chapters import (
    test_birth,
    test_causes,
    test_circulation,
    test_covid,
    test_diabetes,
    test_encounters,
    test_eyes,
    test_infections,
    test_injuries,
    test_mind,
    test_neoplasms,
    test_pregnancy,
    test_respiratory,
    test_sepsis,
    test_skin_and_bones,
    test_symptoms,
)
from tests.guardrails.chapters.rows import Row

MODULES: Final[tuple[ModuleType, ...]] = (
    test_birth,
    test_causes,
    test_circulation,
    test_covid,
    test_diabetes,
    test_encounters,
    test_eyes,
    test_infections,
    test_injuries,
    test_mind,
    test_neoplasms,
    test_pregnancy,
    test_respiratory,
    test_sepsis,
    test_skin_and_bones,
    test_symptoms,
)


def _rows() -> Iterator[Row]:
    for module in MODULES:
        for name in vars(module):
            for mark in getattr(getattr(module, name), "pytestmark", ()):
                if mark.name == "parametrize" and mark.args[0] == "given":
                    yield from (parameter.values[0] for parameter in mark.args[1])


def test_every_rule_has_a_case_that_it_speaks_to_and_one_that_it_leaves_alone() -> None:
    """A rule without a row would be tested by nobody; one without a silent row might speak to everything."""
    speaks = {row.rule for row in _rows() if row.says}
    silent = {row.rule for row in _rows() if not row.says}
    assert [rule.__name__ for rule in RULES if rule not in speaks] == []
    assert [rule.__name__ for rule in RULES if rule not in silent] == []


def test_every_finding_names_its_source_and_its_mend(fy2026: Codebook) -> None:
    """Sources are sections of the digest, or a tabular note; message and mend are whole sentences with codes put in."""
    ids = {entry.id for entry in guideline_entries()}
    for row in _rows():
        for finding in row.findings(fy2026):
            sections = cited(finding.source) | {
                part for part in ("II", "III", "IV") if part in finding.source.split(", ")
            }
            assert sections <= ids, finding.rule
            assert sections or finding.source.startswith("Note at "), finding.rule
            assert finding.message.endswith("."), finding.rule
            assert finding.mend.endswith("."), finding.rule
            assert "{" not in finding.message + finding.mend, finding.rule
            assert ". " not in finding.message, finding.rule


def test_a_rejecting_rule_names_what_goes_and_nothing_else(fy2026: Codebook) -> None:
    """All codes of a rejecting finding are removed, so it must not name the code that stays."""
    findings = [finding for row in _rows() for finding in row.findings(fy2026)]
    rejecting = [finding for finding in findings if finding.severity is Severity.REJECT]
    assert len(rejecting) > 60
    assert {len(finding.codes) for finding in rejecting} == {1}


def test_mends_can_be_billed(fy2026: Codebook) -> None:
    """Where a mend is said in codes, they exist and are complete."""
    for row in _rows():
        proposed = row.codes.split()
        for finding in row.findings(fy2026):
            offered = [code for code in finding.mend_codes if code not in proposed]
            assert [code for code in offered if not fy2026.is_billable(code)] == [], finding.rule


@pytest.mark.parametrize(
    ("written", "but", "inside", "outside"),
    [
        ("A40-A41", "", ("A40.0", "A41.9"), ("A42.7", "A4")),
        ("C00-C96", "C80", ("C4A.9", "C7B.02", "C96.9"), ("C80.1", "D00.0")),
        ("E11", "E11.9", ("E11.65",), ("E11.9", "E10.9")),
        ("O", "O94", ("O80", "O9A.212"), ("O94", "P07.1")),
    ],
)
def test_a_family_is_read_as_it_is_written(
    written: str, but: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    """Stems hold what is below them, ranges every category between, letters behind digits."""
    kind = family(written, but)
    assert kind.among((*inside, *outside)) == inside
    assert all(code in kind for code in inside)
    assert not any(code in kind for code in outside)


@pytest.mark.parametrize(
    ("code", "meant", "phase"),
    [("T36.0X5A", "5", "A"), ("T36.95XA", "5", "A"), ("T39.012D", "2", "D"), ("T58.01XA", "1", "A"), ("I10", "0", "")],
)
def test_intent_and_phase_are_read_past_placeholders(code: str, meant: str, phase: str) -> None:
    """The intent is the last character before the seventh that is no placeholder."""
    assert (intent(code), seventh(code)) == (meant, phase)
