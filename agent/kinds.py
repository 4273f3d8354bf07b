"""Kinds: whether a term speaks of a problem, an operation or service, a drug, or a thing handed out."""

from __future__ import annotations

import re
from typing import Final

from medcoding.mention import MentionKind
from retrieval.dictionary import Term

_BY_SOURCE: Final = {"drug": MentionKind.DRUG, "procedure": MentionKind.PROCEDURE, "supply": MentionKind.SUPPLY}
_SERVICES: Final = (
    "O80", "O82", "Z0", "Z1", "Z23", "Z3", "Z4", "Z51", "Z89", "Z90", "Z92", "Z93", "Z94", "Z95", "Z96", "Z97", "Z98",
    "Z99",
)  # fmt: skip
"""Codes of encounters for something and of what was done; their terms often name the operation itself."""

_VACCINE: Final = re.compile(
    r"vaccin|\bshots?\b|booster|immuniz|tdap|mmr|toxoid|prevnar|gardasil|shingrix", re.IGNORECASE
)
_THING: Final = re.compile(
    r"insulin pump|cpap|bipap machine|home o2|oxygen|\bo2\b|\biud\b|\bcgm\b|glucose monitor|hearing aid|wheelchair"
    r"|walker|\bcane\b|denture|glasses|nexplanon|contact lens|prosthe(?:sis|tic (?:arm|leg|limb|eye))|pessary"
    r"|breast pump|crutch|brace|splint",
    re.IGNORECASE,
)
_OPERATION: Final = re.compile(
    r"ectom|otomy|plasty|scop|graph|gram\b|centesis|desis|pexy|lithotrip|bypass|graft|transplant|replace|repair|fusion"
    r"|\borif\b|\bi&d\b|cabg|\bpci\b|stent|tavr|dialysis|chemo|radiation|infus|transfus|biops|injection|intubat"
    r"|amputat|\b[tab]k[ar]\b|\bth[ar]\b|\bts[ar]\b|\bbtl\b|ligation|cesarean|c-?section|\bc/s\b|deliver|ablation"
    r"|removal|resection|excision|\bsvd\b|nsvd|vaginal birth|tympanostomy|\bhd\b|\bbipap\b|\btubes\b|implant(?!able)"
    r"|vasectomy|steriliz|screening|wellness|well[- ]child|physical|check-?up|lap chole|\bppm\b|\bdes\b|\bd&c\b|surger"
    r"|operation|catheteri[sz]ation|visit|\bexam|circumcis|gastric band|lap band|duodenal switch|tubes tied"
    r"|plac(?:ed|ement)|inserted|insertion|\bremoved|valve repair|percutaneous nephrostomy|watchman|exchange|takedown",
    re.IGNORECASE,
)
_BY_NAME: Final = (
    (_VACCINE, MentionKind.DRUG),
    (_THING, MentionKind.SUPPLY),
    (_OPERATION, MentionKind.PROCEDURE),
)


def kind_of(term: Term | None) -> MentionKind:
    """What a term speaks of; status codes of operations (`CABG`, `s/p hysterectomy`) speak of the operation."""
    if term is None:
        return MentionKind.PROBLEM
    if term.source in _BY_SOURCE:
        return _BY_SOURCE[term.source]
    if not term.stems or not term.stems[0].startswith(_SERVICES):
        return MentionKind.PROBLEM
    return next((kind for pattern, kind in _BY_NAME if pattern.search(term.text)), MentionKind.PROBLEM)


def is_coded_problem(term: Term | None) -> bool:
    """True for what can stand as a problem: a term with a code that is no drug, operation or thing by name only."""
    return term is None or (bool(term.stems) and term.source not in _BY_SOURCE)
