"""COVID-19, what follows it, vaping."""

from __future__ import annotations

import pytest

from guardrails.chapters.covid import (
    aftermath_behind_its_condition,
    aftermath_replaces_history,
    antibody_test,
    covid_leads_in_inflammatory_syndrome,
    covid_screening_without_cause,
    covid_twice_in_time,
    exposure_beside_covid,
    manifestation_behind_covid,
    pneumonia_behind_covid,
    pneumonia_needs_covid,
    recovered_check_up,
    vaping_disorder_first,
    vaping_disorder_holds_cough,
)
from medcoding.codebook import Codebook
from tests.guardrails.chapters.rows import Row, holds, row


@pytest.mark.parametrize(
    "given",
    [
        row(pneumonia_behind_covid, "J12.82 U07.1", "resolve J12.82"),
        row(pneumonia_behind_covid, "U07.1 J12.82"),
        row(pneumonia_needs_covid, "J12.82 J96.01", "resolve J12.82"),
        row(pneumonia_needs_covid, "U07.1 J12.82"),
        row(manifestation_behind_covid, "J96.01 U07.1", "advise J96.01"),
        row(manifestation_behind_covid, "A41.89 U07.1 J96.01"),
        row(manifestation_behind_covid, "U07.1 J96.01"),
        row(covid_leads_in_inflammatory_syndrome, "M35.81", "resolve M35.81"),
        row(covid_leads_in_inflammatory_syndrome, "M35.81 U09.9"),
        row(exposure_beside_covid, "U07.1 Z20.822 Z11.52", "reject Z20.822 Z11.52"),
        row(exposure_beside_covid, "R05.1 Z20.822"),
        row(covid_screening_without_cause, "R05.1 Z11.52", "resolve Z11.52"),
        row(covid_screening_without_cause, "Z11.52"),
        row(covid_twice_in_time, "U07.1 Z86.16", "resolve Z86.16"),
        row(covid_twice_in_time, "Z09 Z86.16"),
        row(aftermath_replaces_history, "J84.10 U09.9 Z86.16", "reject Z86.16"),
        row(aftermath_replaces_history, "J84.10 U09.9"),
        row(aftermath_behind_its_condition, "U09.9 J84.10", "resolve U09.9"),
        row(aftermath_behind_its_condition, "J84.10 U09.9"),
        row(aftermath_behind_its_condition, "U09.9"),
        row(recovered_check_up, "Z09 R53.83 U09.9", "resolve Z09"),
        row(recovered_check_up, "Z09 Z86.16"),
        row(antibody_test, "Z01.84 Z11.52", "resolve Z01.84"),
        row(antibody_test, "Z01.84"),
    ],
)
def test_covid(fy2026: Codebook, given: Row) -> None:
    """Infection first, exposure and history only without it, the aftermath behind what it left (I.C.1.g)."""
    assert holds(given, fy2026)


@pytest.mark.parametrize(
    "given",
    [
        row(vaping_disorder_first, "J96.01 U07.0", "resolve J96.01"),
        row(vaping_disorder_first, "U07.0 J96.01 F17.290"),
        row(vaping_disorder_holds_cough, "U07.0 R06.02", "reject R06.02"),
        row(vaping_disorder_holds_cough, "U07.0 R19.7"),
    ],
)
def test_vaping(fy2026: Codebook, given: Row) -> None:
    """U07.0 leads and holds cough and breathlessness, but not bowel symptoms (I.C.10.e)."""
    assert holds(given, fy2026)
