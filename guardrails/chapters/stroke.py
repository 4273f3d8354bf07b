"""Stroke, its sequelae and history, the stroke scale, the dominant side (I.C.9.d, I.C.6.a, I.C.18.i)."""

from __future__ import annotations

import re
from typing import Final

from guardrails.case import Case, Rule
from guardrails.chapters.families import Family, family
from guardrails.chapters.forms import (
    ADVISE,
    MUST_RESOLVE,
    Findings,
    Ruling,
    apart,
    in_order,
    never_first,
    partnered,
    quoting,
)
from medcoding.mention import Assertion
from medcoding.proposal import ProposedCode

_CURRENT: Final = family("I60-I63")
_SEQUELAE: Final = family("I69")
_SCALE: Final = family("R29.7")
_STROKE: Final = r"(?:stroke|\bcva\b|infarct\w*|hemorrhage|bleed)"
_PAST: Final = re.compile(
    rf"\b(?:old|prior|previous|remote|chronic|h/o|history of|hx of|s/p)\b[^.,;]{{0,20}}{_STROKE}"
    rf"|{_STROKE}[^.;]{{0,25}}(?:months?|years?|yrs?) ago|(?:stroke|\bcva\b) (?:in|of) (?:19|20)\d\d"
)
_NOTHING_LEFT: Final = re.compile(
    r"\b(?:no|without|w/o|zero)\s(?:\w+\s){0,3}?(?:residual|deficit|sequela)|(?:full|complete)(?:ly)? (?:recover|resol)"
)
_UNNAMED_DEFICIT: Final = family("I69.00 I69.10 I69.20 I69.30 I69.80 I69.90")

_SIDED: Final = re.compile(r"(?:G81\.[019]|G83\.[123]|I69\.[012389][345])([1-4])")
_OTHER_SIDE_OF_DOMINANCE: Final = {"1": "3", "2": "4", "3": "1", "4": "2"}
_LEFT_HANDED: Final = re.compile(
    r"left[- ]?hand(?:ed)?\b(?! (?:weak|numb|pain|grip|swell|lac))|\blefty\b|ambidext|left[- ](?:side )?dominan"
)
_RIGHT_IS_NOT: Final = re.compile(
    r"left[- ]?handed|\blefty\b|non-?\s?dominan|left[- ](?:side )?dominan|left hand dominan"
)
_BOTH_HANDS: Final = re.compile(r"ambidext")

_LEFT: Final = frozenset({Assertion.PRESENT, Assertion.HISTORICAL})
_BLED: Final = re.compile(r"hemorrhag|haemorrhag|bleed|\bich\b|\bsah\b|\bsdh\b")

_NAMED_BY_SEQUELA: Final[tuple[tuple[Family, Family], ...]] = (
    (family("G81"), family("I69.05 I69.15 I69.25 I69.35 I69.85 I69.95")),
    (family("G83.2"), family("I69.03 I69.13 I69.23 I69.33 I69.83 I69.93")),
    (family("G83.1"), family("I69.04 I69.14 I69.24 I69.34 I69.84 I69.94")),
    (family("R47.01"), family("I69.020 I69.120 I69.220 I69.320 I69.820 I69.920")),
    (family("R47.1"), family("I69.022 I69.122 I69.222 I69.322 I69.822 I69.922")),
    (family("R29.810"), family("I69.092 I69.192 I69.292 I69.392 I69.892 I69.992")),
    (family("R27.0"), family("I69.093 I69.193 I69.293 I69.393 I69.893 I69.993")),
    (family("R41.3"), family("I69.011 I69.111 I69.211 I69.311 I69.811 I69.911")),
)


def history_or_sequela(case: Case) -> Findings:
    """A past stroke left something behind or it did not."""
    ruling = Ruling(
        rule="stroke.history_or_sequela",
        severity=MUST_RESOLVE,
        source="I.C.9.d.3",
        message="{code} says that nothing is left and {other} names what is left.",
        mend="Leave {code} out, unless another stroke left nothing.",
    )
    return apart(case, family("Z86.73"), _SEQUELAE, ruling)


def deficit_left_is_a_sequela(case: Case) -> Findings:
    """Where one sentence says the past stroke and the deficit, something is left of it: I69, and no history."""
    past = next((line for line in case.diagnoses if line.code == "Z86.73"), None)
    if past is None or _CURRENT.among(case.codes) or _SEQUELAE.among(case.codes):
        return ()
    ruling = Ruling(
        rule="stroke.deficit_left",
        severity=MUST_RESOLVE,
        source="I.C.9.d.3, I.C.9.d.1",
        message="{code} says that the stroke left nothing, and {other} is said in one sentence with it.",
        mend="Report the deficit from I69 in place of both, unless it has another cause.",
    )
    return tuple(
        ruling.on(past.code, line.code, mend_codes=_as_sequela(case, line, sequelae))
        for deficit, sequelae in _NAMED_BY_SEQUELA
        for line in case.diagnoses
        if line.code in deficit and _told_together(case, past, line)
    )


def deficit_is_in_the_sequela(case: Case) -> Findings:
    """The sequela code names the deficit; without a new stroke the deficit is not said twice."""
    if _CURRENT.among(case.codes):
        return ()
    ruling = Ruling(
        rule="stroke.deficit_in_the_sequela",
        severity=MUST_RESOLVE,
        source="I.C.9.d.1, I.B.9, I.B.10",
        message="{code} is the deficit that {other} already names.",
        mend="Leave {code} out, unless it has another cause.",
    )
    return tuple(f for deficit, sequela in _NAMED_BY_SEQUELA for f in apart(case, deficit, sequela, ruling))


