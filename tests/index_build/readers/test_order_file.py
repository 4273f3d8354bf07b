"""Official order files."""

from __future__ import annotations

import re

import pytest

from index_build.readers.order_file import ListedCode, prefixes, read_order
from medcoding.errors import InputError
from tests.index_build.readers.excerpts import LISTED, order_file

NAME = "icd10cm-order-2027.txt"


def test_columns_become_codes_flags_and_long_titles() -> None:
    """Codes get their dots; the long title is taken, not the short one that was cut at 60 characters."""
    long = "Broken outer ankle, left, " + "first visit for a break that is closed, " * 3
    listed = read_order(order_file((("S82", 0, "Broken lower leg"), ("S82.62XA", 1, long.strip()))), NAME)
    assert listed == (ListedCode("S82", False, "Broken lower leg"), ListedCode("S82.62XA", True, long.strip()))


def test_a_line_without_a_long_title_has_its_short_one() -> None:
    """Old files leave the long title out where it is no longer than the short one."""
    assert read_order(b"00001 U10     1 Inflamed vessels\n", NAME) == (ListedCode("U10", True, "Inflamed vessels"),)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(end: bytes, mark: bytes) -> None:
    """Files were published with each of them."""
    data = order_file()
    assert read_order(mark + data.replace(b"\n", end) + end, NAME) == read_order(data, NAME)


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "00002 !!      1 Words",
        "00002 M722    x Words",
        "00002 M722    1",
        "00002 M722   1  Words",
        "0000² M722    1 Words",
        "00002\tM722\t1\tWords",
    ],
)
def test_a_line_that_does_not_fit_is_named(line: str) -> None:
    """Nothing is guessed from a file of another kind."""
    with pytest.raises(InputError, match=r"Line 2 of icd10cm-order-2027\.txt is not a line of an ICD-10-CM order file"):
        read_order(f"00001 M72     0 Overgrown fibrous tissue\n{line}\n".encode(), NAME)


def _changed(code: str, line: tuple[str, int, str]) -> bytes:
    return order_file(tuple(line if listed[0] == code else listed for listed in LISTED))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "holds not one line of codes"),
        (order_file(LISTED[1:]), "holds M72.0 without its category"),
        (_changed("M72.2", ("M72.0", 1, "Thick sole")), "M72.0 stands twice"),
        (_changed("M72.2", ("M72.2", 0, "Thick sole")), "M72.2 is a header with no code below it"),
        (_changed("S82.62", ("S82.62", 1, "Broken")), "S82.62 is billable with codes below it"),
        (order_file().replace(b"00007", b"00008"), "Line 7 of .* has order number 00008 after 6"),
        (re.sub(rb"00012 .*\n", b"", order_file()), "Line 12 of .* has order number 00013 after 11"),
        (order_file().replace(b"Broken", b"Br\xf6ken"), "Line 13 of .* is not UTF-8 text"),
        (order_file().replace(b"Broken", b"Br\0ken"), "Line 13 of .* is not a line of text"),
        (order_file().replace(b"Broken", b"B" * 3_000), "Line 13 of .* is not a line of text"),
        (order_file().decode().encode("utf-16"), "Line 1 of .* is not UTF-8 text"),
    ],
)
def test_a_file_that_breaks_its_own_laws_is_refused(data: bytes, fault: str) -> None:
    """One line missing, twice or in another encoding is enough: no half edition comes of it."""
    with pytest.raises(InputError, match=fault):
        read_order(data, NAME)


def test_what_may_stand_above_a_code() -> None:
    """Nearest first, never the bare dot."""
    assert list(prefixes("S82.62XA")) == ["S82.62X", "S82.62", "S82.6", "S82"]
    assert list(prefixes("S82")) == []
