"""Pain: when G89 is used, and with what (I.C.5.a, I.C.6.b)."""

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
from guardrails.chapters.neoplasms import NEOPLASM

_PAIN: Final = family("G89")
_SITES: Final = family("M54 M25.5 M79.6 M79.1 R07 R10 R51 N94.8 N64.4 G50 G54 K08.8 H57.1 H92.0 M53 R68.84 F45.4")
_DEVICE_PAIN: Final = family("T82.84 T83.84 T84.84 T85.84")
_CHRONIC: Final = re.compile(r"chronic|longstanding|long-standing|persist")
_SYNDROME: Final = re.compile(r"chronic pain syndrome|\bcps\b|psychosocial dysfunction|pain syndrome")
_CENTRAL: Final = re.compile(r"central pain|dejerine|thalamic pain|myelopathic pain")
_EXPECTED: Final = re.compile(r"\b(?:expected|routine|usual|normal|appropriate|typical)\b")


def psychological_pain_takes_no_g89(case: Case) -> Findings:
    """Pain that is wholly psychological takes no G89 code."""
    ruling = Ruling(
        rule="pain.wholly_psychological",
        severity=REJECT,
        source="I.C.5.a",
        message="{code} is not reported beside {other}.",
        mend="Leave {code} out.",
    )
    return apart(case, _PAIN, family("F45.41"), ruling)


def psychological_factors_name_the_pain(case: Case) -> Findings:
    """Psychological factors in a pain go with the code of the pain."""
    ruling = Ruling(
        rule="pain.psychological_factors",
        severity=MUST_RESOLVE,
        source="I.C.5.a",
        message="{code} stands without the acute or chronic pain that it goes with.",
        mend="Add the fitting G89 code.",
    )
    return partnered(case, family("F45.42"), _PAIN, ruling)


def chronic_is_documented(case: Case) -> Findings:
    """No number of weeks makes pain chronic; the provider has to call it so."""
    ruling = Ruling(
        rule="pain.chronic_documented",
        severity=MUST_RESOLVE,
        source="I.C.6.b.4",
        message="{code} is chronic pain, and the record does not call it chronic.",
        mend="Report the site of the pain alone.",
    )
    return worded(case, family("G89.2"), _CHRONIC, ruling)


def syndrome_is_documented(case: Case) -> Findings:
    """Chronic pain syndrome and central pain syndrome are diagnoses of their own."""
    ruling = Ruling(
        rule="pain.syndrome_documented",
        severity=MUST_RESOLVE,
        source="I.C.6.b.6",
        message="{code} is a pain syndrome that the record does not name.",
        mend="Report chronic pain from G89.2- where that is what is documented.",
    )
    chronic = worded(case, family("G89.4"), _SYNDROME, ruling)
    return (*chronic, *worded(case, family("G89.0"), _CENTRAL, ruling))


def expected_pain_is_not_coded(case: Case) -> Findings:
    """The pain that is normal after an operation is not coded."""
    ruling = Ruling(
        rule="pain.expected_after_surgery",
        severity=MUST_RESOLVE,
        source="I.C.6.b.3",
        message="{code} is pain beyond the routine, and its evidence calls it expected.",
        mend="Leave {code} out.",
    )
    lines = [line for line in case.diagnoses if line.code.startswith(("G89.12", "G89.18"))]
    return tuple(ruling.on(line.code) for line in lines if _EXPECTED.search(case.words_of(line)))


def tumor_pain_names_the_tumor(case: Case) -> Findings:
    """Pain due to a tumor stands beside the tumor."""
    ruling = Ruling(
        rule="pain.tumor",
        severity=MUST_RESOLVE,
        source="I.C.6.b.5, I.C.2.h",
        message="{code} is pain due to a tumor and no tumor is reported.",
        mend="Add the tumor.",
    )
    return partnered(case, family("G89.3"), NEOPLASM, ruling)


def tumor_pain_needs_no_site(case: Case) -> Findings:
    """A code for the site of the pain is not needed beside G89.3."""
    ruling = Ruling(
        rule="pain.tumor_site",
        severity=MUST_RESOLVE,
        source="I.C.6.b.5",
        message="{code} is the site of a pain, which {other} makes unnecessary.",
        mend="Leave {code} out, unless the pain there has another cause.",
    )
    return apart(case, _SITES, family("G89.3"), ruling)


def pain_of_known_cause(case: Case) -> Findings:
    """Behind a diagnosis that explains it, G89 stands only where pain control is the purpose of the visit."""
    first = case.codes[0] if case.codes else ""
    if not first or first in _PAIN or first in _SITES or first in _DEVICE_PAIN or first.startswith(("Z", "T", "S")):
        return ()
    ruling = Ruling(
        rule="pain.known_cause",
        severity=ADVISE,
        source="I.C.6.b.1, I.C.6.b.1.a, I.C.6.b.1.b.i",
        message="{code} stands behind {other}: it is reported only where it adds something to the cause of the pain.",
        mend="Leave {code} out where {other} explains the pain and is what is treated.",
    )
    return tuple(ruling.on(code, first) for code in family("G89", but="G89.3 G89.4").among(case.codes))


def device_pain_leads(case: Case) -> Findings:
    """Pain from a device is the complication first, acute or chronic behind it."""
    ruling = Ruling(
        rule="pain.device",
        severity=MUST_RESOLVE,
        source="I.C.6.b.2, I.C.6.b.3.b, I.C.19.g.2",
        message="{code} stands ahead of {other}, the complication that causes the pain.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _DEVICE_PAIN, _PAIN, ruling)


def device_pain_acute_or_chronic(case: Case) -> Findings:
    """G89.18 or G89.28 tells acute from chronic."""
    ruling = Ruling(
        rule="pain.device_acute_or_chronic",
        severity=ADVISE,
        source="I.C.19.g.2",
        message="{code} leaves open whether the pain is acute or chronic.",
        mend="Add G89.18 or G89.28 where the record tells.",
    )
    return partnered(case, _DEVICE_PAIN, _PAIN, ruling, "G89.18", "G89.28")


RULES: Final[tuple[Rule, ...]] = (
    psychological_pain_takes_no_g89,
    psychological_factors_name_the_pain,
    chronic_is_documented,
    syndrome_is_documented,
    expected_pain_is_not_coded,
    tumor_pain_names_the_tumor,
    tumor_pain_needs_no_site,
    pain_of_known_cause,
    device_pain_leads,
    device_pain_acute_or_chronic,
)
