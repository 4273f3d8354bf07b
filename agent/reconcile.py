"""Reconcile: the choices for single mentions become one code set with roles and sequence.

Deterministic: duplicates join, combinations replace their parts, a less specific code gives way to a more specific one
of its category, symptoms give way to diagnoses, and the set is put in order. A final pass by a model is not made here:
for on-premise models it lowered F1 (see docs/decisions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agent.code_set import CodeSet
from agent.combine import CombinationTable
from agent.sequence import EXTERNAL_CAUSES, sequenced
from agent.specificity import siblings
from agent.statements import DIAGNOSIS_SECTIONS
from medcoding.chart import Chart, SectionKind
from medcoding.codebook import Codebook
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Mention
from medcoding.proposal import Choice, NotCodedReason, Proposal
from retrieval.wording import forms

_SYMPTOM_CHAPTER: Final = "R"
_LEAST_SPECIFIC: Final = ("unspecified", "without", "uncomplicated")
_SILENT: Final = frozenset({"unspecified", "uncomplicated"})
_DIABETES: Final = ("E08", "E09", "E10", "E13")
_TYPE_2: Final = "E11"
_SEPSIS: Final = ("A40", "A41", "R65")
"""Sepsis and the localized infection behind it are both reported (guideline I.C.1.d.4)."""

_DEMENTIA_CAUSES: Final = ("G20", "G30", "G31", "G10")
_BODY_REGION_UNKNOWN: Final = "T14"
_JOINS: Final = re.compile(r"[^,;.\n]{0,30}?\b(?:with|w/|due to|from|secondary to|2/2)\b[^,;.\n]{0,30}")
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
    settled = CodeSet(_in_order(chart, mentions, choices), mentions)
    _drop_unasked_parts(settled, codebook)
    _drop_history_of_current(settled)
    _both_sides(settled, codebook)
    _one_diabetes_type(settled, codebook)
    _dementia_elsewhere(settled, codebook)
    while found := table.first_that_applies(settled.lines):
        settled.combine(found)
    _drop_yielding(settled, table)
    _drop_less_specific(settled, codebook)
    _drop_integral_symptoms(chart, settled)
    return Proposal(codes=sequenced(chart.encounter.setting, settled, codebook), not_coded=tuple(settled.not_coded))


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


def _drop_unasked_parts(settled: CodeSet, codebook: Codebook) -> None:
    """The second half of a term that joins two conditions stands only where a note asks for it (I.A.17, I.B.9)."""
    wholes = {i: code for code, line in settled.lines.items() for i in line.mention_ids}
    for code in list(settled.lines):
        parts = [m.part_of for m in settled.mentions_of(settled.lines[code])]
        holders = [wholes.get(part) for part in parts if part is not None]
        if len(holders) < len(parts) or not all(holders):
            continue
        named = [h for h in holders if h and (codebook.asks_for(h, code) or codebook.asks_for(code, h))]
        if not named and code not in holders and not any(h and h.startswith(_SEPSIS) for h in holders):
            settled.drop(code, NotCodedReason.DUPLICATE, f"{holders[0]} reports the two together (I.B.9).")


def _both_sides(settled: CodeSet, codebook: Codebook) -> None:
    """Where a condition is on both sides and no code says so, each side has its own (guideline I.B.13)."""
    for code in list(settled.lines):
        if any(m.axes.laterality != "bilateral" for m in settled.mentions_of(settled.lines[code])):
            continue
        sides = _sided_siblings(code, codebook)
        if len(sides) == 2:
            for side in sides:
                settled.add_beside(code, side)
            if code not in sides:
                settled.lines.pop(code)


def _sided_siblings(code: str, codebook: Codebook) -> tuple[str, ...]:
    """The right and the left twin of a code that says one side or leaves it open; empty where one code says both."""
    entry = codebook.entry(code)
    title = entry.title.lower() if entry else ""
    side = next((w for w in ("right", "left", "unspecified") if f" {w} " in f" {title} "), "")
    if not side or not entry or not entry.parent:
        return ()
    wanted = {title.replace(side, s, 1): s for s in ("right", "left", "bilateral")}
    twins = {wanted[t]: c for c in (*siblings(code, codebook), code) if (t := codebook.title(c).lower()) in wanted}
    return () if "bilateral" in twins else tuple(twins[s] for s in ("right", "left") if s in twins)


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


def _is_assessed(mentions: Sequence[Mention]) -> bool:
    return any(m.section in DIAGNOSIS_SECTIONS for m in mentions)


def _is_past(mention: Mention) -> bool:
    return mention.assertion is Assertion.HISTORICAL


def _drop_yielding(settled: CodeSet, table: CombinationTable) -> None:
    """Codes that the table does not report beside a more telling one."""
    for code in list(settled.lines):
        if why := table.gives_way(code, settled.lines):
            settled.drop(code, NotCodedReason.DUPLICATE, why)


def _drop_less_specific(settled: CodeSet, codebook: Codebook) -> None:
    """`N18.9` beside `N18.31`: the unspecified code of a category says nothing more (guideline I.B.2)."""
    for code in list(settled.lines):
        if better := _more_specific(code, settled, codebook):
            settled.drop(code, NotCodedReason.DUPLICATE, f"{better[0]} says the same more specifically.")


def _more_specific(code: str, settled: CodeSet, codebook: Codebook) -> list[str]:
    """Codes of the set that say what this one says and more; among injuries and Z codes only by their very titles."""
    better: list[str] = []
    if code.startswith(_BODY_REGION_UNKNOWN):
        better = [c for c in settled.lines if c[0] in "ST" and c[:3] != _BODY_REGION_UNKNOWN]
    elif code[0] not in "STZ" and _is_least(codebook, code):
        better = [c for c in settled.lines if c != code and _is_finer(codebook, c, code)]
    return better or [
        c for c in settled.lines if c[:3] == code[:3] and _says_less(codebook.title(code), codebook.title(c))
    ]


def _is_finer(codebook: Codebook, other: str, code: str) -> bool:
    """A specific code of the same category; beside one that is only `without` something, of the same subcategory."""
    broad = "unspecified" in codebook.title(code).lower() or code.endswith(".9") or other[:5] == code[:5]
    return other[:3] == code[:3] and broad and not _is_least(codebook, other)


def _says_less(title: str, other: str) -> bool:
    """`Heart failure, unspecified` against `Unspecified diastolic (congestive) heart failure`."""
    words = frozenset(forms(title))
    return "unspecified" in words and words - _SILENT < frozenset(forms(other)) - _SILENT


def _drop_integral_symptoms(chart: Chart, settled: CodeSet) -> None:
    """A symptom gives way to the diagnoses, unless it is stated as a problem apart (guidelines I.B.5, II.A, IV.D)."""
    diagnoses = [c for c in settled.lines if c[0] not in (_SYMPTOM_CHAPTER, "Z", *EXTERNAL_CAUSES)]
    explained = [m for c in diagnoses for m in settled.mentions_of(settled.lines[c])]
    for code in [c for c in settled.lines if c.startswith(_SYMPTOM_CHAPTER)]:
        mentions = settled.mentions_of(settled.lines[code])
        apart = [m for m in mentions if m.heads_problem and not any(_linked(chart, m, d) for d in explained)]
        if diagnoses and not apart:
            settled.drop(code, NotCodedReason.INTEGRAL, "A symptom beside established diagnoses (I.B.5).")


def _linked(chart: Chart, symptom: Mention, diagnosis: Mention) -> bool:
    """“Influenza with cough”, “cough due to influenza”: one statement that joins the two."""
    if symptom.sentence != diagnosis.sentence:
        return False
    if symptom.part_of == diagnosis.id:
        return True
    first, second = sorted((symptom, diagnosis), key=lambda m: m.span.start)
    between = chart.encounter.document(first.document_id).text[first.span.end : second.span.start]
    return bool(_JOINS.fullmatch(between.lower()))


def _is_least(codebook: Codebook, code: str) -> bool:
    title = codebook.title(code).lower()
    return any(word in title for word in _LEAST_SPECIFIC)
