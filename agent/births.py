"""Births: the outcome of a delivery on the mother's record (Z37), the kind of birth on the newborn's (Z38)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from medcoding.encounter import Setting

_CHILD: Final = r"(?:infant|female|male|boy|girl|son|daughter|baby|newborn|neonate|child)\b"
_LIVE: Final = r"(?:live[- ]?born|liveborn|viable|vigorous|healthy|live|living)"
_OUTCOME: Final = re.compile(
    rf"\b(?:(?:single|one|a|term|preterm)\s)*{_LIVE}\s(?:(?:single|singleton|term|preterm|healthy|"
    rf"vigorous)\s)*{_CHILD}"
    rf"|(?:\bbirth|\bdeliver\w*|\bSVD|\bNSVD|\bcesarean|\bc-section|\bvaginal)\b[^.;\n]{{0,70}}?"
    rf"\b(?:of |one |a |an |single |healthy |viable )+{_CHILD}|\blive-?born\b",
    re.IGNORECASE,
)
_TWINS: Final = re.compile(r"\b(?:twins?|twin [AB]|both (?:infants|babies|girls|boys))\b", re.IGNORECASE)
_LOST: Final = re.compile(r"\bstill-?born|stillbirth|fetal demise|IUFD|fetal death\b", re.IGNORECASE)
_BORN: Final = re.compile(
    r"\b(?:born|birth|delivered|delivery|deliver(?:ed)? by|by|via)\b[^.;\n]{0,40}?"
    r"(?P<how>vaginal\w*|SVD|NSVD|vertex|vacuum|forceps|VBAC|cesarean|c-section|C/S)\b"
    r"|(?P<how2>vaginal\w*|SVD|NSVD|cesarean|c-section|C/S)\b[^.;\n]{0,30}?\b(?:born|birth|delivery|liveborn|here)\b"
    r"|\b(?:boy|girl|infant|newborn|male|female)\b[^.;\n]{0,12}?\b(?P<how4>vaginal birth|SVD|NSVD|cesarean"
    r"|c-section)\b"
    r"|^(?P<how5>vaginal birth|cesarean birth) here\b"
    r"|^(?:birth record|newborn record)\b[^.;\n]{0,20}?(?P<how3>SVD|NSVD|vaginal\w*|cesarean|c-section|C/S)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:transferred (?:in|from)|outside hospital|birth hospital|born at (?:home|another|an outside)|readmi\w+|"
    r"days? old|weeks? old|day of life (?:[3-9]|\d\d))\b",
    re.IGNORECASE,
)
_CESAREAN: Final = re.compile(r"cesarean|c-section|c/s", re.IGNORECASE)
_DELIVERED: Final = ("",)
"""The outcome counts on every record of a delivery, whatever else is coded."""

_OLDEST_NEWBORN: Final = 0
_YOUNGEST_MOTHER: Final = 10


class Birth(NamedTuple):
    """Words that tell of a birth, the code they lead to, and what must be coded for it to count."""

    start: int
    end: int
    code: str
    needs: tuple[str, ...]


def births(text: str, age: int | None, setting: Setting) -> Iterator[Birth]:
    """Births told in one sentence of a stay (guidelines I.C.15.b.5 and I.C.16.a.2)."""
    if setting is not Setting.INPATIENT or age is None:
        return
    if age == _OLDEST_NEWBORN and not _ELSEWHERE.search(text):
        for match in _BORN.finditer(text):
            how = next(filter(None, match.groups()))
            yield Birth(match.start(), match.end(), _newborn_code(text, how), ())
    outcome = _OUTCOME.search(text) if age >= _YOUNGEST_MOTHER else None
    if outcome:
        yield Birth(outcome.start(), outcome.end(), _outcome_code(text), _DELIVERED)


def _newborn_code(text: str, how: str) -> str:
    cesarean = bool(_CESAREAN.search(how))
    if _TWINS.search(text):
        return "Z38.31" if cesarean else "Z38.30"
    return "Z38.01" if cesarean else "Z38.00"


def _outcome_code(text: str) -> str:
    if _TWINS.search(text):
        return "Z37.3" if _LOST.search(text) else "Z37.2"
    return "Z37.1" if _LOST.search(text) else "Z37.0"
