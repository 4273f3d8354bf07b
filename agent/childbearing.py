"""Mother and newborn: what complicates a pregnancy is reported by chapter 15, and none of that on the newborn's record.

Guidelines I.C.15.a.1 (chapter 15 first, unless the provider calls the pregnancy incidental), I.C.15.a.3 (trimester,
birth, puerperium), I.C.16.a.
"""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from agent.combine import CombinationTable, Complication
from agent.detail import WholeRecord
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.encounter import Sex
from medcoding.proposal import NotCodedReason
from retrieval.expand import fitting

_PREGNANT: Final = (
    *(f"O{n}" for n in (1, 2, 3, 4, 6, 7)), "O09", "O80", "O82", "O85", "O86", "O87", "O88", "O98", "O99", "O9A",
    "Z33.1", "Z34", "Z3A",
)  # fmt: skip
"""What tells that she is pregnant, gives birth or lies in; an abortion and late consequences do not."""

_NOT_HERS: Final = ("O", "Z33", "Z34", "Z3A", "Z37", "Z39")
"""Codes of the mother; her baby's record has none of them (guideline I.C.15.a.2)."""

_NORMAL_DELIVERY: Final = "O80"
_NEVER_IN_PREGNANCY: Final = "Z68"
_BIRTH_CODES: Final = "Z38"
_INCIDENTAL: Final = re.compile(r"\bincidental(?:ly)?\b|\bunrelated to (?:the |her )?pregnancy\b", re.IGNORECASE)
_CHAPTER_15: Final = "O"


def settle_childbearing(chart: Chart, settled: CodeSet, codebook: Codebook, table: CombinationTable) -> None:
    """Report by chapter 15 what complicates a pregnancy; leave the mother's codes out of a newborn's record."""
    if chart.encounter.patient.age == 0:
        _drop(settled, _NOT_HERS, "I.C.15.a.2: chapter 15 is for the mother's record.")
        return
    if not any(code.startswith(_PREGNANT) for code in settled.lines) or _is_incidental(chart):
        return
    _drop(settled, (_BIRTH_CODES,), "I.C.16.a.2: the newborn has a record of its own.")
    record = WholeRecord(chart, settled, codebook)
    for code in list(settled.lines):
        row = table.complicates(code)
        if row and row.stem and not code.startswith(_CHAPTER_15):
            _report(code, row, settled, codebook, record)
    if why := table.gives_way(_NORMAL_DELIVERY, settled.lines):
        _drop(settled, (_NORMAL_DELIVERY,), why)
    if any(code.startswith(_CHAPTER_15) for code in settled.lines):
        _drop(settled, (_NEVER_IN_PREGNANCY,), "I.C.21.c.3: no body mass index is reported in pregnancy.")


def _is_incidental(chart: Chart) -> bool:
    """The provider has to say so (guideline I.C.15.a.1)."""
    patient = chart.encounter.patient
    said = any(_INCIDENTAL.search(document.text) for document in chart.encounter.documents)
    return said or patient.sex is Sex.M


def _report(code: str, row: Complication, settled: CodeSet, codebook: Codebook, record: WholeRecord) -> None:
    line = settled.lines[code]
    said = record.of_pregnancy(line, settled.mentions_of(line))
    held = [other for other in settled.lines if other.startswith(row.stem)]
    best = held or fitting(codebook.billable_under(row.stem), codebook, said)
    if not best:
        return
    if row.stays:
        settled.add_before(code, best[0], row.why)
    else:
        settled.rename(code, best[0], row.why)


def _drop(settled: CodeSet, beginnings: tuple[str, ...], why: str) -> None:
    for code in [code for code in settled.lines if code.startswith(beginnings)]:
        settled.drop(code, NotCodedReason.REJECTED, why)