def past_stroke_is_not_current(case: Case) -> Findings:
    """A stroke of the past is history, or a sequela where something is left."""
    ruling = Ruling(
        rule="stroke.past_is_not_current",
        severity=MUST_RESOLVE,
        source="I.C.9.d.3, I.B.10",
        message="{code} is a stroke of this episode, and its evidence speaks of a past one.",
        mend="Report Z86.73 where nothing is left, else the deficit from I69.",
    )
    return quoting(case, _CURRENT, _PAST, ruling, "Z86.73")


def sequela_names_a_deficit(case: Case) -> Findings:
    """I69 presupposes a deficit that is still there."""
    ruling = Ruling(
        rule="stroke.sequela_names_a_deficit",
        severity=MUST_RESOLVE,
        source="I.C.9.d.1, I.C.9.d.3",
        message="{code} names no deficit.",
        mend="Report the deficit that is left, or Z86.73 where none is.",
    )
    return tuple(ruling.on(code, mend_codes=("Z86.73",)) for code in _UNNAMED_DEFICIT.among(case.codes))


def nothing_is_left(case: Case) -> Findings:
    """A record that says nothing is left speaks against I69."""
    ruling = Ruling(
        rule="stroke.nothing_is_left",
        severity=MUST_RESOLVE,
        source="I.C.9.d.3",
        message="{code} is a deficit left by a stroke, and its evidence says that none is left.",
        mend="Report Z86.73.",
    )
    return quoting(case, _SEQUELAE, _NOTHING_LEFT, ruling, "Z86.73")


def scale_needs_stroke(case: Case) -> Findings:
    """The stroke scale goes with an acute stroke."""
    ruling = Ruling(
        rule="stroke.scale_needs_stroke",
        severity=ADVISE,
        source="I.C.18.i, I.B.14",
        message="{code} is a stroke score and no acute stroke is reported.",
        mend="Add the stroke from I60-I63, or leave {code} out.",
    )
    return partnered(case, _SCALE, _CURRENT, ruling)


def scale_behind_stroke(case: Case) -> Findings:
    """The score stands behind the stroke."""
    ruling = Ruling(
        rule="stroke.scale_behind_stroke",
        severity=MUST_RESOLVE,
        source="I.C.18.i",
        message="{code} stands ahead of the stroke {other}.",
        mend="Put {other} ahead of {code}.",
    )
    return in_order(case, _CURRENT, _SCALE, ruling)


def clot_therapy_elsewhere_never_first(case: Case) -> Findings:
    """A clot-dissolving drug given elsewhere is background."""
    ruling = Ruling(
        rule="stroke.clot_therapy_never_first",
        severity=MUST_RESOLVE,
        source="I.C.21.c.3",
        message="{code} tells of a drug given before the transfer and never comes first.",
        mend="Put the disease it was given for first.",
    )
    return never_first(case, family("Z92.82"), ruling)


def dominant_side(case: Case) -> Findings:
    """With the side known and handedness not, right is dominant and left is not; ambidextrous counts as dominant."""
    ruling = Ruling(
        rule="stroke.dominant_side",
        severity=MUST_RESOLVE,
        source="I.C.6.a, I.C.9.d.1",
        message="{code} does not fit what the record says, or leaves open, about the dominant hand.",
        mend="Take the right side as dominant and the left as not, unless the record says otherwise.",
    )
    return tuple(
        ruling.on(code, mend_codes=(code[:-1] + _OTHER_SIDE_OF_DOMINANCE[side.group(1)],))
        for code in case.codes
        if (side := _SIDED.fullmatch(code)) and not _dominance_fits(side.group(1), case.record)
    )


def _told_together(case: Case, past: ProposedCode, deficit: ProposedCode) -> bool:
    """By the evidence of both, or by what the record's own mentions say beside the past stroke."""
    sentences = {mention.sentence for mention in case.mentions_in(past)}
    same = (m for m in case.mentions if m.concept and deficit.code.startswith(m.concept) and m.assertion in _LEFT)
    return case.share_a_sentence(past, deficit) or any(mention.sentence in sentences for mention in same)


def _as_sequela(case: Case, line: ProposedCode, sequelae: Family) -> tuple[str, ...]:
    """The deficit as what an infarction left, on the same side; none where the words speak of a bleeding."""
    if _BLED.search(case.words_of(line)):
        return ()
    stem = next(stem for stem in sequelae.stems if stem.startswith("I69.3"))
    below = case.codebook.billable_under(stem)
    return tuple(code for code in below if code == stem or code[-1] == line.code[-1])


def _dominance_fits(digit: str, record: str) -> bool:
    """1 right dominant, 2 left dominant, 3 right not dominant, 4 left not dominant."""
    if _BOTH_HANDS.search(record):
        return digit in "12"
    left_handed = bool(_RIGHT_IS_NOT.search(record) if digit in "13" else _LEFT_HANDED.search(record))
    return left_handed is (digit in "23")


RULES: Final[tuple[Rule, ...]] = (
    history_or_sequela,
    deficit_left_is_a_sequela,
    deficit_is_in_the_sequela,
    past_stroke_is_not_current,
    sequela_names_a_deficit,
    nothing_is_left,
    scale_needs_stroke,
    scale_behind_stroke,
    clot_therapy_elsewhere_never_first,
    dominant_side,
)
