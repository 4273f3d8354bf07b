"""Payer rules: what the encounter's payer asks for beside the code set. They ask or inform, and never remove a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from guardrails.case import Case, Rule
from medcoding.finding import Finding
from medcoding.payer_rule import PayerRule, covers
from medcoding.proposal import ProposedCode

_NEAR: Final = 80
"""Characters of a clause that are looked at on either side of a phrase."""

_DENIED_BEFORE: Final = re.compile(
    r"\b(?:no|not|never|without|denie[sd]|denying|declin\w+|refus\w+|negative for|lack\w*|absen\w+|neither|nor|n't)\b"
    r"(?:(?!\b(?:but|however|although|relief|respon\w+|improv\w+|benefit\w*|success\w*|help\w*|better|change\w*)\b)"
    r"(?:[^.;:,\n]|,(?=[^.;:\n]*\b(?:or|nor)\b[^.;:\n]*$)))*$"
)
"""`No injections, bracing or physical therapy`; `no relief with physical therapy` says that there was some."""

_DENIED_BEHIND: Final = re.compile(
    r"[^.;:,\n]{0,20}?\b(?:not (?:done|tried|attempted|performed|completed|started|given|indicated)|never|declined"
    r"|refused|denied|deferred|contraindicated)\b"
)


def payer_requirements(case: Case) -> tuple[Finding, ...]:
    """Every rule of the encounter's payer that is in force and not met."""
    payer = case.chart.encounter.payer
    asked = [rule for rule in case.payer_rules if rule.applies(payer, case.day)]
    return tuple(
        _finding(rule, line)
        for rule in asked
        for line in case.lines
        if line.system is rule.system
        and covers(rule.codes, line.code)
        and not _MET[rule.requirement.kind](rule, line, case)
    )


def _finding(rule: PayerRule, line: ProposedCode) -> Finding:
    return Finding(
        rule=f"payer.{rule.payer}.{rule.id}",
        severity=rule.severity,
        codes=(line.code,),
        message=rule.says,
        source=rule.source,
        mend=_MEND[rule.requirement.kind],
    )


def _has_partner(rule: PayerRule, line: ProposedCode, case: Case) -> bool:
    return any(covers(rule.requirement.needs_one_of, other.code) for other in case.lines if other is not line)


def _stands_apart(rule: PayerRule, line: ProposedCode, case: Case) -> bool:
    return not any(covers(rule.requirement.not_with, other.code) for other in case.lines if other is not line)


def _is_documented(rule: PayerRule, _: ProposedCode, case: Case) -> bool:
    return any(_is_stated(phrase.lower(), case.record) for phrase in rule.requirement.documentation)


def _is_stated(phrase: str, record: str) -> bool:
    """True when the phrase stands somewhere in the record, in lower case, without being denied in its clause."""
    return any(
        not _DENIED_BEFORE.search(record[max(0, at.start() - _NEAR) : at.start()])
        and not _DENIED_BEHIND.match(record[at.end() : at.end() + _NEAR])
        for at in re.finditer(rf"(?<!\w){re.escape(phrase)}", record)
    )


def _has_modifier(rule: PayerRule, line: ProposedCode, _: Case) -> bool:
    return bool(set(rule.requirement.modifiers) & set(line.modifiers))


def _few_enough(rule: PayerRule, line: ProposedCode, _: Case) -> bool:
    return (line.units or 1) <= (rule.requirement.most_units or 0)


def _of_age(rule: PayerRule, _: ProposedCode, case: Case) -> bool:
    age, ages = case.chart.encounter.patient.age, rule.requirement.ages
    return age is None or ages is None or ages.youngest <= age <= ages.oldest


def _paid_here(rule: PayerRule, _: ProposedCode, case: Case) -> bool:
    return case.setting in rule.requirement.settings


def _not_first(_: PayerRule, line: ProposedCode, case: Case) -> bool:
    return case.first is not line


def _never(*_: object) -> bool:
    return False


_MET: Final[Mapping[str, Callable[[PayerRule, ProposedCode, Case], bool]]] = {
    "needs_one_of": _has_partner,
    "not_with": _stands_apart,
    "documentation": _is_documented,
    "modifiers": _has_modifier,
    "most_units": _few_enough,
    "ages": _of_age,
    "settings": _paid_here,
    "not_first": _not_first,
    "not_covered": _never,
    "prior_authorization": _never,
}
_MEND: Final[Mapping[str, str]] = {
    "needs_one_of": "Report the diagnosis that makes it necessary, where the record documents one.",
    "not_with": "Keep the code that the record supports best, or show why both were needed.",
    "documentation": "Ask the provider whether the record can be completed; never suggest the words.",
    "modifiers": "Add the modifier that the record supports.",
    "most_units": "Check the units against the record.",
    "ages": "Check the patient's age and the code.",
    "settings": "Check where the service was given.",
    "not_first": "List the condition that the code explains first.",
    "not_covered": "Tell the patient before the service, or expect a denial; the code itself stays right.",
    "prior_authorization": "Check that the authorization is on file.",
}
"""By kind of requirement: what would settle it, never `code something else to be paid`."""

RULES: Final[tuple[Rule, ...]] = (payer_requirements,)
