"""Procedures and supplies: modifiers, pairs that are not paid together, and plausible units.

What a modifier is for is said in `MODIFIERS`, in our own words; pairs and units come from the user's own NCCI tables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from medcoding.codes import CodeSystem
from medcoding.finding import Finding, Severity
from medcoding.ncci import NcciSetting, PtpEdit
from medcoding.proposal import ProposedCode

_POLICY: Final = "NCCI Policy Manual, chapter I, modifiers"
_PTP: Final = "NCCI procedure-to-procedure edits"
_MUE: Final = "NCCI medically unlikely edits"

_MOST_MODIFIERS: Final = 4
_SHAPE: Final = re.compile(r"[0-9A-Z]{2}")


class ModifierRule(NamedTuple):
    """What a modifier says, and what the record or the claim must show for it."""

    modifier: str
    says: str
    shown_by: str
    """A regular expression over the sentences of the line's own evidence; empty where the claim itself shows it."""


_AGAIN: Final = r"\b(?:repeat\w*|again|second|re-?d(?:o|one|id)|twice|x\s?2)\b"

MODIFIERS: Final[tuple[ModifierRule, ...]] = (
    ModifierRule("25", "a separate, significant visit by the same provider on the day of a procedure", ""),
    ModifierRule(
        "59",
        "a distinct service: another session, site, organ, lesion or injury",
        r"\b(?:separate\w*|distinct\w*|different|another|second|other (?:site|lesion|session)|contralateral"
        r"|unrelated)\b",
    ),
    ModifierRule(
        "XE",
        "another encounter on the same day",
        r"\b(?:separate\w*|later|earlier|returned|second (?:visit|session))\b",
    ),
    ModifierRule(
        "XS", "a separate structure or organ", r"\b(?:separate\w*|different|another|contralateral|second|other)\b"
    ),
    ModifierRule(
        "XP",
        "a different practitioner",
        r"\bdr\.|\bm\.?d\b|,\s*(?:do|d\.o|np|pa)(?=\s*(?:[.,;)\n]|$))|\bpa-c\b|\b(?:surgeon|\w+ologist|consult\w*|practitioner)\b",
    ),
    ModifierRule(
        "XU",
        "a service outside the usual parts of the main one",
        r"\b(?:unusual\w*|distinct\w*|separate\w*|not part|addition\w*)\b",
    ),
    ModifierRule("76", "the procedure done again on the same day by the same provider", _AGAIN),
    ModifierRule("77", "the procedure done again on the same day by another provider", _AGAIN),
    ModifierRule("RT", "the right side", r"\bright\b|\brt\b|\br\b|\bod\b|bilateral"),
    ModifierRule("LT", "the left side", r"\bleft\b|\blt\b|\bl\b|\bos\b|bilateral"),
    ModifierRule(
        "50",
        "both sides in one session",
        r"bilateral|both|\bou\b|each (?:side|eye|knee|ear)|right\b.*\bleft|left\b.*\bright",
    ),
)
"""Modifiers that rules look at; others are only held against the loaded file."""

_BY_MODIFIER: Final = {rule.modifier: rule for rule in MODIFIERS}
_DISTINCT: Final = frozenset({"59", "XE", "XS", "XP", "XU"})
_SUBSETS: Final = _DISTINCT - {"59"}
_REPEATED: Final = frozenset({"76", "77"})
_SIDES: Final = frozenset({"RT", "LT"})
_VISIT: Final = "25"
_VISIT_TITLE: Final = re.compile(
    r"\b(?:visits?|consultations?|evaluation and management|critical care|hospital (?:inpatient|observation)|preventive"
    r" medicine|nursing facility care)\b"
)
"""What the loaded books call an evaluation of the patient, which alone takes 25."""

_VISIT_SECTION: Final = re.compile(r"99[2-4]\d\d")
"""Where no book is loaded, the shape of codes in the section of evaluations."""


def modifiers_are_written(case: Case) -> tuple[Finding, ...]:
    """Two characters each, none twice, at most four a line, and known to the loaded file of the code's system."""
    return tuple(finding for line in _services(case) for finding in _badly_written(case, line))


