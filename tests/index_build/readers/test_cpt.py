"""CPT from a licensee's file. Every code and descriptor here is invented."""

from __future__ import annotations

import datetime as dt

import pytest

from index_build.readers.cpt import REPEATED, read_cpt
from medcoding.codes import CodeSystem
from medcoding.errors import InputError
from tests.index_build.readers.published import PREAMBLE, Given, text, workbook

HEADING = (
    "Concept Id\tCPT Code\tLong\tMedium\tShort\tConsumer\tSpanish Consumer\tCurrent Descriptor Effective Date"
    "\tTest Name\tLab Name\tManufacturer Name"
)
ROWS = (
    "1000001\t9ZZZ1\tInvented repair of a paper lantern, éach\tREPAIR LANTERN\tREPAIR\tw\tw\t20300101\t\t\t",
    "1000002\t9ZZZF\tInvented lantern counted\tLANTERN COUNTED\tCOUNT\t\t\t20290101\t\t\t",
    '1000003\t9ZZZT\tInvented lantern by lamp, 2" wide\tLANTERN LAMP\tLAMP\t\t\t\t\t\t',
    "1000004\t9ZZZU\tInvented lantern test\tLANTERN TEST\tTEST\t\t\t20300401\tTest A\tLab A\t",
    "1000005\t9ZZZU\tInvented lantern test\tLANTERN TEST\tTEST\t\t\t20300401\tTest B\tLab B\t",
)


def consolidated(rows: tuple[str, ...] = ROWS) -> Given:
    """The licensee's file: a free preamble, a heading, rows."""
    return text("Consolidated_Code_List.txt", "\r\n".join([PREAMBLE, "", '"Unclosed', HEADING, *rows]) + "\r\n")


def test_the_consolidated_list_is_read_below_its_preamble() -> None:
    """Long and short descriptor; its date is the descriptor's, so no code is taken to begin or end on it."""
    content = read_cpt(consolidated())
    first, counted, lamp, tested = content.codes
    assert (first.code, first.short_descriptor) == ("9ZZZ1", "REPAIR")
    assert first.long_descriptor == "Invented repair of a paper lantern, éach"
    assert (first.changed_on, first.effective_from) == (dt.date(2030, 1, 1), None)
    assert first.in_force_on(dt.date(2028, 1, 1))
    assert lamp.long_descriptor.endswith('2" wide')
    assert [code.category for code in (first, counted, lamp, tested)] == [
        "Category I", "Category II", "Category III", "proprietary laboratory analysis",
    ]  # fmt: skip
    assert (content.release.system, content.release.dated) == (CodeSystem.CPT, False)


def test_a_test_of_several_laboratories_is_one_code() -> None:
    """A proprietary test may stand once for each of its names."""
    content = read_cpt(consolidated())
    assert [(left.reason, left.count) for left in content.release.left_out] == [(REPEATED, 1)]
    with pytest.raises(InputError, match=r"Line 8 of Consolidated_Code_List\.txt gives 9ZZZ1 a second descriptor"):
        read_cpt(consolidated((*ROWS[:2], ROWS[0].replace("paper", "glass"))))


@pytest.mark.parametrize(
    "file",
    [
        text("mine.tsv", "9ZZZ1\tInvented lantern\n9ZZZ2\tAnother one\n"),
        text("mine.csv", '9ZZZ1,"Invented lantern"\n9ZZZ2,"Another one"\n'),
        text("mine.csv", 'Code,Description\n9zzz1,"Invented lantern"\n9ZZZ2,Another one\n'),
        workbook(
            "mine.xlsx", [("CPT Code", "Long Description"), ("9ZZZ1", "Invented lantern"), ("9ZZZ2", "Another one")]
        ),
    ],
    ids=["tabs, bare", "commas, bare", "commas", "workbook"],
)
def test_a_list_of_two_columns_is_enough(file: Given) -> None:
    """With or without a heading."""
    assert [(c.code, c.long_descriptor) for c in read_cpt(file).codes] == [
        ("9ZZZ1", "Invented lantern"), ("9ZZZ2", "Another one"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "file",
    [
        text("notes.txt", "The patient came\nfor a visit.\n"),
        text("codes.tsv", "I10\tInvented words\n"),
        text("codes.xlsx", "not a workbook"),
        text("empty.txt", ""),
        text("binary.bin", "\x00\x01\x02"),
    ],
    ids=lambda file: file.name,
)
def test_a_file_of_another_kind_is_refused(file: Given) -> None:
    """The sentence says which file is wanted, or that the workbook is broken."""
    with pytest.raises(InputError, match=r"Consolidated_Code_List|download it again"):
        read_cpt(file)


@pytest.mark.parametrize(
    "row",
    [
        "1\tJ1885\tInvented",
        "1\t9ZZZ2\t",
        "1\t9ZZZ2\tInvented\x00",
        "1\tcode\tInvented",
        ROWS[1].replace("20290101", "20291301"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_without_its_words(row: str) -> None:
    """Licensed words never reach a message."""
    with pytest.raises(InputError, match=r"Line 7 of Consolidated_Code_List\.txt") as refusal:
        read_cpt(consolidated((ROWS[0], row)))
    assert "nvented" not in str(refusal.value)
