"""Small files in the forms that agencies publish, with invented content."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import openpyxl

from index_build.readers.hcpcs import PLACES, Place

PREAMBLE = "Invented notice, with commas: this table\nis of our own making."


class Given(NamedTuple):
    """A file that was handed over as bytes."""

    name: str
    content: bytes

    def read_bytes(self) -> bytes:
        """Everything in it."""
        return self.content


def text(name: str, content: str, encoding: str = "utf-8") -> Given:
    """A text file."""
    return Given(name, content.encode(encoding))


def workbook(name: str, rows: Iterable[Iterable[object]]) -> Given:
    """An XLSX file of one sheet."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return Given(name, content.getvalue())


def hcpcs_line(places: Mapping[str, Place] = PLACES, **fields: str) -> str:
    """One line of 320 characters; the code of a modifier stands in columns 4 and 5."""
    line = [" "] * 320
    if len(fields["code"]) == 2:
        fields["code"] = f"   {fields['code']}"
    for field, written in fields.items():
        line[places[field].first - 1 : places[field].last] = written.ljust(places[field].last - places[field].first + 1)
    return "".join(line)


def hcpcs_file(*records: dict[str, str], name: str = "HCPC2030_JUL_ANWEB.txt") -> Given:
    """A quarterly file: each record `code`, `long` and, where wanted, `short`, `added`, `changed`, `ended`."""
    return text(name, "\r\n".join(line for record in records for line in _record_lines(**record)) + "\r\n\x1a")


def _record_lines(code: str, long: str, **others: str) -> Iterable[str]:
    first, further = ("7", "8") if len(code) == 2 else ("3", "4")
    for number, part in enumerate(long.split("|")):
        fields = {"code": code, "sequence": f"{(number + 1) * 100:05}", "long": part}
        yield hcpcs_line(
            PLACES, **(fields | others | {"record": first} if number == 0 else fields | {"record": further})
        )


KETOROLAC = {
    "code": "J1885", "long": "Ketorolac given by injection,|each 15 mg", "short": "Ketorolac inj",
    "added": "19940101", "changed": "20010101",
}  # fmt: skip
OLD_WALKER = {
    "code": "E0132", "long": "Walker of an old make", "short": "Old walker",
    "added": "19860101", "changed": "20291231", "ended": "20291231",
}  # fmt: skip
LEFT_SIDE = {"code": "LT", "long": "Service on the left|side of the body", "short": "Left", "added": "19870101"}
CROWN = {"code": "D2740", "long": "Invented dental words", "short": "Dental", "added": "19900101"}
"""The code has the shape of a dental code; its words are invented."""
QUARTER = (KETOROLAC, OLD_WALKER, LEFT_SIDE, CROWN)

LAYOUT_FIELDS = (
    ("Healthcare Common Procedure Coding System Code", "code"),
    ("HCPCS Sequence Number", "sequence"),
    ("HCPCS Record Identification Code", "record"),
    ("HCPCS Long Description", "long"),
    ("HCPCS Short Description", "short"),
    ("HCPCS Code Added Date", "added"),
    ("HCPCS Action Effective Date", "changed"),
    ("HCPCS Termination Date", "ended"),
)


def record_layout(places: Mapping[str, Place] = PLACES) -> Given:
    """A record layout in the published form: a numbered name, and below it length, first and last column."""
    lines = ["       NAME                   LENGTH   BEG  END     CONTENTS", ""]
    for number, (words, field) in enumerate(LAYOUT_FIELDS, start=1):
        first, last = places[field]
        lines += [
            f"  {number}.   {words}",
            f"{last - first + 1:34}  {first:5}  {last:5}    CHAR",
            "",
            "   Words on it.",
        ]
    return text("HCPC2030_recordlayout.txt", "\r\n".join(lines))


PTP_HEADING = (
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n"
    "\t\t\t\t*=no data\t1=allowed\t\n"
    "\t\t\t\t\t9=not applicable\t\n"
)
PTP_ROWS = (
    ("J1885", "G0008", "", "20200101", "*", "1", "Invented reason one"),
    ("J1885", "G0009", "*", "19960101", "20251231", "0", "Invented reason two"),
    ("G0010", "J1885", "", "20210401", "20210401", "9", "Invented reason two"),
    ("9ZZZ1", "J1885", "", "20240701", "*", "0", "Invented reason one"),
)


def ptp_text(name: str = "ccipra-v999r0-f1.TXT", rows: Iterable[Iterable[str]] = PTP_ROWS) -> Given:
    """PTP edits as tabbed text: notice, blank lines, a heading over four lines, rows."""
    return text(name, f"{PREAMBLE}\n\n\n{PTP_HEADING}" + "".join("\t".join(row) + "\n" for row in rows))


def mue_csv(
    name: str = "MCR_MUE_PractitionerServices_Eff_10-01-2030.csv", heading: str = "Practitioner Services"
) -> Given:
    """MUE values as comma-separated text: a quoted notice over two lines, a quoted heading over two lines, rows."""
    rows = (
        "J1885,8,3 Date of Service Edit: Clinical,Prescribing Information",
        "9ZZZ1,1,2 Date of Service Edit: Policy,Anatomic Consideration",
        "A4206,120,1 Line Edit,Nature of Equipment",
    )
    top = f'"{PREAMBLE}",,,\r\n"HCPCS/\r\nCPT Code",{heading} MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n'
    return text(name, top + "\r\n".join(rows) + "\r\n")
