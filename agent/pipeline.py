"""The whole way of an encounter on one screen.

split → find → select → retrieve → verify → reconcile → check (→ verify, once) → score and route → explain
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.administered import administered
from agent.asked import Asking, CodeQuestion, answered
from agent.assemble import Answered, assemble
from agent.books import Books
from agent.choose import choose, choose_dependent, is_dependent
from agent.combine import CombinationTable
from agent.departures import documented, overruled
from agent.explain import Explainer
from agent.leftovers import not_adopted, suggested, unread
from agent.llm import Usage
from agent.mentions import MentionRules, find
from agent.note_budget import cut_findings
from agent.procedures import ProcedureLines, is_medicare, procedure_lines, with_procedures
from agent.questions import Model, Offer
from agent.reasoned import objections, reasoned
from agent.reconcile import reconcile
from agent.reportable import Reportable, select
from agent.route import RoutingSettings
from agent.sections import HeadingTable, split
from agent.told import Step, Telling, may_write, steps
from agent.verify import Verification, repair
from agent.why import WhyAnswer
from agent.withheld import outside_orders, withheld_sentences
from guardrails.case import Case
from guardrails.check import check
from medcoding.candidate import CandidateOrigin, MentionCandidates, Retrieved
from medcoding.chart import Chart
from medcoding.codebook import Codebooks, EditionChoice
from medcoding.codes import parse_code
from medcoding.encounter import Encounter
from medcoding.finding import Finding, Severity, overridden
from medcoding.guideline import GuidelineEntry
from medcoding.mention import Mention, MentionKind
from medcoding.payer_rule import PayerRule
from medcoding.proposal import Choice, Proposal, Source
from medcoding.result import CodingResult, Cost, Stamp
from prompts.loader import Prompt
from retrieval.guideline_rules import GuidelineRules, RecordSays
from retrieval.knowledge import KnowledgeSearch, PolicyQuestion
from retrieval.procedure_search import ProcedureSearch
from retrieval.search import CandidateSearch, Hint
from retrieval.similar import SimilarSearch, priors, question_about

_PASSAGES = 4
_PASSAGES_NEAR = 12
_POLICIES = 3
_SIMILAR_ASKED = 20
_SIMILAR_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the flow is built from; made in `agent.bootstrap` only."""

    books: Books
    headings: HeadingTable
    mention_rules: MentionRules
    search: CandidateSearch
    knowledge: KnowledgeSearch
    similar: SimilarSearch
    guideline_rules: GuidelineRules
    procedures: ProcedureSearch
    combinations: CombinationTable
    explainer: Explainer
    routing: RoutingSettings
    payer_rules: tuple[PayerRule, ...]
    model: Model | None
    explain_prompt: Prompt
    why_prompt: Prompt
    stamp: Stamp

    @property
    def codebooks(self) -> Codebooks:
        """The loaded editions of ICD-10-CM."""
        return self.books.codebooks


