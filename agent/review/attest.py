"""Attestation: somebody's word for the exact ordered set, bound to its digest."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from agent.review.gate import obstacles
from agent.review.standing import Reviewing, Standing, with_leading_role
from medcoding.access import Actor
from medcoding.errors import InputError
from medcoding.finding import Finding
from medcoding.review import AnsweredFinding, Attestation, FinalLine, FinalSet, ReviewAction

LONGEST_PAUSE_S: Final = 300.0
"""A longer pause between two steps is no work on the case."""


class Numbered(NamedTuple):
    """Which case the set is of."""

    case_id: str
    version: int
    edition: str


def final_set(reviewing: Reviewing, now: Standing, case: Numbered, seeded: frozenset[str]) -> FinalSet:
    """The kept lines without the seeded ones, renumbered: what goes out, and what is attested."""
    real = tuple(line for line in now.kept if line.id not in seeded)
    if any(line.id in seeded for line in now.kept):
        real = with_leading_role(real, reviewing.leading)
    codes = {line.code for line in real}
    return FinalSet(
        case_id=case.case_id,
        version=case.version,
        edition=case.edition,
        lines=tuple(
            FinalLine(
                system=line.system,
                code=line.code,
                role=line.role,
                sequence=place,
                poa=line.poa,
                modifiers=line.modifiers,
                units=line.units,
            )
            for place, line in enumerate(real, start=1)
        ),
        overrides=tuple(
            AnsweredFinding(rule=given.rule, codes=given.codes, override=given.override)
            for given in now.overrides
            if not given.codes or codes.intersection(given.codes)
        ),
    )


class Signing(NamedTuple):
    """What is signed: the set, how it came to be, and what the rules say of it."""

    final: FinalSet
    now: Standing
    findings: tuple[Finding, ...]
    actions: tuple[ReviewAction, ...]
    opened_at: datetime
    """When the chart was first opened."""


def attested(signing: Signing, actor: Actor, seen_digest: str, at: datetime) -> Attestation:
    """The attestation of the set that was seen. Raises `InputError` when it is another now, or not ready."""
    open_ones = obstacles(signing.now, signing.findings)
    if open_ones:
        raise InputError(f"{len(open_ones)} things are open in this case; settle each of them before attesting.")
    if not hmac.compare_digest(seen_digest.encode(), signing.final.digest.encode()):
        raise InputError("The set is not the one that was shown; look at it again before attesting.")
    return Attestation(
        by=actor.id,
        at=at,
        digest=signing.final.digest,
        lines=len(signing.final.lines),
        evidence_opened=sum(line.evidence_opened for line in signing.now.kept),
        seconds=worked_seconds([signing.opened_at, *(action.at for action in signing.actions), at]),
    )


def worked_seconds(moments: Sequence[datetime]) -> float:
    """Seconds between the first and the last moment; of each pause no more than five minutes count."""
    gaps = ((later - earlier).total_seconds() for earlier, later in pairwise(sorted(moments)))
    return round(sum(min(gap, LONGEST_PAUSE_S) for gap in gaps), 3)


def stands(attestation: Attestation, final: FinalSet, now: Standing) -> bool:
    """Whether an attestation still speaks of the set as it is, and of one that was decided on whole."""
    return attestation.digest == final.digest and not now.undisposed
