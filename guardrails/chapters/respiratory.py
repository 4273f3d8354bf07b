"""COPD, asthma, pneumonia, influenza, respiratory failure, ventilator pneumonia (I.C.10)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    in_order,
    partnered,
    worded,
)

_LOWER_INFECTION: Final = family("J09.X1 J10.0 J11.0 J12-J18 J20-J22 U07.1 A37 A48.1 B37.1 B59 J69.0 J85 J95.851")
_SAYS_WORSE: Final = re.compile(
    r"exacerbat|decompensat|\bflare|worsen|acute on chronic|\baecopd|acute copd|acutely|attack"
)
_SAYS_STATUS: Final = re.compile(r"status asthmaticus|life[- ]threatening|severe acute|refractory|intractable")
_SAYS_VENTILATOR: Final = re.compile(r"ventilat|\bvap\b|\bvent\b|intubat")
_SAYS_ASSOCIATED: Final = re.compile(
    r"ventilator[- ](?:associated|acquired|related)|\bvap\b|vent[- ]associated|ventilator pneumonia"
)
_SAYS_FAILURE: Final = re.compile(
    r"respiratory (?:\w+ ){0,3}(?:failure|insufficien|arrest)|\ba[hc]?rf\b|\bchrf\b|\bresp\.? failure"
    r"|(?:failure|insufficiency) of (?:breathing|respiration)"
    r"|(?:hypox\w+|hypercap\w+|hypercarb\w+)(?:[ /,and-]+\w+){0,3} failure"
)


def plain_beside_worse(case: Case) -> Findings:
    """COPD without infection or exacerbation is not reported beside COPD with one."""
    ruling = Ruling(
        rule="respiratory.plain_beside_worse",
        severity=REJECT,
        source="I.C.10.a.1",
        message="{code} says that there is neither infection nor exacerbation, and {other} says the opposite.",
        mend="Leave {code} out.",
    )
    return apart(case, family("J44.9"), family("J44.0 J44.1"), ruling)


def infection_of_copd(case: Case) -> Findings:
    """An acute lower respiratory infection makes it J44.0."""
    if case.coded("J44.0"):
        return ()
    ruling = Ruling(
        rule="respiratory.infection_of_copd",
        severity=MUST_RESOLVE,
        source="I.A.15, I.C.10.a.1",
        message="{code} is reported beside {other}, a lower respiratory infection, and without J44.0.",
        mend="Report J44.0 with the infection; J44.1 stays where an exacerbation is documented.",
    )
    return apart(case, family("J44.1 J44.9"), family("J12-J16 J18 J20 J22"), ruling, "J44.0")


def infection_is_named(case: Case) -> Findings:
    """J44.0 asks for the infection."""
    ruling = Ruling(
        rule="respiratory.infection_named",
        severity=MUST_RESOLVE,
        source="I.A.17",
        message="{code} says that there is an infection, and it is not reported.",
        mend="Add the infection, or report COPD without it.",
    )
    return partnered(case, family("J44.0"), _LOWER_INFECTION, ruling)


def exacerbation_is_documented(case: Case) -> Findings:
    """An exacerbation is a worsening that the provider documents; an infection alone is none."""
    ruling = Ruling(
        rule="respiratory.exacerbation_documented",
        severity=MUST_RESOLVE,
        source="I.C.10.a.1",
        message="{code} is an exacerbation, and the record does not speak of one.",
        mend="Report the disease without exacerbation.",
    )
    worse = family("J44.1 J45.21 J45.31 J45.41 J45.51 J45.901 J47.1")
    return worded(case, worse, _SAYS_WORSE, ruling)


def status_asthmaticus_is_documented(case: Case) -> Findings:
    """Status asthmaticus is the provider's word."""
    ruling = Ruling(
        rule="respiratory.status_asthmaticus",
        severity=MUST_RESOLVE,
        source="I.C.10.a.1",
        message="{code} is status asthmaticus, and the record does not speak of it.",
        mend="Report the exacerbation, or the asthma without one.",
    )
    return worded(case, family("J45.22 J45.32 J45.42 J45.52 J45.902"), _SAYS_STATUS, ruling)


def one_state_of_asthma(case: Case) -> Findings:
    """One severity of asthma is uncomplicated, in exacerbation or in status."""
    ruling = Ruling(
        rule="respiratory.one_state_of_asthma",
        severity=MUST_RESOLVE,
        source="I.C.10.a.1",
        message="{code} and {other} are two states of one asthma.",
        mend="Keep the worst one that is documented.",
    )
    kinds = ("J45.2", "J45.3", "J45.4", "J45.5", "J45.90")
    pairs = (case.coded(kind) for kind in kinds)
    return tuple(ruling.on(pair[0], *pair[1:]) for pair in pairs if len(pair) > 1)


def asthma_beside_copd(case: Case) -> Findings:
    """COPD with asthma has an index entry of its own."""
    ruling = Ruling(
        rule="respiratory.asthma_beside_copd",
        severity=ADVISE,
        source="I.A.17, I.B.1",
        message="{code} is reported beside asthma ({other}).",
        mend="See whether J44.89 with the type of asthma fits better.",
    )
    return apart(case, family("J44.9"), family("J45"), ruling, "J44.89")


