"""Explain: per code, the facts established on the way, put so that a coder can check them in ten seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.index_path import IndexPaths
from agent.origins import character_origins
from agent.specificity import siblings
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.candidate import Candidate, SimilarEncounter
from medcoding.chart import Chart
from medcoding.codebook import Codebook, CodebookEntry
from medcoding.encounter import Setting
from medcoding.guideline import GUIDELINE_ID, GuidelineEntry
from medcoding.mention import Assertion, Mention
from medcoding.notes import NOTE_KINDS, InstructionalNote, NoteKind
from medcoding.proposal import ProposedCode
from medcoding.result import Alternative, CitedGuideline, Instruction, Rationale
from retrieval.expand import wording
from retrieval.wording import forms, tokens

_MOST_GUIDELINES: Final = 3
_MOST_ALTERNATIVES: Final = 3
_MOST_SIMILAR: Final = 3
_UNCERTAIN: Final = {Setting.INPATIENT: "II.H", Setting.OUTPATIENT: "IV.H", Setting.ED: "IV.H"}
_LITTLE: Final = frozenset(("unspecified other and or with in to for due by not elsewhere classified").split())


@dataclass(frozen=True, slots=True)
class Facts:
    """What was established about one code before anything is said about it."""

    chart: Chart
    line: ProposedCode
    mentions: tuple[Mention, ...]
    candidates: tuple[Candidate, ...]
    """Candidates of the leading mention."""
    all_codes: tuple[str, ...]
    """The final set."""
    similar: tuple[SimilarEncounter, ...]
    open_axes: tuple[str, ...]


class Explainer:
    """Knows the guideline digest and the Alphabetic Index of the editions that have one, by the edition's name."""

    def __init__(
        self, passages: Sequence[GuidelineEntry], indexes: Mapping[str, AlphabeticIndex] | None = None
    ) -> None:
        self._passages = {p.id: p for p in passages}
        self._paths = {name: IndexPaths(index) for name, index in (indexes or {}).items()}

    def explain(self, facts: Facts, codebook: Codebook) -> Rationale:
        """The rationale of one code of the final set."""
        entry = codebook.entry(facts.line.code)
        if entry is None:
            raise KeyError(facts.line.code)
        lineage = codebook.lineage(entry.code)
        return Rationale(
            summary=_summary(facts, entry),
            index_path=(*self._looked_up(facts, codebook), *(f"{e.code} {e.title}" for e in reversed(lineage))),
            characters=character_origins(codebook, entry.code, _said(facts)),
            instructions=_instructions(facts, lineage),
            guidelines=self.guidelines(entry.code, _decided(facts), codebook, facts.chart.encounter.setting),
            alternatives=_alternatives(facts, codebook),
            would_change=_would_change(facts, entry, codebook),
            similar_encounters=tuple(s for s in facts.similar if _shares_category(s, entry.code))[:_MOST_SIMILAR],
        )

    def _looked_up(self, facts: Facts, codebook: Codebook) -> tuple[str, ...]:
        """The words, then the path in the Alphabetic Index that says most of them, else the wording that matched.

        The wording stays where the path shares no word with what the record says, or nothing would join the two.
        """
        query, *matched = _wording(facts)
        paths = self._paths.get(codebook.edition.name)
        said = (*(m.query for m in facts.mentions), *(q for m in facts.mentions for q in m.axes.qualifiers))
        if paths is None:
            return (query, *matched)
        if path := paths.closest(facts.line.code, said):
            return (query, *path.steps())
        path = paths.closest(facts.line.code, matched)
        return (query, *matched, *(path.steps() if path else ()))

    def guidelines(
        self, code: str, decided: Iterable[str], codebook: Codebook, setting: Setting
    ) -> tuple[CitedGuideline, ...]:
        """Sections that decided something first, then those of the code's own chapter, the narrowest first."""
        lineage = codebook.lineage(code)
        chapter = f"I.C.{lineage[-1].code}." if lineage else ""
        governing = sorted(
            (p for p in self._passages.values() if lineage and _governs(p, code) and _holds_in(p, setting)),
            key=lambda p: (not p.id.startswith(chapter), _width(p, code), p.id),
        )
        ids = dict.fromkeys([*decided, *(p.id for p in governing)])
        cited = [self._passages[i] for i in ids if i in self._passages][:_MOST_GUIDELINES]
        return tuple(CitedGuideline(id=p.id, edition=p.edition, text=_cited(p)) for p in cited)


def _decided(facts: Facts) -> list[str]:
    """Sections that decided something: about uncertain diagnoses, and what the reason of the choice names."""
    uncertain = any(m.assertion is Assertion.POSSIBLE for m in facts.mentions)
    return [
        *([_UNCERTAIN[facts.chart.encounter.setting]] if uncertain else []),
        *GUIDELINE_ID.findall(facts.line.reason),
    ]


def _summary(facts: Facts, entry: CodebookEntry) -> str:
    lead = facts.mentions[0]
    where = lead.section.value.replace("_", " ")
    why = "stated as a problem" if lead.heads_problem else _ground(lead)
    others = list(dict.fromkeys(m.text for m in facts.mentions if m.concept != lead.concept))
    beside = f", with {' and '.join(f'“{text}”' for text in others[:2])}" if others else ""
    return (
        f"{entry.code} {entry.title}: the record says “{lead.text}”{beside} ({where}, {lead.assertion.value}); {why}."
        f" {facts.line.reason}"
    )


