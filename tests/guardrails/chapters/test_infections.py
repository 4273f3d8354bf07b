"""HIV, organisms, resistance, exposure."""

from __future__ import annotations

import pytest

from guardrails.chapters.infections import (
    exposure_beside_infection,
    hiv_before_its_illness,
    hiv_prophylaxis_or_screening,
    hiv_status_beside_disease,
    inconclusive_hiv_test,
    infection_of_unknown_site,
    mrsa_holds_its_resistance,
    once_hiv_disease,
    organism_named_already,
    organism_never_first,
    resistance_needs_infection,
    resistance_never_first,
)
from medcoding.codebook import Codebook
from medcoding.mention import Assertion
from tests.guardrails.cases import mention
from tests.guardrails.chapters.rows import Row, holds, row

AIDS = "AIDS since 2015, thrush today."


@pytest.mark.parametrize(
    "given",
    [
        row(hiv_status_beside_disease, "B20 B37.0 Z21", "reject Z21"),
        row(hiv_status_beside_disease, "B20 R75", "reject R75"),
        row(hiv_status_beside_disease, "J18.1 Z21"),
        row(inconclusive_hiv_test, "Z21 R75", "reject R75"),
        row(inconclusive_hiv_test, "J18.1 R75"),
        row(once_hiv_disease, "Z21", "resolve Z21", AIDS, mentions=(mention(AIDS, "AIDS", "B20"),)),
        row(once_hiv_disease, "Z21", "", AIDS, mentions=(mention(AIDS, "AIDS", "B20", Assertion.NEGATED),)),
        row(once_hiv_disease, "B20", "", AIDS, mentions=(mention(AIDS, "AIDS", "B20"),)),
        row(hiv_before_its_illness, "B59 B20", "resolve B59"),
        row(hiv_before_its_illness, "D59.31 B20 B59"),
        row(hiv_prophylaxis_or_screening, "Z29.81 Z21", "resolve Z29.81"),
        row(hiv_prophylaxis_or_screening, "Z11.4 B20", "resolve Z11.4"),
        row(hiv_prophylaxis_or_screening, "Z29.81 Z20.6"),
    ],
)
def test_hiv(fy2026: Codebook, given: Row) -> None:
    """Disease outranks status and test, and stays once it was there; it leads its illnesses (I.C.1.a.2)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(organism_never_first, "B96.20 N39.0", "resolve B96.20"),
        row(organism_never_first, "N39.0 B96.20"),
        row(organism_named_already, "J15.0 B96.1", "reject B96.1"),
        row(organism_named_already, "A41.51 B96.20", "reject B96.20"),
        row(organism_named_already, "T81.42XA A41.02 B95.62", "reject B95.62"),
        row(organism_named_already, "A41.51 N39.0 B96.20"),
        row(resistance_never_first, "Z16.12 N39.0", "resolve Z16.12"),
        row(resistance_never_first, "N39.0 B96.20 Z16.12"),
        row(resistance_needs_infection, "Z23 Z16.12", "resolve Z16.12"),
        row(resistance_needs_infection, "N39.0 Z16.12"),
        row(mrsa_holds_its_resistance, "L02.415 B95.62 Z16.11", "reject Z16.11"),
        row(mrsa_holds_its_resistance, "N39.0 B96.20 Z16.12"),
        row(infection_of_unknown_site, "L03.115 A49.02", "resolve A49.02"),
        row(infection_of_unknown_site, "L03.115 B95.62"),
        row(infection_of_unknown_site, "A49.02"),
        row(exposure_beside_infection, "A54.01 Z20.2", "resolve Z20.2"),
        row(exposure_beside_infection, "A92.5 Z20.821", "resolve Z20.821"),
        row(exposure_beside_infection, "Z20.2"),
    ],
)
def test_organisms_and_exposure(fy2026: Codebook, given: Row) -> None:
    """The germ stands behind its infection and is not said twice; contact ends where illness begins (I.C.1.b, I.C.1.c,
    I.C.1.e, I.C.21.c.1)."""
    assert holds(given, fy2026)
