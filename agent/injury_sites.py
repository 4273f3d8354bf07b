"""Wounds and burns whose kind, site, side and depth stand in several words: the code is put together from them.

Chapter 19 builds the codes of open wounds and of burns from axes (guidelines I.C.19.b, I.C.19.d): what it is, where,
on which side, how deep. `2 cm laceration, left index finger` names no term of a dictionary, and says them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SEGMENT: Final = re.compile(r"[^;\n]+?(?=;|\n|\.\s|\.?$)")
_RIGHT: Final = re.compile(r"\b(?:right|R|rt)\b(?!\.\w)|\bR(?=-)", re.IGNORECASE)
_LEFT: Final = re.compile(r"\b(?:left|L|lt)\b(?!\d)", re.IGNORECASE)

_LACERATED: Final = re.compile(r"\b(?:lacerations?|gash|cuts? (?:to|of|on))\b", re.IGNORECASE)
_BITTEN: Final = re.compile(r"\b(?:open |dog |cat |human )bites?\b|\bbit (?:his|her|the)\b", re.IGNORECASE)
_PUNCTURED: Final = re.compile(r"\bpuncture wound\b", re.IGNORECASE)
_KINDS: Final = ((_BITTEN, "5"), (_PUNCTURED, "3"), (_LACERATED, "1"))
_NO_WOUND: Final = re.compile(
    r"\b(?:perine\w+|vagin\w+|cervical|splen\w+|liver|hepatic|kidney|renal|lung|bowel|tendon|nerve|artery|vessel"
    r"|corneal"
    r"|labial|brain|cerebral|no lacerations?|without laceration|healed|old)\b",
    re.IGNORECASE,
)
_FOREIGN_BODY: Final = re.compile(
    r"\bwith (?:a )?(?:retained )?(?:foreign body|FB|glass|gravel)\b|\bretained (?:foreign body"
    r"|glass)\b",
    re.IGNORECASE,
)
_NAIL: Final = re.compile(r"(?<!no )(?<!without )\b(?:nail ?bed|nail damage|damage to (?:the )?nail)\b", re.IGNORECASE)
_FINGERS: Final = {"index": 0, "middle": 2, "long": 2, "ring": 4, "little": 6, "small": 6, "pinky": 6}
"""The last character of a right finger; the left one has the next."""

_FINGER: Final = re.compile(
    r"\b(index|middle|long|ring|little|small|pinky)[- ](?:finger|digit)\b"
    r"|\bpinky\b",
    re.IGNORECASE,
)
_WOUND_SITES: Final = (
    (re.compile(r"\bscalp\b", re.IGNORECASE), "S01.0{kind}"),
    (re.compile(r"\b(?:eyelid|eyebrow|brow)\b", re.IGNORECASE), "S01.1{kind}{side}"),
    (re.compile(r"\b(?:ear|earlobe|pinna)\b", re.IGNORECASE), "S01.3{kind}{side}"),
    (re.compile(r"\bcheek\b", re.IGNORECASE), "S01.4{kind}{side}"),
    (re.compile(r"\b(?:upper |lower )?lip\b", re.IGNORECASE), "S01.5{kind}1"),
    (re.compile(r"\b(?:forehead|chin)\b", re.IGNORECASE), "S01.8{kind}"),
    (re.compile(r"\bthumb\b", re.IGNORECASE), "S61.{nail}{kind}{side}"),
    (re.compile(r"\b(?:palm|hand|thenar)\b(?! (?:clinic|surg|therap))", re.IGNORECASE), "S61.4{kind}{side}"),
    (re.compile(r"\bwrist\b", re.IGNORECASE), "S61.5{kind}{side}"),
    (re.compile(r"\bforearm\b", re.IGNORECASE), "S51.8{kind}{side}"),
    (re.compile(r"\belbow\b", re.IGNORECASE), "S51.0{kind}{side}"),
    (re.compile(r"\bupper arm\b", re.IGNORECASE), "S41.1{kind}{side}"),
    (re.compile(r"\bthigh\b", re.IGNORECASE), "S71.1{kind}{side}"),
    (re.compile(r"\bknee\b", re.IGNORECASE), "S81.0{kind}{side}"),
    (re.compile(r"\b(?:lower leg|shin|calf)\b", re.IGNORECASE), "S81.8{kind}{side}"),
    (re.compile(r"\bankle\b", re.IGNORECASE), "S91.0{kind}{side}"),
    (re.compile(r"\bfoot\b", re.IGNORECASE), "S91.3{kind}{side}"),
)  # fmt: skip
_FINGER_CODE: Final = "S61.{nail}{kind}{digit}"

_BURN: Final = re.compile(
    r"\b(?:burns?|burned|scald\w*|TBSA|corrosi\w+)\b|\b(?:(?:first|second|third|1st|2nd|3rd)[- ]degree|(?:full"
    r"|partial)[- ]thickness)\b",
    re.IGNORECASE,
)
_NO_BURN: Final = re.compile(
    r"\b(?:heartburn|burn (?:clinic|unit|center|cent\w+)|perine\w+|lacerat\w+|relative|AV block|heart block"
    r"|sprain|tear|cuff"
    r"|burning|prolapse|hemorrhoid\w*|ruled out|spared)\b",
    re.IGNORECASE,
)
_DEEPEST_FIRST: Final = (
    (re.compile(r"\b(?:third|3rd)[- ]degree|\bfull[- ]thickness", re.IGNORECASE), 3),
    (re.compile(r"\b(?:second|2nd)[- ]degree|\bpartial[- ]thickness|\bblister\w*", re.IGNORECASE), 2),
    (re.compile(r"\b(?:first|1st)[- ]degree|\bsunburn", re.IGNORECASE), 1),
)
_CHEMICAL: Final = re.compile(r"\b(?:chemical|corrosi\w+|acid|lye|alkali)\b", re.IGNORECASE)
_CORROSION: Final = 4
"""Added to the depth, it makes a burn by heat one by a chemical (T20–T25)."""

_BURN_SITES: Final = (
    (re.compile(r"\bscalp\b", re.IGNORECASE), "T20.{depth}5"),
    (re.compile(r"\b(?:forehead|cheek)\b", re.IGNORECASE), "T20.{depth}6"),
    (re.compile(r"\bneck\b", re.IGNORECASE), "T20.{depth}7"),
    (re.compile(r"\bchest(?: wall)?\b", re.IGNORECASE), "T21.{depth}1"),
    (re.compile(r"\babdom\w+(?: wall)?\b", re.IGNORECASE), "T21.{depth}2"),
    (re.compile(r"\bupper back\b", re.IGNORECASE), "T21.{depth}3"),
    (re.compile(r"\blower back\b", re.IGNORECASE), "T21.{depth}4"),
    (re.compile(r"\bforearm\b", re.IGNORECASE), "T22.{depth}1{limb}"),
    (re.compile(r"\belbow\b", re.IGNORECASE), "T22.{depth}2{limb}"),
    (re.compile(r"\bupper arm\b", re.IGNORECASE), "T22.{depth}3{limb}"),
    (re.compile(r"\bshoulder\b", re.IGNORECASE), "T22.{depth}5{limb}"),
    (re.compile(r"\bpalm\b", re.IGNORECASE), "T23.{depth}5{limb}"),
    (re.compile(r"\b(?:back|dorsum) of (?:the |his |her )?(?:right "
    r"|left )?hand\b", re.IGNORECASE), "T23.{depth}6{limb}"),
    (re.compile(r"\bhand\b(?! (?:clinic|surg|therap|elevated))", re.IGNORECASE), "T23.{depth}0{limb}"),
    (re.compile(r"\bwrist\b", re.IGNORECASE), "T23.{depth}7{limb}"),
    (re.compile(r"\bthigh\b", re.IGNORECASE), "T24.{depth}1{limb}"),
    (re.compile(r"\bknee\b", re.IGNORECASE), "T24.{depth}2{limb}"),
    (re.compile(r"\b(?:lower leg|calf|shin)\b", re.IGNORECASE), "T24.{depth}3{limb}"),
    (re.compile(r"\bankle\b", re.IGNORECASE), "T25.{depth}1{limb}"),
    (re.compile(r"\bfoot\b", re.IGNORECASE), "T25.{depth}2{limb}"),
)  # fmt: skip
_HEALED: Final = re.compile(
    r"\b(?:healed|scars?|contracture)\b|\bin (?:19|20)\d\d\b|\byears? (?:ago|back|earlier)\b", re.IGNORECASE
)
_STILL_OPEN: Final = re.compile(r"\bnon-?healing\b|\bnot heal\w+", re.IGNORECASE)
"""A burn that does not heal is coded as an acute one, a healed one by what it left (guidelines I.C.19.d.3 and d.7)."""

_BODY_SURFACE: Final = re.compile(
    r"\bTBSA\b\D{0,8}(\d{1,2})\s?%|(\d{1,2})\s?%\s?(?:TBSA"
    r"|of (?:the )?body)",
    re.IGNORECASE,
)
_EXTENT: Final = ("T31", "T32")
_PERCENT: Final = re.compile(r"(\d{1,2})\s?%")
_DEEP_PERCENT: Final = re.compile(
    r"\b(?:third|3rd)[- ]degree\D{0,6}(\d{1,2})\s?%|(\d{1,2})\s?%\s?(?:full[- ]thickness|(?:third"
    r"|3rd)[- ]degree)",
    re.IGNORECASE,
)


class Injury(NamedTuple):
    """Words of a sentence that tell a wound or a burn, and its code."""

    start: int
    end: int
    code: str


def injuries(text: str) -> Iterator[Injury]:
    """Open wounds and burns put together from the words of one sentence."""
    for segment in _SEGMENT.finditer(text):
        words = segment.group()
        found = [*_wounds(words), *_burns(words)]
        if _BODY_SURFACE.search(text) and not _BODY_SURFACE.search(words):
            found = [one for one in found if not one.code.startswith(_EXTENT)]
        yield from (one._replace(start=segment.start() + one.start, end=segment.start() + one.end) for one in found)


def _wounds(words: str) -> Iterator[Injury]:
    kind = next(
        (k for pattern, k in ((_BITTEN, "5"), (_PUNCTURED, "3"), (_LACERATED, "1")) if pattern.search(words)), None
    )
    if kind is None or _NO_WOUND.search(words):
        return
    kind = {"1": "2", "3": "4"}.get(kind, kind) if _FOREIGN_BODY.search(words) else kind
    nail = bool(_NAIL.search(words))
    if finger := _FINGER.search(words):
        digit = _digit((finger.group(1) or "pinky").lower(), _side(words, finger.start()))
        if digit:
            yield Injury(*finger.span(), _FINGER_CODE.format(nail="3" if nail else "2", kind=kind, digit=digit))
        return
    for pattern, code in _WOUND_SITES:
        if site := pattern.search(words):
            side = {"R": "1", "L": "2"}.get(_side(words, site.start()), "9")
            yield Injury(*site.span(), code.format(kind=kind, side=side, nail="1" if nail else "0"))
            return


def _burns(words: str) -> Iterator[Injury]:
    if not _BURN.search(words) or _NO_BURN.search(words):
        return
    depth = next((number for pattern, number in _DEEPEST_FIRST if pattern.search(words)), 0)
    depth += _CORROSION if _CHEMICAL.search(words) else 0
    seventh = "A" if _STILL_OPEN.search(words) else "S" if _HEALED.search(words) else ""
    for pattern, code in _BURN_SITES:
        if site := pattern.search(words):
            limb = {"R": "1", "L": "2"}.get(_side(words, site.start()), "9")
            yield Injury(*site.span(), _with_seventh(code.format(depth=depth, limb=limb), seventh))
    if extent := _extent(words):
        yield extent


def _extent(words: str) -> Injury | None:
    """How much of the body is burned, and how much of it to the third degree (category T31, T32)."""
    told = _BODY_SURFACE.search(words) or _PERCENT.search(words)
    if told is None:
        return None
    total = int(next(filter(None, told.groups())))
    deep = sum(int(next(filter(None, m.groups()))) for m in _DEEP_PERCENT.finditer(words))
    category = "T32" if _CHEMICAL.search(words) else "T31"
    code = f"{category}.0" if total < 10 else f"{category}.{total // 10}{min(deep, total) // 10}"
    return Injury(*told.span(), code)


def _with_seventh(code: str, seventh: str) -> str:
    return f"{code:X<7}{seventh}" if seventh else code


def _side(words: str, at: int) -> str:
    """The side named nearest before a site, else anywhere in the segment."""
    sides = [(m.start(), "R") for m in _RIGHT.finditer(words)] + [(m.start(), "L") for m in _LEFT.finditer(words)]
    before = [one for one in sorted(sides) if one[0] <= at]
    return before[-1][1] if before else (sorted(sides)[0][1] if sides else "")


def _digit(name: str, side: str) -> str:
    """The last character of a finger; empty where its side is not told."""
    return str(_FINGERS[name] + (side == "L")) if side else ""
