"""Injuries and traumatic fractures: seventh character, gravity, aftercare (I.C.19.a to I.C.19.c)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.bones import TRAUMATIC_FRACTURE
from guardrails.chapters.families import Family, family, intent, seventh
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    REJECT,
    Findings,
    Ruling,
    apart,
    never_first,
    quoting,
)

INJURY: Final = family("S00-S99 T07 T14-T35", but="T14.91")
_AFTERCARE: Final = family("Z47 Z48 Z42 Z09 Z51.89")
_HEALING: Final = "DEFGHJKMNPQR"
_LIMB_REGIONS: Final = ("S4", "S5", "S6", "S7", "S8", "S9", "S0", "S1", "S2", "S3")
_GRAVE: Final = family("S02 S06 S12 S22 S25-S27 S32 S35-S37 S42 S48 S52 S58 S62 S68 S72 S78 S82 S88 S92 S98")
_PHYSEAL: Final = (
    (family("S42"), family("S49.0 S49.1")),
    (family("S52"), family("S59.0 S59.1 S59.2")),
    (family("S72"), family("S79.0 S79.1")),
    (family("S82"), family("S89.0 S89.1 S89.2 S89.3")),
    (family("S92"), family("S99.0 S99.1 S99.2")),
)
_SAYS: Final = (
    ("BCEFHJMNQR", "open", re.compile(r"\bopen\b|compound|gustilo|type (?:i|ii|iii|1|2|3)[abc]?\b")),
    ("KMN", "nonunion", re.compile(r"non-?\s?union|ununited|failed to unite")),
    ("PQR", "malunion", re.compile(r"mal-?\s?union|malunited")),
    ("GHJ", "delayed healing", re.compile(r"delay")),
)
_GRADE_III: Final = re.compile(r"(?:type|grade|gustilo)\W{0,3}(?:\w+\W+){0,2}?(?:iii|3)|\biii[abc]\b")
_NONDISPLACED: Final = re.compile(
    r"non-?\s?displaced|undisplaced|no displacement|without displacement|minimally displaced|not displaced"
)
_OPEN_FRACTURE: Final = re.compile(r"\bopen (?:\w+ ){0,4}(?:fracture|fx)|compound fracture|gustilo")
_DENIED_OPEN: Final = re.compile(r"(?:not?|without|never)\s(?:an? )?open|open reduction")
_SURGICAL: Final = re.compile(r"surgical (?:wound|incision|site)|incision(?:al)?\b|post-?\s?operative wound|dehisc")
_OPEN_WOUND: Final = family("S01 S11 S21 S31 S41 S51 S61 S71 S81 S91")


def aftercare_is_in_the_seventh(case: Case) -> Findings:
    """An injury in healing takes a seventh character and no aftercare code."""
    ruling = Ruling(
        rule="injuries.aftercare",
        severity=MUST_RESOLVE,
        source="I.C.19.a, I.C.19.c.1, I.C.21.c.7, II.K",
        message="{code} is aftercare, which the seventh character of {other} already says.",
        mend="Leave {code} out, unless it is for something else than the injury.",
    )
    healing = Family(tuple(c for c in (*INJURY.among(case.codes), *case.coded("M80", "M84")) if seventh(c)))
    return apart(case, _AFTERCARE, healing, ruling)


def one_phase_of_one_injury(case: Case) -> Findings:
    """One injury is in active treatment, in healing or past."""
    ruling = Ruling(
        rule="injuries.one_phase",
        severity=MUST_RESOLVE,
        source="I.C.19.a, I.B.10",
        message="{code} and {other} put one injury into two phases of care.",
        mend="Keep the phase of this encounter; an old injury is not coded as present beside its late effect.",
    )
    by_injury: dict[str, list[str]] = {}
    for code in INJURY.among(case.codes):
        if seventh(code):
            by_injury.setdefault(code[:-1], []).append(code)
    return tuple(ruling.on(*same) for same in by_injury.values() if len(same) > 1)


def late_effect_behind_its_residual(case: Case) -> Findings:
    """The late effect goes first and the injury with S behind it."""
    late = tuple(c for c in (*INJURY.among(case.codes), *family("T36-T79").among(case.codes)) if seventh(c) == "S")
    if not late:
        return ()
    ruling = Ruling(
        rule="injuries.late_effect_behind",
        severity=MUST_RESOLVE,
        source="I.C.19.a, I.B.10, I.C.19.d.7",
        message="{code} is the cause of a late effect and never comes first.",
        mend="Put what is left, such as the scar or contracture, ahead of {code}.",
    )
    return never_first(case, Family(late), ruling)


def late_effect_has_its_cause(case: Case) -> Findings:
    """A late effect of an injury goes with an external cause ending in S."""
    late = [c for c in INJURY.among(case.codes) if seventh(c) == "S"]
    causes = [c for c in case.coded("V", "W", "X", "Y") if seventh(c) == "S"]
    if not late or causes:
        return ()
    ruling = Ruling(
        rule="injuries.late_effect_cause",
        severity=ADVISE,
        source="I.C.20.i.1",
        message="{code} is a late effect without its external cause ending in S.",
        mend="Add the external cause with S where the record tells it.",
    )
    return (ruling.on(late[0]),)


def superficial_at_a_graver_site(case: Case) -> Findings:
    """A scrape or bruise at the site of a graver injury is left out."""
    ruling = Ruling(
        rule="injuries.superficial",
        severity=ADVISE,
        source="I.C.19.b.1",
        message="{code} is a superficial injury in the region of {other}.",
        mend="Leave {code} out where it lies at the site of {other}.",
    )
    found = []
    for region in _LIMB_REGIONS:
        superficial = family(f"{region}0")
        graver = Family(tuple(f"{region}{kind}" for kind in "1234567"))
        found += [*apart(case, superficial, graver, ruling)]
    return tuple(f for f in found if not _other_side(*f.codes[:2]))


def gravest_first(case: Case) -> Findings:
    """The most serious injury leads."""
    ruling = Ruling(
        rule="injuries.gravest_first",
        severity=MUST_RESOLVE,
        source="I.C.19.b, I.C.19.c.2",
        message="{code} is superficial and stands ahead of {other}.",
        mend="Put the most serious injury first.",
    )
    first = case.codes[0] if case.codes else ""
    if first not in family("S00 S10 S20 S30 S40 S50 S60 S70 S80 S90"):
        return ()
    grave = next((c for c in _GRAVE.among(case.codes) if seventh(c) == seventh(first)), None)
    return (ruling.on(first, grave, mend_codes=(grave, first)),) if grave else ()


def several_injuries_are_named(case: Case) -> Findings:
    """Injuries of unknown kind or place give way to named ones."""
    ruling = Ruling(
        rule="injuries.named",
        severity=REJECT,
        source="I.C.19.b",
        message="{code} names no injury, and {other} does.",
        mend="Leave {code} out.",
    )
    return apart(case, family("T07 T14.8 T14.90"), family("S00-S99"), ruling)


def attempt_is_in_the_intent(case: Case) -> Findings:
    """A suicide attempt by a coded means is not said twice."""
    selfharm = Family(tuple(c for c in family("T36-T65").among(case.codes) if intent(c) == "2"))
    ruling = Ruling(
        rule="injuries.attempt_in_the_intent",
        severity=REJECT,
        source="I.C.19.e.5.b, I.C.20.a.8",
        message="{code} is already told by the intent in {other}.",
        mend="Leave {code} out.",
    )
    means = apart(case, family("T14.91"), family("X71-X83"), ruling)
    return means or apart(case, family("T14.91"), selfharm, ruling)


def growth_plate_alone(case: Case) -> Findings:
    """One code for a growth plate fracture, none for the bone."""
    ruling = Ruling(
        rule="injuries.growth_plate",
        severity=MUST_RESOLVE,
        source="I.C.19.c.3",
        message="{code} is the bone whose growth plate {other} names.",
        mend="Leave {code} out, unless it is another fracture.",
    )
    found = (f for bone, plate in _PHYSEAL for f in apart(case, bone, plate, ruling))
    return tuple(f for f in found if not _other_side(*f.codes[:2]))


def fracture_words(case: Case) -> Findings:
    """Open, nonunion, malunion and delayed healing are the record's words; silence means closed."""
    ruling = Ruling(
        rule="injuries.fracture_words",
        severity=MUST_RESOLVE,
        source="I.C.19.c, I.C.19.c.1",
        message="",
        mend="Choose the seventh character that the record supports.",
    )
    found = []
    for code in (*TRAUMATIC_FRACTURE.among(case.codes), *case.coded("M80", "M84")):
        for letters, word, said in _SAYS:
            pathological = word == "open" and code.startswith("M")
            if seventh(code) and seventh(code) in letters and not pathological and not said.search(case.record):
                says = ruling._replace(message=f"{{code}} says {word}, and the record does not.")
                found.append(says.on(code))
    return tuple(found)


