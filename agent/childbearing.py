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
from medcoding.encounter import Setting, Sex
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
_GESTATIONAL: Final = "O24.4"
_PHASES: Final = {"pregnancy": "1", "childbirth": "2", "puerperium": "3"}
_CONTROLS: Final = (
    (re.compile(r"(?<!no )\binsulin\b|\bNPH\b|\blispro\b|\baspart\b", re.IGNORECASE), "4"),
    (re.compile(r"\bmetformin\b|\bglyburide\b|\boral (?:hypoglycemic|agent)", re.IGNORECASE), "5"),
    (re.compile(r"\bdiet\b|\bA1GDM\b|\bGDMA1\b", re.IGNORECASE), "0"),
)
_OTHERS_IN_THE_FAMILY: Final = re.compile(
    r"\b(?:husband|mother|father|partner|sister|brother|baby|infant|newborn)\b", re.IGNORECASE
)
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
    _superimposed(settled, codebook)
    _control_of_diabetes(chart, settled, record, codebook)
    _one_gestation(chart, settled)
    _number_born(settled)
    if why := table.gives_way(_NORMAL_DELIVERY, settled.lines):
        _drop(settled, (_NORMAL_DELIVERY,), why)
    if any(code.startswith(_CHAPTER_15) for code in settled.lines):
        _drop(settled, (_NEVER_IN_PREGNANCY,), "I.C.21.c.3: no body mass index is reported in pregnancy.")


def _superimposed(settled: CodeSet, codebook: Codebook) -> None:
    """Pre-eclampsia beside a hypertension from before the pregnancy is superimposed (category O11)."""
    before = any(code.startswith("O10") for code in settled.lines)
    for code in [code for code in settled.lines if code.startswith("O14") and before]:
        superimposed = f"O11.{code[-1] if code[-1] in '12345' else '9'}"
        if codebook.is_billable(superimposed):
            settled.rename(code, superimposed, "I.C.15.d: superimposed on hypertension from before the pregnancy.")


def _control_of_diabetes(chart: Chart, settled: CodeSet, record: WholeRecord, codebook: Codebook) -> None:
    """Gestational diabetes by what controls it: insulin before diet, oral drugs before diet (guideline I.C.15.i)."""
    text = " ".join(chart.text_of(s) for s in chart.sentences if not _OTHERS_IN_THE_FAMILY.search(chart.text_of(s)))
    control = next((digit for words, digit in _CONTROLS if words.search(text)), None)
    for code in [code for code in settled.lines if code.startswith(_GESTATIONAL)]:
        line = settled.lines[code]
        phase = record.of_pregnancy(line, settled.mentions_of(line)).phase
        found = f"{_GESTATIONAL}{_PHASES.get(phase or '', '1')}{control or code[-1]}"
        if found != code and codebook.is_billable(found):
            settled.rename(code, found, "I.C.15.i: by what controls it, in the stage of the pregnancy.")
    if any(code.startswith(_GESTATIONAL) for code in settled.lines):
        _drop(settled, ("O24.9",), "I.B.2: the diabetes is gestational.")


def _one_gestation(chart: Chart, settled: CodeSet) -> None:
    """The weeks on the day of admission, or of the visit (guideline I.C.21.c.11)."""
    weeks = sorted(code for code in settled.lines if code.startswith("Z3A."))
    kept = weeks[0] if weeks and chart.encounter.setting is Setting.INPATIENT else "".join(weeks[-1:])
    _drop(settled, tuple(code for code in weeks if code != kept), "I.C.21.c.11: the weeks of another day.")


def _number_born(settled: CodeSet) -> None:
    """One liveborn beside a twin pregnancy is both of them (guideline I.C.15.b.5)."""
    if "Z37.0" in settled.lines and any(code.startswith("O30.0") for code in settled.lines):
        settled.rename("Z37.0", "Z37.2", "I.C.15.b.5: twins, both liveborn.")


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
