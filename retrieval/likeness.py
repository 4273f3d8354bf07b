"""Which words mean alike when a title is held against a record: endings, synonyms and parts of the body.

A chart says `hypoxic`, `shin` and `bleeding` where the tabular list prints `with hypoxia`, `lower limb` and
`hemorrhage`. Titles and records are compared by roots; a record also says what its words imply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

_SHORTEST_ROOT: Final = 4
_ENDINGS: Final = (
    "ated", "ation", "ative", "ating", "otic", "osis", "ement", "ical", "ious", "eal",
    "ing", "ion", "ive", "ism", "ous", "ary", "ial", "ian", "ic", "ia", "al", "ar", "ed", "us", "um", "es",
    "a", "e", "y",
)  # fmt: skip
"""Endings that make a noun an adjective or a verb; `itis` and `oma` name conditions of their own and stay."""

_KEPT: Final = frozenset({"unspecified", "uncomplicated", "bilateral", "unilateral"})

_SYNONYMS: Final[dict[str, str]] = {
    word: meant
    for meant, said in {
        "hemorrhage": "bleeding bleed bleeds bled hemorrhagic hemorrhaging",
        "intestine": "bowel intestinal",
        "kidney": "renal",
        "lung": "pulmonary",
        "heart": "cardiac",
        "liver": "hepatic",
        "stomach": "gastric",
        "brain": "cerebral intracerebral",
        "femur": "femoral",
        "vein": "venous",
        "artery": "arterial",
        "pancreas": "pancreatic",
        "vertebra": "vertebral spine spinal",
        "neoplasm": "neoplastic neoplasia tumor cancer malignancy",
        "metastasis": "metastatic metastases metastasized",
        "hypoxia": "hypoxic hypoxemic hypoxemia",
        "hypercapnia": "hypercapnic hypercarbia hypercarbic",
        "intractable": "pharmacoresistant refractory",
        "ulcer": "ulcers ulcerated ulceration",
        "embolism": "embolic emboli embolus cardioembolic thromboembolic",
        "infection": "infected infectious septic",
        "diabetes": "diabetic diabete",
        "exacerbation": "flare exacerbated exacerbations",
        "corrosion": "chemical",
        "vape": "vapes vaping vaped vaper ecigarette ecigarettes",
        "toe": "hallux",
        "extremity": "limb",
        "joint": "articular",
        "obstruction": "obstructed obstructing",
        "coronavirus": "covid",
        "mouth": "oral",
        "alcohol": "alcoholic",
        "psychotic": "psychosis",
        "anxiety": "anxious",
        "seizure": "convulsion",
        "unilateral": "onesided",
        "drug": "medication",
        "chemotherapy": "chemo",
        "dementia": "dementing",
    }.items()
    for word in said.split()
}
"""Words of one meaning, under the one the tabular list prints most."""

_PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("toe metatarsal heel plantar forefoot midfoot hindfoot sole calcaneus", "foot"),
    ("finger thumb metacarpal palm knuckle fingertip", "hand"),
    ("thumb", "finger"),
    ("toe foot ankle heel calf shin leg knee thigh plantar", "lower_limb leg extremity"),
    ("calf shin", "lower_leg"),
    ("finger thumb hand wrist forearm elbow arm palm", "upper_limb arm extremity"),
    ("radius ulna", "forearm"),
    ("tibia fibula", "lower_leg"),
    ("hip", "femur"),
    ("femur", "thigh"),
    ("colon colonic sigmoid cecum cecal rectosigmoid pancolitis", "large_intestine intestine colon"),
    ("ileum ileal jejunum jejunal", "small_intestine intestine"),
    ("lumbar thoracic cervical", "vertebra"),
    ("upper_lobe lower_lobe middle_lobe", "lung bronchus"),
    ("chemotherapy", "neoplasm antineoplastic therapy drug"),
    ("iris lens retina cornea macula", "eye"),
)
"""Parts of the body and what they belong to ; what a treatment is for."""

_VERTEBRA: Final = re.compile(r"[clts]\d{1,2}")
_REGIONS: Final = {"c": "cervical", "t": "thoracic", "l": "lumbar", "s": "sacral"}
_SIDES: Final = frozenset({"right", "left"})
_ONE_SIDED: Final = frozenset(
    "ventricular ventricle atrial atrium heart main anterior circumflex coronary bundle colon".split()
)
"""Behind `left` and `right` these name a part of an organ, not a side of the body."""

_SIZES: Final = frozenset({"small", "large"})
_SIZED: Final = frozenset({"intestine", "bowel"})
_COUNTED: Final = frozenset({"stage", "grade", "type", "class", "phase"})
_HEIGHTS: Final = frozenset({"lower", "upper", "middle"})
_HIGH_PARTS: Final = {"limb": "limb", "extremity": "limb", "leg": "leg", "arm": "arm", "lobe": "lobe", "back": "back"}
_DEGREES: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}


@lru_cache(maxsize=65_536)
def root(word: str) -> str:
    """What a word is compared by: `hypoxic` and `hypoxia`, `bleeding` and `hemorrhage` meet."""
    word = _SYNONYMS.get(word, word)
    if " " in word or word in _KEPT:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            return word[: -len(ending)]
    return word


def roots(words: Iterable[str]) -> frozenset[str]:
    """The roots of some words."""
    return frozenset(map(root, words))


def joined(words: Sequence[str]) -> tuple[str, ...]:
    """Words that mean something only together made one.

    `Right coronary` and `left ventricular` name no side; the 3 of `stage 3` is not that of `3 days`.
    """
    found: list[str] = []
    for word in words:
        before = found[-1] if found else ""
        if (before in _SIDES and word in _ONE_SIDED) or (before in _SIZES and word in _SIZED):
            found[-1:] = [f"{before} {'intestine' if word == 'bowel' else word}", word]
        elif before == "secondary" and word == "to":
            found[-1] = "due"
        elif before in _COUNTED and word[:1].isdigit():
            found[-1] = f"{before} {word}"
        elif before in _HEIGHTS and word in _HIGH_PARTS:
            found[-1] = f"{before} {_HIGH_PARTS[word]}"
        elif before == "e" and word.startswith("cigarette"):
            found[-1] = "vape"
        elif before in _DEGREES and word == "degree":
            found[-1] = f"degree {_DEGREES[before]}"
        else:
            found.append(word)
    return tuple(found)


def implied(words: Iterable[str]) -> frozenset[str]:
    """Roots that a record says without saying them: `shin` is of the lower limb, `L2` is a lumbar vertebra."""
    return frozenset().union(*(_implied(word) for word in words))


@lru_cache(maxsize=16_384)
def _implied(word: str) -> frozenset[str]:
    if _VERTEBRA.fullmatch(word):
        return roots((_REGIONS[word[0]], "vertebra"))
    return _WHOLES.get(root(word), frozenset())


def _wholes() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for parts, wholes in _PARTS:
        for part in (root(word.replace("_", " ")) for word in parts.split()):
            found[part] = found.get(part, frozenset()) | roots(w.replace("_", " ") for w in wholes.split())
    return found


_WHOLES: Final = _wholes()
