"""The addenda of order files and code lists."""

from __future__ import annotations

import pytest

from index_build.readers.addenda import AddendaChange, read_addenda
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import ADDENDA

NAME = "icd10cm-order-addenda-2027.txt"


def test_changes_are_read_in_order() -> None:
    """A code that is deleted and added became a header; the long title counts."""
    assert read_addenda(ADDENDA, NAME) == (
        AddendaChange("delete", "M72.2", True, "Thick sole of the foot"),
        AddendaChange("add", "M72.2", False, "Thick sole of the foot"),
        AddendaChange("add", "M72.20", True, "Thick sole of the foot, any"),
        AddendaChange("revise_from", "U10", True, "Inflamed vessels after a virus"),
        AddendaChange("revise_to", "U10", True, "Inflamed vessels after a coronavirus illness"),
    )


def test_the_addenda_of_a_code_list_has_no_flags() -> None:
    """It holds billable codes only."""
    data = b"Add:         M7220   Thick sole of the foot, any\n"
    assert read_addenda(data, NAME) == (AddendaChange("add", "M72.20", None, "Thick sole of the foot, any"),)


def test_nothing_may_have_changed() -> None:
    """The April files of most years say so."""
    assert read_addenda(b"Codes\n 74719 codes in icd10cm-codes-2026.txt\n     0 additions\n", NAME) == ()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (ADDENDA.replace(b"Delete:", b"Forget:"), "Line 6 of"),
        (ADDENDA.replace(b"M7220 ", b"M7220-"), "Line 8 of"),
        (ADDENDA.replace(b"Revise to:  ", b"Add:        "), "Line 10 of .* breaks a pair of revisions"),
        (b"".join(ADDENDA.splitlines(keepends=True)[:-1]), "ends within a pair of revisions"),
    ],
)
def test_a_line_that_does_not_fit_is_named(data: bytes, fault: str) -> None:
    """Another word, no code, half a pair."""
    with pytest.raises(InputError, match=fault):
        read_addenda(data, NAME)
