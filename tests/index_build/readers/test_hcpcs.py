"""HCPCS Level II files, fixed width and in columns."""

from __future__ import annotations

import csv
import datetime as dt
import random
from pathlib import Path

import pytest

from index_build.readers.hcpcs import DENTAL, PLACES, REPEATED, Place, read_hcpcs, read_layout
from medcoding.errors import InputError
from tests.index_build.readers.published import (
    CROWN,
    KETOROLAC,
    LEFT_SIDE,
    OLD_WALKER,
    QUARTER,
    Given,
    hcpcs_file,
    hcpcs_line,
    record_layout,
    text,
    workbook,
)

TABLE = (
    "code\tdescription\tshort description\tadd dt\tact eff dt\tterm dt\n"
    'J1885\tKetorolac given by injection, "each" 15 mg\tKetorolac inj\t19940101\t20010101\t\n'
    "E0132\tWalker of an old make\tOld walker\t1/1/1986\t2029-12-31\t12/31/2029\n"
    "LT\tService on the left side of the body\tLeft\t\t\t\n"
)


def test_the_quarterly_file_is_read_by_its_columns() -> None:
    """Descriptors are joined over continuation lines, dates become days, modifiers stand apart."""
    content = read_hcpcs(hcpcs_file(*QUARTER))
    ketorolac, walker = content.codes
    assert (ketorolac.code, ketorolac.short_descriptor) == ("J1885", "Ketorolac inj")
    assert ketorolac.long_descriptor == "Ketorolac given by injection, each 15 mg"
    assert (ketorolac.effective_from, ketorolac.effective_to) == (dt.date(1994, 1, 1), None)
    assert (walker.changed_on, walker.effective_to) == (dt.date(2029, 12, 31), dt.date(2029, 12, 31))
    (modifier,) = content.modifiers
    assert (modifier.code, modifier.title) == ("LT", "Service on the left side of the body")
    assert (content.release.name, content.release.dated) == ("2030 JUL", True)


def test_dental_codes_are_counted_with_their_owner_and_never_stored() -> None:
    """D codes are the American Dental Association's."""
    content = read_hcpcs(hcpcs_file(KETOROLAC, CROWN, CROWN | {"code": "D0120"}))
    assert [code.code for code in content.codes] == ["J1885"]
    assert [(left.reason, left.count) for left in content.release.left_out] == [(DENTAL, 2)]
    assert "American Dental Association" in DENTAL


def test_cpt_in_a_contractor_file_is_not_stored() -> None:
    """The contractors' file also holds level I; only a licensee's own file may give it."""
    content = read_hcpcs(hcpcs_file(KETOROLAC, {"code": "9ZZZ1", "long": "Invented"}, LEFT_SIDE | {"code": "99"}))
    assert [code.code for code in content.codes] == ["J1885"]
    assert content.modifiers == ()
    assert [left.count for left in content.release.left_out] == [2]


def test_a_repeated_record_is_stored_once_and_a_contradiction_is_refused() -> None:
    """The same code with other words or another end cannot both be right."""
    content = read_hcpcs(hcpcs_file(KETOROLAC, OLD_WALKER, KETOROLAC))
    assert len(content.codes) == 2
    assert [(left.reason, left.count) for left in content.release.left_out] == [(REPEATED, 1)]
    with pytest.raises(InputError, match=r"Line 4 of HCPC2030_JUL_ANWEB\.txt gives J1885 again"):
        read_hcpcs(hcpcs_file(KETOROLAC, OLD_WALKER, KETOROLAC | {"ended": "20300101"}))


def test_the_layout_beside_the_file_says_where_the_fields_stand() -> None:
    """A year in which the short description moved is read right with its layout, and refused or misread without."""
    moved = dict(PLACES) | {"long": Place(12, 111), "short": Place(112, 139)}
    fields = {"code": "J1885", "sequence": "00100", "record": "3", "long": "Ketorolac " * 9, "short": "Ketorolac inj"}
    file = text("HCPC2031_JAN_ANWEB.txt", hcpcs_line(moved, **fields))
    (code,) = read_hcpcs(file, record_layout(moved)).codes
    assert (code.long_descriptor, code.short_descriptor) == (("Ketorolac " * 9).strip(), "Ketorolac inj")
    assert read_hcpcs(file).codes[0].short_descriptor != "Ketorolac inj"


def test_the_known_places_are_those_of_the_layout() -> None:
    """Without a layout nothing changes."""
    assert read_layout(record_layout()) == read_layout(None) == PLACES


