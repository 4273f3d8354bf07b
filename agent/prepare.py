"""From the encounter to what is offered: split, find, select, retrieve. No model is asked."""

from __future__ import annotations

from typing import Final

from agent.administered import administered
from agent.leftovers import suggested
from agent.mentions import find
from agent.parts import Parts
from agent.procedures import ProcedureLines, is_medicare, procedure_lines
from agent.reportable import select
from agent.sections import split
from agent.stages import Clock, Prepared
from agent.withheld import outside_orders, withheld_sentences
from medcoding.candidate import CandidateOrigin, MentionCandidates, Retrieved
from medcoding.chart import Chart
from medcoding.codebook import EditionChoice
from medcoding.encounter import Encounter
from medcoding.guideline import GuidelineEntry
from medcoding.mention import Mention, MentionKind
from retrieval.guideline_rules import RecordSays
from retrieval.knowledge import PolicyQuestion
from retrieval.search import Hint
from retrieval.similar import priors, question_about

_PASSAGES: Final = 4
_PASSAGES_NEAR: Final = 12
_POLICIES: Final = 3
_SIMILAR_ASKED: Final = 20
_SIMILAR_SHOWN: Final = 5


def prepare(parts: Parts, encounter: Encounter, clock: Clock) -> Prepared:
    """Split, find, select and retrieve: everything before a model may be asked."""
    edition = parts.codebooks.for_date(encounter.coding_date)
    with clock.step("split"):
        chart = split(encounter, parts.headings)
    with clock.step("find"):
        mentions = outside_orders(chart, find(chart, parts.mention_rules))
    with clock.step("select"):
        selected = select(chart, mentions)
    with clock.step("retrieve"):
        retrieved = _retrieved(parts, chart, selected.mentions, edition)
        procedures = _procedures(parts, chart, mentions)
    return Prepared(chart, mentions, selected, retrieved, procedures, edition)


def _retrieved(parts: Parts, chart: Chart, mentions: tuple[Mention, ...], edition: EditionChoice) -> Retrieved:
    encounter, codebook = chart.encounter, edition.codebook
    day = edition.day_inside(encounter.coding_date)
    problems = "; ".join(dict.fromkeys(m.query for m in mentions if m.kind is MentionKind.PROBLEM))
    similar = parts.similar.similar(question_about(encounter, problems), codebook, _SIMILAR_ASKED)
    candidates = parts.search.candidates(
        mentions,
        codebook,
        day,
        (
            *(Hint(code, CandidateOrigin.SUGGESTION) for code in filter(None, map(suggested, encounter.suggestions))),
            *(Hint(prior.code, CandidateOrigin.SIMILAR) for prior in priors(similar)),
        ),
    )
    return Retrieved(
        candidates=candidates,
        passages=_passages(parts, chart, mentions, candidates, problems),
        policies=parts.knowledge.policies(
            problems, PolicyQuestion(day, encounter.payer or "", encounter.tenant or ""), _POLICIES
        ),
        similar=similar[:_SIMILAR_SHOWN],
    )


def _passages(
    parts: Parts, chart: Chart, mentions: tuple[Mention, ...], candidates: tuple[MentionCandidates, ...], problems: str
) -> tuple[GuidelineEntry, ...]:
    """By rule first (the codes and triggers of a section), by similarity second."""
    setting = chart.encounter.setting
    says = RecordSays(
        setting,
        frozenset(entry.candidates[0].code for entry in candidates if entry.candidates),
        "\n".join(document.text for document in chart.encounter.documents),
        frozenset(mention.assertion for mention in mentions),
    )
    near = parts.knowledge.passages(problems, setting, _PASSAGES_NEAR)
    return parts.guideline_rules.ranked(says, near, _PASSAGES)


def _procedures(parts: Parts, chart: Chart, mentions: tuple[Mention, ...]) -> ProcedureLines:
    """What was done, given or handed out, in the systems whose books are loaded."""
    encounter = chart.encounter
    if not parts.procedures.books:
        return ProcedureLines()
    withheld = withheld_sentences(chart)
    done = administered(chart, [m for m in mentions if m.sentence not in withheld])
    offered = parts.procedures.candidates([one.asked for one in done], encounter.coding_date)
    medicare = is_medicare(encounter.payer, [document.text for document in encounter.documents])
    return procedure_lines(done, offered, medicare=medicare)
