"""Circumstances of an injury that are told in several words: where at home it happened (guideline I.C.20.b)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_EVENT: Final = re.compile(
    r"\b(?:fell|falls?|fallen|falling|slip(?:s|ped|ping)?|trip(?:s|ped|ping)|stumbl\w+|struck|strikes?|hit|hits|"
    r"cut|cuts|"
    r"slic\w+|stab\w*|burn(?:s|ed|t)?|scald\w*|splash\w*|spill\w*|bit|bites?|bitten|stung|sting|scratched|kick\w*|"
    r"crush\w*|caught|collid\w+|collision|crash\w*|twist\w*|rolled|injur\w+|lacerat\w+|landed|landing|thrown|jumped|"
    r"punched|assault\w*|attacked|stepped|dropped|pinned|shot|swallow\w*|ingest\w*|hurt|banged|bumped|slammed|"
    r"smashed|"
    r"fractur\w+|sprain\w*|strain(?:ed)?|dislocat\w+|accident\w*|mvc|mva|exploded|electrocuted|collapsed|tackled|"
    r"missed (?:a |the |last |bottom )*(?:step|stair|edge)|abrasion|contusion|bruis\w+|wound|amputat\w+|poked|"
    r"pricked|"
    r"concussion|lost control|drove|threw|lifted|shaken|shaking|gave way|kicked back|put (?:his"
    r"|her) (?:\w+ ){1,3}through|happened|occurred|sunburn\w*|clipped|rear-ended|bomb\w*|blast|explosion)\b",
    re.IGNORECASE,
)
_ROOMS: Final = (
    ("kitchen", r"kitchen"),
    ("dining", r"dining room"),
    ("bathroom", r"bath ?room|shower|bath ?tub|(?<!hot )\btub"),
    ("bedroom", r"bed ?room"),
    ("driveway", r"driveway|drive way"),
    ("garage", r"garage(?! door)"),
    ("pool", r"(?:backyard|home|own|private) (?:swimming )?pool"),
    ("yard", r"(?:front |back |side )?yard|backyard|garden(?!ing| hose| shears| tool)|lawn(?! ?mower)|patio"),
    ("cell", r"cell(?! phone| ?\w* (?:count|carcinoma))"),
    ("other", r"(?:living|family|laundry|mud|sun) ?room|hall ?way|basement|attic|porch|deck|closet|den|stairs|steps"),
)  # fmt: skip
_DWELLINGS: Final = (
    ("Y92.12", r"(?:nursing|care|group|rest) home|SNF|nursing facility|assisted living|ALF|(?:long-term|memory) care"),
    ("Y92.14", r"prison|jail|correctional facility"),
    ("Y92.16", r"dorm(?:itory)?"),
    ("Y92.13", r"military base|barracks|army base"),
    ("Y92.02", r"mobile home|trailer(?: home| park)?"),
    ("Y92.03", r"apartment|condo(?:minium)?|flat(?= )"),
    ("Y92.04", r"boarding[- ]house"),
    ("Y92.01", r"(?:single[- ]family |private |own |town)?house(?! fire)"),
    ("Y92.00", r"home|residence"),
)  # fmt: skip
_PLACES_IN: Final = {
    "Y92.00": {"kitchen": 0, "dining": 1, "bathroom": 2, "bedroom": 3, "yard": 7, "other": 8, "": 9},
    "Y92.01": {"kitchen": 0, "dining": 1, "bathroom": 2, "bedroom": 3, "driveway": 4, "garage": 5, "pool": 6, "yard": 7,
               "other": 8, "": 9},
    "Y92.02": {"kitchen": 0, "dining": 1, "bathroom": 2, "bedroom": 3, "driveway": 4, "garage": 5, "pool": 6, "yard": 7,
               "other": 8, "": 9},
    "Y92.03": {"kitchen": 0, "bathroom": 1, "bedroom": 2, "other": 8, "": 9},
    "Y92.04": {"kitchen": 0, "bathroom": 1, "bedroom": 2, "driveway": 3, "garage": 4, "pool": 5, "yard": 6, "other": 8,
               "": 9},
    "Y92.12": {"kitchen": 0, "bathroom": 1, "bedroom": 2, "driveway": 3, "garage": 4, "pool": 5, "yard": 6, "other": 8,
               "": 9},
    "Y92.13": {"kitchen": 0, "other": 8, "": 9},
    "Y92.14": {"kitchen": 0, "dining": 1, "bathroom": 2, "cell": 3, "other": 8, "": 9},
    "Y92.16": {"kitchen": 0, "dining": 1, "bathroom": 2, "bedroom": 3, "other": 8, "": 9},
}  # fmt: skip
"""Fifth characters by dwelling and room; the empty word stands for a dwelling without a room."""

_DETERMINER: Final = r"(?:(?:the|his|her|their|own|a|an|my|its)\s+)?"
_STANDS_IN: Final = re.compile(
    r"(?:\b(?:in|at|on|inside|outside|into|onto|from|off|of|near|by|within|through|down|up|over|under|behind"
    r"|across)\b\s+|\(\s*|,\s+)(?:[\w'-]+\s+){0,4}$",
    re.IGNORECASE,
)
_ROOM_PATTERNS: Final = tuple(
    (name, re.compile(rf"\b{_DETERMINER}(?:{words})\b", re.IGNORECASE)) for name, words in _ROOMS
)
_DWELLING_PATTERNS: Final = tuple(
    (code, re.compile(rf"\b{_DETERMINER}(?:(?:\w+'s)\s+)?(?:{words})\b", re.IGNORECASE)) for code, words in _DWELLINGS
)


class Place(NamedTuple):
    """Words that say where it happened, and the code of that place."""

    start: int
    end: int
    code: str


def is_event(text: str) -> bool:
    """True for a sentence that tells of an accident, an assault or an injury."""
    return bool(_EVENT.search(text))


def stands_in(text: str, start: int) -> bool:
    """True where the words before say that something happened there: `on the sidewalk`, not `walked to the park`."""
    return not start or bool(_STANDS_IN.search(text[:start]))


def home_places(text: str) -> Iterator[Place]:
    """The room of a dwelling, or the dwelling, in which a sentence says that something happened; at most one."""
    dwelling = next(((code, m) for code, p in _DWELLING_PATTERNS if (m := _stands(p, text))), None)
    room = next(((name, m) for name, p in _ROOM_PATTERNS if (m := _stands(p, text))), None)
    if room is None and dwelling is None:
        return
    code = dwelling[0] if dwelling else "Y92.00"
    name, match = room or ("", dwelling[1] if dwelling else None)
    place = _PLACES_IN[code].get(name, _PLACES_IN[code]["other"])
    if match:
        yield Place(match.start(), match.end(), f"{code}{place}")


def _stands(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that stands behind a preposition, a comma or a bracket, or begins the sentence."""
    return next((m for m in pattern.finditer(text) if stands_in(text, m.start())), None)
