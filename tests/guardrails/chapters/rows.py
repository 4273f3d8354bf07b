"""Rows of the tables beside the chapter rules: what a coder hands in, and what one rule says to it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pytest

from guardrails.case import Rule
from medcoding.codebook import Codebook
from medcoding.finding import Finding
from tests.guardrails.cases import case

_SEVERITIES: Final = {"reject": "reject", "resolve": "must_resolve", "advise": "advise"}
SEEN: Final = "Seen today for the conditions below."
"""A note that says nothing of its own, for rules that read codes alone."""


class Row(NamedTuple):
    """One line of a table. Every code quotes the whole note."""

    rule: Rule
    codes: str
    """In order, blanks between; the first one is first-listed."""
    says: str
    """A severity and the codes whose findings are expected (`reject Z21`); empty where the rule is silent."""
    note: str
    fields: dict[str, Any]
    """Further fields of the case: age, sex, setting, section, mentions, …"""

    def findings(self, codebook: Codebook) -> tuple[Finding, ...]:
        """What the rule says to it."""
        return self.rule(case(codebook, self.note, *self.codes.split(), **self.fields))


def row(rule: Rule, codes: str, says: str = "", note: str = SEEN, **fields: Any) -> Any:
    """A parameter of a test."""
    return pytest.param(Row(rule, codes, says, note, fields), id=f"{rule.__name__}: {codes}")


def holds(given: Row, codebook: Codebook) -> bool:
    """True when the rule says exactly what the row expects; the first code of a finding is the one it is about."""
    severity, *codes = given.says.split() or ("",)
    expected = [(_SEVERITIES[severity], code) for code in codes]
    return [(f.severity.value, f.codes[0] if f.codes else "none") for f in given.findings(codebook)] == expected