def open_fracture_grade(case: Case) -> Findings:
    """Without a Gustilo type an open fracture of the long bones is type I or II."""
    ruling = Ruling(
        rule="injuries.open_grade",
        severity=MUST_RESOLVE,
        source="I.C.19.c.1",
        message="{code} is an open fracture of type III, and the record does not give that type.",
        mend="Report type I or II, the default.",
    )
    third = [c for c in family("S52 S72 S82").among(case.codes) if seventh(c) == "C"]
    if not third or _GRADE_III.search(case.record):
        return ()
    return tuple(ruling.on(c, mend_codes=(f"{c[:-1]}B",)) for c in third)


def open_fracture_is_coded_open(case: Case) -> Findings:
    """A fracture that the record calls open is not coded as closed."""
    ruling = Ruling(
        rule="injuries.coded_open",
        severity=MUST_RESOLVE,
        source="I.C.19.c",
        message="{code} is a closed fracture, and its evidence says open.",
        mend="Choose the seventh character of an open fracture.",
    )
    closed = Family(tuple(c for c in TRAUMATIC_FRACTURE.among(case.codes) if seventh(c) in ("A", "D")))
    found = quoting(case, closed, _OPEN_FRACTURE, ruling)
    return () if found and _DENIED_OPEN.search(case.record) else found


