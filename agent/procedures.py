"""HCPCS and CPT lines: what was given, done or handed out, with its units, beside the diagnoses.

Rules alone choose here, from candidates of the loaded books, and only for what `agent.administered` found documented.
Without a book of a system nothing of that system is proposed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agent.administered import Administered
from agent.reportable import quote_of
from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codes import CodeRole, CodeSystem
from medcoding.doses import Amount, billing_units, unit_size
from medcoding.mention import MentionKind
from medcoding.proposal import NotCoded, NotCodedReason, Proposal, ProposedCode, Source

_ENOUGH: Final = 0.86
"""Lowest score at which a descriptor that is not one of our own names is taken."""
_NAMED_ENOUGH: Final = 0.8
_CLEAR_LEAD: Final = 0.03
_ALIKE: Final = 0.06
"""So near each other, several makers' products of one name are told apart by nothing in the record."""
_STRONG, _FAIR, _WEAK = 0.8, 0.65, 0.45
_BY_MOUTH: Final = re.compile(r"\boral\b", re.IGNORECASE)
_MEDICARE: Final = re.compile(r"\bmedicare\b", re.IGNORECASE)
_MEDICARE_ONLY: Final = ("G0008", "G0009", "G0010", "G01", "G0402", "G043", "G044", "Q203", "Q0091")
"""Services and vaccines that other payers take under CPT."""
_NOT_ONLY: Final = ("G0108", "G0109")
_SIDED: Final = ("L",)
"""Orthoses and prostheses carry the side (HCPCS modifiers RT and LT)."""
_SIDES: Final = {"right": ("RT",), "left": ("LT",), "bilateral": ("RT", "LT")}
_PAIR: Final = re.compile(r"\bpair\b", re.IGNORECASE)
_PER_TIME: Final = re.compile(r"\bper (?P<minutes>\d+) minutes?\b|\beach (?P<each>\d+) minutes?\b", re.IGNORECASE)
_MINUTES: Final = re.compile(r"\b(\d{1,3}) ?(?:min\b|minutes?\b)", re.IGNORECASE)
_PER_MILE: Final = re.compile(r"\bper (?:statute )?mile\b", re.IGNORECASE)
_MILES: Final = re.compile(r"\b(?:miles?\W{0,2}(\d{1,4})|(\d{1,4})(?: \w+){0,2} miles?)\b", re.IGNORECASE)


class ProcedureLine(NamedTuple):
    """A proposed line, what it rests on, and what else was considered."""

    proposed: ProposedCode
    title: str
    done: Administered
    candidates: tuple[Candidate, ...]
    size: Amount | None
    """What one unit is."""


class ProcedureLines(NamedTuple):
    """The lines of one encounter, and what was given but cannot be counted."""

    lines: tuple[ProcedureLine, ...] = ()
    uncounted: tuple[NotCoded, ...] = ()


def procedure_lines(
    done: Sequence[Administered], offered: Sequence[MentionCandidates], *, medicare: bool
) -> ProcedureLines:
    """One line a code, in reading order. `medicare` admits the services that only that payer takes in HCPCS."""
    by_mention = {entry.mention_id: entry.candidates for entry in offered}
    lines: dict[tuple[CodeSystem, str], ProcedureLine] = {}
    uncounted: dict[str, NotCoded] = {}
    for one in done:
        candidates = tuple(c for c in by_mention.get(one.mention.id, ()) if _is_possible(c, one, medicare=medicare))
        chosen = _chosen(candidates, one)
        if chosen is None:
            continue
        if (units := _units(chosen, one)) is None:
            uncounted.setdefault(chosen.code, _uncounted(chosen, one))
            continue
        line = _line(chosen, one, candidates, units)
        held = lines.get((chosen.system, chosen.code))
        lines[chosen.system, chosen.code] = _joined(held, line) if held else line
    coded = {code for _, code in lines}
    return ProcedureLines(tuple(lines.values()), tuple(n for code, n in uncounted.items() if code not in coded))


def with_procedures(proposal: Proposal, found: ProcedureLines) -> Proposal:
    """The proposal with these lines behind its diagnoses."""
    behind = len(proposal.codes)
    added = [line.proposed.model_copy(update={"sequence": behind + n}) for n, line in enumerate(found.lines, start=1)]
    return proposal.model_copy(
        update={"codes": (*proposal.codes, *added), "not_coded": (*proposal.not_coded, *found.uncounted)}
    )


def is_medicare(payer: str | None, texts: Sequence[str]) -> bool:
    """True where the payer or the record names Medicare."""
    return any(_MEDICARE.search(text) for text in (payer or "", *texts))


def _is_possible(candidate: Candidate, one: Administered, *, medicare: bool) -> bool:
    exact = CandidateOrigin.DICTIONARY in candidate.origins
    if one.mention.kind is MentionKind.PROBLEM and not exact:
        return False
    if one.mention.kind is MentionKind.DRUG and _BY_MOUTH.search(candidate.title):
        return False
    only = candidate.code.startswith(_MEDICARE_ONLY) and not candidate.code.startswith(_NOT_ONLY)
    return medicare or not only


