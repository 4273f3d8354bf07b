"""Poisoning, adverse effect, underdosing, toxic effect: intent and order (I.C.19.e)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family, intent, seventh
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
)
from medcoding.proposal import ProposedCode

DRUGS: Final = family("T36-T50")
TOXINS: Final = family("T51-T65")
_AGENTS: Final = family("T36-T65")
_POISONING, _ADVERSE, _UNDERDOSED = "1234", "5", "6"
_SELF_HARM, _UNDETERMINED = "2", "4"
_AHEAD_OF_POISONING: Final = family("O T85.6 T74 T76 T80-T88 T20-T32 S I46 Z04")
_EXPLAINS_UNDERDOSING: Final = family("Z91.1 Z91.A Y63.6 Y63.8 Y63.9 T85.6")
_NO_REACTION: Final = family("S T07-T34 V W X Y Z")
"""Injuries, causes and circumstances: no drug brings them about by itself."""

_DRUG_IN_TITLE: Final = re.compile(
    r"\b(?:drugs?|medicament|adverse|toxic|anaphyla\w*|medication|antineoplastic)\b|-induced"
)
_CAUSED: Final = re.compile(
    r"\b(?:due to|caused by|because of|secondary to|side effects?|adverse|reaction|allerg\w*|toxicity)\b|induced\b"
)
"""Words that tie a condition to what brought it about."""

SAYS_UNDETERMINED: Final = re.compile(
    r"undetermin|unclear (?:if|whether)|accident\w* or (?:intention|self)"
    r"|(?:cannot|can't|could not|unable|not possible|impossible|never)[^.]{0,40}"
    r"(?:determin|establish|clarif|know|say|tell|ascertain)"
    r"|(?:intent\w*|circumstances) (?:is |are |was |were |remains? )?(?:unclear|unknown|uncertain|not determin)"
)
"""Words of a record that could not settle the intent."""

_SAYS_SELF_HARM: Final = re.compile(
    r"suicid|self-?\s?harm|self-?\s?inflict|intention|on purpose|deliberat|wanted to die|end (?:his|her|their) life"
    r"|kill (?:him|her|them)"
)


def poisoning_first(case: Case) -> Findings:
    """The poisoning or toxic effect leads and its effects follow."""
    found = next((c for c in _AGENTS.among(case.codes) if seventh(c) == "A" and _poisons(c)), None)
    if found is None or _poisons(case.codes[0]) or case.codes[0] in _AHEAD_OF_POISONING:
        return ()
    ruling = Ruling(
        rule="drugs.poisoning_first",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.b, I.C.19.e.5.b.i, I.C.19.e.5.d",
        message="{code} stands ahead of {other}, which leads its own effects.",
        mend="Put {other} first where {code} comes from it.",
    )
    return (ruling.on(case.codes[0], found, mend_codes=(found, case.codes[0])),)


def adverse_effect_behind_reaction(case: Case) -> Findings:
    """The reaction goes first and the drug behind it."""
    ruling = Ruling(
        rule="drugs.adverse_effect_never_first",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.a",
        message="{code} is the drug of an adverse effect and never comes first.",
        mend="Put the reaction ahead of {code}.",
    )
    return never_first(case, _of(case, _ADVERSE), ruling)


def adverse_effect_names_reaction(case: Case) -> Findings:
    """An adverse effect is nothing without the reaction, which the drug's sentence, its own or its title ties to it."""
    found = _of(case, _ADVERSE)
    alone = [line for line in case.diagnoses if line.code in found and not _has_reaction(case, line)]
    if not alone:
        return ()
    ruling = Ruling(
        rule="drugs.adverse_effect_reaction",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.a",
        message="{code} stands without the reaction to the drug.",
        mend="Put the reaction ahead of {code}.",
    )
    return (ruling.on(alone[0].code),)


def underdosing_never_first(case: Case) -> Findings:
    """The disease that got worse stands ahead of the underdosing."""
    ruling = Ruling(
        rule="drugs.underdosing_never_first",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.c",
        message="{code} is underdosing and never comes first.",
        mend="Put the disease that the drug is for ahead of {code}.",
    )
    return never_first(case, _of(case, _UNDERDOSED), ruling)


def underdosing_names_reason(case: Case) -> Findings:
    """The reason for taking less is added where it is known."""
    found = _of(case, _UNDERDOSED).stems
    if not found or _EXPLAINS_UNDERDOSING.among(case.codes):
        return ()
    ruling = Ruling(
        rule="drugs.underdosing_reason",
        severity=ADVISE,
        source="I.C.19.e.5.c",
        message="{code} stands without the reason for taking less.",
        mend="Add the noncompliance or failure-of-care code where the record gives the reason.",
    )
    return (ruling.on(found[0]),)


def one_kind_a_drug(case: Case) -> Findings:
    """One drug is rightly taken, wrongly taken or taken too little."""
    ruling = Ruling(
        rule="drugs.one_kind_a_drug",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.a, I.C.19.e.5.b, I.C.19.e.3",
        message="{code} and {other} say two things of one drug.",
        mend="Keep one: adverse effect if rightly taken, poisoning if not, underdosing if too little.",
    )
    by_drug: dict[str, list[str]] = {}
    for code in DRUGS.among(case.codes):
        by_drug.setdefault(_drug(code), []).append(code)
    return tuple(ruling.on(*same) for same in by_drug.values() if len(same) > 1)


