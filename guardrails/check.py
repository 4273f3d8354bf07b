"""All rules over one proposal. Each module keeps its own tuple; they are composed here and nowhere else."""

from __future__ import annotations

from typing import Final

from guardrails import (
    age_sex,
    authorship,
    chapters,
    code_set,
    evidence,
    existence,
    first_code,
    form,
    hidden_text,
    instructional_notes,
    payer,
    poa,
    procedures,
    relevance,
    setting,
)
from guardrails.case import Case, Rule
from medcoding.finding import Finding, Severity

RULES: Final[tuple[Rule, ...]] = (
    *existence.RULES,
    *form.RULES,
    *evidence.RULES,
    *relevance.RULES,
    *authorship.RULES,
    *hidden_text.RULES,
    *instructional_notes.RULES,
    *setting.RULES,
    *chapters.RULES,
    *code_set.RULES,
    *first_code.RULES,
    *poa.RULES,
    *age_sex.RULES,
    *procedures.RULES,
    *payer.RULES,
)
"""In the order in which their findings are shown."""


def check(case: Case, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Every finding of every rule."""
    return tuple(finding for rule in rules for finding in rule(case))


def rejected_codes(findings: tuple[Finding, ...]) -> frozenset[str]:
    """Codes that some rule removes and nobody overrode."""
    return frozenset(code for f in findings if f.severity is Severity.REJECT and f.override is None for code in f.codes)
