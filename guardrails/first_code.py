"""What may stand first: unacceptable principal diagnoses, and an order with its argument (I.A.13, I.B.7, II, IV.G)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from medcoding.encounter import Setting
from medcoding.finding import Finding, Severity

_UNACCEPTABLE: Final = tuple(
    """
    B95 B96 B97 D89.81 F07.89 F17.200 F17.201 F17.210 F17.211 F17.220 F17.221 F17.290 F17.291 I25.82 I25.83 I25.84
    I26.01 I26.90 I31.4 I46.2 I46.8 I70.92 I76 J93.12 L49 N64.1 O09 O94 O99.82 R18.0 R29.7 R40.1 R40.21 R40.22
    R40.23 R40.24 R45.850 R65 T81.12 Z00 Z02.0 Z02.2 Z02.4 Z02.5 Z02.6 Z02.7 Z02.9 Z03.7 Z08 Z09 Z11 Z12 Z13 Z14
    Z15 Z16 Z17 Z18 Z19 Z20 Z22 Z23 Z28 Z30 Z31 Z32.2 Z32.3 Z33.1 Z34 Z37 Z39.1 Z39.2 Z3A Z46.0 Z46.1 Z46.4 Z46.5
    Z46.6 Z48.00 Z48.01 Z48.02 Z49 Z53 Z55 Z56 Z57 Z58 Z59 Z60 Z62 Z63 Z64 Z65 Z66 Z67 Z68 Z69 Z70 Z71 Z72 Z73 Z74
    Z75 Z77 Z78 Z79 Z80 Z81 Z82 Z83 Z84 Z85 Z86 Z87 Z88 Z89 Z90 Z91 Z92 Z93 Z94 Z95 Z96 Z97 Z98 Z99.0 Z99.2 Z99.3
    Z99.8
    """.split()
)
"""Codes and stems that explain, grade or accompany another diagnosis and are no reason for an admission."""

_DRUG_EFFECT: Final = re.compile(r"T(?:3[6-9]|4\d|50)\.(?:..[56]|.[56]X)")
"""Adverse effects and underdosing: their nature comes first (I.C.19.e.5)."""

_EXTERNAL_CAUSES: Final = ("V", "W", "X", "Y")
_STATUS: Final = tuple(f"Z{n}" for n in (*range(14, 20), *range(66, 69), *range(77, 100)))
_ELSEWHERE: Final = "classified elsewhere"


class _Move(NamedTuple):
    """One reason why a code stands behind others."""

    code: str
    why: str


def principal_is_acceptable(case: Case) -> tuple[Finding, ...]:
    """A principal diagnosis is a reason for an admission: not a status, a grade, an organism or a drug's effect."""
    first = case.first
    if first is None or case.setting is not Setting.INPATIENT or not _is_unacceptable(first.code):
        return ()
    rest = (code for code in case.codes[1:] if not code.startswith(_EXTERNAL_CAUSES))
    others = tuple(code for code in rest if not _is_unacceptable(code))
    return (
        Finding(
            rule="first.unacceptable_principal",
            severity=Severity.MUST_RESOLVE,
            codes=(first.code,),
            message=f"{first.code} is no acceptable principal diagnosis.",
            source="II; Medicare Code Editor, unacceptable principal diagnoses (compared with v37, FY2020)",
            mend=f"Put {others[0]} or another reason for the admission first." if others else "Code the reason first.",
            mend_codes=(*others[:1], first.code) if others else (),
        ),
    )


def order_follows_conventions(case: Case) -> tuple[Finding, ...]:
    """A better order where the conventions give one, with the reason for each code that moves."""
    order, moves = proposed_order(case)
    if order == case.codes:
        return ()
    reasons = "; ".join(f"{move.code}: {move.why}" for move in moves)
    return (
        Finding(
            rule="first.order",
            severity=Severity.ADVISE,
            codes=tuple(move.code for move in moves),
            message=f"By the conventions some codes would stand further back ({reasons}).",
            source="I.A.13, I.B.7, I.C.20.a.6, II, IV.G",
            mend=f"Report in the order {', '.join(order)}.",
            mend_codes=order,
        ),
    )


def proposed_order(case: Case) -> tuple[tuple[str, ...], tuple[_Move, ...]]:
    """The codes in the order of the conventions, otherwise as proposed, and the moves that made it."""
    causes = _causes(case)
    order, moves = list(case.codes), tuple(_moves(case, causes))
    for move in moves:
        order.remove(move.code)
        order.insert(_place(case, move.code, order, causes), move.code)
    return tuple(order), moves


def _moves(case: Case, causes: frozenset[tuple[str, str]]) -> Iterator[_Move]:
    """External causes behind everything; what cannot lead behind what can; manifestations behind their cause."""
    codes = case.codes
    for place, code in enumerate(codes):
        later = codes[place + 1 :]
        if code.startswith(_EXTERNAL_CAUSES) and any(not c.startswith((*_EXTERNAL_CAUSES, "Z")) for c in later):
            yield _Move(code, "an external cause stands behind the conditions")
        elif place == 0 and _is_status(case, code) and any(_may_lead(case, c) for c in later):
            yield _Move(code, "a status is no reason for the encounter")
        elif any((code, c) in causes for c in codes[:place]):
            continue
        elif behind := [c for c in later if (code, c) in causes]:
            yield _Move(code, f"its note puts {behind[0]} in front of it")


def _place(case: Case, code: str, order: list[str], causes: frozenset[tuple[str, str]]) -> int:
    if code.startswith(_EXTERNAL_CAUSES):
        return len(order)
    places = [n for n, other in enumerate(order) if (code, other) in causes]
    if places:
        return max(places) + 1
    return next((n + 1 for n, other in enumerate(order) if _may_lead(case, other)), len(order))


def _causes(case: Case) -> frozenset[tuple[str, str]]:
    """Pairs of a code and one that its code-first note puts before it, but for pairs that name each other."""
    pairs = {(n.code, other) for n in case.notes if n.kind == "code_first" for other in n.others}
    return frozenset((code, other) for code, other in pairs if (other, code) not in pairs)


def _is_status(case: Case, code: str) -> bool:
    return code.startswith(_STATUS) and not case.codebook.title(code).startswith("Encounter for")


def _may_lead(case: Case, code: str) -> bool:
    bad = code.startswith((*_EXTERNAL_CAUSES, *_STATUS)) or _is_unacceptable(code)
    return not bad and _ELSEWHERE not in case.codebook.title(code).lower()


def _is_unacceptable(code: str) -> bool:
    return code.startswith(_UNACCEPTABLE) or bool(_DRUG_EFFECT.match(code))


RULES: Final[tuple[Rule, ...]] = (principal_is_acceptable, order_follows_conventions)
