"""Naming: what stands around a term and makes it the name of something else, or no name at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.circumstances import stands_in
from agent.contagion import names_a_vaccine
from agent.kinds import kind_of
from medcoding.mention import MentionKind
from retrieval.dictionary import Dictionary, Term
from retrieval.wording import Token

_NAMES_A_MEASURE: Final = re.compile(
    r"\W{1,2}(?:vaccin\w*|shots?|boosters?|immuni[sz]ations?|toxoid|titers?|serolog\w*|antibod\w*|screen\w*|tests?"
    r"|testing|swabs?|pcr|precautions|prophylaxis|questionnaire|panel|clinic|education)\b",
    re.IGNORECASE,
)
"""`hepatitis serologies`, `tetanus booster`, `depression screen`: what follows makes it no condition of the patient."""

_NAMES_A_SERVICE: Final = re.compile(
    r"\W{1,2}(?:clinics?|unit|service|team|center|centre|program|department|wards?|specialist|nurse|physician|doctor"
    r"|rehab\w*|referral|registry|bundle|protocol|pathway|alert|code|work[- ]?up|question(?:naire|s)|survey"
    r"|action plan|support group|foundation|hotline|handout|leaflet|insurance|diet|boards?|conference)\b",
    re.IGNORECASE,
)
"""`stroke clinic`, `burn unit`, `pacemaker referral`: the name of a service, not the patient's condition."""

_PLAIN_STUDY: Final = re.compile(
    r"\b(?:cta?|mra|mri|x-?rays?|xr|cxr|ultraso\w+|us|sonogra\w+|dopplers?|duplex|echo\w*|ekg|ecg|electrocardiogra\w+"
    r"|eeg|emg|nerve conduction|dexa|dxa|bone density|pet|tomography|magnetic resonance|radiogra\w+|kub|levels?|panel"
    r"|cultures?|counts?|cbc|bmp|cmp|a1c|psa|antigen|tsh|titers?|antibod\w+|serolog\w+|urinalysis|dip(?:stick)?|pcr"
    r"|phq\w*|gad-7|moca|mmse|smear(?<!pap smear)|electrolytes|lipids?|bnp|troponin|lactate|abg|lfts?|inr|tests?|assay"
    r"|hcg|hla|telemetry|spirometry|pfts?|oximetry|uds|toxicology|microscopy|blood gas|metabolic|drug screen|ua|film"
    r"|tracing)\b",
    re.IGNORECASE,
)
"""Plain studies and laboratory values say what was found, they are no treatment."""

_SCREENING: Final = re.compile(r"(?<!drug )screen", re.IGNORECASE)

_OPERATED_ON: Final = re.compile(
    r"[ \t]+(?:repairs?|resection|excision|surgery|drainage|evacuation|debridement|fixation|banding|ligation|clipping"
    r"|coiling|embolization|washout|takedown|revision|release|closure|reduction|cauteri[sz]ation)\b",
    re.IGNORECASE,
)
_PUT_IN: Final = re.compile(
    r"[ \t]+(?:plac(?:ement|ed)|insert(?:ion|ed)|implant(?:ation|ed)?|removal|removed|exchange|revision|creation)\b",
    re.IGNORECASE,
)
_LEFT_BY_OPERATIONS: Final = ("Z93", "Z94", "Z95", "Z98")
_DRUG_CODES: Final = tuple(f"T{number}" for number in range(36, 51))
_HARM: Final = re.compile(
    r"poison|adverse|toxic|overdose|effect|underdos|intoxic|ingest|react|allerg|induced|related|syndrome|due to|dose"
    r"|missed|omission|noncompl|nonadher|hypersens|intoler|side|exposure|abuse|level",
    re.IGNORECASE,
)
_DEGREES: Final = frozenset({"low", "high", "elevated", "normal", "decreased", "increased"})
_PLACES: Final = "Y92"


class Match(NamedTuple):
    """A term found in a line, by character offsets."""

    start: int
    end: int
    term: Term


def is_whole(run: Sequence[Token], first: int, last: int) -> bool:
    """False for a word out of the middle of what an abbreviation stands for: `pressure` in `BP`."""
    begins = not first or run[first - 1].start != run[first].start
    return begins and (last + 1 == len(run) or run[last + 1].start != run[last].start)


def is_cut_short(text: str, match: Match) -> bool:
    """True for letters that are the beginning of something else: `HD` in `HD3`, `CRP` for the term `CRPS`."""
    written = text[match.start : match.end]
    return text[match.end : match.end + 1].isdigit() or (
        written.isupper() and match.term.text.lower() == f"{written.lower()}s"
    )