def test_a_layout_without_a_field_is_refused_by_the_field_s_name() -> None:
    """Another text beside the file is not taken for a layout."""
    cut = Given(
        "HCPC2030_recordlayout.txt", record_layout().content.replace(b"HCPCS Termination Date", b"Something else")
    )
    with pytest.raises(InputError, match="no place for 'hcpcs termination date'"):
        read_hcpcs(hcpcs_file(*QUARTER), cut)


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        hcpcs_line(code="J1885", sequence="00100", record="5", long="Unknown record"),
        hcpcs_line(code="J1885", sequence="1", record="3", long="Short sequence"),
        hcpcs_line(code="Z9999", sequence="00100", record="3", long="No such letter"),
        hcpcs_line(code="J188", sequence="00100", record="3", long="Four characters"),
        hcpcs_line(code="J1885", sequence="00100", record="3", long=""),
        hcpcs_line(code="J1886", sequence="00200", record="4", long="of another code"),
        hcpcs_line(code="J1885", sequence="00100", record="3", long="Day", ended="20301332"),
        hcpcs_line(code="J1885", sequence="00100", record="3", long="One\tcolumn lost"),
        hcpcs_line(code="J1885", sequence="00100", record="3", long="A bit\x07 turned over"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_by_number(line: str) -> None:
    """Nothing is guessed; the sentence holds none of the line's words."""
    file = text(
        "HCPC2030_JUL_ANWEB.txt",
        "\n".join([hcpcs_line(code="E0132", sequence="00100", record="3", long="Walker"), line]),
    )
    with pytest.raises(InputError, match=r"Line 2 of HCPC2030_JUL_ANWEB\.txt") as refusal:
        read_hcpcs(file)
    assert str(refusal.value).count(". ") == 0


@pytest.mark.parametrize(
    "file",
    [
        text("codes.tsv", TABLE),
        text("codes.csv", TABLE.replace("injection,", "injection").replace("\t", ",")),
        text("codes.txt", f"Notice of the publisher\n\n{TABLE}"),
        text("codes.tsv", TABLE, "utf-16"),
        workbook("codes.xlsx", [line.split("\t") for line in TABLE.splitlines()]),
    ],
    ids=["tabs", "commas", "preamble", "utf-16", "workbook"],
)
def test_a_table_with_a_heading_holds_the_same(file: Given) -> None:
    """Tabs, commas or a workbook; days as CMS or as a spreadsheet writes them."""
    content = read_hcpcs(file)
    assert [code.code for code in content.codes] == ["J1885", "E0132"]
    assert content.codes[0].effective_from == dt.date(1994, 1, 1)
    assert content.codes[1].effective_to == dt.date(2029, 12, 31)
    assert [modifier.code for modifier in content.modifiers] == ["LT"]


def test_a_table_without_days_says_so() -> None:
    """Then nothing tells whether a code has ended, and no day is refused."""
    content = read_hcpcs(text("codes.tsv", "code\tdescription\nJ1885\tKetorolac\nA2030\t\n"))
    assert not content.release.dated
    assert content.codes[0].in_force_on(dt.date(1990, 1, 1))
    assert content.codes[1].title == ""


@pytest.mark.parametrize("file", [text("a.txt", ""), text("a.tsv", "code\tdescription\n"), hcpcs_file(CROWN)])
def test_a_file_without_a_code_is_refused(file: Given) -> None:
    """An empty book would call every code unknown."""
    with pytest.raises(InputError, match="holds no HCPCS Level II code"):
        read_hcpcs(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The sentence names the path's mend."""
    with pytest.raises(InputError, match="cannot be read"):
        read_hcpcs(tmp_path / "HCPC2030_JUL_ANWEB.txt")


def test_the_independent_list_is_read_whole(shared_data: Path) -> None:
    """Every code and descriptor of the merged list, none of them dental."""
    path = shared_data / "hcpcs" / "hcpcs_level2_merged.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        expected = {row["code"]: row["description"] for row in csv.DictReader(lines, delimiter="\t")}
    content = read_hcpcs(path)
    assert {code.code: code.long_descriptor for code in content.codes} == {
        code: " ".join(words.split()) for code, words in expected.items()
    }
    assert len(content.codes) == 8_725


@pytest.mark.parametrize("file", [hcpcs_file(*QUARTER), text("codes.tsv", TABLE)], ids=["fixed width", "tabs"])
def test_a_damaged_file_is_refused_or_read_right(file: Given) -> None:
    """A hundred mutations: never another exception, never a code of the wrong shape."""
    dice = random.Random(20301001)
    loaded = sum(_loads(Given(file.name, _mutated(file.content, dice))) for _ in range(100))
    assert 0 < loaded < 100


def _loads(file: Given) -> bool:
    """False when the file is refused; what is loaded is whole."""
    try:
        content = read_hcpcs(file, record_layout())
    except InputError:
        return False
    assert content.codes
    assert all(len(code.code) == 5 and not code.code.startswith("D") for code in content.codes)
    assert all(len(modifier.code) == 2 for modifier in content.modifiers)
    return True


def _mutated(content: bytes, dice: random.Random) -> bytes:
    """One to three places changed, cut, doubled or filled with other bytes."""
    changed = bytearray(content)
    for _ in range(dice.randint(1, 3)):
        at, length = dice.randrange(len(changed)), dice.choice([1, 1, 5, 80, 320])
        part = changed[at : at + length]
        other = (b"", bytes(part) * 2, dice.randbytes(len(part)), b'"', b"\t", b"\n", b"\x00", b"\xff\xfe", b"D")
        changed[at : at + length] = dice.choice(other)
        if not changed:
            return b""
    return bytes(changed)


def test_a_code_out_of_order_is_damage(tmp_path: Path) -> None:
    """One flipped character made another code of it; a list in the user's own order is taken as it is."""
    lines = [f"A{number:04}\tcane, kind {number}\n" for number in range(100, 200)]
    table = tmp_path / "hcpcs.tsv"
    table.write_text("code\tdescription\n" + "".join([*lines[:50], "Q0150\tcane\n", *lines[51:]]), encoding="utf-8")
    with pytest.raises(InputError, match="lists A0151 out of order"):
        read_hcpcs(table)
    table.write_text("code\tdescription\n" + "".join(reversed(lines)), encoding="utf-8")
    assert len(read_hcpcs(table).codes) == 100
