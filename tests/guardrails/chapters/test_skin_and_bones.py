"""Ulcers of the skin; osteoporosis, fractures of diseased bone, old joint trouble."""

from __future__ import annotations

import pytest

from guardrails.chapters.bones import (
    fracture_in_osteoporosis,
    fracture_through_tumor_names_it,
    old_trouble_is_no_injury,
    osteoporosis_with_fracture_is_one_code,
    pathological_is_no_injury,
    replaced_joint_has_no_arthritis,
)
from guardrails.chapters.skin import (
    healed_ulcer_is_not_coded,
    hidden_stage_beside_stage,
    one_stage_outside_hospital,
    pressure_or_not,
    site_is_known,
    stage_is_documented,
    unspecified_beside_stage,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(stage_is_documented, "L89.153", "resolve L89.153", "Sacral pressure ulcer."),
        row(stage_is_documented, "L89.153", "", "Sacral pressure ulcer, stage III."),
        row(stage_is_documented, "L89.150", "resolve L89.150", "Sacral pressure ulcer."),
        row(stage_is_documented, "L89.159", "", "Sacral pressure ulcer."),
        row(unspecified_beside_stage, "L89.159 L89.153", "reject L89.159"),
        row(unspecified_beside_stage, "L89.159 L89.613"),
        row(one_stage_outside_hospital, "L89.152 L89.153", "resolve L89.152"),
        row(one_stage_outside_hospital, "L89.152 L89.153", setting="inpatient"),
        row(hidden_stage_beside_stage, "L89.150 L89.154", "resolve L89.150", setting="inpatient"),
        row(hidden_stage_beside_stage, "L89.152 L89.153", setting="inpatient"),
        row(healed_ulcer_is_not_coded, "L89.213", "resolve L89.213", "Hip pressure ulcer, stage 3, healed last month."),
        row(healed_ulcer_is_not_coded, "L89.213", "", "Healing stage 3 hip pressure ulcer."),
        row(pressure_or_not, "L97.419", "resolve L97.419", "Pressure ulcer of the right heel."),
        row(pressure_or_not, "L89.619", "resolve L89.619", "Diabetic ulcer of the right heel."),
        row(pressure_or_not, "L97.419", "", "Diabetic ulcer of the right heel."),
        row(site_is_known, "L89.90 L89.153", "resolve L89.90"),
        row(site_is_known, "L89.90"),
    ],
)
def test_ulcers(fy2026: Codebook, given: Row) -> None:
    """The stage in the record's words, one a visit; healed is not coded, healing is (I.C.12)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(osteoporosis_with_fracture_is_one_code, "M80.08XA M81.0", "reject M81.0"),
        row(osteoporosis_with_fracture_is_one_code, "M81.0 Z87.310"),
        row(fracture_in_osteoporosis, "S72.002A M81.0", "resolve S72.002A"),
        row(fracture_in_osteoporosis, "S72.002S M81.0"),
        row(fracture_in_osteoporosis, "S72.002A"),
        row(pathological_is_no_injury, "S72.301A", "resolve S72.301A", "Pathological fracture of the right femur."),
        row(pathological_is_no_injury, "S72.301A", "", "Fell from a ladder, right femur fracture."),
        row(fracture_through_tumor_names_it, "M84.551A", "resolve M84.551A"),
        row(fracture_through_tumor_names_it, "M84.551A C79.51"),
        row(old_trouble_is_no_injury, "S83.241A", "resolve S83.241A", "Old tear of the medial meniscus."),
        row(old_trouble_is_no_injury, "S83.241A", "", "Twisted the knee yesterday, medial meniscus tear."),
        row(replaced_joint_has_no_arthritis, "Z47.1 Z96.641 M16.11", "resolve M16.11"),
        row(replaced_joint_has_no_arthritis, "Z47.1 Z96.652 M17.11"),
    ],
)
def test_bones(fy2026: Codebook, given: Row) -> None:
    """Disease or injury, old or fresh, present or replaced (I.C.13, I.C.2.l.6)."""
    assert holds(given, fy2026)
