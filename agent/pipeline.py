"""The whole way of an encounter on one screen.

split → find → select → retrieve → verify → reconcile → check (→ verify, once) → score and route → explain
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agent.asked import Asking, CodeQuestion, answered
from agent.assemble import Answered, assemble
from agent.departures import overruled
from agent.leftovers import not_adopted, unread
from agent.llm import Usage
from agent.note_budget import cut_findings
from agent.parts import Parts
from agent.prepare import prepare
from agent.procedures import with_procedures
from agent.questions import Model
from agent.reasoned import Reasoned, Ways, beside_encoder, objections, reasoned
from agent.reconcile import reconcile
from agent.stages import Clock, Prepared, Settled, Trace, all_choices, offer_of
from agent.told import Step, Telling, may_write, steps
from agent.verify import Verification, repair
from agent.why import WhyAnswer
from guardrails.case import Case
from guardrails.check import check
from medcoding.codes import parse_code
from medcoding.encounter import Encounter
from medcoding.finding import overridden
from medcoding.proposal import Proposal
from medcoding.result import CodingResult, Cost


class Pipeline:
    """Codes encounters. Safe to call concurrently."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def code(self, encounter: Encounter) -> CodingResult:
        """The coding result of one encounter.

        Raises `DependencyError` only when the model is down and the operator forbade the fallback.
        """
        return (await self.trace(encounter)).result

    async def stream(self, encounter: Encounter) -> AsyncGenerator[Step, None]:
        """The codes, then each explanation as it is written, last the complete result.

        Raises what `code` raises, and before the first step. Close it to stop what is under way.
        """
        trace = await self.trace(encounter)
        async with aclosing(steps(trace.result, self._telling(trace))) as arriving:
            async for step in arriving:
                yield step

    async def why(self, encounter: Encounter, question: CodeQuestion) -> WhyAnswer:
        """For or against one code on an encounter. Raises `InputError` for what is no code, and what `code` raises."""
        parse_code(question.code)
        trace = await self.trace(encounter)
        parts, prepared = self.parts, trace.prepared
        asking = Asking(
            result=trace.result,
            chart=prepared.chart,
            codebook=prepared.edition.codebook,
            explainer=parts.explainer,
            prompt=parts.why_prompt,
            model=parts.model,
            answers=trace.model_answered,
        )
        return await answered(question, asking)

    async def trace(self, encounter: Encounter) -> Trace:
        """The same way with the record of every step."""
        clock = Clock()
        prepared = await asyncio.to_thread(self.prepare, encounter, clock)
        with clock.step("verify"):
            answer = await self._answered(prepared)
        settled = await asyncio.to_thread(self._settled, prepared, answer.verification, clock)
        settled = await self._repaired(prepared, settled, clock)
        return await asyncio.to_thread(self._concluded, prepared, settled, answer, clock)

    async def aclose(self) -> None:
        """Close the connections to the model server."""
        if self.parts.model:
            await self.parts.model.llm.aclose()

    def prepare(self, encounter: Encounter, clock: Clock) -> Prepared:
        """Split, find, select and retrieve: the part that needs no model."""
        return prepare(self.parts, encounter, clock)

    def _telling(self, trace: Trace) -> Telling | None:
        """What explanations are written from; None where no model is to write, or where it did not answer before."""
        parts, prepared = self.parts, trace.prepared
        if parts.model is None or not trace.model_answered or not may_write(prepared.chart, parts.model):
            return None
        return Telling(trace.result, prepared.chart, prepared.edition.codebook, parts.explain_prompt, parts.model)

    async def _answered(self, prepared: Prepared) -> Reasoned:
        """The choices of whoever is to answer: the encoder, the model, or none, and rules will choose."""
        ways = Ways(self.parts.model, self.parts.encoder, self.parts.fast_path)
        return await reasoned(offer_of(prepared), prepared.mentions, ways)

    def _settled(self, prepared: Prepared, verification: Verification, clock: Clock) -> Settled:
        """One code set from all choices, and what the guardrails say about it."""
        parts, codebook = self.parts, prepared.edition.codebook
        with clock.step("reconcile"):
            choices = all_choices(prepared, verification)
            proposal = reconcile(prepared.chart, prepared.selected.mentions, choices, codebook, parts.combinations)
            proposal = with_procedures(proposal, prepared.procedures)
        with clock.step("check"):
            findings = overridden(check(self.case(prepared, proposal)), prepared.chart.encounter.overrides)
        return Settled(verification, choices, proposal, findings)

    async def _repaired(self, prepared: Prepared, settled: Settled, clock: Clock) -> Settled:
        """The one step back: what must be resolved goes to the model once more; kept where it resolves something."""
        model, open_questions = self.parts.model, objections(settled.proposal, settled.findings)
        if model is None or not model.settings.repair or not settled.verification.choices or not open_questions:
            return settled
        with clock.step("repair"):
            again = await repair(offer_of(prepared), model, settled.verification, open_questions)
        if again.choices == settled.verification.choices:
            return settled._replace(verification=again)
        later = await asyncio.to_thread(self._settled, prepared, again, clock)
        return later if later.open_count < settled.open_count else settled._replace(verification=again)

    def _concluded(self, prepared: Prepared, settled: Settled, answer: Reasoned, clock: Clock) -> Trace:
        parts, codebook, verification = self.parts, prepared.edition.codebook, settled.verification
        findings = (
            *settled.findings,
            *overruled(verification.choices, settled.choices, frozenset(c.code for c in settled.proposal.codes)),
            *unread(prepared.mentions),
            *cut_findings(verification.left_out),
            *not_adopted(prepared.chart.encounter.suggestions, settled.proposal),
        )
        with clock.step("explain"):
            answered = Answered(
                chart=prepared.chart,
                mentions=prepared.selected.mentions,
                left_out=prepared.selected.left_out,
                retrieved=prepared.retrieved,
                proposal=settled.proposal,
                procedures=prepared.procedures.lines,
                findings=findings,
                why_rules=answer.why_rules,
                stands_in=answer.stands_in,
            )
            stamp = parts.stamp.model_copy(update={"model": parts.model.llm.name or "none" if parts.model else "none"})
            result = assemble(answered, codebook, parts.explainer, parts.routing, stamp)
        result = result.model_copy(
            update={
                "codes": beside_encoder(result.codes, answer.encoded),
                "cost": _cost(verification.usage, parts.model, clock),
                "answered_by": answer.by,
            }
        )
        return Trace(prepared, settled.choices, settled.proposal, findings, result)

    def case(self, prepared: Prepared, proposal: Proposal) -> Case:
        """What the guardrails read."""
        books = self.parts.books
        return Case(
            chart=prepared.chart,
            proposal=proposal,
            codebook=prepared.edition.codebook,
            edition_in_force=prepared.edition.in_force,
            mentions=prepared.mentions,
            procedures=books.procedures,
            ncci=books.ncci,
            editions=tuple(books.codebooks.editions),
            payer_rules=self.parts.payer_rules,
        )


def _cost(usage: Usage, model: Model | None, clock: Clock) -> Cost:
    return Cost(
        tokens_in=usage.tokens_in,
        tokens_cached=usage.tokens_cached,
        tokens_out=usage.tokens_out,
        stage_ms=clock.stage_ms,
        money=model.settings.money(usage) if model else 0.0,
    )
