"""The plain official lists of codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from index_build.readers.code_list import read_code_list
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import LISTED, bare_list, codes_file

NAME = "icd10cm-codes-2027.txt"


def test_a_list_of_billable_codes_gives_their_titles() -> None:
    """Headers are not in it."""
    listed = [(line.code, line.billable, line.title) for line in read_code_list(codes_file(), NAME)]
    assert listed == [(code, True, title) for code, flag, title in LISTED if flag]


@pytest.mark.parametrize("dotted", [True, False])
def test_a_bare_list_tells_by_itself_what_is_billable(dotted: bool) -> None:
    """What has nothing below it; chapters and blocks are passed over, the dot may stand or not."""
    data = bare_list()
    if dotted:
        data = b"".join(b"%s.%s" % (x[:3], x[3:]) if len(x.strip()) > 3 and b"-" not in x else x for x in _lines(data))
    listed = [(line.code, line.billable, line.title) for line in read_code_list(data, NAME)]
    assert listed == [(code, flag == 1, "") for code, flag, _ in LISTED]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "holds not one line of codes"),
        (b"13\nM70-M79\n", "holds not one line of codes"),
        (b"U10\nU09.9\nU10\n", "Line 3 of .* repeats U10"),
        (b"U09.9\nU09.9\n", "Line 2 of .* repeats U09.9"),
        (b"U10     Inflamed vessels\nU099\n", "Line 2 of .* is not a line of an ICD-10-CM code list"),
        (b"U099\nU10     Inflamed vessels\n", "Line 2 of .* is not a line of an ICD-10-CM code list"),
        (b"U10\nINFLAMED\n", "Line 2 of"),
        (b"code,title\n", "Line 1 of"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(data: bytes, fault: str) -> None:
    """The line is named."""
    with pytest.raises(InputError, match=fault):
        read_code_list(data, NAME)


def test_the_official_list_is_read_whole(shared_data: Path) -> None:
    """April 2026: 98,186 codes and headers, 74,719 billable."""
    path = shared_data / "icd10cm" / "code-list-April-2026.txt"
    listed = read_code_list(path.read_bytes(), path.name)
    assert (len(listed), sum(line.billable for line in listed)) == (98_186, 74_719)