def _chosen(candidates: Sequence[Candidate], one: Administered) -> Candidate | None:
    """The best candidate where the record says all of its wording; of a supply nearly all, and of no other as much."""
    if not candidates:
        return None
    best, *others = candidates
    if CandidateOrigin.DICTIONARY in best.origins:
        alike = [c for c in others if CandidateOrigin.DICTIONARY in c.origins and best.score - c.score < _ALIKE]
        return best if best.score >= _NAMED_ENOUGH and not alike else None
    if one.mention.kind is not MentionKind.SUPPLY or best.score < _ENOUGH:
        return None
    return None if any(best.score - c.score < _CLEAR_LEAD for c in others) else best


def _countable(candidate: Candidate, one: Administered) -> int | None:
    """Units of the first dose that is measured as the code's unit is."""
    size = unit_size(candidate.title)
    counted = (billing_units(dose, size) for dose in one.doses) if size else iter(())
    return next(filter(None, counted), None)


def _line(chosen: Candidate, one: Administered, candidates: tuple[Candidate, ...], units: int) -> ProcedureLine:
    named = CandidateOrigin.DICTIONARY in chosen.origins
    size = unit_size(chosen.title)
    counted = f" {one.doses[0]} at {size} a unit." if one.doses and size else ""
    return ProcedureLine(
        proposed=ProposedCode(
            system=chosen.system,
            code=chosen.code,
            role=CodeRole.SECONDARY,
            sequence=1,
            mention_ids=(one.mention.id,),
            evidence=(quote_of(one.mention),),
            source=Source.RULES,
            strength=(_STRONG if named else _FAIR) if one.said else (_FAIR if named else _WEAK),
            reason=f"{_how(one)}, and “{chosen.surface}” names this code.{counted}",
            modifiers=_modifiers(chosen, one),
            units=units,
        ),
        title=chosen.title,
        done=one,
        candidates=candidates,
        size=size,
    )


def _uncounted(chosen: Candidate, one: Administered) -> NotCoded:
    return NotCoded(
        text=one.mention.text,
        evidence=(quote_of(one.mention),),
        code=chosen.code,
        reason=NotCodedReason.NO_CANDIDATE,
        detail=f"It was given, but no dose is stated in which units of {unit_size(chosen.title)} can be counted.",
    )


def _how(one: Administered) -> str:
    deed = {MentionKind.DRUG: "given", MentionKind.SUPPLY: "handed out"}.get(one.mention.kind, "done")
    return f"The record says it was {deed}" if one.said else "The record states dose and route"


def _units(chosen: Candidate, one: Administered) -> int | None:
    """Units of service; None for a drug whose dose is not stated in the measure that its units are counted in."""
    if one.mention.kind is MentionKind.DRUG:
        counted = _countable(chosen, one)
        whole = unit_size(chosen.title) is None or not _is_measured(chosen)
        return counted or (one.pieces or 1 if whole else None)
    if counted := _by_time_or_distance(chosen, one.around) or _by_time_or_distance(chosen, one.record):
        return counted
    pieces = one.pieces or 1
    return pieces * 2 if one.in_pairs and not _PAIR.search(chosen.title) else pieces


def _is_measured(chosen: Candidate) -> bool:
    """Devices that state what they hold (`52 mg`) are counted by the piece."""
    return not re.search(r"\b(contraceptive|implant|system)\b", chosen.title, re.IGNORECASE)


def _by_time_or_distance(chosen: Candidate, said: str) -> int | None:
    if (per := _PER_TIME.search(chosen.title)) and (spent := _MINUTES.search(said)):
        return max(1, int(spent[1]) // int(per["minutes"] or per["each"]))
    if _PER_MILE.search(chosen.title) and (far := _MILES.search(said)):
        return int(far[1] or far[2])
    return None


def _modifiers(chosen: Candidate, one: Administered) -> tuple[str, ...]:
    side = one.mention.axes.laterality
    return _SIDES[side] if side and chosen.code.startswith(_SIDED) and chosen.system is CodeSystem.HCPCS else ()


def _joined(held: ProcedureLine, line: ProcedureLine) -> ProcedureLine:
    """The same thing said again: the evidence adds up, the larger count stands, nothing is counted twice."""
    lead, other = (held, line) if (held.proposed.units or 0) >= (line.proposed.units or 0) else (line, held)
    evidence = tuple(dict.fromkeys((*held.proposed.evidence, *line.proposed.evidence)))
    ids = tuple(dict.fromkeys((*held.proposed.mention_ids, *line.proposed.mention_ids)))
    strength = max(lead.proposed.strength, other.proposed.strength)
    update: Mapping[str, object] = {"evidence": evidence, "mention_ids": ids, "strength": strength}
    return lead._replace(proposed=lead.proposed.model_copy(update=update))
