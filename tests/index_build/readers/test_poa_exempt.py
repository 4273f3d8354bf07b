"""The list of codes exempt from present-on-admission reporting."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_build.readers.poa_exempt import read_poa_exempt
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import POA_EXEMPT

NAME = "POAexemptCodesFY27.txt"


def test_the_exempt_codes_are_read() -> None:
    """Late effects were there before any admission."""
    assert read_poa_exempt(POA_EXEMPT, NAME) == {"S06.1X0S", "T07.XXXS"}


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "holds not one line of codes"),
        (POA_EXEMPT.splitlines()[0], "holds not one line of codes"),
        (POA_EXEMPT + b"00022\tT07.XXXS\tagain\n", "Line 4 of"),
        (POA_EXEMPT + b"00022\tnone\tno code\n", "Line 4 of"),
        (POA_EXEMPT.replace(b"\t", b";"), "Line 2 of"),
    ],
)
def test_a_line_that_does_not_fit_is_named(data: bytes, fault: str) -> None:
    """A code twice, no code, other columns."""
    with pytest.raises(InputError, match=fault):
        read_poa_exempt(data, NAME)


def test_the_list_of_2020_is_read_whole(shared_data: Path) -> None:
    """Every row but the heading."""
    path = shared_data / "edits" / "POAexemptCodes2020.txt"
    assert len(read_poa_exempt(path.read_bytes(), path.name)) == 37_076 - 1
