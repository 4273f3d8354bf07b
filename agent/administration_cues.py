"""The words by which a record says that something was given, done or handed out here and now, or that it was not."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

GIVEN: Final = re.compile(
    r"\b(given|gave|administered|received|injected|infused|instilled|inserted|placed|implanted|applied|pushed)\b",
    re.IGNORECASE,
)
HANDED_OUT: Final = re.compile(
    r"\b(dispensed?|supplied|provided|issued|fitted|given|handed( out| over)?|delivered|applied|furnished|left with)\b",
    re.IGNORECASE,
)
DONE: Final = re.compile(
    r"\b(performed|done|completed|obtained|carried out|administered|given|visit|session|screening|transport|service|"
    r"miles|returned|individual|draw|drawn)\b",
    re.IGNORECASE,
)
NOW: Final = re.compile(
    r"\b(today|now|here|once|x ?1|stat|in (the )?(clinic|office|ed|er|department|suite)|at this visit|"
    r"first (dose|injection)|\d{1,2}:\d{2})\b",
    re.IGNORECASE,
)
LEAD: Final = re.compile(
    r"^\W*(?:[A-Za-z ]{0,20}?)\b(?:given|dispensed?|supplied|provided|administered|issued)[^:;.]{0,40}:", re.IGNORECASE
)
"""A sentence that opens with `Given:`, `Dispensed:`, `Given by me 15:20 after MD order:` lists what was."""

ROUTE: Final = re.compile(
    r"\b(iv|ivp|ivpb|im|sc|sq|subq|sub-?cut\w*|intramuscular\w*|intraven\w*|intra-?articular\w*|intravitreal\w*|"
    r"intradermal\w*|intralesional\w*|intrathecal\w*|intraves\w*|infus\w*|inject\w*|inj|instill\w*|bolus|drip|neb\w*|"
    r"implant\w*|deltoid|glut\w*|into (the )?(r|l|right|left|knee|shoulder|hip|joint|bursa))\b",
    re.IGNORECASE,
)
BY_NEEDLE: Final = re.compile(r"\b(iv|ivp|ivpb|im|intramuscular\w*|intraven\w*)\b", re.IGNORECASE)
BY_MOUTH: Final = re.compile(
    r"\b(po|p\.o|by mouth|oral(ly)?|tabs?|tablets?|caps?|capsules?|odt|chew\w*|sl|sublingual\w*|patch(es)?|cream|"
    r"ointment|gel|drops|gtts|nasal|spray|mdi|puffs?|inhaler|suppositor\w*|lozenge)\b",
    re.IGNORECASE,
)
NEVER_BY_MOUTH: Final = re.compile(
    r"(\w(mab(-\w{4})?|cept|toxin ?[ab]?|parin|poetin( alfa)?|grastim|taxel|platin)|saline|ringer'?s)$", re.IGNORECASE
)
"""Drugs that are only ever injected: antibodies, fusion proteins, toxins, heparins, growth factors, infusions."""

NOT_HERE: Final = re.compile(
    r"\b(will|would|should|could|to be|if|not|never|declin\w*|refus\w*|defer\w*|avoid\w*|withheld|allerg\w*|"
    r"reaction to|yesterday|last|ago|previous\w*|prior|earlier (this|in)|pta|ems|medics?|en route|outside|osh|"
    r"urgent care|pcp|took|takes?|taking|instead of|refill\w*|prescrib\w*|rx|script|pharmacy|prn|as needed|bid|tid|"
    r"qid|qhs|nightly|q\d+ ?h(rs?|ours?)?)\b",
    re.IGNORECASE,
)
"""Another day, another place, another hand, or not at all: no word of giving beside it outweighs these."""
ELSEWHERE_LEAD: Final = re.compile(r"^\W*(ems|pta|prior to arrival|outside|osh|en route)\b", re.IGNORECASE)

NOT_YET: Final = re.compile(
    r"\b(plan(s|ned|ning)?|(?<!per )(?<!my )(?<!md )(?<!standing )order(s|ed)?(?! (in|on|of|per|from|by)\b)|sent|"
    r"start(s|ed|ing)?|continu\w*|resum\w*|hold|held|stop\w*|discontinu\w*|consider\w*|recommend\w*|offer\w*|next|"
    r"schedul\w*|due|needs?|home|daily|qd|uses?|using|wears?|wearing|worn|has|owns?)\b",
    re.IGNORECASE,
)
"""Words of intention or of lasting use, unless the same words say that it was given."""

SUPPLIER_ORDER: Final = re.compile(r"^\W*(order|dispense|supply|deliver)\w*\W", re.IGNORECASE)
"""A supplier's own record opens so with what it hands over."""
SUPPLIER: Final = re.compile(r"dme|supplier|prosthetic|orthotic", re.IGNORECASE)
"""Kinds of document that a supplier writes."""
ADMINISTRATION: Final = re.compile(r"administration|infusion|injection|\bmar\b", re.IGNORECASE)
"""Kinds of document whose very lines are what was given."""
MOVED: Final = re.compile(r"\b(transport|miles?)\b", re.IGNORECASE)