def _ground(lead: Mention) -> str:
    if lead.assertion is Assertion.HISTORICAL:
        return "a past condition that still matters"
    return "a lasting condition, reported while it is current" if lead.chronic else "part of the assessment or course"


def _said(facts: Facts) -> frozenset[str]:
    """Words in normal form that the record says of the code."""
    return frozenset(w for m in facts.mentions for w in (*forms(m.query), *m.axes.qualifiers, m.axes.laterality or ""))


def _wording(facts: Facts) -> tuple[str, ...]:
    """The words looked up and, where it differs, the wording that matched; all words where several led to the code."""
    query = facts.mentions[0].query
    surface = next((c.surface for c in facts.candidates if c.code == facts.line.code), None)
    if surface is None:
        return (" + ".join(dict.fromkeys(m.query for m in facts.mentions)),)
    return (query, surface) if surface and surface.lower() != query.lower() else (query,)


def _instructions(facts: Facts, lineage: tuple[CodebookEntry, ...]) -> tuple[Instruction, ...]:
    """What the entries up to the chapter include, and every note that names codes, beside the final set."""
    included = (
        Instruction(kind="includes", at=entry.code, text=text, status="for reference")
        for entry in lineage
        for text in entry.notes.includes
    )
    pointing = (
        Instruction(kind=kind, at=entry.code, text=note.text, status=_status(kind, note, facts))
        for entry in lineage
        for kind in NOTE_KINDS
        for note in entry.notes.of(kind)
        if note.targets
    )
    return (*included, *pointing)


def _status(kind: NoteKind, note: InstructionalNote, facts: Facts) -> str:
    named = [c for c in facts.all_codes if c != facts.line.code and note.names(c)]
    if kind == "excludes2":
        return f"both may be reported: {', '.join(named)}" if named else "does not apply"
    if kind == "excludes1":
        return f"to check: {', '.join(named)}" if named else "does not apply"
    return f"applied: {', '.join(named)}" if named else "to check"


def _alternatives(facts: Facts, codebook: Codebook) -> tuple[Alternative, ...]:
    """The candidates that came next, and what ruled each out."""
    first_of_each = {_without_seventh(c.code): c for c in reversed(facts.candidates)}
    first_of_each.pop(_without_seventh(facts.line.code), None)
    others = sorted((c for c in first_of_each.values() if c.code not in facts.all_codes), key=lambda c: c.number)
    offered = [(c.code, c.title) for c in others[:_MOST_ALTERNATIVES]]
    if not offered:
        offered = [(c, codebook.title(c)) for c in siblings(facts.line.code, codebook)[:_MOST_ALTERNATIVES]]
    return tuple(Alternative(code=c, title=t, why_not=_why_not(facts, t)) for c, t in offered)


def _without_seventh(code: str) -> str:
    """Codes that differ in the seventh character only are no alternatives worth a coder's time."""
    return code[:7]


def _why_not(facts: Facts, title: str) -> str:
    said = frozenset(w for m in facts.mentions for w in (*forms(m.query), m.axes.laterality or ""))
    known = frozenset(forms(_chosen_title(facts))) | said | _LITTLE
    affirmed = wording(title).says
    needed = [title[w.start : w.end] for w in tokens(title) if w.form in affirmed - known]
    if needed:
        return f"It needs “{' '.join(dict.fromkeys(needed[:4]))}”, which the record does not say here."
    return "The chosen code says more of what the record says."


def _would_change(facts: Facts, entry: CodebookEntry, codebook: Codebook) -> str:
    """The one fact that would change the code."""
    if facts.line.missing:
        return facts.line.missing
    if facts.open_axes:
        finer = (c for c in siblings(entry.code, codebook) if "unspecified" not in codebook.title(c).lower())
        example = next(finer, "")
        sample = f", for instance {example} {codebook.title(example)}" if example else ""
        return f"Documentation of {' and '.join(facts.open_axes)} would give a more specific code{sample}."
    if any(m.assertion is Assertion.POSSIBLE for m in facts.mentions):
        return "A diagnosis ruled out before discharge would not be coded."
    return "A statement that the condition is ruled out, resolved or not the patient's own would remove it."


def _chosen_title(facts: Facts) -> str:
    return next((c.title for c in facts.candidates if c.code == facts.line.code), "")


def _cited(passage: GuidelineEntry) -> str:
    """What the section says; first of all that it has been rewritten since, where that is known."""
    said = f"{passage.title}. {passage.text}"
    return f"({passage.reservation}) {said}" if passage.reservation else said


def _holds_in(passage: GuidelineEntry, setting: Setting) -> bool:
    return not passage.settings or setting in passage.settings


def _governs(passage: GuidelineEntry, code: str) -> bool:
    return any(_is_telling(category) and _in_range(category, code) for category in passage.categories)


def _is_telling(category: str) -> bool:
    """A single category or a range within a chapter or two; `A00-T88` says nothing about a code."""
    first, _, last = category.partition("-")
    return not last or ord(last[0]) - ord(first[0]) <= 1


def _in_range(category: str, code: str) -> bool:
    first, _, last = category.partition("-")
    return code.startswith(first) if not last else first <= code[: len(last)] <= last


def _width(passage: GuidelineEntry, code: str) -> int:
    """How widely a passage reaches: a single code before a category before a range."""
    fitting = [c for c in passage.categories if _in_range(c, code)]
    return min(100 if "-" in c else 10 - len(c) for c in fitting)


def _shares_category(similar: SimilarEncounter, code: str) -> bool:
    return any(other[:3] == code[:3] for other in similar.codes)
