"""Form: seventh characters, placeholders and sides as coders get them wrong."""

from __future__ import annotations

import pytest

from guardrails.form import seventh_character_is_valid, side_is_named, side_is_the_documented_one
from guardrails.laterality import sided_twins
from medcoding.codebook import Codebook
from medcoding.mention import Axes
from tests.guardrails.cases import Written, case, mention, said


@pytest.mark.parametrize(
    ("code", "source", "mend"),
    [
        ("S82.61XA", None, ()),
        ("I10", None, ()),
        ("E11", None, ()),
        ("T36.0X1", "I.A.5", ("T36.0X1A", "T36.0X1D", "T36.0X1S")),
        ("S06.1X7D", "I.A.5", ("S06.1X7A",)),
        ("W19.A", "I.A.4", ("W19.XXXA",)),
        ("W19.XA", "I.A.4", ("W19.XXXA",)),
        ("I10.XXXA", "I.A.5", ("I10",)),
    ],
)
def test_the_seventh_character(fy2026: Codebook, code: str, source: str | None, mend: tuple[str, ...]) -> None:
    """Missing, not in the table, in the wrong place, or on a code that takes none; the mend is named in codes."""
    findings = seventh_character_is_valid(case(fy2026, "Fell.", code))
    assert said(findings) == ([("form.seventh_character", "reject", (code,))] if source else [])
    assert [(finding.source, finding.mend_codes) for finding in findings] == ([(source, mend)] if source else [])


@pytest.mark.parametrize(
    ("code", "twins"),
    [
        ("M17.11", {"right": "M17.11", "left": "M17.12", "unspecified": "M17.10"}),
        ("H61.23", {"right": "H61.21", "left": "H61.22", "bilateral": "H61.23", "unspecified": "H61.20"}),
        ("S52.501A", {"right": "S52.501A", "left": "S52.502A", "unspecified": "S52.509A"}),
        ("E11.3211", {"right": "E11.3211", "left": "E11.3212", "bilateral": "E11.3213", "unspecified": "E11.3219"}),
        ("E11.9", {}),
        ("J18.9", {}),
    ],
)
def test_twins_differ_in_the_side_alone(fy2026: Codebook, code: str, twins: dict[str, str]) -> None:
    """Read from the titles, wherever the character for the side stands."""
    assert dict(sided_twins(fy2026, code)) == twins


@pytest.mark.parametrize(
    ("code", "note", "mend"),
    [
        ("M17.11", "Primary osteoarthritis of the left knee.", ("M17.12",)),
        ("M17.12", "Primary osteoarthritis of the left knee.", None),
        ("M17.11", "Primary osteoarthritis of both knees.", None),
        ("M17.11", "Primary osteoarthritis of the knee.", None),
        ("H61.23", "Impacted cerumen, right ear.", ("H61.21",)),
        ("H61.23", "Impacted cerumen in both ears.", None),
        ("H61.23", "Impacted cerumen, right ear and left ear.", None),
    ],
)
def test_the_side_is_the_documented_one(fy2026: Codebook, code: str, note: str, mend: tuple[str, ...] | None) -> None:
    """Another side in the quoted words is a question for a person (I.B.13)."""
    findings = side_is_the_documented_one(case(fy2026, note, code))
    assert said(findings) == ([("form.side", "must_resolve", (code,))] if mend else [])
    assert [finding.mend_codes for finding in findings] == ([mend] if mend else [])


def test_an_abbreviated_side_is_read_by_the_mention(fy2026: Codebook) -> None:
    """“L knee” is the left one."""
    note = "OA L knee, severe."
    read = mention(note, "OA L knee", "M17.1", axes=Axes(laterality="left"))
    findings = side_is_the_documented_one(case(fy2026, note, Written("M17.11", "OA L knee"), mentions=(read,)))
    assert [finding.mend_codes for finding in findings] == [("M17.12",)]


@pytest.mark.parametrize(
    ("note", "severity", "mend"),
    [
        ("Cerumen impaction, left ear.", "must_resolve", ("H61.22",)),
        ("Cerumen impaction.", "advise", ()),
    ],
)
def test_an_unspecified_side_is_a_last_resort(
    fy2026: Codebook, note: str, severity: str, mend: tuple[str, ...]
) -> None:
    """Where the record names the side it is coded; where it does not, the provider is asked."""
    (finding,) = side_is_named(case(fy2026, note, "H61.20"))
    assert (finding.severity, finding.mend_codes) == (severity, mend)


def test_a_side_stated_elsewhere_counts(fy2026: Codebook) -> None:
    """The same condition is mentioned with its side in another sentence."""
    note = "Cerumen impaction. Exam: impacted wax AS."
    read = mention(note, "impacted wax AS", "H61.20", axes=Axes(laterality="left"))
    (finding,) = side_is_named(case(fy2026, note, Written("H61.20", "Cerumen impaction"), mentions=(read,)))
    assert finding.mend_codes == ("H61.22",)