_NO_NAME_HERE: Final = re.compile(
    r"cap(?:\.|illary)? refill|cat (?:I{1,3}|1|2|3)\b|blister packs?|Td\b(?= (?:given|current|today|UTD|up|is|was"
    r"|in|\d))|CTs? (?:of|head|chest|negative|clear|showed)|Ms\. ",
    re.IGNORECASE,
)
"""Words that begin like a disease, a drug or an animal: a capillary refill, a fetal tracing of category I, pills."""


def names_something_else(text: str, match: Match) -> bool:
    """True for the name of a test or service, and for a place nobody was in."""
    term = match.term
    if _NO_NAME_HERE.match(text, match.start):
        return True
    if term.stems and term.stems[0].startswith(_PLACES):
        return not stands_in(text, match.start)
    if term.source == "procedure":
        return bool(_PLAIN_STUDY.search(term.text)) and not _SCREENING.search(term.text)
    service = _NAMES_A_MEASURE.match(text, match.end) or _NAMES_A_SERVICE.match(text, match.end)
    return kind_of(term) is MentionKind.PROBLEM and service is not None


def as_drug(text: str, match: Match) -> Match:
    """A drug's name leads to its poisoning code in the books; alone it is the drug.

    A disease named for its vaccine (`tetanus updated`, `MMR and varicella given`) is the vaccine.
    """
    term = match.term
    poison = term.stems and term.stems[0].startswith(_DRUG_CODES) and not _HARM.search(term.text)
    bare = poison or (kind_of(term) is MentionKind.PROBLEM and names_a_vaccine(text, term))
    return match._replace(term=term.model_copy(update={"stems": (), "source": "drug"})) if bare else match


def as_operation(text: str, match: Match) -> Match:
    """What is done to a disease or with a device: `inguinal hernia repair`, `pacemaker placed`.

    A status keeps the code that the operation leaves behind; from the operation on a disease nothing follows.
    """
    term = match.term
    if kind_of(term) is not MentionKind.PROBLEM or not term.stems:
        return match
    leaves = _is_left_behind(term)
    done = (_PUT_IN if leaves else _OPERATED_ON).match(text, match.end)
    if done is None:
        return match
    named = " ".join(text[match.start : done.end()].split())
    if leaves:
        return Match(match.start, done.end(), term.model_copy(update={"text": named}))
    return Match(match.start, done.end(), Term(text=named, stems=(), source="procedure"))


def with_code(match: Match, matches: Sequence[Match], dictionary: Dictionary) -> Match:
    """A longer name without a code takes the code of the same kind of thing inside it: `high-risk screening …`.

    An operation takes that of the status it leaves: `pacemaker placement`.
    """
    term = match.term
    if term.stems:
        return match
    within = [m.term for m in matches if m.term.stems and match.start <= m.start and m.end <= match.end]
    kind = kind_of(term)
    inside = (t for t in (*within, *_shorter(term, dictionary)) if t.stems)
    alike = (t for t in inside if kind_of(t) is kind or (term.source == "procedure" and _is_left_behind(t)))
    coded = max(alike, key=lambda t: len(t.text), default=None)
    return match._replace(term=coded.model_copy(update={"text": term.text})) if coded else match


def _is_left_behind(term: Term) -> bool:
    """True for a status that an operation leaves."""
    return term.source == "clinical" and term.stems[0].startswith(_LEFT_BY_OPERATIONS)


def _shorter(term: Term, dictionary: Dictionary) -> Iterator[Term]:
    """Terms that are some of a term's words in a row."""
    words = term.text.split()
    for length in range(1, len(words)):
        for start in range(len(words) - length + 1):
            if found := dictionary.lookup(" ".join(words[start : start + length])):
                yield found


def parted(text: str, match: Match, dictionary: Dictionary) -> list[Match]:
    """The match itself, or where a comma parts two terms the two of them: `nausea, vomiting`; never `low, B12`."""
    left, comma, right = text[match.start : match.end].partition(",")
    if not comma or "," in match.term.text:
        return [match]
    if left.lower() in _DEGREES:
        return []
    first, second = dictionary.lookup(left), dictionary.lookup(right)
    if first is None or second is None:
        return [match]
    begins = match.end - len(right.lstrip())
    return [Match(match.start, match.start + len(left), first), Match(begins, match.end, second)]
