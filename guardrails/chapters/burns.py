"""Burns and corrosions: degree, site, extent (I.C.19.d)."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family, seventh, undotted
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
    partnered,
    quoting,
)

_SKIN: Final = family("T20-T25")
_EXTENT: Final = family("T31-T32")
_SITED: Final = family("T20-T28")
_BURN_DEGREES, _CORROSION_DEGREES = "0123", "4567"
_DEEPEST: Final = ("3", "7")
_SUNBURN: Final = re.compile(r"sun-?\s?burn")
_CORROSIVES: Final = family("T52 T53 T54 T55 T56 T57")


def deepest_first(case: Case) -> Findings:
    """Of several burns the one of the highest degree leads."""
    burns = [code for code in _SKIN.among(case.codes) if seventh(code) == "A"]
    if len(burns) < 2 or case.codes[0] != burns[0]:
        return ()
    ruling = Ruling(
        rule="burns.deepest_first",
        severity=MUST_RESOLVE,
        source="I.C.19.d.1",
        message="{code} stands ahead of {other}, a burn of higher degree.",
        mend="Put the burn of the highest degree first.",
    )
    deepest = max(burns, key=_depth)
    return (ruling.on(burns[0], deepest, mend_codes=(deepest, burns[0])),) if _depth(burns[0]) < _depth(deepest) else ()


def one_degree_a_site(case: Case) -> Findings:
    """Burns of different depth at one site and side take one code, the highest degree."""
    ruling = Ruling(
        rule="burns.one_degree_a_site",
        severity=REJECT,
        source="I.C.19.d.2",
        message="{code} is a lower degree at the site of {other}.",
        mend="Leave {code} out.",
    )
    current = [code for code in _SKIN.among(case.codes) if seventh(code) in ("A", "D")]
    return tuple(
        ruling.on(lower, higher)
        for lower, higher in permutations(current, 2)
        if _site(lower) == _site(higher) and _depth(lower) < _depth(higher)
    )


def extent_of_deep_burns(case: Case) -> Findings:
    """The share of the body surface is added to third-degree burns."""
    deep = [code for code in _SKIN.among(case.codes) if _degree(code) in _DEEPEST and seventh(code) == "A"]
    if not deep or _EXTENT.among(case.codes):
        return ()
    ruling = Ruling(
        rule="burns.extent",
        severity=ADVISE,
        source="I.C.19.d.6",
        message="{code} is a third-degree burn without the share of the body surface.",
        mend="Add the T31 or T32 code where the record gives the share.",
    )
    return (ruling.on(deep[0]),)


def extent_is_no_late_effect(case: Case) -> Findings:
    """The share of the body surface is not reported for late effects."""
    burns = _SITED.among(case.codes)
    if not burns or any(seventh(code) != "S" for code in burns):
        return ()
    ruling = Ruling(
        rule="burns.extent_no_late_effect",
        severity=REJECT,
        source="I.C.19.d.6",
        message="{code} is not reported for late effects.",
        mend="Leave {code} out.",
    )
    return tuple(ruling.on(code) for code in _EXTENT.among(case.codes))


def extent_behind_sites(case: Case) -> Findings:
    """With the site known, the share of the body surface stands behind it."""
    if not _SITED.among(case.codes):
        return ()
    ruling = Ruling(
        rule="burns.extent_behind_sites",
        severity=MUST_RESOLVE,
        source="I.C.19.d.6",
        message="{code} leads only where the site of the burn is not known.",
        mend="Put the burned site first.",
    )
    return never_first(case, _EXTENT, ruling)


def extent_fits_degree(case: Case) -> Findings:
    """A share of third-degree burns needs a third-degree burn."""
    burns = _SKIN.among(case.codes)
    if not burns or any(_degree(code) in _DEEPEST for code in burns):
        return ()
    ruling = Ruling(
        rule="burns.extent_fits_degree",
        severity=MUST_RESOLVE,
        source="I.C.19.d.6",
        message="{code} gives a share of third-degree burns, and none is reported.",
        mend="Correct the share, or add the third-degree burn.",
    )
    return tuple(ruling.on(code) for code in _EXTENT.among(case.codes) if code[5:6] not in ("", "0"))


def unnamed_site(case: Case) -> Findings:
    """A burn without a site gives way where the sites are coded."""
    ruling = Ruling(
        rule="burns.unnamed_site",
        severity=REJECT,
        source="I.C.19.d.5",
        message="{code} leaves open the site that {other} names.",
        mend="Leave {code} out.",
    )
    return apart(case, family("T30"), _SITED, ruling)


def sunburn_is_no_burn(case: Case) -> Findings:
    """Sunburn stands at L55."""
    ruling = Ruling(
        rule="burns.sunburn",
        severity=MUST_RESOLVE,
        source="I.C.19.d",
        message="{code} is a burn, and its evidence speaks of sunburn.",
        mend="Report L55.- instead.",
    )
    return quoting(case, _SKIN, _SUNBURN, ruling)


def chemicals_corrode(case: Case) -> Findings:
    """Harm by a chemical is a corrosion."""
    heat = Family(tuple(code for code in _SKIN.among(case.codes) if _degree(code) in _BURN_DEGREES))
    ruling = Ruling(
        rule="burns.chemicals_corrode",
        severity=MUST_RESOLVE,
        source="I.C.19.d",
        message="{code} is a burn by heat, and {other} is a chemical.",
        mend="Report the corrosion of that site and degree, unless there was heat too.",
    )
    return () if case.coded("X0", "X1") else apart(case, heat, _CORROSIVES, ruling)


def cause_of_a_burn(case: Case) -> Findings:
    """What burned is left to the external cause."""
    fresh = Family(tuple(code for code in _SITED.among(case.codes) if seventh(code) == "A"))
    ruling = Ruling(
        rule="burns.cause",
        severity=ADVISE,
        source="I.C.19.d.9",
        message="{code} is a burn without its external cause.",
        mend="Add the source of the heat or chemical where the record tells it.",
    )
    return partnered(case, fresh, family("V W X Y T51-T65 T36-T50"), ruling)[:1]


def _degree(code: str) -> str:
    return code[4:5]


def _depth(code: str) -> int:
    """0 unspecified to 3, for burns and corrosions alike."""
    degrees = _BURN_DEGREES if _degree(code) in _BURN_DEGREES else _CORROSION_DEGREES
    return degrees.find(_degree(code))


def _site(code: str) -> tuple[str, str, bool]:
    """Category, site and side, burn or corrosion: everything but the degree and the phase."""
    bare = undotted(code)
    return bare[:3], bare[4:6], _degree(code) in _BURN_DEGREES


RULES: Final[tuple[Rule, ...]] = (
    deepest_first,
    one_degree_a_site,
    extent_of_deep_burns,
    extent_is_no_late_effect,
    extent_behind_sites,
    extent_fits_degree,
    unnamed_site,
    sunburn_is_no_burn,
    chemicals_corrode,
    cause_of_a_burn,
)
