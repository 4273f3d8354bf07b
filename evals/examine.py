"""One encounter through the production pipeline and scored: gold in, a line of the run's record out."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Protocol

from agent.ingest import InputLimits, checked
from agent.parts import Parts
from agent.stages import Trace
from evals.ledger import ledger
from evals.run_record import EncounterRecord
from evals.scores import score
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import ChartwrightError, DependencyError


class Coder(Protocol):
    """What an examination needs of the pipeline."""

    parts: Parts

    async def trace(self, encounter: Encounter) -> Trace:
        """The answer with the record of every step."""
        ...


async def examine(coder: Coder, gold: CodedEncounter, limits: InputLimits) -> EncounterRecord:
    """Code the encounter without its codes and score the answer; what crashes is a missing answer.

    Raises `DependencyError` only: nothing is wrong with the encounter then, so the run stops and can go on later.
    """
    try:
        trace = await coder.trace(checked(_without_codes(gold), limits, gold.case_id))
        return _answered(coder.parts, gold, trace)
    except (DependencyError, asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        raise
    except ChartwrightError as refusal:
        return unanswered(coder.parts, gold, str(refusal))
    except BaseException as crash:  # noqa: BLE001 - the vector store panics outside Exception; the type holds no note text
        return unanswered(coder.parts, gold, f"It met an internal error ({type(crash).__name__}).")


def unanswered(parts: Parts, gold: CodedEncounter, failure: str) -> EncounterRecord:
    """The record of an encounter that got no answer: all its codes count as missed."""
    codebook = parts.codebooks.for_date(gold.coding_date).codebook
    scored = score(gold, None, codebook, parts.books.procedures.get(CodeSystem.HCPCS))
    return EncounterRecord(case_id=gold.case_id, scored=scored, failure=failure, finished=datetime.now(UTC))


def _answered(parts: Parts, gold: CodedEncounter, trace: Trace) -> EncounterRecord:
    codebook = trace.prepared.edition.codebook
    return EncounterRecord(
        case_id=gold.case_id,
        scored=score(gold, trace.result, codebook, parts.books.procedures.get(CodeSystem.HCPCS)),
        ledger=ledger(gold, trace),
        by_source=dict(Counter(line.source.value for line in trace.result.codes)),
        finished=datetime.now(UTC),
    )


def _without_codes(gold: CodedEncounter) -> Encounter:
    return Encounter.model_validate({name: getattr(gold, name) for name in Encounter.model_fields})
