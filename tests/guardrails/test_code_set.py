"""The set as a whole, with the sets that coders hand in."""

from __future__ import annotations

import pytest

from guardrails.check import check
from guardrails.code_set import (
    codes_stand_once,
    one_answer_to_one_question,
    sides_are_joined,
    unspecified_gives_way,
    whole_stands_alone,
    without_contradicts_with,
)
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from tests.guardrails.cases import Written, case, said

NOTE = "Seen today."


def test_one_condition_is_reported_once(fy2026: Codebook) -> None:
    """The same diagnosis twice; a service twice only with modifiers that tell the two apart."""
    supplies = [Written("A0001", system=CodeSystem.HCPCS, modifiers=m) for m in ((), ("76",))]
    assert said(codes_stand_once(case(fy2026, NOTE, "I10", "E11.9", "I10"))) == [
        ("set.duplicate", "must_resolve", ("I10",))
    ]
    assert codes_stand_once(case(fy2026, NOTE, "I10", "E11.9", *supplies)) == ()
    assert codes_stand_once(case(fy2026, NOTE, supplies[0], supplies[0])) != ()


@pytest.mark.parametrize(
    ("codes", "part"),
    [
        (("R11.2", "R11.0"), "R11.0"),
        (("N20.2", "N20.0"), "N20.0"),
        (("I50.43", "I50.23"), "I50.23"),
        (("K80.00", "K81.0"), "K81.0"),
        (("J44.0", "J44.1"), None),
        (("I11.0", "I50.9"), None),
        (("E11.22", "N18.30"), None),
    ],
)
def test_a_combination_code_stands_without_its_parts(
    fy2026: Codebook, codes: tuple[str, ...], part: str | None
) -> None:
    """The part goes; codes that add detail stay (I.B.9)."""
    findings = whole_stands_alone(case(fy2026, NOTE, *codes))
    assert [finding.codes[0] for finding in findings] == ([part] if part else [])
    assert all(finding.mend_codes == (codes[0],) for finding in findings)


@pytest.mark.parametrize(
    ("codes", "part", "rule"),
    [
        (("I11.0", "I50.9", "I10"), "I10", "hypertension.plain_beside_disease"),
        (("I13.0", "I50.9", "N18.30", "I12.9"), "I12.9", "hypertension.heart_and_kidney"),
        (("J44.1", "J44.89", "J44.9"), "J44.9", "respiratory.plain_beside_worse"),
        (("E11.22", "N18.30", "E11.9"), "E11.9", "diabetes.plain_beside_complication"),
        (("F10.230", "F10.20"), "F10.20", "substances.plain_beside_effect"),
        (("N20.2", "N20.0"), "N20.0", "set.part"),
    ],
)
def test_a_part_beside_its_whole_is_one_finding(fy2026: Codebook, codes: tuple[str, ...], part: str, rule: str) -> None:
    """Where a chapter rule removes the part, no general rule says the same of the combination again."""
    spoken = [f.rule for f in check(case(fy2026, NOTE, *codes)) if f.codes[:1] == (part,)]
    assert rule in spoken
    assert "set.part" not in spoken or rule == "set.part"


@pytest.mark.parametrize(
    ("codes", "rules"),
    [
        (("I10", "I12.9", "N18.30"), ["hypertension.plain_beside_disease"]),
        (("I11.0", "I13.0", "I50.9", "N18.30"), ["hypertension.heart_and_kidney"]),
        (("J44.9", "J44.1"), ["respiratory.plain_beside_worse"]),
        (("N18.9", "N18.31"), ["kidneys.known_stage_replaces"]),
    ],
)
def test_one_fact_is_one_finding(fy2026: Codebook, codes: tuple[str, ...], rules: list[str]) -> None:
    """A part beside its combination is said once; it is not called apart from a partner that stands in the whole."""
    note = "Hypertensive heart and kidney disease, COPD."
    found = [f for f in check(case(fy2026, note, *codes)) if not f.rule.startswith("evidence.")]
    assert [f.rule for f in found if codes[0] in f.codes and f.severity != "advise"] == rules