@dataclass(slots=True)
class Clock:
    """Milliseconds per step."""

    stage_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; a step that is taken again adds to its own time."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - started) * 1000
            self.stage_ms[name] = round(self.stage_ms.get(name, 0.0) + spent, 3)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything before the model is asked. Record of *split* to *retrieve*."""

    chart: Chart
    mentions: tuple[Mention, ...]
    selected: Reportable
    retrieved: Retrieved
    procedures: ProcedureLines
    edition: EditionChoice


class Settled(NamedTuple):
    """Record of *reconcile* and *check*: one code set with what the rules say about it."""

    verification: Verification
    choices: tuple[Choice, ...]
    proposal: Proposal
    findings: tuple[Finding, ...]

    @property
    def open_count(self) -> int:
        """Findings that stand in the way of the set."""
        return sum(finding.severity is not Severity.ADVISE for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Trace:
    """What every step of one encounter made: for evaluators, who ask where a code was lost."""

    prepared: Prepared
    choices: tuple[Choice, ...]
    proposal: Proposal
    findings: tuple[Finding, ...]
    result: CodingResult

    @property
    def model_answered(self) -> bool:
        """False when the model was asked for choices and gave none; it is not asked for words either."""
        return not self.choices or any(choice.source is Source.LLM for choice in self.choices)


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
            verification, why_rules = await self._verified(prepared)
        settled = await asyncio.to_thread(self._settled, prepared, verification, clock)
        settled = await self._repaired(prepared, settled, clock)
        return await asyncio.to_thread(self._concluded, prepared, settled, why_rules, clock)

    async def aclose(self) -> None:
        """Close the connections to the model server."""
        if self.parts.model:
            await self.parts.model.llm.aclose()

    def prepare(self, encounter: Encounter, clock: Clock) -> Prepared:
        """Split, find, select and retrieve: the part that needs no model."""
        parts = self.parts
        edition = parts.codebooks.for_date(encounter.coding_date)
        with clock.step("split"):
            chart = split(encounter, parts.headings)
        with clock.step("find"):
            mentions = outside_orders(chart, find(chart, parts.mention_rules))
        with clock.step("select"):
            selected = select(chart, mentions)
        with clock.step("retrieve"):
            retrieved = self._retrieved(chart, selected.mentions, edition)
            procedures = self._procedures(chart, mentions)
        return Prepared(chart, mentions, selected, retrieved, procedures, edition)

    def _retrieved(self, chart: Chart, mentions: tuple[Mention, ...], edition: EditionChoice) -> Retrieved:
        encounter, codebook = chart.encounter, edition.codebook
        day = edition.day_inside(encounter.coding_date)
        problems = "; ".join(dict.fromkeys(m.query for m in mentions if m.kind is MentionKind.PROBLEM))
        similar = self.parts.similar.similar(question_about(encounter, problems), codebook, _SIMILAR_ASKED)
        candidates = self.parts.search.candidates(
            mentions,
            codebook,
            day,
            (
                *(
                    Hint(code, CandidateOrigin.SUGGESTION)
                    for code in filter(None, map(suggested, encounter.suggestions))
                ),
                *(Hint(prior.code, CandidateOrigin.SIMILAR) for prior in priors(similar)),
            ),
        )
        return Retrieved(
            candidates=candidates,
            passages=self._passages(chart, mentions, candidates, problems),
            policies=self.parts.knowledge.policies(
                problems, PolicyQuestion(day, encounter.payer or "", encounter.tenant or ""), _POLICIES
            ),
            similar=similar[:_SIMILAR_SHOWN],
        )

    def _passages(
        self, chart: Chart, mentions: tuple[Mention, ...], candidates: tuple[MentionCandidates, ...], problems: str
    ) -> tuple[GuidelineEntry, ...]:
        """By rule first (the codes and triggers of a section), by similarity second."""
        setting = chart.encounter.setting
        says = RecordSays(
            setting,
            frozenset(entry.candidates[0].code for entry in candidates if entry.candidates),
            "\n".join(document.text for document in chart.encounter.documents),
            frozenset(mention.assertion for mention in mentions),
        )
        near = self.parts.knowledge.passages(problems, setting, _PASSAGES_NEAR)
        return self.parts.guideline_rules.ranked(says, near, _PASSAGES)

    def _procedures(self, chart: Chart, mentions: tuple[Mention, ...]) -> ProcedureLines:
        """What was done, given or handed out, in the systems whose books are loaded."""
        encounter = chart.encounter
        if not self.parts.procedures.books:
            return ProcedureLines()
        withheld = withheld_sentences(chart)
        done = administered(chart, [m for m in mentions if m.sentence not in withheld])
        offered = self.parts.procedures.candidates([one.asked for one in done], encounter.coding_date)
        medicare = is_medicare(encounter.payer, [document.text for document in encounter.documents])
        return procedure_lines(done, offered, medicare=medicare)

    def _telling(self, trace: Trace) -> Telling | None:
        """What explanations are written from; None where no model is to write, or where it did not answer before."""
        parts, prepared = self.parts, trace.prepared
        if parts.model is None or not trace.model_answered or not may_write(prepared.chart, parts.model):
            return None
        return Telling(trace.result, prepared.chart, prepared.edition.codebook, parts.explain_prompt, parts.model)

    async def _verified(self, prepared: Prepared) -> tuple[Verification, str]:
        """The model's choices, or none and the reason why rules will choose."""
        return await reasoned(offer_of(prepared), self.parts.model)

    def _settled(self, prepared: Prepared, verification: Verification, clock: Clock) -> Settled:
        """One code set from all choices, and what the guardrails say about it."""
        parts, codebook = self.parts, prepared.edition.codebook
        with clock.step("reconcile"):
            choices = _all_choices(prepared, verification)
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

    def _concluded(self, prepared: Prepared, settled: Settled, why_rules: str, clock: Clock) -> Trace:
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
                why_rules=why_rules,
            )
            result = assemble(answered, codebook, parts.explainer, parts.routing, parts.stamp)
        stamp = parts.stamp.model_copy(update={"model": parts.model.llm.name or "none" if parts.model else "none"})
        result = result.model_copy(update={"cost": _cost(verification.usage, parts.model, clock), "stamp": stamp})
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


def offer_of(prepared: Prepared) -> Offer:
    """What the model is asked about: every problem that does not wait for another code."""
    problems = tuple(m for m in prepared.selected.mentions if not is_dependent(m))
    return Offer(prepared.chart, problems, prepared.retrieved, prepared.edition.codebook)


def _all_choices(prepared: Prepared, verification: Verification) -> tuple[Choice, ...]:
    """The model's choices; rules for every mention it did not answer, or not as the record has it; what depends on
    other codes last."""
    answered = {choice.mention_id for choice in verification.choices}
    problems = [m for m in prepared.selected.mentions if not is_dependent(m)]
    dependent = [m for m in prepared.selected.mentions if is_dependent(m)]
    retrieved = prepared.retrieved
    by_rules = [choose(m, retrieved.of(m.id)) for m in problems if m.id not in answered]
    choices = [*documented(verification.choices, offer_of(prepared), prepared.mentions), *by_rules]
    coded = frozenset(choice.code for choice in choices if choice.code)
    beside = [choose_dependent(m, retrieved.of(m.id), coded) for m in dependent]
    return (*choices, *(choice for choice in beside if choice.code))


def _cost(usage: Usage, model: Model | None, clock: Clock) -> Cost:
    return Cost(
        tokens_in=usage.tokens_in,
        tokens_cached=usage.tokens_cached,
        tokens_out=usage.tokens_out,
        stage_ms=clock.stage_ms,
        money=model.settings.money(usage) if model else 0.0,
    )
