"""What stands first, and in which order the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrails.first_code import order_follows_conventions, principal_is_acceptable
from guardrails.instructional_notes import manifestation_follows, underlying_condition_leads
from medcoding.codebook import Codebook
from tests.guardrails.cases import case
from tests.guardrails.editor_lists import editor_list

NOTE = "Admitted."


@pytest.mark.parametrize(
    ("codes", "setting", "mend"),
    [
        (("Z79.4", "E11.9"), "inpatient", ("E11.9", "Z79.4")),
        (("T45.1X5A", "R11.2"), "inpatient", ("R11.2", "T45.1X5A")),
        (("T38.3X6A", "E11.65"), "inpatient", ("E11.65", "T38.3X6A")),
        (("T45.1X1A", "R11.2"), "inpatient", None),
        (("B96.20", "N39.0"), "inpatient", ("N39.0", "B96.20")),
        (("Z79.4", "Z68.41"), "inpatient", ()),
        (("Z51.11", "C50.911"), "inpatient", None),
        (("Z38.00", "P59.9"), "inpatient", None),
        (("Z79.4", "E11.9"), "outpatient", None),
        (("I10",), "inpatient", None),
        ((), "inpatient", None),
    ],
)
def test_a_principal_diagnosis_is_a_reason_for_an_admission(
    fy2026: Codebook, codes: tuple[str, ...], setting: str, mend: tuple[str, ...] | None
) -> None:
    """A status, an organism or a drug's effect is none; the next code that is one is named."""
    findings = principal_is_acceptable(case(fy2026, NOTE, *codes, setting=setting))
    assert [finding.mend_codes for finding in findings] == ([] if mend is None else [mend])


@pytest.mark.parametrize(
    ("codes", "order", "why"),
    [
        (("W01.0XXA", "S52.501A"), ("S52.501A", "W01.0XXA"), "an external cause"),
        (("S52.501A", "W01.0XXA", "I10"), ("S52.501A", "I10", "W01.0XXA"), "an external cause"),
        (("F02.80", "G30.9", "I10"), ("G30.9", "F02.80", "I10"), "its note puts G30.9"),
        (("Z79.4", "E11.9"), ("E11.9", "Z79.4"), "a status"),
        (("S52.501A", "W01.0XXA", "Z79.4"), None, ""),
        (("E11.621", "L97.411"), None, ""),
        (("Z99.12", "G12.21"), None, ""),
        (("Z79.4",), None, ""),
    ],
)
def test_an_order_comes_with_its_argument(
    fy2026: Codebook, codes: tuple[str, ...], order: tuple[str, ...] | None, why: str
) -> None:
    """The mend is the whole order, the message says why each code moves; a good order is left alone."""
    findings = order_follows_conventions(case(fy2026, NOTE, *codes))
    assert [finding.mend_codes for finding in findings] == ([order] if order else [])
    assert all(why in finding.message for finding in findings)


def test_the_editors_unacceptable_diagnoses_are_known(fy2026: Codebook, shared_data: Path) -> None:
    """At least 19 of 20 codes of the Medicare Code Editor's list are held back from the first place of a stay."""
    listed = editor_list(shared_data, "Principal_Unacceptable", fy2026)
    held = [code for code in listed if principal_is_acceptable(case(fy2026, NOTE, code, setting="inpatient"))]
    assert len(held) >= 0.94 * len(listed) > 2000


def test_the_editors_manifestations_never_stand_first(fy2026: Codebook, shared_data: Path) -> None:
    """Every code of the Medicare Code Editor's list of manifestations, from titles and code-first notes alone."""
    listed = editor_list(shared_data, "Principal_Manifestation", fy2026)
    alone = {code: case(fy2026, NOTE, code) for code in listed}
    assert [c for c, one in alone.items() if not manifestation_follows(one) + underlying_condition_leads(one)] == []
    assert len(listed) > 350
