from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from guardrails.case import Case
from guardrails.procedures import (
    MODIFIERS,
    RULES,
    a_visit_stands_beside_a_service,
    modifiers_are_documented,
    modifiers_are_written,
    modifiers_fit_together,
    pairs_are_payable,
    repeats_are_marked,
    units_are_plausible,
)
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.ncci import NcciBook, NcciSetting, NcciWriter, PtpRow, UnlikelyUnits, write_ncci_book
from medcoding.procedures import (
    ProcedureBook,
    ProcedureCode,
    ProcedureContent,
    ProcedureRelease,
    write_procedure_book,
)
from tests.guardrails.cases import Written, case

NOTE = "Injection of the right knee. Later that day a second, separate lesion of the left arm was treated."
KNEE, ARM, ALL = "Injection of the right knee", "lesion of the left arm", ""


@pytest.fixture
def ncci(tmp_path: Path) -> Iterator[NcciBook]:
    """Two invented pairs, one that a modifier may lift, and units for one code in two settings."""

    def fill(writer: NcciWriter) -> None:
        rows = [
            PtpRow("9ZZZ1", "9ZZZ2", 20200101, 0, 1, before_1996=False, rationale="Usually one service"),
            PtpRow("9ZZZ1", "9ZZZ3", 20200101, 0, 0, before_1996=False, rationale="Always one service"),
            PtpRow("9ZZZ2", "9ZZZ3", 20200101, 20251231, 0, before_1996=False, rationale="No longer"),
        ]
        writer.add_edits(NcciSetting.PRACTITIONER, "invented", rows)
        for setting, units in ((NcciSetting.PRACTITIONER, 2), (NcciSetting.OUTPATIENT_HOSPITAL, 3)):
            limit = UnlikelyUnits(setting=setting, code="9ZZZ1", units=units, adjudication=3, rationale="Anatomy")
            writer.add_units(setting, "invented", [limit])

    write_ncci_book(tmp_path / "ncci.sqlite", fill)
    with closing(NcciBook(tmp_path / "ncci.sqlite")) as book:
        yield book


@pytest.fixture
def cpt(tmp_path: Path) -> Iterator[ProcedureBook]:
    """An invented injection and an invented visit."""
    release = ProcedureRelease(system=CodeSystem.CPT, name="invented", source="invented", dated=False)
    titles = (("9ZZZ1", "Invented injection"), ("9ZZZ2", "Invented office visit"))
    codes = tuple(ProcedureCode(code=c, long_descriptor=t, system=CodeSystem.CPT) for c, t in titles)
    write_procedure_book(tmp_path / "cpt.sqlite", ProcedureContent(release, codes))
    with closing(ProcedureBook(tmp_path / "cpt.sqlite")) as book:
        yield book


def _line(code: str, *modifiers: str, quote: str = ALL, units: int | None = None) -> Written:
    return Written(code, quote, system=CodeSystem.CPT, modifiers=modifiers, units=units)


def _case(codebook: Codebook, *lines: Written | str, ncci: NcciBook | None = None, note: str = NOTE) -> Case:
    return case(codebook, note, "M17.11", *lines, ncci=ncci)


@pytest.mark.parametrize(
    ("modifiers", "found"),
    [((), 0), (("RT",), 0), (("RT", "RT"), 1), (("right",), 1), (("rt",), 1), (("59", "RT", "76", "KX", "GA"), 1)],
)
def test_a_modifier_is_two_characters_once(fy2026: Codebook, modifiers: tuple[str, ...], found: int) -> None:
    """At most four on a line."""
    assert len(modifiers_are_written(_case(fy2026, _line("9ZZZ1", *modifiers)))) == found


@pytest.mark.parametrize(
    ("modifiers", "rules"),
    [
        (("XS",), []),
        (("59",), ["procedures.modifier_59"]),
        (("59", "XS"), ["procedures.modifiers_together"]),
        (("RT", "LT"), ["procedures.modifiers_together"]),
        (("50", "LT"), ["procedures.modifiers_together"]),
        (("76", "77"), ["procedures.modifiers_together"]),
    ],
)
def test_modifiers_do_not_say_a_thing_twice(fy2026: Codebook, modifiers: tuple[str, ...], rules: list[str]) -> None:
    """The X modifiers are the exact forms of 59; both sides are 50 or two lines."""
    assert [f.rule for f in modifiers_fit_together(_case(fy2026, _line("9ZZZ1", *modifiers)))] == rules


