"""Reconcile: the choices for single mentions become one code set with roles and sequence.

Deterministic: duplicates join, combinations replace their parts, a less specific code gives way to a more specific one
of its category, symptoms give way to diagnoses, and the set is put in order. A final pass by a model is not made here:
for on-premise models it lowered F1 (see docs/decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.both_sides import settle_sides
from agent.childbearing import settle_childbearing
from agent.code_set import CodeSet
from agent.combine import CombinationTable
from agent.detail import add_detail
from agent.heart_disease import keeps_hypertension_apart, presumed_together, settle_infarctions
from agent.injury_episode import settle_episodes
from agent.integral import drop_integral_symptoms
from agent.joined import join_pairs
from agent.less_telling import drop_less_telling
from agent.newborns import settle_newborn
from agent.poa import with_poa
from agent.replaced import settle_replaced
from agent.sequelae import settle_sequelae
from agent.sequence import sequenced
from agent.statements import DIAGNOSIS_SECTIONS
from agent.ulcer_stages import settle_ulcer_stages
from agent.unasked import drop_unasked_organisms, drop_unasked_parts, wholes_restored
from medcoding.chart import Chart, SectionKind
from medcoding.codebook import Codebook
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Mention
from medcoding.proposal import Choice, NotCodedReason, Proposal

_DIABETES: Final = ("E08", "E09", "E10", "E13")
_TYPE_2: Final = "E11"
_KIDNEY_STAGES: Final = "N18"
_LAST_STAGES: Final = ("N18.5", "N18.6")
_BEFORE_THE_LAST_STAGES: Final = {"I12.0": "I12.9", "I13.11": "I13.10", "I13.2": "I13.0"}
_DEMENTIA_CAUSES: Final = ("G20", "G30", "G31", "G10")
_PRINCIPAL_SECTIONS: Final = (
    SectionKind.DISCHARGE_DIAGNOSIS,
    SectionKind.ASSESSMENT,
    SectionKind.ASSESSMENT_PLAN,
    SectionKind.PROBLEM_LIST,
    SectionKind.HOSPITAL_COURSE,
    SectionKind.ADMISSION_DIAGNOSIS,
)


def reconcile(
    chart: Chart, mentions: Sequence[Mention], choices: Sequence[Choice], codebook: Codebook, table: CombinationTable
) -> Proposal:
    """One code set from the choices, with roles and sequence."""
    settled = CodeSet(_in_order(chart, mentions, wholes_restored(choices, mentions, codebook)), mentions)
    drop_unasked_parts(settled, codebook)
    _drop_history_of_current(settled)
    add_detail(chart, settled, codebook)
    _one_diabetes_type(settled, codebook)
    _dementia_elsewhere(settled, codebook)
    join_pairs(settled, codebook)
    settle_replaced(chart, settled, codebook)
    settle_sides(settled, codebook)
    settle_sequelae(chart, settled, codebook)
    settle_newborn(chart, settled, codebook)
    settle_infarctions(chart, settled, codebook)
    settle_ulcer_stages(chart, settled, codebook)
    apart = keeps_hypertension_apart(chart)
    while found := table.first_that_applies(presumed_together(settled, apart=apart)):
        settled.combine(found)
    _stage_of_hypertensive_kidneys(settled)
    drop_less_telling(settled, codebook, table)
    drop_unasked_organisms(settled, codebook)
    drop_integral_symptoms(chart, settled, codebook)
    settle_childbearing(chart, settled, codebook, table)
    settle_episodes(settled, codebook)
    lines = sequenced(chart.encounter.setting, settled, codebook)
    return Proposal(codes=with_poa(chart, lines, mentions, codebook), not_coded=tuple(settled.not_coded))


def _in_order(chart: Chart, mentions: Sequence[Mention], choices: Sequence[Choice]) -> list[Choice]:
    """Choices in the order in which the record weighs them: stated problems of the final assessment first."""
    by_id = {m.id: m for m in mentions}
    inpatient = chart.encounter.setting is Setting.INPATIENT

    def weight(choice: Choice) -> tuple[bool, int, bool, int]:
        mention = by_id[choice.mention_id]
        listed = mention.section in _PRINCIPAL_SECTIONS
        rank = _PRINCIPAL_SECTIONS.index(mention.section) if listed and inpatient else 0
        return (not listed, rank, not mention.heads_problem, mention.id)

    return sorted(choices, key=weight)


def _drop_history_of_current(settled: CodeSet) -> None:
    """A condition is current or past, not both (guideline I.C.21.c.4).

    “History of gout” beside gout under treatment is the same gout; a passing “lung cancer” beside an assessed “history
    of lung cancer” is the past one.
    """
    assessed = [m for m in settled.mentions if m.section in DIAGNOSIS_SECTIONS]
    ended = {m.concept for m in assessed if _is_past(m)} - {m.concept for m in assessed if not _is_past(m)} - {None}
    current = {m.concept for m in settled.mentions if not _is_past(m)} - ended
    histories = {code for code, line in settled.lines.items() if _is_assessed(settled.mentions_of(line))}
    for code in list(settled.lines):
        mentions = settled.mentions_of(settled.lines[code])
        if all(_is_past(m) and m.concept in current for m in mentions):
            settled.drop(code, NotCodedReason.DUPLICATE, "The record treats the condition as current.")
        elif not _is_assessed(mentions) and all(m.concept in ended or m.history_code in histories for m in mentions):
            settled.drop(code, NotCodedReason.HISTORICAL, "The assessment speaks of it as past.")


def _one_diabetes_type(settled: CodeSet, codebook: Codebook) -> None:
    """A diabetic complication named without its type belongs to the type the record gives elsewhere (I.C.4.a)."""
    types = [code[:3] for code in settled.lines if code.startswith(_DIABETES)]
    for code in [c for c in settled.lines if c.startswith(_TYPE_2) and types]:
        typed = f"{types[0]}{code[3:]}"
        said = " ".join(m.query.lower() for m in settled.mentions_of(settled.lines[code]))
        if "2" not in said and codebook.is_billable(typed):
            settled.rename(code, typed, "I.C.4.a: the type of diabetes is documented elsewhere in the record.")


def _dementia_elsewhere(settled: CodeSet, codebook: Codebook) -> None:
    """Dementia with its cause documented is dementia in a disease classified elsewhere (I.A.13, category F02)."""
    for code in [c for c in settled.lines if c.startswith("F03")]:
        twin = f"F02{code[3:].replace('.9', '.8')}"
        if any(c.startswith(_DEMENTIA_CAUSES) for c in settled.lines) and codebook.is_billable(twin):
            settled.rename(code, twin, "I.A.13: the cause of the dementia is coded first.")


def _stage_of_hypertensive_kidneys(settled: CodeSet) -> None:
    """I12.0, I13.11 and I13.2 are for stage 5 and the end stage only (guideline I.C.9.a.2)."""
    stages = [code for code in settled.lines if code.startswith(_KIDNEY_STAGES)]
    if not stages or any(code.startswith(_LAST_STAGES) for code in stages):
        return
    for code in [code for code in settled.lines if code in _BEFORE_THE_LAST_STAGES]:
        settled.rename(code, _BEFORE_THE_LAST_STAGES[code], "I.C.9.a.2: the documented stage is an earlier one.")


def _is_assessed(mentions: Sequence[Mention]) -> bool:
    return any(m.section in DIAGNOSIS_SECTIONS for m in mentions)


def _is_past(mention: Mention) -> bool:
    return mention.assertion is Assertion.HISTORICAL
