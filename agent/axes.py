"""Axes: the attributes of a mention that choose among sibling codes, read from the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from medcoding.encounter import Encounter, Setting
from medcoding.mention import Axes, Episode, Laterality
from retrieval.wording import Token

_SIDES: Final[dict[str, Laterality]] = {
    "right": "right", "right-sided": "right", "left": "left", "left-sided": "left", "bilateral": "bilateral",
    "bilaterally": "bilateral", "both": "bilateral",
}  # fmt: skip
_PARTS_OF_THE_HEART: Final = frozenset(
    "ventricular ventricle atrial atrium heart bundle main anterior circumflex coronary handed".split()
)
_NEAR: Final = 4
_SUBSEQUENT: Final = re.compile(
    r"\b(follow[- ]?up|post[- ]?op(erative)?|recheck|wound check|suture removal|cast (removal|check)|healing|aftercare"
    r"|physical therapy|rehab\w*)\b",
    re.IGNORECASE,
)
_SEQUELA: Final = re.compile(r"\b(sequelae?|late effects?|residual (from|of))\b", re.IGNORECASE)
_QUALIFIERS: Final = frozenset(
    (
        "mild moderate severe acute chronic subacute recurrent single first second third fourth stage grade "
        "type primary secondary intractable refractory controlled uncontrolled remission partial full early "
        "sustained displaced nondisplaced open closed comminuted transverse oblique spiral medial lateral "
        "anterior posterior upper lower proximal distal hyperglycemia hypoglycemia exacerbation hemorrhage "
        "perforation obstruction bleeding neuropathy nephropathy retinopathy gangrene ulcer angina failure "
        "systolic diastolic combined paroxysmal persistent permanent trimester psychotic anxious manic "
        "depressed mixed episode initial ambulatory class complication foreign body aura migrainosus status "
        "tear rupture delayed nonunion malunion radiculopathy myelopathy cervical thoracic lumbar lumbosacral "
        "sacral unilateral tophus tophaceous idiopathic allergic obesity morbid calorie excess dependence "
        "abuse use withdrawal cigarette nicotine alcohol opioid cannabis cocaine insulin"
    ).split()
)


def read_axes(around: Iterable[Token], start: int, end: int, episode: Episode) -> Axes:
    """Axes of the mention at `start:end` of a sentence, from all the sentence's words."""
    words = list(around)
    qualifiers = dict.fromkeys(t.form for t in words if t.form in _QUALIFIERS or t.form[:1].isdigit())
    return Axes(laterality=_laterality(words, start, end), episode=episode, qualifiers=tuple(qualifiers))


def side_throughout(sentences: Iterable[Sequence[Token]]) -> Laterality | None:
    """The one side that complaint, history and assessment speak of, None when they name several or none."""
    named = {side for words in sentences for _, side in _sides(words)}
    return named.pop() if len(named) == 1 else None


def episode_of(encounter: Encounter) -> Episode:
    """Episode of care from the type of visit (guideline I.C.19.a): active treatment unless the visit says otherwise."""
    opening = " ".join(d.text[:400] for d in encounter.documents[:1])
    visit = f"{encounter.visit_type or ''} {opening}"
    if _SEQUELA.search(visit):
        return "sequela"
    if encounter.setting is Setting.OUTPATIENT and _SUBSEQUENT.search(visit):
        return "subsequent"
    return "initial"


def _sides(words: Sequence[Token]) -> list[tuple[int, Laterality]]:
    """Where sides are named; the left ventricle and its like are no side of the body."""
    following = [*(t.form for t in words[1:]), ""]
    return [
        (i, _SIDES[t.form]) for i, t in enumerate(words) if t.form in _SIDES and following[i] not in _PARTS_OF_THE_HEART
    ]


def _laterality(words: list[Token], start: int, end: int) -> Laterality | None:
    """The side named in the mention, else the nearest one close to it."""
    sided = _sides(words)
    inside = [i for i, t in enumerate(words) if t.start < end and t.end > start]
    if not sided or not inside:
        return None
    gaps = [(max(inside[0] - i, i - inside[-1], 0), side) for i, side in sided]
    within = {side for gap, side in gaps if gap == 0}
    if len(within) > 1:
        return "bilateral"
    gap, side = min(gaps, key=lambda pair: pair[0])
    return side if gap <= _NEAR else None
