"""How long all rules take over twenty codes of one encounter."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from evals.false_alarms import GoldCase
from guardrails.case import Case
from guardrails.check import RULES, check
from medcoding.errors import InputError
from medcoding.proposal import Proposal
from medcoding.record import Record

_CODES: Final = 20
_SEED: Final = 1


class RuleSpeed(Record):
    """Milliseconds of processor time in one thread, the best of several rounds for each case.

    What else a machine does makes a round slower, never faster.
    """

    rules: int
    codes: int
    cases: int
    p50_ms: float
    p95_ms: float
    max_ms: float


def rule_speed(cases: Sequence[GoldCase], rounds: int = 8) -> RuleSpeed:
    """Every case filled up to twenty codes with those of others.

    Raises `InputError` where there are no codes to fill up with.
    """
    filled = _filled(cases)
    times = [min(some) for some in zip(*([_timed(case) for case in filled] for _ in range(rounds)), strict=True)]
    quantiles = statistics.quantiles(times, n=20, method="inclusive")
    return RuleSpeed(
        rules=len(RULES),
        codes=_CODES,
        cases=len(filled),
        p50_ms=round(quantiles[9], 2),
        p95_ms=round(quantiles[18], 2),
        max_ms=round(max(times), 2),
    )


def _filled(cases: Sequence[GoldCase]) -> list[Case]:
    chance = random.Random(_SEED)  # noqa: S311 - draws examples, guards nothing
    pool = list({line.code: line for one in cases for line in one.case.diagnoses}.values())
    if len(pool) < 2 * _CODES:
        raise InputError(f"The cases hold {len(pool)} different codes; give more to fill each up to {_CODES}.")
    filled: list[Case] = []
    for one in cases:
        lines = list(one.case.diagnoses[:_CODES])
        taken = {line.code for line in lines}
        quoted = [line.evidence for line in lines] or [()]
        others = [line for line in chance.sample(pool, 2 * _CODES) if line.code not in taken]
        for line in others[: _CODES - len(lines)]:
            evidence = quoted[len(lines) % len(quoted)]
            lines.append(line.model_copy(update={"sequence": len(lines) + 1, "evidence": evidence}))
        filled.append(replace(one.case, proposal=Proposal(codes=tuple(lines), not_coded=())))
    return filled


def _timed(case: Case) -> float:
    fresh = replace(case)
    started = time.thread_time()
    check(fresh)
    return (time.thread_time() - started) * 1000