TOTAL: Final = re.compile(r"\W{0,3}(\w+ )?(total|in all|altogether)\b", re.IGNORECASE)
TOTAL_BEFORE: Final = re.compile(r"\btotal( dose)?( of)?\W{0,2}$", re.IGNORECASE)
GIVEN_BEFORE: Final = re.compile(r"\b(given|gave|administered|injected|infused)\W{0,2}$", re.IGNORECASE)
THEN: Final = re.compile(r"\b(then|followed by|plus|repeated( with)?)\b|\+", re.IGNORECASE)
EACH: Final = re.compile(r"[^,;.]{0,12}\beach\b", re.IGNORECASE)
ON_BOTH_SIDES: Final = re.compile(r"\b(bilateral|both|left and right|right and left|r and l|l and r)\b", re.IGNORECASE)
OF: Final = re.compile(r"\s*(of\s+)?(the\s+)?", re.IGNORECASE)
"""All that may stand between a dose and the drug behind it (`300 units of onabotulinumtoxinA`)."""
NAME_GOES_ON: Final = re.compile(r"^((?:[ -][A-Za-z]{3,}){1,3}?)(?=[ ,(]*[\d.]+ ?[A-Za-z])")
"""Words between a drug and its dose: `methylprednisolone sodium succinate 125 mg`."""

_WORDS: Final = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twelve": 12}
_NUMBER: Final = rf"\d{{1,4}}|{'|'.join(_WORDS)}"
_COUNT_AFTER: Final = re.compile(
    rf"^[^;.]{{0,20}}?(?:\((?P<bracket>\d{{1,4}})\)|\bx ?(?P<times>\d{{1,3}})(?![\w.])|#(?P<number>\d{{1,4}})|"
    rf"[,(] ?(?P<stated>{_NUMBER}) (?:for \d+ days|each|(?P<pairs>pairs?)|boxes|box|vials?)\b)",
    re.IGNORECASE,
)
_COUNT_BEFORE: Final = re.compile(rf"\b(?P<stated>{_NUMBER})(?P<pairs> pairs? of)?\s*$", re.IGNORECASE)


class Count(NamedTuple):
    """How many pieces, and whether the record counts pairs of them."""

    pieces: int | None
    in_pairs: bool = False


def pieces(before: str, after: str) -> Count:
    """How many: `(1)`, `x2`, `120 for 30 days`, `one pair` behind the thing, `2` before it."""
    found = _COUNT_AFTER.search(after) or _COUNT_BEFORE.search(before)
    if found is None:
        return Count(None)
    said = found.groupdict()
    written = next(said[name] for name in ("bracket", "times", "number", "stated") if said.get(name))
    return Count(_WORDS.get(written.lower()) or int(written), bool(said["pairs"]))