def modifiers_fit_together(case: Case) -> tuple[Finding, ...]:
    """Modifiers of one line that say the same thing twice, or two things at once."""
    return tuple(finding for line in _services(case) for finding in _clashing(line))


def modifiers_are_documented(case: Case) -> tuple[Finding, ...]:
    """What a modifier says stands in the sentences of the line's own evidence."""
    return tuple(
        _finding(
            "procedures.modifier_documented", Severity.MUST_RESOLVE, line,
            f"{line.code} carries {rule.modifier} ({rule.says}), which the record does not show.",
            "Leave the modifier out, or ask the provider to complete the record.",
        )
        for line in _services(case)
        for rule in (_BY_MODIFIER[m] for m in line.modifiers if m in _BY_MODIFIER)
        if rule.shown_by and not re.search(rule.shown_by, case.words_of(line))
    )  # fmt: skip


def a_visit_stands_beside_a_service(case: Case) -> tuple[Finding, ...]:
    """25 sets a visit apart from something else done that day; alone it says nothing."""
    services = _services(case)
    return tuple(
        _finding(
            "procedures.modifier_25", Severity.MUST_RESOLVE, line,
            f"{line.code} carries 25, and no other service of that day stands on the claim.",
            "Leave the modifier out, or add the service.",
        )
        for line in services
        if "25" in line.modifiers and len(services) == 1
    )  # fmt: skip


def repeats_are_marked(case: Case) -> tuple[Finding, ...]:
    """The same code on two lines says why; 76 and 77 stand only on a code that is there twice or in several units."""
    times = Counter(line.code for line in _services(case))
    return tuple(
        _finding(
            "procedures.repeated", Severity.MUST_RESOLVE, line,
            f"{line.code} carries {modifier}, and the claim holds it only once.",
            "Leave the modifier out, or add the first performance.",
        )
        for line in _services(case)
        for modifier in sorted(_REPEATED & set(line.modifiers))
        if times[line.code] == 1 and (line.units or 1) == 1
    )  # fmt: skip


def pairs_are_payable(case: Case) -> tuple[Finding, ...]:
    """NCCI pairs in force: never together, or together only with a modifier that the record supports."""
    if case.ncci is None:
        return ()
    return tuple(
        _pair(edit, one, two)
        for one, two in combinations(_services(case), 2)
        for edit in case.ncci.edits_between(one.code, two.code, case.day)[:1]
        if not _is_lifted(case, edit, one, two)
    )


def units_are_plausible(case: Case) -> tuple[Finding, ...]:
    """More units than any loaded table finds plausible for one patient and day."""
    if case.ncci is None:
        return ()
    total: Counter[str] = Counter()
    for line in _services(case):
        total[line.code] += line.units or 1
    return tuple(
        _finding(
            "procedures.units", Severity.MUST_RESOLVE, line,
            f"{total[line.code]} units of {line.code} are more than the {most} that are plausible for one day.",
            "Check the units against the record; what is right and documented can be appealed.", _MUE,
        )
        for line in {line.code: line for line in _services(case)}.values()
        if (most := _most_units(case, line.code)) is not None and total[line.code] > most
    )  # fmt: skip


def _services(case: Case) -> tuple[ProposedCode, ...]:
    return tuple(line for line in case.lines if line.system is not CodeSystem.ICD10CM)


def _badly_written(case: Case, line: ProposedCode) -> Iterator[Finding]:
    rule = "procedures.modifier_form"
    mend = "Write each modifier once, two characters, most important first."
    twice = [m for m, number in Counter(line.modifiers).items() if number > 1]
    wrong = [m for m in line.modifiers if not _SHAPE.fullmatch(m)]
    if twice or wrong or len(line.modifiers) > _MOST_MODIFIERS:
        message = f"The modifiers of {line.code} are not written as a claim takes them."
        yield _finding(rule, Severity.MUST_RESOLVE, line, message, mend)
    hcpcs = case.procedures.get(CodeSystem.HCPCS)
    for modifier in line.modifiers:
        known = None if hcpcs is None or not modifier[:1].isalpha() else hcpcs.modifier(modifier)
        if known is not None and not known.in_force_on(case.day):
            message = f"The modifier {modifier} of {line.code} is not in force on {case.day}."
            yield _finding(rule, Severity.MUST_RESOLVE, line, message, "Choose a modifier in force.")


