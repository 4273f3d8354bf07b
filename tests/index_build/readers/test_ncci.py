"""NCCI tables as CMS publishes them, with invented pairs."""

from __future__ import annotations

import pytest

from index_build.readers.ncci import MueTable, PtpTable, find_ncci_table
from medcoding.errors import InputError
from medcoding.ncci import NcciSetting, PtpRow
from tests.index_build.readers.published import PREAMBLE, PTP_ROWS, Given, mue_csv, ptp_text, text, workbook

PTP_CSV = (
    f'"{PREAMBLE}",,,,,,\r\n"Column 1","Column 2","*=in existence\r\nprior to 1996","Effective\r\nDate",'
    '"Deletion\r\nDate *=no data","Modifier\r\n0=not allowed","PTP Edit Rationale"\r\n'
    + "".join(",".join(row) + "\r\n" for row in PTP_ROWS)
)
PTP_QUOTED_TABS = PTP_CSV.replace(",", "\t").replace("Invented notice\t with commas", "Invented notice, with commas")
PTP_SHEET: list[list[object]] = [
    [PREAMBLE],
    ["Column 1", "Column 2", "*=in existence", "Effective", "Deletion", "Modifier", "PTP Edit Rationale"],
    [None, None, "prior to 1996", "Date", "Date", "0=not allowed", None],
    *([one, two, early, int(first), last, int(mark), why] for one, two, early, first, last, mark, why in PTP_ROWS),
]


@pytest.mark.parametrize(
    "file",
    [
        ptp_text(),
        text("ccipra-v999r0-f1.csv", PTP_CSV),
        text("ccipra-v999r0-f1.txt", PTP_QUOTED_TABS),
        workbook("ccipra-v999r0-f1.xlsx", PTP_SHEET),
    ],
    ids=["tabs", "commas", "quoted tabs", "workbook"],
)
def test_pairs_are_read_below_preamble_and_heading(file: Given) -> None:
    """A star for no deletion, the mark of 1996, the modifier indicator; the heading's further lines are no rows."""
    found = find_ncci_table(file)
    assert isinstance(found, PtpTable)
    assert found.setting is NcciSetting.PRACTITIONER
    rows = list(found.rows())
    assert rows[0] == PtpRow("J1885", "G0008", 20200101, 0, 1, False, "Invented reason one")
    assert rows[1] == PtpRow("J1885", "G0009", 19960101, 20251231, 0, True, "Invented reason two")
    assert [row.indicator for row in rows] == [1, 0, 9, 0]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("ccipra-v322r0-f1.TXT", NcciSetting.PRACTITIONER),
        ("ccioph-v322r0-f4.TXT", NcciSetting.OUTPATIENT_HOSPITAL),
        ("Practitioner_PTP_Edits.txt", NcciSetting.PRACTITIONER),
        ("Hospital_PTP_Edits.txt", NcciSetting.OUTPATIENT_HOSPITAL),
    ],
)
def test_the_name_says_whose_claims_a_table_is_for(name: str, setting: NcciSetting) -> None:
    """CMS writes it nowhere else."""
    assert find_ncci_table(ptp_text(name)).setting is setting


def test_a_name_that_says_nothing_is_refused() -> None:
    """A hospital's edits must not be taken for a practitioner's; the caller may say which."""
    with pytest.raises(InputError, match=r"does not say practitioner or hospital"):
        find_ncci_table(ptp_text("edits.txt"))
    found = find_ncci_table(ptp_text("edits.txt"), NcciSetting.OUTPATIENT_HOSPITAL)
    assert found.setting is NcciSetting.OUTPATIENT_HOSPITAL


@pytest.mark.parametrize(
    ("heading", "setting"),
    [
        ("Practitioner Services", NcciSetting.PRACTITIONER),
        ("Outpatient Hospital Services", NcciSetting.OUTPATIENT_HOSPITAL),
        ("DME Supplier Services", NcciSetting.DME),
    ],
)
def test_units_are_read_with_their_adjudication(heading: str, setting: NcciSetting) -> None:
    """The heading names the setting; the indicator's first character says how units are counted."""
    found = find_ncci_table(mue_csv("table.csv", heading))
    assert isinstance(found, MueTable)
    rows = list(found.rows())
    assert [(r.code, r.units, r.adjudication, r.setting) for r in rows] == [
        ("J1885", 8, 3, setting), ("9ZZZ1", 1, 2, setting), ("A4206", 120, 1, setting),
    ]  # fmt: skip


def test_dental_pairs_are_passed_over() -> None:
    """The American Dental Association's codes are not stored, not even in a pair."""
    found = find_ncci_table(ptp_text(rows=[("D2740", "J1885", "", "20200101", "*", "1", "Why"), *PTP_ROWS]))
    assert len(list(found.rows())) == len(PTP_ROWS)


@pytest.mark.parametrize(
    "row",
    [
        ("J1885", "pair", "", "20200101", "*", "1", "Why"),
        ("J1885", "G0008", "", "20201301", "*", "1", "Why"),
        ("J1885", "G0008", "", "*", "*", "1", "Why"),
        ("J1885", "G0008", "", "20200101", "never", "1", "Why"),
        ("J1885", "G0008", "", "20200101", "*", "2", "Why"),
        ("J1885",),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_by_number(row: tuple[str, ...]) -> None:
    """Line 13: two of preamble, two blank, four of heading, four good rows before it."""
    found = find_ncci_table(ptp_text(rows=[*PTP_ROWS, row]))
    with pytest.raises(InputError, match=r"Line 13 of ccipra-v999r0-f1\.TXT"):
        list(found.rows())


@pytest.mark.parametrize("units", ["many", "-1", "", "²", "99999999999"])
def test_units_that_are_no_number_are_refused(units: str) -> None:
    """The message names the line."""
    file = mue_csv()
    found = find_ncci_table(Given(file.name, file.content.replace(b"J1885,8", f"J1885,{units}".encode())))
    with pytest.raises(InputError, match=r"is not a line of an NCCI table"):
        list(found.rows())


def test_two_limits_for_one_code_are_refused() -> None:
    """Tables of two quarters must not be mixed."""
    file = mue_csv()
    found = find_ncci_table(Given(file.name, file.content + b"J1885,9,3 Date of Service Edit: Clinical,Data\r\n"))
    with pytest.raises(InputError, match=r"J1885 again with other units"):
        list(found.rows())


@pytest.mark.parametrize(
    "file", [text("readme.txt", "Hello"), text("x.csv", "Column 1,Something\n1,2\n"), text("b.xlsx", "PK")]
)
def test_a_file_of_another_kind_is_refused(file: Given) -> None:
    """Neither pairs nor units."""
    with pytest.raises(InputError, match=r"neither a table of PTP edits|cannot be read as a workbook"):
        find_ncci_table(file)
