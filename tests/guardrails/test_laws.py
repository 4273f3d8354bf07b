"""Laws of the whole rule book, and the one rule that overrides it: a person's reason."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.case import Case, Rule
from guardrails.check import RULES, check, rejected_codes
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem
from medcoding.finding import GivenOverride, Override, overridden
from medcoding.proposal import Proposal
from tests.guardrails.cases import Written, case, said
from tests.strategies import charts, icd10cm_codes, proposals

FAMILIAR = st.sampled_from(
    """
    I10 I11.0 I12.9 I50.9 I50.22 E11 E11.9 E11.22 E10.9 N18.30 N18.31 N18.9 Z79.4 Z68.41 Z80.3 M72.2 M72.20 S82.61XA
    S82.61 W19.A W19.XXXA J44.9 J44.1 F02.80 G30.9 H61.21 H61.22 R07.9 T38.0X5A O80 Z37.0 Z38.00 B96.20 J1100 word
    """.split()
) | st.just("")
WHEN = dt.datetime(2026, 11, 3, 9, 30, tzinfo=dt.UTC)
UNRELATED = Override(by="coder-7", reason="unrelated conditions, I.A.12.a", at=WHEN)


@pytest.fixture(scope="module")
def books(codebooks: Codebooks) -> tuple[Codebook, ...]:
    """Both editions."""
    return codebooks.editions


@st.composite
def cases(draw: st.DrawFn, books: tuple[Codebook, ...]) -> Case:
    """Any proposal on any note."""
    chart = draw(charts())
    proposal = draw(proposals(chart.encounter.documents[0], icd10cm_codes() | FAMILIAR))
    return Case(chart, proposal, draw(st.sampled_from(books)), draw(st.booleans()), editions=books)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.sampled_from(RULES), unique=True, max_size=40), st.sampled_from(RULES))
def test_adding_a_rule_never_removes_a_finding(
    books: tuple[Codebook, ...], data: st.DataObject, rules: list[Rule], added: Rule
) -> None:
    """What some rules find is found by more of them too, wherever the new one stands, and no code comes back."""
    one = data.draw(cases(books))
    place = data.draw(st.integers(0, len(rules)))
    before = check(one, tuple(rules))
    after = check(one, (*rules[:place], added, *rules[place:]))
    assert [finding for finding in after if finding in before or finding not in added(one)] == [
        finding for finding in after if finding in before
    ]
    assert all(finding in after for finding in before)
    assert rejected_codes(before) <= rejected_codes(after)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_the_order_in_which_codes_come_does_not_matter(
    books: tuple[Codebook, ...], data: st.DataObject, chance: random.Random
) -> None:
    """Their sequence numbers do: the same codes in another order of the list get the same findings."""
    one = data.draw(cases(books))
    lines = list(one.proposal.codes)
    chance.shuffle(lines)
    shuffled = replace(one, proposal=Proposal(codes=tuple(lines), not_coded=()))
    assert set(check(one)) == set(check(shuffled))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_passes_is_billable_and_quoted(books: tuple[Codebook, ...], data: st.DataObject) -> None:
    """Whatever is proposed: a diagnosis that no rule removes exists, is billable and rests on verbatim words."""
    one = data.draw(cases(books))
    document = one.chart.encounter.documents[0]
    rejected = rejected_codes(check(one))
    for line in one.proposal.codes:
        if line.code not in rejected and line.system is CodeSystem.ICD10CM:
            assert one.codebook.is_billable(line.code)
            assert line.evidence
            assert all(quote.stands_in(document.text) for quote in line.evidence)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_finding_is_complete_and_silent_about_the_note(books: tuple[Codebook, ...], data: st.DataObject) -> None:
    """It names codes of the proposal, its source and a mend, and holds no long piece of the note."""
    one = data.draw(cases(books))
    text = one.chart.encounter.documents[0].text
    for finding in check(one):
        assert set(finding.codes) <= {line.code for line in one.proposal.codes}
        assert finding.source
        assert finding.mend.endswith(".")
        assert finding.message.endswith(".")
        assert len(text) < 12 or text not in f"{finding.message} {finding.mend} {finding.source}"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_rule_speaks_under_its_own_ids(books: tuple[Codebook, ...], data: st.DataObject) -> None:
    """No two rules share an id: an override of one does not silence the other."""
    one = data.draw(cases(books))
    owners: dict[str, Rule] = {}
    for rule in RULES:
        for finding in rule(one):
            assert owners.setdefault(finding.rule, rule) is rule


def test_no_rule_stands_twice() -> None:
    """A rule listed twice would say everything twice."""
    assert len(set(RULES)) == len(RULES)


def test_a_sound_proposal_has_no_findings(fy2026: Codebook) -> None:
    """Nothing to say about three well supported codes."""
    note = "Assessment: type 2 diabetes. Hypertension, stable. Personal history of stroke without deficits."
    lines = (
        Written("E11.9", "type 2 diabetes"),
        Written("I10", "Hypertension"),
        Written("Z86.73", "history of stroke"),
    )
    assert check(case(fy2026, note, *lines)) == ()


def test_what_does_not_exist_cannot_be_overridden(fy2026: Codebook) -> None:
    """A header cannot be billed and an invented code names nothing, whoever says otherwise."""
    findings = check(case(fy2026, "Diabetes.", "E11", "J18.99"))
    given = [GivenOverride(rule=f.rule, codes=f.codes, override=UNRELATED) for f in findings]
    assert rejected_codes(overridden(findings, given)) == {"E11", "J18.99"}


def test_an_override_is_bound_to_rule_and_codes(fy2026: Codebook) -> None:
    """One given for another rule, or for other codes, answers nothing."""
    findings = check(case(fy2026, "Acute blood loss anemia on top of chronic iron deficiency.", "D62", "D50.0"))
    others = [
        GivenOverride(rule="notes.excludes2", codes=("D62", "D50.0"), override=UNRELATED),
        GivenOverride(rule="notes.excludes1", codes=("D62",), override=UNRELATED),
    ]
    assert overridden(findings, others) == findings


def test_an_excludes1_pair_stands_with_a_reason(fy2026: Codebook) -> None:
    """The exception of I.A.12.a is a person's word that the conditions are unrelated."""
    findings = check(case(fy2026, "Acute blood loss anemia on top of chronic iron deficiency.", "D62", "D50.0"))
    assert ("notes.excludes1", "must_resolve", ("D50.0", "D62")) in said(findings)
    given = GivenOverride(rule="notes.excludes1", codes=("D62", "D50.0"), override=UNRELATED)
    kept = overridden(findings, [given])
    (pair,) = (f for f in kept if f.rule == "notes.excludes1")
    assert pair.override == UNRELATED
    assert str(pair.override) == "unrelated conditions, I.A.12.a (coder-7, 2026-11-03 09:30 UTC)"
