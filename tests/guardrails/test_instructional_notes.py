"""Instructional notes, executed from the tabular list of the edition."""

from __future__ import annotations

import pytest

from guardrails.case import Rule
from guardrails.instructional_notes import (
    additional_code_is_not_first,
    companion_is_coded,
    documented_beside,
    etiology_first,
    etiology_is_coded,
    excluded_pair,
    manifestation_follows,
    partner_is_coded,
    underlying_condition_leads,
)
from medcoding.chart import SectionKind
from medcoding.codebook import Codebook
from medcoding.mention import Assertion
from medcoding.proposal import NotCoded, NotCodedReason, Proposal
from tests.guardrails.cases import case, mention, said

NOTE = "Alcoholic cirrhosis. Smokes a pack a day. Ascites. CKD."


@pytest.mark.parametrize(
    ("codes", "pairs", "at"),
    [
        (("J45.909", "J44.9"), [], ""),
        (("E11.9", "O24.410"), [("E11.9", "O24.410")], "E11"),
        (("R73.03", "E11.9"), [("E11.9", "R73.03")], "R73"),
        (("D62", "D50.0"), [("D50.0", "D62")], "D50.0"),
        (("I10", "O10.011"), [("I10", "O10.011")], "I10"),
        (("E11.9", "I10"), [], ""),
    ],
)
def test_excludes1_keeps_two_codes_apart(
    fy2026: Codebook, codes: tuple[str, ...], pairs: list[tuple[str, str]], at: str
) -> None:
    """Named by the entry that prints it; one finding for a pair, whichever code carries the note."""
    for order in (codes, codes[::-1]):
        findings = excluded_pair(case(fy2026, NOTE, *order))
        assert [(finding.codes, finding.severity.value) for finding in findings] == [(p, "must_resolve") for p in pairs]
        assert all(f"at {at}; I.A.12.a" in finding.source for finding in findings), [f.source for f in findings]
        assert all("unrelated" in finding.mend for finding in findings)


@pytest.mark.parametrize(
    ("codes", "severity"),
    [
        (("F02.80", "G30.9"), "must_resolve"),
        (("G30.9", "F02.80"), None),
        (("I10", "F02.80", "G30.9"), "advise"),
        (("L97.411", "E11.621"), "must_resolve"),
        (("E11.621", "L97.411"), None),
        (("I50.9", "I11.0"), "must_resolve"),
        (("I11.0", "I50.9"), None),
    ],
)
def test_etiology_stands_before_manifestation(fy2026: Codebook, codes: tuple[str, ...], severity: str | None) -> None:
    """A code with a code-first note in front is a question, further back only advice; the mend is the order."""
    findings = etiology_first(case(fy2026, NOTE, *codes))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(finding.mend_codes == finding.codes[::-1] for finding in findings)


@pytest.mark.parametrize(
    ("codes", "order"),
    [(("F02.80",), ()), (("F02.80", "G30.9"), ("G30.9", "F02.80")), (("G30.9", "F02.80"), None), (("G30.9",), None)],
)
def test_a_manifestation_never_stands_first(
    fy2026: Codebook, codes: tuple[str, ...], order: tuple[str, ...] | None
) -> None:
    """Dementia in diseases classified elsewhere needs its disease (I.A.13)."""
    findings = manifestation_follows(case(fy2026, NOTE, *codes))
    assert [finding.mend_codes for finding in findings] == ([] if order is None else [order])
    assert all(finding.source == "Code first note at F02; I.A.13" for finding in findings)


@pytest.mark.parametrize(
    ("codes", "severity"),
    [
        (("I10", "F02.80"), "advise"),
        (("G30.9", "I10", "F02.80"), None),
        (("I10", "I31.31"), "must_resolve"),
        (("C34.90", "I31.31"), None),
        (("I10", "G01"), None),
    ],
)
def test_a_manifestation_never_stands_without_its_disease(
    fy2026: Codebook, codes: tuple[str, ...], severity: str | None
) -> None:
    """Behind other codes too, where its code-first note names diseases; a list of examples only advises (I.A.13)."""
    findings = manifestation_follows(case(fy2026, NOTE, *codes))
    assert said(findings) == ([("notes.manifestation", severity, codes[-1:])] if severity else [])


@pytest.mark.parametrize(
    ("codes", "asked"),
    [(("F06.30",), True), (("I10", "F06.30"), False), (("E08.9",), True), (("D63.1",), True), (("I50.9",), False)],
)
def test_a_code_first_note_keeps_its_code_back(fy2026: Codebook, codes: tuple[str, ...], *, asked: bool) -> None:
    """`Code first the underlying condition` is executed as far as it goes; a list of conditional causes is not."""
    findings = underlying_condition_leads(case(fy2026, NOTE, *codes))
    assert said(findings) == ([("notes.underlying_first", "must_resolve", codes)] if asked else [])