@pytest.mark.parametrize(
    ("codes", "better"),
    [
        (("N18.9", "N18.31"), None),
        (("J44.9", "J44.1"), None),
        (("J44.9", "J44.81"), "J44.81"),
        (("I50.9", "I50.22"), "I50.22"),
        (("J18.9", "J18.1"), None),
        (("J18.9", "J18.2"), None),
        (("N18.30", "N18.31"), "N18.31"),
        (("F32.A", "F33.1"), None),
        (("Z86.79", "Z86.73"), None),
        (("S82.90XA", "S82.61XA"), None),
        (("I10", "I15.9"), None),
    ],
)
def test_an_unspecified_code_gives_way(fy2026: Codebook, codes: tuple[str, ...], better: str | None) -> None:
    """To a specific one under the same entry; injuries and statuses may be of several places, and what a chapter rule
    says is not said again."""
    findings = unspecified_gives_way(case(fy2026, NOTE, *codes))
    assert [finding.mend_codes for finding in findings] == ([(better,)] if better else [])


@pytest.mark.parametrize(
    ("codes", "denied"),
    [(("E11.9", "E11.22"), "E11.9"), (("E11.22", "E11.9"), "E11.9"), (("E11.9", "E10.22"), None), (("E11.9",), None)],
)
def test_without_beside_with(fy2026: Codebook, codes: tuple[str, ...], denied: str | None) -> None:
    """Diabetes without complications beside a complication of it."""
    findings = without_contradicts_with(case(fy2026, NOTE, *codes))
    assert [finding.codes[0] for finding in findings] == ([denied] if denied else [])


@pytest.mark.parametrize(
    ("codes", "pair"),
    [
        (("E11.9", "E10.9"), ("E10.9", "E11.9")),
        (("N18.31", "N18.4"), ("N18.31", "N18.4")),
        (("N18.31", "N18.32"), ("N18.31", "N18.32")),
        (("Z68.35", "Z68.41"), ("Z68.35", "Z68.41")),
        (("Z3A.20", "Z3A.21"), ("Z3A.20", "Z3A.21")),
        (("B20", "Z21"), ("B20", "Z21")),
        (("F17.210", "Z87.891"), ("F17.210", "Z87.891")),
        (("E11.22", "E11.42"), None),
        (("F17.210", "F17.218"), None),
        (("N18.31", "N18.9"), None),
    ],
)
def test_one_answer_to_one_question(fy2026: Codebook, codes: tuple[str, ...], pair: tuple[str, str] | None) -> None:
    """Two types of diabetes, two stages, two body mass indexes: the record or the proposal contradicts itself."""
    findings = one_answer_to_one_question(case(fy2026, NOTE, *codes))
    assert said(findings) == ([("set.contradiction", "must_resolve", pair)] if pair else [])


@pytest.mark.parametrize(
    ("codes", "keep"),
    [
        (("H61.21", "H61.22"), ("H61.23",)),
        (("H61.21", "H61.22", "H61.23"), ("H61.23",)),
        (("H61.20", "H61.21"), ("H61.23",)),
        (("E11.3211", "E11.3212"), ("E11.3213",)),
        (("M25.511", "M25.512"), None),
        (("M25.519", "M25.512"), ("M25.512",)),
        (("H61.21", "H60.92"), None),
        (("S52.501A", "S52.502A"), None),
    ],
)
def test_both_sides_have_their_code(fy2026: Codebook, codes: tuple[str, ...], keep: tuple[str, ...] | None) -> None:
    """The bilateral code where there is one; two codes where there is none; no unspecified side beside a named one."""
    findings = sides_are_joined(case(fy2026, NOTE, *codes))
    assert [finding.mend_codes for finding in findings] == ([keep] if keep else [])
    assert all(finding.source == "I.B.13" for finding in findings)
