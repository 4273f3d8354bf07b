"""Complications of care, transplants, devices and stomas against their status (I.C.19.g, I.B.16, I.C.21.c.3)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    partnered,
)

_TRANSPLANTS: Final[tuple[tuple[Family, Family], ...]] = (
    (family("Z94.0"), family("T86.1")),
    (family("Z94.1"), family("T86.2")),
    (family("Z94.2"), family("T86.81")),
    (family("Z94.3"), family("T86.3")),
    (family("Z94.4"), family("T86.4")),
    (family("Z94.5"), family("T86.82")),
    (family("Z94.6"), family("T86.83")),
    (family("Z94.7"), family("T86.84")),
    (family("Z94.81"), family("T86.0")),
    (family("Z94.82"), family("T86.85")),
    (family("Z94.84"), family("T86.5")),
)
_ATTENDED: Final = tuple((family(f"Z93.{place}"), family(f"Z43.{place}")) for place in "0123")
_JOINTS: Final = (
    (
        family("Z96.64"),
        family("T84.010 T84.011 T84.020 T84.021 T84.030 T84.031 T84.050 T84.051 T84.060 T84.061 T84.51 T84.52"),
    ),
    (
        family("Z96.65"),
        family("T84.012 T84.013 T84.022 T84.023 T84.032 T84.033 T84.052 T84.053 T84.062 T84.063 T84.53 T84.54"),
    ),
    (family("Z96.41"), family("T85.614 T85.624 T85.633 T85.694")),
    (family("Z95.0"), family("T82.11")),
    (family("Z95.1"), family("T82.21")),
    (family("Z93.5"), family("T83.010 T83.020 T83.030 T83.090 T83.510 N99.51")),
)
_COMPLICATES: Final = re.compile(r"reject|fail|complicat|dysfunction|infect|recurren|thrombos|graft")
_UNLINKED: Final = re.compile(
    r"\b(?:expected|inherent|unavoidable|incidental|routine|not (?:a |an )?complication|no complication)"
)
_CARE: Final = family("D78 E89.8 G97 H59 H95 I97 J95 K91 L76 M96.8 N99 T80-T85 T87-T88", but="T81.12 T81.4")


def status_beside_complication(case: Case) -> Findings:
    """A transplanted organ has a complication, or the status of having none."""
    ruling = Ruling(
        rule="complications.transplant_status",
        severity=REJECT,
        source="I.C.21.c.3, I.C.19.g.3.a, I.C.19.g.3.b",
        message="{code} is not reported beside a complication of the same transplant ({other}).",
        mend="Leave {code} out.",
    )
    return tuple(f for status, complication in _TRANSPLANTS for f in apart(case, status, complication, ruling))


def kidney_disease_is_no_complication(case: Case) -> Findings:
    """Chronic kidney disease by itself is no complication of a transplanted kidney."""
    if not case.coded("N18"):
        return ()
    ruling = Ruling(
        rule="complications.kidney_disease",
        severity=MUST_RESOLVE,
        source="I.C.19.g.3.b, I.C.14.a.2",
        message="{code} needs failure, rejection or another complication, and its evidence names none.",
        mend="Report Z94.0 with the stage of the kidney disease.",
    )
    lines = [line for line in case.diagnoses if line.code.startswith("T86.1")]
    return tuple(ruling.on(x.code, mend_codes=("Z94.0",)) for x in lines if not _COMPLICATES.search(case.words_of(x)))


def transplant_complication_is_named(case: Case) -> Findings:
    """A second code says what the complication is."""
    ruling = Ruling(
        rule="complications.transplant_named",
        severity=ADVISE,
        source="I.C.19.g.3.a, I.C.19.g.3.b",
        message="{code} leaves open what the complication is.",
        mend="Add the code of the complication.",
    )
    return partnered(case, family("T86.19 T86.29 T86.39 T86.49 T86.818 T86.898"), family("A B C D E I J K M N"), ruling)


def device_status_beside_complication(case: Case) -> Findings:
    """A device with a complication is in the complication code."""
    ruling = Ruling(
        rule="complications.device_status",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3",
        message="{code} is not reported beside a complication of that device ({other}).",
        mend="Leave {code} out, unless it is another device.",
    )
    return tuple(f for status, complication in _JOINTS for f in apart(case, status, complication, ruling))


def stoma_status_beside_attention(case: Case) -> Findings:
    """Attention to a stoma says that it is there."""
    ruling = Ruling(
        rule="complications.stoma_status",
        severity=MUST_RESOLVE,
        source="I.C.21.c.7, I.C.21.c.3",
        message="{code} is already said by {other}.",
        mend="Leave {code} out where the stoma was attended to, else {other}.",
    )
    return tuple(f for status, attention in _ATTENDED for f in apart(case, status, attention, ruling))


def procedure_is_in_the_code(case: Case) -> Findings:
    """A complication code that names the kind of procedure takes no external cause for it."""
    ruling = Ruling(
        rule="complications.procedure_in_the_code",
        severity=ADVISE,
        source="I.C.19.g.4",
        message="{code} repeats the procedure that {other} already names.",
        mend="Leave {code} out.",
    )
    return apart(case, family("Y83 Y84"), family("I97 J95 K91 N99 G97 H59 T80-T86"), ruling)


def complication_needs_its_link(case: Case) -> Findings:
    """What was expected is no complication; the provider connects it to the care."""
    ruling = Ruling(
        rule="complications.link",
        severity=MUST_RESOLVE,
        source="I.B.16, I.C.19.g.1.a, I.C.1.d.5.a",
        message="{code} is a complication of care, and its evidence calls it expected, incidental or none.",
        mend="Leave {code} out, unless the provider ties a problem of weight to the care.",
    )
    lines = [line for line in case.diagnoses if line.code in _CARE]
    return tuple(ruling.on(line.code) for line in lines if _UNLINKED.search(case.words_of(line)))


def harm_of_care_is_no_injury(case: Case) -> Findings:
    """Harm done in the course of care is a complication and no injury."""
    if case.coded("V", "W", "X", "Y0"):
        return ()
    ruling = Ruling(
        rule="complications.no_injury",
        severity=MUST_RESOLVE,
        source="I.C.19.b.3",
        message="{code} is an injury beside harm done by care ({other}).",
        mend="Leave {code} out where the care did the harm.",
    )
    harm = family("D78.1 E36.1 G97.4 H59.2 H95.3 I97.5 J95.7 K91.7 L76.1 M96.82 N99.7")
    return apart(case, family("S25-S27 S35-S37"), harm, ruling)


RULES: Final[tuple[Rule, ...]] = (
    status_beside_complication,
    kidney_disease_is_no_complication,
    transplant_complication_is_named,
    device_status_beside_complication,
    stoma_status_beside_attention,
    procedure_is_in_the_code,
    complication_needs_its_link,
    harm_of_care_is_no_injury,
)