def displaced_by_default(case: Case) -> Findings:
    """Silence about displacement means displaced."""
    ruling = Ruling(
        rule="injuries.displaced_by_default",
        severity=MUST_RESOLVE,
        source="I.C.19.c",
        message="{code} is nondisplaced, and the record does not say so.",
        mend="Report the displaced fracture, the default.",
    )
    fractures = TRAUMATIC_FRACTURE.among(case.codes)
    if not fractures or _NONDISPLACED.search(case.record):
        return ()
    return tuple(ruling.on(c) for c in fractures if case.codebook.title(c).startswith("Nondisplaced"))


def surgical_wound_is_no_injury(case: Case) -> Findings:
    """A surgical wound is no injury."""
    ruling = Ruling(
        rule="injuries.surgical_wound",
        severity=MUST_RESOLVE,
        source="I.C.19.b, I.C.19.b.3",
        message="{code} is an injury, and its evidence speaks of a surgical wound.",
        mend="Report the complication from T81.- where there is one.",
    )
    return quoting(case, _OPEN_WOUND, _SURGICAL, ruling)


def _other_side(code: str, other: str) -> bool:
    """True when two codes of limbs surely lie on different sides."""
    sides = {code.replace(".", "")[5:6], other.replace(".", "")[5:6]}
    return sides == {"1", "2"}


RULES: Final[tuple[Rule, ...]] = (
    aftercare_is_in_the_seventh,
    one_phase_of_one_injury,
    late_effect_behind_its_residual,
    late_effect_has_its_cause,
    superficial_at_a_graver_site,
    gravest_first,
    several_injuries_are_named,
    attempt_is_in_the_intent,
    growth_plate_alone,
    fracture_words,
    open_fracture_grade,
    open_fracture_is_coded_open,
    displaced_by_default,
    surgical_wound_is_no_injury,
)