@pytest.mark.parametrize(
    ("modifier", "quote", "note", "found"),
    [
        ("RT", KNEE, NOTE, 0),
        ("LT", KNEE, NOTE, 1),
        ("LT", ARM, NOTE, 0),
        ("50", KNEE, NOTE, 1),
        ("50", ALL, "Bilateral knee injections.", 0),
        ("59", KNEE, NOTE, 1),
        ("59", ARM, NOTE, 0),
        ("59", ALL, "Injection of the knee.", 1),
        ("XE", ALL, "Injection of the knee.", 1),
        ("76", ALL, "Radiograph, repeated after reduction.", 0),
        ("76", ALL, "Radiograph of the wrist.", 1),
        ("76", KNEE, NOTE, 1),
        ("76", ALL, "Infusion over 30 seconds.", 1),
        ("XP", ALL, "Injection by Dr. Lindqvist.", 0),
        ("XP", ALL, "Injection by A. Moreno, NP.", 0),
        ("XP", ALL, "Injection, do not bear weight, amdt of the plan.", 1),
        ("XP", KNEE, NOTE + " Seen by a surgeon.", 1),
        ("25", ALL, "Injection of the knee.", 0),
        ("KX", ALL, "Injection of the knee.", 0),
    ],
)
def test_what_a_modifier_says_stands_in_the_record(
    fy2026: Codebook, modifier: str, quote: str, note: str, found: int
) -> None:
    """In the line's own sentences, as whole words; a modifier without a rule is not judged."""
    made = _case(fy2026, _line("9ZZZ1", modifier, quote=quote), note=note)
    assert len(modifiers_are_documented(made)) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([_line("9ZZZ1", "76")], 1),
        ([_line("9ZZZ1"), _line("9ZZZ1", "76")], 0),
        ([_line("9ZZZ1", "77", units=2)], 0),
        ([_line("9ZZZ1"), _line("9ZZZ2", "76")], 1),
    ],
)
def test_a_repeat_needs_a_first(fy2026: Codebook, lines: list[Written], found: int) -> None:
    """76 and 77 stand on a code that the claim holds before, or in several units."""
    assert len(repeats_are_marked(_case(fy2026, *lines))) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [([_line("9ZZZ1", "25")], 1), ([_line("9ZZZ1", "25"), _line("9ZZZ2")], 0), ([_line("9ZZZ1")], 0)],
)
def test_a_separate_visit_needs_a_procedure(fy2026: Codebook, lines: list[Written], found: int) -> None:
    """25 stands only beside another service of the day."""
    assert len(a_visit_stands_beside_a_service(_case(fy2026, *lines))) == found


@pytest.mark.parametrize(
    ("lines", "alone"),
    [
        ([_line("9ZZZ1"), _line("9ZZZ2")], "9ZZZ1"),
        ([_line("9ZZZ2"), _line("9ZZZ1")], "9ZZZ1"),
        ([_line("9ZZZ1"), _line("9ZZZ2", "XS")], ""),
        ([_line("9ZZZ1", "RT"), _line("9ZZZ2", "LT")], ""),
        ([_line("9ZZZ1", "RT"), _line("9ZZZ2", "RT")], "9ZZZ1"),
        ([_line("9ZZZ1"), _line("9ZZZ3", "XS")], "9ZZZ1"),
        ([_line("9ZZZ2"), _line("9ZZZ3")], ""),
        ([_line("9ZZZ1")], ""),
    ],
)
def test_pairs_of_the_users_tables(fy2026: Codebook, ncci: NcciBook, lines: list[Written], alone: str) -> None:
    """Indicator 0 is never lifted, 1 by a modifier that sets the two apart, an ended edit is none."""
    found = pairs_are_payable(_case(fy2026, *lines, ncci=ncci))
    assert [f.mend_codes for f in found] == ([(alone,)] if alone else [])
    assert pairs_are_payable(_case(fy2026, *lines)) == ()


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        ([_line("9ZZZ1"), _line("9ZZZ2", "25")], True),
        ([_line("9ZZZ1", "25"), _line("9ZZZ2")], False),
        ([_line("9ZZZ1"), _line("9ZZZ2")], False),
    ],
)
def test_25_sets_a_visit_apart(
    fy2026: Codebook, ncci: NcciBook, cpt: ProcedureBook, lines: list[Written], *, apart: bool
) -> None:
    """On the line of the visit it lifts the pair, on the procedure it says nothing; unknown codes are no visits."""
    loaded = case(fy2026, NOTE, "M17.11", *lines, ncci=ncci, procedures={CodeSystem.CPT: cpt})
    assert (pairs_are_payable(loaded) == ()) is apart
    assert pairs_are_payable(_case(fy2026, *lines, ncci=ncci)) != ()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([_line("9ZZZ1", units=3)], 0),
        ([_line("9ZZZ1", units=4)], 1),
        ([_line("9ZZZ1", units=2), _line("9ZZZ1", "76", units=2)], 1),
        ([_line("9ZZZ2", units=99)], 0),
    ],
)
def test_units_of_the_users_tables(fy2026: Codebook, ncci: NcciBook, lines: list[Written], found: int) -> None:
    """Lines of a code are added up; the largest limit counts, because whose claim it is nobody said."""
    assert len(units_are_plausible(_case(fy2026, *lines, ncci=ncci))) == found


def test_diagnoses_have_no_modifiers(fy2026: Codebook, ncci: NcciBook) -> None:
    """A claim without services passes every rule here; every modifier rule says in words what it is for."""
    made = _case(fy2026, "I10", ncci=ncci)
    assert [finding for rule in RULES for finding in rule(made)] == []
    assert len({rule.modifier for rule in MODIFIERS}) == len(MODIFIERS)
    assert all(len(rule.says.split()) >= 3 for rule in MODIFIERS)
