"""What the guardrails say to gold: a rule that speaks against a right code is a false alarm.

Every gold set is handed in as a proposal, with its evidence and with what the product reads in the record. Turned
round, each code that a case forbids is added to its gold set, to see whether some rule speaks against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from agent.mentions import find
from agent.parts import Parts
from agent.sections import split
from guardrails.case import Case, Rule
from guardrails.check import RULES, check
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Encounter
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode, Source
from medcoding.record import Record

_AGAINST = frozenset({Severity.REJECT, Severity.MUST_RESOLVE})


class RuleRate(Record):
    """How often one rule speaks, with one severity."""

    rule: str
    severity: Severity
    codes: int
    """Codes it names, each once an encounter."""
    encounters: int
    rate: float
    """Codes it names, as a share of all."""


class FalseAlarms(Record):
    """What all rules say to one set of gold codes."""

    encounters: int
    codes: int
    rejected: int
    """Gold codes that some rule removes."""
    reject_rate: float
    must_resolve_rate: float
    """Gold codes that some rule wants a person to look at."""
    advise_rate: float
    rules: tuple[RuleRate, ...]
    """The most frequent first."""
    forbidden: int
    """Forbidden codes that were added, one at a time."""
    forbidden_caught: int
    """Those that some rule rejects or holds up, though it is silent on the gold set."""


class GoldCase(NamedTuple):
    """A gold encounter and the case that the rules are given."""

    gold: CodedEncounter
    case: Case

    def with_code(self, code: str) -> Case:
        """The same with one more code, resting on the words that speak of it, or else on those of the first code."""
        taken = self.case.proposal.codes
        evidence = tuple(_evidence_for(code, self.case.mentions, self.gold)) or (taken[0].evidence if taken else ())
        line = FinalCode(
            system=CodeSystem.ICD10CM, code=code, role=CodeRole.SECONDARY, sequence=len(taken) + 1, evidence=evidence
        )
        proposal = Proposal(codes=(*taken, proposed(line)), not_coded=())
        return replaced(self.case, proposal)


def gold_case(gold: CodedEncounter, parts: Parts) -> GoldCase:
    """Gold as a proposal, read as the product reads an encounter."""
    chosen = parts.codebooks.for_date(gold.coding_date)
    chart = split(
        Encounter.model_validate({name: getattr(gold, name) for name in Encounter.model_fields}), parts.headings
    )
    case = Case(
        chart=chart,
        proposal=Proposal(codes=tuple(map(proposed, gold.codes)), not_coded=()),
        codebook=chosen.codebook,
        edition_in_force=chosen.in_force,
        mentions=find(chart, parts.mention_rules),
        procedures=parts.books.procedures,
        editions=parts.codebooks.editions,
    )
    return GoldCase(gold, case)


def proposed(line: FinalCode) -> ProposedCode:
    """A final code as if somebody had proposed it."""
    return ProposedCode(
        system=line.system,
        code=line.code,
        role=line.role,
        sequence=line.sequence,
        mention_ids=(),
        evidence=line.evidence,
        source=Source.RULES,
        strength=1.0,
        reason="",
        poa=line.poa,
        modifiers=line.modifiers,
        units=line.units,
    )


def replaced(case: Case, proposal: Proposal) -> Case:
    """The same case with another proposal."""
    return replace(case, proposal=proposal)


def false_alarms(cases: Sequence[GoldCase], rules: tuple[Rule, ...] = RULES) -> FalseAlarms:
    """All rules over all cases."""
    alarms = [(one, check(one.case, rules)) for one in cases]
    codes = sum(len(one.gold.codes) for one in cases)
    touched = {severity: _touched(alarms, severity) for severity in Severity}
    forbidden = [caught for one, said in alarms for caught in _caught(one, said, rules)]
    return FalseAlarms(
        encounters=len(cases),
        codes=codes,
        rejected=touched[Severity.REJECT],
        reject_rate=_share(touched[Severity.REJECT], codes),
        must_resolve_rate=_share(touched[Severity.MUST_RESOLVE], codes),
        advise_rate=_share(touched[Severity.ADVISE], codes),
        rules=_rates(alarms, codes),
        forbidden=len(forbidden),
        forbidden_caught=sum(forbidden),
    )


def named_by(rule: str, cases: Iterable[GoldCase], rules: tuple[Rule, ...] = RULES) -> Iterator[tuple[str, Finding]]:
    """Case id and finding, for every finding of one rule. Never call it with the held-out part."""
    for one in cases:
        for finding in check(one.case, rules):
            if finding.rule == rule:
                yield one.gold.case_id, finding


def _touched(alarms: Iterable[tuple[GoldCase, tuple[Finding, ...]]], severity: Severity) -> int:
    return sum(len({code for f in said if f.severity is severity for code in f.codes}) for _, said in alarms)


def _rates(alarms: Iterable[tuple[GoldCase, tuple[Finding, ...]]], codes: int) -> tuple[RuleRate, ...]:
    named: Counter[tuple[str, Severity]] = Counter()
    met: Counter[tuple[str, Severity]] = Counter()
    for _, said in alarms:
        by_rule: dict[tuple[str, Severity], set[str]] = {}
        for finding in said:
            by_rule.setdefault((finding.rule, finding.severity), set()).update(finding.codes)
        named.update({key: len(found) for key, found in by_rule.items()})
        met.update(by_rule.keys())
    return tuple(
        RuleRate(rule=key[0], severity=key[1], codes=named[key], encounters=met[key], rate=_share(named[key], codes))
        for key, _ in met.most_common()
    )


def _caught(one: GoldCase, said: tuple[Finding, ...], rules: tuple[Rule, ...]) -> Iterator[bool]:
    """For each forbidden code that exists: is there a finding against it that the gold set alone does not have?"""
    before = {(f.rule, f.codes) for f in said}
    for line in one.gold.must_not:
        if one.case.codebook.is_billable(line.code) and line.code not in one.case.codes:
            after = check(one.with_code(line.code), rules)
            yield any(
                f.severity in _AGAINST and line.code in f.codes and (f.rule, f.codes) not in before for f in after
            )


def _evidence_for(code: str, mentions: Iterable[Mention], gold: CodedEncounter) -> Iterator[EvidenceQuote]:
    """The first mention that means this code; else the words of a gold code of its category."""
    for mention in mentions:
        if any(code.startswith(stem) for stem in (*mention.stems, mention.concept or "-")):
            yield EvidenceQuote(
                document_id=mention.document_id,
                start=mention.span.start,
                end=mention.span.end,
                text=mention.text,
                section=mention.section.value,
                assertion=mention.assertion,
            )
            return
    yield from next((line.evidence for line in gold.codes if line.code[:3] == code[:3]), ())


def _share(part: int, whole: int) -> float:
    return round(part / whole, 5) if whole else 0.0
