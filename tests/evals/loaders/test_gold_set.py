"""What a set says of itself."""

from __future__ import annotations

import pytest

from evals.loaders.gold_set import (
    EVERYTHING,
    NOTHING,
    GoldForm,
    RefusedCase,
    SetDescription,
    dataset_digest,
    gold_set,
    role_by_place,
    shown_scope,
)
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.procedures import LeftOut
from tests.evals.loaders.invented import coded, line

ABOUT = SetDescription("visits", GoldForm.JSONL)
FIRST, SECOND = coded(line("M10.9")), coded(line("E11.9", words="diabetes"), case_id="c2")


def test_what_was_taken_refused_and_left_out_is_told() -> None:
    """Nothing of a source disappears without a count."""
    refusal = RefusedCase(case_id="c3", why="Line 3 is not valid.")
    found = gold_set(ABOUT, [FIRST, refusal, SECOND], {"images": 2, "sounds": 5})
    assert (found.encounters, found.refused) == ((FIRST, SECOND), (refusal,))
    assert found.left_out == (LeftOut(reason="sounds", count=5), LeftOut(reason="images", count=2))


def test_a_second_case_of_one_id_is_refused() -> None:
    """Which of the two an answer belongs to could not be known."""
    found = gold_set(ABOUT, [FIRST, coded(line("I10"))], {})
    assert found.encounters == (FIRST,)
    assert [r.why for r in found.refused] == ["The case_id c1 stands twice in visits; give each case its own."]


def test_an_empty_set_is_an_error() -> None:
    """A run over nothing would look like a perfect one; the first refusal says what to mend."""
    with pytest.raises(InputError, match="visits holds no encounter"):
        gold_set(ABOUT, [], {})
    with pytest.raises(InputError, match="Line 3 is not valid"):
        gold_set(ABOUT, [RefusedCase(case_id="c3", why="Line 3 is not valid.")], {})


def test_the_digest_ignores_order_and_sees_every_field() -> None:
    """Two files of one set in any division are the same dataset; another role is another one."""
    changed = coded(line("M10.9", role=CodeRole.SECONDARY))
    assert dataset_digest([FIRST, SECOND]) == dataset_digest([SECOND, FIRST])
    assert dataset_digest([changed, SECOND]) != dataset_digest([FIRST, SECOND])
    assert gold_set(ABOUT, [SECOND, FIRST], {}).digest == dataset_digest([FIRST, SECOND])


def test_encounters_show_what_their_gold_decides() -> None:
    """No code has an indicator: present on admission is unscored; no codes at all: nothing is scored."""
    assert shown_scope([FIRST, SECOND]) == EVERYTHING.model_copy(update={"poa": False})
    assert shown_scope([coded(line("M10.9", poa="Y"))]) == EVERYTHING
    assert shown_scope([coded()]) == NOTHING
    assert not gold_set(ABOUT, [coded()], {}).has_gold


@pytest.mark.parametrize(
    ("code", "place", "setting", "role"),
    [
        ("M10.9", 1, Setting.INPATIENT, CodeRole.PRINCIPAL),
        ("M10.9", 1, Setting.ED, CodeRole.FIRST_LISTED),
        ("Z79.84", 2, Setting.OUTPATIENT, CodeRole.SECONDARY),
        ("W19.XXXA", 1, Setting.ED, CodeRole.EXTERNAL_CAUSE),
    ],
)
def test_a_role_that_nobody_named(code: str, place: int, setting: Setting, role: CodeRole) -> None:
    """By place and setting; an external cause is one wherever it stands."""
    assert role_by_place(CodeSystem.ICD10CM, code, place, setting) is role


def test_only_icd10cm_has_external_causes() -> None:
    """V2020 of HCPCS is a frame for glasses."""
    assert role_by_place(CodeSystem.HCPCS, "V2020", 2, Setting.OUTPATIENT) is CodeRole.SECONDARY