def undetermined_is_stated(case: Case) -> Findings:
    """Undetermined intent needs a statement that it cannot be determined; silence means accident."""
    found = [c for c in _AGENTS.among(case.codes) if intent(c) == _UNDETERMINED]
    if not found or SAYS_UNDETERMINED.search(case.record):
        return ()
    ruling = Ruling(
        rule="drugs.undetermined_stated",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.b, I.C.20.h.1",
        message="{code} says that the intent cannot be determined, and the record does not.",
        mend="Report an accident where the record is silent on intent.",
    )
    return tuple(ruling.on(c, mend_codes=_accident(case, c)) for c in found)


def self_harm_is_stated(case: Case) -> Findings:
    """Self-harm is the record's word."""
    found = [c for c in _AGENTS.among(case.codes) if intent(c) == _SELF_HARM]
    if not found or _SAYS_SELF_HARM.search(case.record):
        return ()
    ruling = Ruling(
        rule="drugs.self_harm_stated",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.b.ii, I.C.20.h",
        message="{code} says self-harm, and the record does not.",
        mend="Report an accident where the record is silent on intent.",
    )
    return tuple(ruling.on(c, mend_codes=_accident(case, c)) for c in found)


def drug_with_alcohol_is_poisoning(case: Case) -> Findings:
    """A reaction to a drug together with alcohol, or with a drug nobody prescribed, is a poisoning."""
    ruling = Ruling(
        rule="drugs.interaction_is_poisoning",
        severity=MUST_RESOLVE,
        source="I.C.19.e.5.b.iii, I.C.19.e.5.b.iv",
        message="{code} is a drug rightly taken, and {other} took part in the reaction.",
        mend="Report both as poisoning where they acted together.",
    )
    with_others = Family(tuple(c for c in _AGENTS.among(case.codes) if _poisons(c)))
    return apart(case, _of(case, _ADVERSE), with_others, ruling)


def drugs_are_named(case: Case) -> Findings:
    """Several unknown drugs give way to named ones."""
    ruling = Ruling(
        rule="drugs.named",
        severity=REJECT,
        source="I.C.19.e.4",
        message="{code} means that no drug is known, and {other} is one.",
        mend="Leave {code} out and code each drug.",
    )
    return apart(case, family("T50.91"), family("T36-T50", but="T50.9"), ruling)


def cause_is_in_the_code(case: Case) -> Findings:
    """Cause and intent of a poisoning are in its code; nothing is added from chapter 20."""
    if not _AGENTS.among(case.codes) or family("S T07 T14-T35 T66-T88 M80 M84").among(case.codes):
        return ()
    ruling = Ruling(
        rule="drugs.cause_in_the_code",
        severity=MUST_RESOLVE,
        source="I.C.19.e, I.C.20.a.8",
        message="{code} repeats the cause or intent that {other} already tells.",
        mend="Leave {code} out, unless it explains another condition.",
    )
    causes = family("V00-V99 W00-W99 X00-X99 Y00-Y38 Y62-Y84", but="Y63")
    return apart(case, causes, _AGENTS, ruling)


def no_activity_beside_poisoning(case: Case) -> Findings:
    """Activity and status do not go with poisonings and adverse effects."""
    if not DRUGS.among(case.codes) or family("S T07 T14-T35 T66-T79 M80 M84").among(case.codes):
        return ()
    ruling = Ruling(
        rule="drugs.no_activity",
        severity=REJECT,
        source="I.C.20.c, I.C.20.k",
        message="{code} does not go with {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Y93 Y99"), DRUGS, ruling)


def _poisons(code: str) -> bool:
    """True for poisoning by a drug with any intent and for every toxic effect."""
    return code in TOXINS or (code in DRUGS and intent(code) in _POISONING)


def _of(case: Case, kind: str) -> Family:
    """The drug codes of one kind."""
    return Family(tuple(code for code in DRUGS.among(case.codes) if intent(code) == kind))


def _has_reaction(case: Case, drug: ProposedCode) -> bool:
    """True where some code can be the reaction; where the drug's evidence is not given, any that is no injury can."""
    others = [line for line in case.diagnoses if line.code not in DRUGS and line.code not in _NO_REACTION]
    return any(not drug.evidence or _is_tied(case, line, drug) for line in others)


def _is_tied(case: Case, reaction: ProposedCode, drug: ProposedCode) -> bool:
    """By one sentence, by a title that speaks of drugs, or by words of cause with the reaction's own evidence."""
    said = case.share_a_sentence(reaction, drug) or _DRUG_IN_TITLE.search(case.codebook.title(reaction.code).lower())
    return bool(said or _CAUSED.search(case.words_of(reaction)))


def _drug(code: str) -> str:
    """The code without intent and phase: what was taken."""
    return code.replace(".", "")[:6].rstrip("X")[:-1]


def _accident(case: Case, code: str) -> tuple[str, ...]:
    """The same substance, taken by accident."""
    bare = code.replace(".", "")
    place = len(bare[:6].rstrip("X")) - 1
    changed = f"{bare[:place]}1{bare[place + 1 :]}"
    accident = f"{changed[:3]}.{changed[3:]}"
    return (accident,) if case.codebook.is_billable(accident) else ()


RULES: Final[tuple[Rule, ...]] = (
    poisoning_first,
    adverse_effect_behind_reaction,
    adverse_effect_names_reaction,
    underdosing_never_first,
    underdosing_names_reason,
    one_kind_a_drug,
    undetermined_is_stated,
    self_harm_is_stated,
    drug_with_alcohol_is_poisoning,
    drugs_are_named,
    cause_is_in_the_code,
    no_activity_beside_poisoning,
)