def _clashing(line: ProposedCode) -> Iterator[Finding]:
    held = set(line.modifiers)
    if "59" in held and held & _SUBSETS:
        message = (
            f"{line.code} carries 59 beside {', '.join(sorted(held & _SUBSETS))}, which says the same more exactly."
        )
        yield _finding(
            "procedures.modifiers_together", Severity.MUST_RESOLVE, line, message, "Keep the X modifier alone."
        )
    elif "59" in held:
        message = f"{line.code} carries 59; XE, XS, XP or XU would say why the service is distinct."
        yield _finding(
            "procedures.modifier_59", Severity.ADVISE, line, message, "Take the X modifier where the payer does."
        )
    if held >= _SIDES or ("50" in held and held & _SIDES):
        message = f"{line.code} names both sides in more than one way."
        yield _finding(
            "procedures.modifiers_together", Severity.MUST_RESOLVE, line, message, "Use 50, or a line for each side."
        )
    if held >= _REPEATED:
        message = f"{line.code} says it was repeated by the same and by another provider."
        yield _finding("procedures.modifiers_together", Severity.MUST_RESOLVE, line, message, "Keep 76 or 77.")


def _is_lifted(case: Case, edit: PtpEdit, one: ProposedCode, two: ProposedCode) -> bool:
    """True when the indicator allows it and one of the lines says why they are apart.

    25 sets a visit apart and nothing else; anatomic modifiers but the sides are rarer and left to people.
    """
    sides = [_SIDES & set(line.modifiers) for line in (one, two)]
    apart = all(sides) and sides[0] != sides[1]
    distinct = _DISTINCT & {*one.modifiers, *two.modifiers}
    visit = any(_VISIT in line.modifiers and _is_visit(case, line) for line in (one, two))
    return edit.modifier_indicator == 1 and bool(distinct or apart or visit)


def _is_visit(case: Case, line: ProposedCode) -> bool:
    book = case.procedures.get(line.system)
    entry = book.entry(line.code) if book else None
    if entry is None or not entry.title:
        return line.system is CodeSystem.CPT and bool(_VISIT_SECTION.fullmatch(line.code))
    return bool(_VISIT_TITLE.search(entry.title.lower()))


def _pair(edit: PtpEdit, one: ProposedCode, two: ProposedCode) -> Finding:
    never = edit.modifier_indicator == 0
    how = "never paid together" if never else "paid together only with a modifier that the record supports"
    return Finding(
        rule="procedures.pair",
        severity=Severity.MUST_RESOLVE,
        codes=(one.code, two.code),
        message=f"{edit.column_one} and {edit.column_two} are {how}: {edit.rationale}.",
        source=f"{_PTP}, {edit.setting}, from {edit.effective_from}",
        mend=f"Report {edit.column_one} alone."
        if never
        else f"Report {edit.column_one} alone, or show why both count.",
        mend_codes=(edit.column_one,),
    )


def _most_units(case: Case, code: str) -> int | None:
    """The largest limit of the loaded tables; whose claim it is, the encounter does not say."""
    limits = [found.units for setting in NcciSetting if case.ncci and (found := case.ncci.units(code, setting))]
    return max(limits, default=None)


def _finding(
    rule: str, severity: Severity, line: ProposedCode, message: str, mend: str, source: str = _POLICY
) -> Finding:
    return Finding(rule=rule, severity=severity, codes=(line.code,), message=message, source=source, mend=mend)


RULES: Final[tuple[Rule, ...]] = (
    modifiers_are_written,
    modifiers_fit_together,
    modifiers_are_documented,
    a_visit_stands_beside_a_service,
    repeats_are_marked,
    pairs_are_payable,
    units_are_plausible,
)