def acute_and_chronic_failure(case: Case) -> Findings:
    """Acute and chronic respiratory failure together are one code."""
    ruling = Ruling(
        rule="respiratory.acute_on_chronic_failure",
        severity=MUST_RESOLVE,
        source="I.B.8, I.B.9",
        message="{code} and {other} together are acute on chronic respiratory failure.",
        mend="Report one code from J96.2-.",
    )
    return apart(case, family("J96.0"), family("J96.1"), ruling, "J96.20", "J96.21", "J96.22")


def part_of_acute_on_chronic(case: Case) -> Findings:
    """Acute on chronic failure holds both halves."""
    ruling = Ruling(
        rule="respiratory.part_of_acute_on_chronic",
        severity=REJECT,
        source="I.B.8, I.B.9",
        message="{code} is held by {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, family("J96.0 J96.1 J96.9"), family("J96.2"), ruling)


def failure_is_documented(case: Case) -> Findings:
    """Respiratory failure is a diagnosis and not a reading of the oxygen."""
    ruling = Ruling(
        rule="respiratory.failure_documented",
        severity=MUST_RESOLVE,
        source="I.A.19, I.C.10.b.1",
        message="{code} is respiratory failure, and the record does not call it so.",
        mend="Ask the provider; report R09.02 for low oxygen alone.",
    )
    return worded(case, family("J96"), _SAYS_FAILURE, ruling)


def failure_behind_chapter_rules(case: Case) -> Findings:
    """Pregnancy, poisoning, HIV and newborn rules put their own code ahead of respiratory failure."""
    if not case.codes or not case.codes[0].startswith("J96"):
        return ()
    ruling = Ruling(
        rule="respiratory.failure_behind_chapter_rules",
        severity=MUST_RESOLVE,
        source="I.C.10.b.1",
        message="{code} leads, and the chapter rule for {other} gives another order.",
        mend="Put {other} first.",
    )
    return in_order(case, family("O U07.0", but="O94"), family("J96"), ruling)


def one_influenza(case: Case) -> Findings:
    """Influenza has one virus and one manner of lung disease."""
    ruling = Ruling(
        rule="respiratory.one_influenza",
        severity=MUST_RESOLVE,
        source="I.C.10.c",
        message="{code} leaves the virus open and {other} names it.",
        mend="Keep {other} where the provider confirms the strain, else {code}.",
    )
    return apart(case, family("J11"), family("J09 J10"), ruling)


def ventilator_pneumonia_is_documented(case: Case) -> Findings:
    """J95.851 needs the provider's link; a ventilated patient with pneumonia is not enough."""
    ruling = Ruling(
        rule="respiratory.ventilator_pneumonia",
        severity=MUST_RESOLVE,
        source="I.C.10.d.1",
        message="{code} needs the provider's word that the ventilator caused the pneumonia.",
        mend="Report the pneumonia from J12-J18, or ask the provider.",
    )
    found = worded(case, family("J95.851"), _SAYS_ASSOCIATED, ruling)
    if found and not _SAYS_VENTILATOR.search(case.record):
        return worded(case, family("J95.851"), _SAYS_ASSOCIATED, ruling._replace(severity=REJECT))
    return found


def ventilator_pneumonia_names_no_other(case: Case) -> Findings:
    """J95.851 takes the germ and no J12-J18 code, unless another pneumonia brought the patient in."""
    ruling = Ruling(
        rule="respiratory.ventilator_pneumonia_alone",
        severity=MUST_RESOLVE,
        source="I.C.10.d.1, I.C.10.d.2",
        message="{code} stands behind {other}, which takes the germ and no other pneumonia.",
        mend="Report the germ from B95-B97; a pneumonia present at admission goes ahead of {other}.",
    )
    found = apart(case, family("J12-J18"), family("J95.851"), ruling)
    return tuple(f for f in found if case.codes.index(f.codes[0]) > case.codes.index(f.codes[1]))


def germ_of_pneumonia(case: Case) -> Findings:
    """Pneumonia of unknown cause gives way where the cause is coded."""
    ruling = Ruling(
        rule="respiratory.germ_of_pneumonia",
        severity=MUST_RESOLVE,
        source="I.B.2",
        message="{code} leaves open what {other} names.",
        mend="Leave {code} out, unless there are two pneumonias.",
    )
    return apart(case, family("J18.9 J15.9"), family("J12-J16 J10.0 J11.0 J09.X1 J69.0", but="J15.9"), ruling)


RULES: Final[tuple[Rule, ...]] = (
    plain_beside_worse,
    infection_of_copd,
    infection_is_named,
    exacerbation_is_documented,
    status_asthmaticus_is_documented,
    one_state_of_asthma,
    asthma_beside_copd,
    acute_and_chronic_failure,
    part_of_acute_on_chronic,
    failure_is_documented,
    failure_behind_chapter_rules,
    one_influenza,
    ventilator_pneumonia_is_documented,
    ventilator_pneumonia_names_no_other,
    germ_of_pneumonia,
)
