"""What goes out: the coding result, each code with its rationale."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from medcoding.candidate import SimilarEncounter
from medcoding.characters import CharacterAxis
from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission
from medcoding.encounter import Setting
from medcoding.finding import Finding
from medcoding.lane import LaneState
from medcoding.proposal import ConfidenceInputs, EvidenceQuote, NotCoded, Source
from medcoding.record import Record

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Route(StrEnum):
    """Who sees a code next, from the least strict to the strictest."""

    AUTO = "auto"
    CODER = "coder"
    DOCUMENTATION = "documentation"


class CharacterOrigin(Record):
    """What one character position of the code means and where that came from."""

    characters: str
    """The characters so far, for instance `E11.2`."""
    meaning: str
    """What the last of them adds, in the words of the tabular list; for a category its title."""
    origin: str
    """`documented`, `default`, `setting`, or `not documented`."""
    axis: CharacterAxis | None = None
    """What the last of them decides; none for a category."""


class Instruction(Record):
    """An instructional note of the tabular list that applies to the code."""

    kind: str
    """`includes`, `excludes1`, `excludes2`, `code_first`, `use_additional_code`, `code_also`, …"""
    at: str
    """The entry that carries the note: the code itself or an ancestor."""
    text: str
    status: str
    """`applied`, `to check`, `both may be reported` (each with the codes it concerns), `does not apply` or `for
    reference`."""


class CitedGuideline(Record):
    """A guideline section cited for a code, in the project's own digest."""

    id: str
    edition: str
    text: str


class Alternative(Record):
    """A code that was considered and not chosen."""

    code: str
    title: str
    why_not: str


class Explanation(Record):
    """A rationale in prose: written from the facts of the rationale only, and held against them."""

    text: str
    quotes: tuple[int, ...] = ()
    """Places in the line's `evidence`, from 0, of the quotes it cites."""
    guidelines: tuple[str, ...] = ()
    """Ids of the guideline sections it cites, each one of the rationale's `guidelines`."""
    source: Source
    """`llm`; `rules` where the model's words could not be used and the summary stands in their place."""
    model: str | None = None
    """The model that wrote it."""
    why_rules: str = ""
    """Why the summary stands, in one sentence; empty where the model wrote the text."""


class Rationale(Record):
    """Why this code, in facts that were established before anything was written."""

    summary: str
    index_path: tuple[str, ...]
    """From the words looked up to the tabular entry, one step an item."""
    characters: tuple[CharacterOrigin, ...]
    instructions: tuple[Instruction, ...]
    guidelines: tuple[CitedGuideline, ...]
    alternatives: tuple[Alternative, ...]
    would_change: str
    """The one fact that would change the code."""
    similar_encounters: tuple[SimilarEncounter, ...] = ()
    explanation: Explanation | None = None
    """None where no model was asked for one, and while it is being written."""


class CodeLine(Record):
    """One code of the final answer."""

    system: CodeSystem
    code: str
    title: str
    role: CodeRole
    sequence: int
    poa: PresentOnAdmission | None = None
    modifiers: tuple[str, ...] = ()
    units: int | None = None
    confidence: Share
    confidence_reasons: tuple[str, ...]
    confidence_inputs: ConfidenceInputs | None = None
    documentation_score: Share
    route: Route
    audit: bool = False
    """Drawn for audit: a person says whether it stands, although its route may not ask for it."""
    source: Source
    evidence: tuple[EvidenceQuote, ...]
    rationale: Rationale


class SuggestionAnswer(Record):
    """What the answer says to one code that another system suggested."""

    system: CodeSystem
    code: str | None
    """In its printed form; none where what was sent is not written like a code of its system."""
    title: str
    verdict: Literal["agree", "differ", "not_supported"]
    """`differ`: another code stands for the same words."""
    instead: str | None = None
    """The code that stands in its place."""
    why: str
    """One or two sentences."""
    evidence: tuple[EvidenceQuote, ...] = ()
    confidence: Share | None = None
    """The sender's, on the sender's own scale."""
    ours: Share | None = None
    """Ours: of the code itself where we agree, of the one in its place where we differ."""
    source: str | None = None
    """Who suggested it, as the sender names it."""


class AnsweredBy(Record):
    """Who chose the codes of an encounter, and why it was them; single codes name their own `source`."""

    source: Source
    why: str
    """In words that continue “because”."""
    known: Share | None = None
    """Share of its codes that the encoder learned from enough examples; none where the encoder did not answer."""
    rarity: Share | None = None
    """Share of the encoder's training notes that lie nearer to what is usual; none where it did not answer."""

    @property
    def said(self) -> str:
        """One sentence."""
        whom = {Source.LLM: "Went to the language model", Source.ENCODER: "Went to the encoder"}
        return f"{whom.get(self.source, 'Chosen by rules')} because {self.why}."


class Cost(Record):
    """What the answer took."""

    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    stage_ms: dict[str, float] = Field(default_factory=dict)
    """Milliseconds per step of the flow."""
    money: float = 0.0
    """Tokens at the configured rate, in the configured currency."""


class Stamp(Record):
    """Digests of everything that made the answer: same stamp + same encounter ⇒ same answer."""

    code: str
    prompt: str
    model: str
    encoder: str = "none"
    """Of the fast encoder, where one may answer."""
    codebook: str
    index: str
    settings: str


class CodingResult(Record):
    """The answer for one encounter."""

    case_id: str
    edition: str
    setting: Setting
    date_of_service: date
    route: Route
    """The strictest route of its codes."""
    codes: tuple[CodeLine, ...]
    not_coded: tuple[NotCoded, ...]
    findings: tuple[Finding, ...]
    suggestions_answered: tuple[SuggestionAnswer, ...] = ()
    """One for each suggestion that came with the encounter, in their order."""
    lane: LaneState | None = None
    """The auto lane of the specialty as it stood; none where auto-assignment is off."""
    answered_by: AnsweredBy | None = None
    """Who chose the codes, and why it was them."""
    cost: Cost
    stamp: Stamp
