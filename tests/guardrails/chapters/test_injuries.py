"""Injuries, fractures, burns."""

from __future__ import annotations

import pytest

from guardrails.chapters.burns import (
    cause_of_a_burn,
    chemicals_corrode,
    deepest_first,
    extent_behind_sites,
    extent_fits_degree,
    extent_is_no_late_effect,
    extent_of_deep_burns,
    one_degree_a_site,
    sunburn_is_no_burn,
    unnamed_site,
)
from guardrails.chapters.injuries import (
    aftercare_is_in_the_seventh,
    attempt_is_in_the_intent,
    displaced_by_default,
    fracture_words,
    gravest_first,
    growth_plate_alone,
    late_effect_behind_its_residual,
    late_effect_has_its_cause,
    one_phase_of_one_injury,
    open_fracture_grade,
    open_fracture_is_coded_open,
    several_injuries_are_named,
    superficial_at_a_graver_site,
    surgical_wound_is_no_injury,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(aftercare_is_in_the_seventh, "S52.521D Z47.89", "resolve Z47.89"),
        row(aftercare_is_in_the_seventh, "Z47.1 Z96.641"),
        row(one_phase_of_one_injury, "S52.521A S52.521D", "resolve S52.521A"),
        row(one_phase_of_one_injury, "T23.302S T22.211D"),
        row(late_effect_behind_its_residual, "T22.311S L91.0", "resolve T22.311S"),
        row(late_effect_behind_its_residual, "L91.0 T22.311S"),
        row(late_effect_has_its_cause, "L91.0 T22.311S", "advise T22.311S"),
        row(late_effect_has_its_cause, "L91.0 T22.311S X10.2XXS"),
        row(superficial_at_a_graver_site, "S51.812A S50.812A", "advise S50.812A"),
        row(superficial_at_a_graver_site, "S51.812A S80.811A"),
        row(superficial_at_a_graver_site, "S51.812A S50.811A"),
        row(gravest_first, "S20.212A S22.42XA", "resolve S20.212A"),
        row(gravest_first, "S22.42XA S20.212A"),
        row(several_injuries_are_named, "S36.031A T07.XXXA", "reject T07.XXXA"),
        row(several_injuries_are_named, "T07.XXXA"),
        row(attempt_is_in_the_intent, "T39.1X2A T14.91XA", "reject T14.91XA"),
        row(attempt_is_in_the_intent, "S51.812A X78.1XXA T14.91XA", "reject T14.91XA"),
        row(attempt_is_in_the_intent, "F33.2 T14.91XA"),
        row(growth_plate_alone, "S59.222A S52.502A", "resolve S52.502A"),
        row(growth_plate_alone, "S59.221A S82.201A"),
    ],
)
def test_injuries(fy2026: Codebook, given: Row) -> None:
    """One phase an injury, the gravest first, superficial ones left out (I.C.19.a, I.C.19.b, I.B.10)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(fracture_words, "S82.221K", "resolve S82.221K", "Tibia fracture, follow-up."),
        row(fracture_words, "S82.221K", "", "Nonunion of the tibia fracture."),
        row(fracture_words, "S82.251B", "resolve S82.251B", "Comminuted tibia fracture."),
        row(fracture_words, "M80.08XA", "", "Osteoporotic vertebral fracture."),
        row(open_fracture_grade, "S82.251C", "resolve S82.251C", "Open tibia fracture."),
        row(open_fracture_grade, "S82.251C", "", "Open tibia fracture, Gustilo type IIIA."),
        row(open_fracture_is_coded_open, "S82.251A", "resolve S82.251A", "Open tibia fracture."),
        row(open_fracture_is_coded_open, "S82.251A", "", "Tibia fracture for open reduction."),
        row(displaced_by_default, "S82.65XA", "resolve S82.65XA", "Left lateral malleolus fracture."),
        row(displaced_by_default, "S82.65XA", "", "Nondisplaced left lateral malleolus fracture."),
        row(displaced_by_default, "S82.62XA", "", "Left lateral malleolus fracture."),
        row(surgical_wound_is_no_injury, "S31.113A", "resolve S31.113A", "Surgical wound of the abdomen open again."),
        row(surgical_wound_is_no_injury, "S31.113A", "", "Stabbed in the abdomen."),
    ],
)
def test_fractures_in_the_records_words(fy2026: Codebook, given: Row) -> None:
    """Closed and displaced unless stated; nonunion, open and type III only when stated (I.C.19.c)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(deepest_first, "T24.212A T22.311A", "resolve T24.212A"),
        row(deepest_first, "T22.311A T24.212A"),
        row(one_degree_a_site, "T22.311A T22.211A", "reject T22.211A"),
        row(one_degree_a_site, "T22.311A T22.212A"),
        row(extent_of_deep_burns, "T22.311A X10.2XXA", "advise T22.311A"),
        row(extent_of_deep_burns, "T22.311A T31.0 X10.2XXA"),
        row(extent_is_no_late_effect, "L91.0 T22.311S T31.0", "reject T31.0"),
        row(extent_is_no_late_effect, "T22.311A T31.0"),
        row(extent_behind_sites, "T31.0 T22.311A", "resolve T31.0"),
        row(extent_behind_sites, "T31.0"),
        row(extent_fits_degree, "T24.212A T31.32", "resolve T31.32"),
        row(extent_fits_degree, "T21.31XA T31.32"),
        row(unnamed_site, "T22.311A T30.0", "reject T30.0"),
        row(unnamed_site, "T30.0"),
        row(sunburn_is_no_burn, "T21.24XA", "resolve T21.24XA", "Blistering sunburn of the back."),
        row(sunburn_is_no_burn, "T21.24XA", "", "Scald of the back."),
        row(chemicals_corrode, "T54.2X1A T23.201A", "resolve T23.201A"),
        row(chemicals_corrode, "T54.2X1A T23.601A"),
        row(cause_of_a_burn, "T24.212A", "advise T24.212A"),
        row(cause_of_a_burn, "T24.212A X10.2XXA"),
    ],
)
def test_burns(fy2026: Codebook, given: Row) -> None:
    """The highest degree first and alone at its site, the extent behind it, chemicals apart (I.C.19.d)."""
    assert holds(given, fy2026)
