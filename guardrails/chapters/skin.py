"""Pressure ulcers and other chronic ulcers: stage, site, healing (I.C.12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    quoted,
    quoting,
)
from medcoding.encounter import Setting
from medcoding.proposal import ProposedCode

_PRESSURE: Final = family("L89")
_CHRONIC: Final = family("L97 L98.4")
_UNSTAGEABLE, _DEEP_TISSUE, _UNSPECIFIED = "0", "6", "9"

_WORDS: Final = {
    _UNSTAGEABLE: re.compile(r"un-?stage?able|eschar|slough|(?:cannot|can't|unable to|not) be? ?staged?|\bgraft"),
    "1": re.compile(r"(?:stage|grade|stg|category)\W{0,3}(?:1|i|one)\b|blanch|erythema|redness|intact skin"),
    "2": re.compile(r"(?:stage|grade|stg|category)\W{0,3}(?:2|ii|two)\b|partial[- ]thickness|blister|abrasion|dermis"),
    "3": re.compile(r"(?:stage|grade|stg|category)\W{0,3}(?:3|iii|three)\b|full[- ]thickness|subcutaneous"),
    "4": re.compile(r"(?:stage|grade|stg|category)\W{0,3}(?:4|iv|four)\b|bone|muscle|tendon|necrosis of"),
    _DEEP_TISSUE: re.compile(r"deep[- ]tissue|\bdtp?i\b"),
}
_HEALED: Final = re.compile(
    r"\b(?:healed|resolved|closed|epitheli[sz]ed)\b|(?:history|h/o) of (?:\w+ ){0,3}(?:ulcer|sore)"
)
_HEALING: Final = re.compile(r"\bhealing\b|not (?:yet )?(?:healed|closed)|almost|nearly|partly|partially|un-?healed")
_SAYS_PRESSURE: Final = re.compile(r"pressure|decubit|bed ?sore")
_SAYS_OTHER: Final = re.compile(r"diabetic|venous|stasis|arterial|ischemic|neuropathic|varicose")


def stage_is_documented(case: Case) -> Findings:
    """A stage is taken from the record: its number, or words that the index equates with it."""
    ruling = Ruling(
        rule="skin.stage_documented",
        severity=MUST_RESOLVE,
        source="I.C.12.a.1, I.C.12.a.2, I.C.12.a.3, I.C.12.a.7",
        message="{code} names a stage that the record nowhere states.",
        mend="Report the unspecified stage, or ask the provider.",
    )
    return tuple(
        ruling.on(code, mend_codes=(code[:-1] + _UNSPECIFIED,))
        for code in _PRESSURE.among(case.codes)
        if (words := _WORDS.get(code[-1])) and not words.search(case.record)
    )


def unspecified_beside_stage(case: Case) -> Findings:
    """An ulcer whose stage is coded is not coded without stage as well."""
    ruling = Ruling(
        rule="skin.unspecified_beside_stage",
        severity=REJECT,
        source="I.C.12.a.1, I.C.12.a.2",
        message="{code} leaves open the stage that {other} gives for the same site.",
        mend="Leave {code} out.",
    )
    return tuple(
        ruling.on(first, second)
        for first, second in _same_site(case)
        if first[-1] == _UNSPECIFIED and second[-1] != _UNSPECIFIED
    )


def one_stage_outside_hospital(case: Case) -> Findings:
    """Two stages of one site need a stay in which the ulcer got worse."""
    if case.setting is Setting.INPATIENT:
        return ()
    ruling = Ruling(
        rule="skin.one_stage_a_visit",
        severity=MUST_RESOLVE,
        source="I.C.12.a.6, I.C.12.b.3",
        message="{code} and {other} are two stages of one site, which only a hospital stay can have.",
        mend="Keep the stage that is documented at this visit; two ulcers of one site and stage are one code.",
    )
    return tuple(
        ruling.on(first, second)
        for first, second in _same_site(case)
        if first < second and _UNSPECIFIED not in (first[-1], second[-1])
    )


def hidden_stage_beside_stage(case: Case) -> Findings:
    """Once the stage shows, the unstageable code goes; deep tissue injury takes no stage beside it."""
    ruling = Ruling(
        rule="skin.hidden_stage_beside_stage",
        severity=MUST_RESOLVE,
        source="I.C.12.a.2, I.C.12.a.7",
        message="{code} and {other} give one site a hidden and a visible stage.",
        mend="Keep the stage that debridement showed; a deep tissue injury stands alone.",
    )
    if case.setting is not Setting.INPATIENT:
        return ()
    return tuple(
        ruling.on(first, second)
        for first, second in _same_site(case)
        if first[-1] in (_UNSTAGEABLE, _DEEP_TISSUE) and second[-1] in "1234"
    )


def healed_ulcer_is_not_coded(case: Case) -> Findings:
    """An ulcer that was closed before the encounter is not coded; a healing one is."""
    ruling = Ruling(
        rule="skin.healed_ulcer",
        severity=MUST_RESOLVE,
        source="I.C.12.a.4, I.C.12.a.5, I.C.12.b.1, I.C.12.b.2",
        message="{code} is an ulcer that is there, and its evidence says that it is healed.",
        mend="Leave {code} out where the ulcer was closed on arrival.",
    )
    return tuple(
        ruling.on(line.code)
        for line in case.diagnoses
        if (line.code in _PRESSURE or line.code in _CHRONIC)
        and line.evidence
        and all(_HEALED.search(words) and not _HEALING.search(words) for words in _quotes(line))
    )


def pressure_or_not(case: Case) -> Findings:
    """L89 is for pressure, L97 and L98.4 for every other chronic ulcer."""
    ruling = Ruling(
        rule="skin.pressure_or_not",
        severity=MUST_RESOLVE,
        source="I.C.12.a.1, I.C.12.b.2",
        message="{code} is an ulcer of another kind than its evidence says.",
        mend="Report L89.- for pressure and L97.- or L98.4- for other chronic ulcers.",
    )
    other = (line for line in case.diagnoses if line.code in _PRESSURE and _SAYS_OTHER.search(quoted(line)))
    unpressed = tuple(ruling.on(line.code) for line in other if not _SAYS_PRESSURE.search(quoted(line)))
    return (*quoting(case, _CHRONIC, _SAYS_PRESSURE, ruling), *unpressed)


def site_is_known(case: Case) -> Findings:
    """An ulcer without a site gives way where the site is coded."""
    ruling = Ruling(
        rule="skin.site_known",
        severity=MUST_RESOLVE,
        source="I.C.12.a.1",
        message="{code} leaves open the site that {other} names.",
        mend="Leave {code} out, or give the other ulcer its site.",
    )
    return apart(case, family("L89.9"), family("L89", but="L89.9"), ruling)


def _quotes(line: ProposedCode) -> list[str]:
    return [quote.text.lower() for quote in line.evidence]


def _same_site(case: Case) -> Iterator[tuple[str, str]]:
    """Ordered pairs of codes that differ in stage or severity alone; the sites themselves must be named."""
    codes = [c for c in (*_PRESSURE.among(case.codes), *_CHRONIC.among(case.codes)) if not c.startswith("L89.9")]
    return ((first, second) for first in codes for second in codes if first != second and first[:-1] == second[:-1])


RULES: Final[tuple[Rule, ...]] = (
    stage_is_documented,
    unspecified_beside_stage,
    one_stage_outside_hospital,
    hidden_stage_beside_stage,
    healed_ulcer_is_not_coded,
    pressure_or_not,
    site_is_known,
)