@pytest.mark.parametrize(
    ("rule", "code", "words", "concept", "finding"),
    [
        (partner_is_coded, "I25.10", "Smokes a pack a day", "F17.210", ("notes.use_additional", "must_resolve")),
        (partner_is_coded, "I12.9", "CKD", "N18.9", ("notes.use_additional", "must_resolve")),
        (partner_is_coded, "I10", "Ascites", "R18.8", None),
        (etiology_is_coded, "F02.80", "CKD", "G30.9", ("notes.code_first", "must_resolve")),
        (companion_is_coded, "K76.82", "Ascites", "B19.20", ("notes.code_also", "advise")),
    ],
)
def test_a_stated_partner_is_missing(
    fy2026: Codebook, rule: Rule, code: str, words: str, concept: str, finding: tuple[str, str] | None
) -> None:
    """What the note names and the assessment states is added; the mend is its code."""
    findings = rule(case(fy2026, NOTE, code, mentions=(mention(NOTE, words, concept),)))
    assert said(findings) == ([(*finding, (code,))] if finding else [])
    assert [made.mend_codes for made in findings] == ([(concept,)] if finding else [])


def test_a_partner_in_passing_is_only_advised(fy2026: Codebook) -> None:
    """Nothing assesses it: worth a look, no question that holds up a claim."""
    smoker = mention(NOTE, "Smokes a pack a day", "F17.210", section=SectionKind.SOCIAL_HISTORY)
    (finding,) = partner_is_coded(case(fy2026, NOTE, "I25.10", mentions=(smoker,)))
    assert finding.severity == "advise"


@pytest.mark.parametrize("assertion", [Assertion.NEGATED, Assertion.FAMILY, Assertion.HISTORICAL, Assertion.POSSIBLE])
def test_only_what_the_patient_has_is_asked_for(fy2026: Codebook, assertion: Assertion) -> None:
    """An uncertain condition counts in a stay, the others never."""
    smoker = mention(NOTE, "Smokes a pack a day", "F17.210", assertion)
    assert partner_is_coded(case(fy2026, NOTE, "I25.10", mentions=(smoker,))) == ()
    stay = partner_is_coded(case(fy2026, NOTE, "I25.10", mentions=(smoker,), setting="inpatient"))
    assert bool(stay) is (assertion is Assertion.POSSIBLE)


def test_what_was_left_out_on_purpose_is_not_asked_for(fy2026: Codebook) -> None:
    """A person or a rule has decided already; another code of the category will do too."""
    smoker = mention(NOTE, "Smokes a pack a day", "F17.210")
    asked = case(fy2026, NOTE, "I25.10", mentions=(smoker,))
    left_out = NotCoded(text="Smokes", evidence=(), code="F17.210", reason=NotCodedReason.NOT_ASSESSED)
    decided = Proposal(codes=asked.proposal.codes, not_coded=(left_out,))
    assert partner_is_coded(case(fy2026, NOTE, "I25.10", "F17.290", mentions=(smoker,))) == ()
    object.__setattr__(asked, "proposal", decided)
    assert partner_is_coded(asked) == ()


def test_the_lines_of_one_list_are_alternatives(fy2026: Codebook) -> None:
    """Code first one of the causes of dementia: where one is coded, the others are not asked for."""
    parkinson = mention(NOTE, "Ascites", "G20.A1")
    assert etiology_is_coded(case(fy2026, NOTE, "F02.80", mentions=(parkinson,))) != ()
    assert etiology_is_coded(case(fy2026, NOTE, "G30.9", "F02.80", mentions=(parkinson,))) == ()


@pytest.mark.parametrize(
    ("codes", "moved"), [(("F17.210", "J44.9"), True), (("J44.9", "F17.210"), False), (("I11.0", "I50.9"), False)]
)
def test_an_additional_code_is_not_first(fy2026: Codebook, codes: tuple[str, ...], *, moved: bool) -> None:
    """The tobacco code goes behind the lung disease that asks for it."""
    findings = additional_code_is_not_first(case(fy2026, NOTE, *codes))
    assert [finding.mend_codes for finding in findings] == ([codes[::-1]] if moved else [])


@pytest.mark.parametrize(
    ("code", "concept", "said_so"),
    [("I35.0", "I06.0", True), ("I35.0", "R07.9", False), ("I10", "I06.0", False), ("I35.0", "I06", False)],
)
def test_excludes2_lets_both_stand(fy2026: Codebook, code: str, concept: str, *, said_so: bool) -> None:
    """What the note says is not included is coded beside it where the record states it; a pair is no finding."""
    stated = mention(NOTE, "Ascites", concept)
    findings = documented_beside(case(fy2026, NOTE, code, mentions=(stated,)))
    assert said(findings) == ([("notes.excludes2", "advise", (code,))] if said_so else [])
    assert documented_beside(case(fy2026, NOTE, code, "I06.0", mentions=(stated,))) == ()
