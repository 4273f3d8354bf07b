"""All rules over one proposal."""

from __future__ import annotations

from typing import Final

from guardrails.case import Case, Rule
from guardrails.evidence import assertion_supports_code, evidence_is_verbatim
from guardrails.existence import (
    code_exists,
    code_is_billable,
    edition_is_loaded,
    edition_is_official,
    system_is_explicit,
)
from medcoding.finding import Finding, Severity

RULES: Final[tuple[Rule, ...]] = (
    edition_is_loaded,
    edition_is_official,
    system_is_explicit,
    code_exists,
    code_is_billable,
    evidence_is_verbatim,
    assertion_supports_code,
)
"""In the order in which their findings are shown."""


def check(case: Case, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Every finding of every rule."""
    return tuple(finding for rule in rules for finding in rule(case))


def rejected_codes(findings: tuple[Finding, ...]) -> frozenset[str]:
    """Codes that some rule removes and nobody overrode."""
    return frozenset(code for f in findings if f.severity is Severity.REJECT and f.override is None for code in f.codes)
