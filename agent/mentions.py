"""Find: sentences to mentions, each an exact span with its assertion, its axes and what will be looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.abbreviations import Abbreviations, expanded_tokens
from agent.assertion import AssertionRules
from agent.attributes import Trimester, trimester_of
from agent.axes import axes_of, episode_of
from agent.chart_words import ChartWords
from agent.circumstances import is_event
from agent.contact_reasons import ContactReasons
from agent.contagion import exposure_code
from agent.cues import Reading
from agent.drug_harms import DrugHarms, Harm
from agent.infarct_sites import infarcts
from agent.injury_sites import injuries
from agent.kinds import kind_of
from agent.lines import Line, Spotted, begins_line
from agent.newborns import at_birth
from agent.readings import is_lasting, reading_of, stems_of
from agent.sides import may_have_side, side_throughout
from agent.spotting import Vocabulary, plain_spotted, spotted
from agent.statements import DIAGNOSIS_SECTIONS, statement_span
from agent.surroundings import clause_of, context_of, query_of
from medcoding.chart import Chart, SectionKind, Sentence, Span
from medcoding.mention import Assertion, Episode, Laterality, Mention, MentionKind
from retrieval.dictionary import Dictionary

_UNREAD: Final = frozenset({SectionKind.SIGNATURE})
_SIDE_TELLING: Final = DIAGNOSIS_SECTIONS | {SectionKind.CHIEF_COMPLAINT, SectionKind.HISTORY_PRESENT_ILLNESS}
_REGION_UNKNOWN: Final = ("T14.8", "T30.0")
_ANYTHING: Final = ("",)
_OBSTETRIC: Final = ("O", "Z34")
MOST_MENTIONS: Final = 600
"""For one encounter; what lies beyond is not read, and the result says so."""


@dataclass(frozen=True, slots=True)
class MentionRules:
    """The word knowledge that finding rests on."""

    dictionary: Dictionary
    abbreviations: Abbreviations
    assertions: AssertionRules
    chart_words: ChartWords = field(default_factory=ChartWords)
    drug_harms: DrugHarms = field(default_factory=DrugHarms)
    contact_reasons: ContactReasons = field(default_factory=ContactReasons)

    @property
    def vocabulary(self) -> Vocabulary:
        """What names and tells something codable."""
        return Vocabulary(self.dictionary, self.chart_words, self.contact_reasons)


def find(chart: Chart, rules: MentionRules) -> tuple[Mention, ...]:
    """Every mention of the encounter in reading order, at most 600."""
    episode = episode_of(chart.encounter)
    notes = {d.document_id: d.text.lower() for d in chart.encounter.documents}
    lines = [_line(chart, s, rules, notes[s.document_id], episode) for s in chart.sentences if s.section not in _UNREAD]
    mentions: list[Mention] = []
    told = [is_event(line.text) for line in lines]
    harms = rules.drug_harms.told(
        [line.text for line in lines], doubts_count=chart.encounter.setting.codes_uncertain_diagnoses
    )
    for line, eventful, before, harm in zip(lines, told, [False, *told], harms, strict=False):
        if len(mentions) < MOST_MENTIONS:
            mentions += _in_line(line, rules, len(mentions) + 1, harm, eventful=eventful or before)
    return _with_trimester(_with_sides(tuple(mentions[:MOST_MENTIONS]), lines))


def _with_trimester(mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """What complicates a pregnancy is of the trimester that its weeks tell, the last ones told (I.C.15.a.3)."""
    weeks = [m.axes.weeks for m in mentions if m.axes.weeks is not None and m.assertion is Assertion.PRESENT]
    if not weeks:
        return mentions
    trimester = trimester_of(weeks[-1])
    return tuple(_in_trimester(m, trimester) if (m.concept or "").startswith(_OBSTETRIC) else m for m in mentions)


def _in_trimester(mention: Mention, trimester: Trimester) -> Mention:
    axes = mention.axes
    if axes.trimester:
        return mention
    words = dict.fromkeys((*axes.qualifiers, trimester, "trimester"))
    return mention.model_copy(
        update={"axes": axes.model_copy(update={"trimester": trimester, "qualifiers": tuple(words)})}
    )


def _with_sides(mentions: tuple[Mention, ...], lines: list[Line]) -> tuple[Mention, ...]:
    """In a record about one problem, that problem is on the only side the record speaks of."""
    problems = {m.concept for m in mentions if m.heads_problem and m.assertion is Assertion.PRESENT}
    if len(problems) > 1:
        return mentions
    side = side_throughout(line.words for line in lines if line.sentence.section in _SIDE_TELLING)
    return tuple(_sided(m, side) if m.concept in problems else m for m in mentions)


def _sided(mention: Mention, side: Laterality | None) -> Mention:
    """A mention without a side of its own takes the only one the record speaks of."""
    if side is None or mention.axes.laterality or not may_have_side(mention.concept):
        return mention
    return mention.model_copy(update={"axes": mention.axes.model_copy(update={"laterality": side})})


def _line(chart: Chart, sentence: Sentence, rules: MentionRules, note: str, episode: Episode) -> Line:
    text = chart.text_of(sentence)
    expansions = rules.abbreviations.expansions(text, note, sentence.section)
    return Line(
        sentence=sentence,
        text=text,
        words=expanded_tokens(text, expansions),
        expansions=expansions,
        statement=statement_span(text, sentence.section) if begins_line(chart, sentence) else None,
        episode=episode,
        age=chart.encounter.patient.age,
        day=chart.encounter.coding_date,
        setting=chart.encounter.setting,
    )


def _in_line(
    line: Line, rules: MentionRules, first_id: int, harms: Sequence[Harm], *, eventful: bool
) -> Iterator[Mention]:
    reader = rules.assertions.read(line.text)
    every = spotted(line, rules.vocabulary, eventful=eventful)
    every += [plain_spotted(line.text, harm.start, harm.end, harm.code, harm.needs) for harm in harms]
    wounds = list(injuries(line.text))
    if wounds:
        every = [_without_open_site(found) for found in every]
    told: list[tuple[int, int, str]] = [*wounds, *infarcts(line.text, line.setting), *at_birth(line.text, line.age)]
    every += [plain_spotted(line.text, start, end, code, _ANYTHING) for start, end, code in told]
    kinds = [kind_of(found.term) is MentionKind.PROBLEM for found in every]
    for number, found in enumerate(every, start=first_id):
        alike = [f for f, problem in zip(every, kinds, strict=True) if problem is kinds[number - first_id]]
        reading = reading_of(reader, line, found, [(f.start, f.end) for f in alike if f.part_of is None])
        part_of = None if found.part_of is None else first_id + found.part_of
        yield _mention(line, found, reading, every).model_copy(update={"id": number, "part_of": part_of})


def _without_open_site(found: Spotted) -> Spotted:
    """A wound of an unspecified region says nothing beside one whose site the sentence tells (guideline I.C.19.b)."""
    if found.term is None or not found.term.stems or not found.term.stems[0].startswith(_REGION_UNKNOWN):
        return found
    return found._replace(term=found.term.model_copy(update={"stems": ()}))


def _mention(line: Line, found: Spotted, reading: Reading, every: list[Spotted]) -> Mention:
    offset, term = line.sentence.span.start, found.term
    exposure = exposure_code(term, reading)
    if exposure:
        reading = Reading(Assertion.PRESENT, reading.cue)
    stems = (exposure,) if exposure else stems_of(term, reading)
    return Mention(
        id=0,
        kind=kind_of(term),
        document_id=line.sentence.document_id,
        span=Span(start=offset + found.start, end=offset + found.end),
        text=line.text[found.start : found.end],
        sentence=line.sentence.number,
        section=line.sentence.section,
        assertion=reading.assertion,
        cue=reading.cue,
        experiencer="family" if reading.of_family or reading.assertion is Assertion.FAMILY else "patient",
        axes=axes_of(line, found, every),
        query=query_of(line, found),
        clause=clause_of(line, found, every),
        context=context_of(line, found, every),
        term=term.text if term else None,
        concept=exposure or (term.stems[0] if term and term.stems else None),
        history_code=(term.history_code or None) if term else None,
        stems=stems,
        chronic=is_lasting(term) or exposure is not None,
        needs=term.needs if term else (),
        heads_problem=found.heads_problem,
    )
