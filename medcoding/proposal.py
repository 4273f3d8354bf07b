"""What is proposed: one choice per mention, then one set of codes per encounter."""

from __future__ import annotations

from enum import StrEnum

from medcoding.chart import Span
from medcoding.codes import CodeRole, CodeSystem
from medcoding.mention import Assertion
from medcoding.record import Record


class Source(StrEnum):
    """Who chose the code."""

    LLM = "llm"
    ENCODER = "encoder"
    RULES = "rules"


class NotCodedReason(StrEnum):
    """Why something the record mentions was deliberately left uncoded."""

    NEGATED = "negated"
    UNCERTAIN = "uncertain in this setting"
    FAMILY = "family history"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "resolved, no history code"
    INTEGRAL = "integral to another code"
    NOT_ASSESSED = "mentioned, not assessed or treated"
    NO_CANDIDATE = "no candidate fits well enough"
    DECLINED = "declined by the model"
    DUPLICATE = "covered by another code"
    REJECTED = "rejected by a rule"


class EvidenceQuote(Record):
    """Verbatim words of one document: `document.text[start:end] == text`."""

    document_id: str
    start: int
    end: int
    text: str
    section: str | None = None
    assertion: Assertion | None = None

    @property
    def span(self) -> Span:
        """Where the quote stands."""
        return Span(start=self.start, end=self.end)

    def stands_in(self, text: str) -> bool:
        """True when these words, at least one character, stand exactly there in the document's text."""
        return 0 <= self.start < self.end <= len(text) and text[self.start : self.end] == self.text


class ModelSignals(Record):
    """What was measured about one model answer, outside the model's own claims."""

    choice_probability: float | None = None
    """Probability of the chosen id, renormalised over the allowed ids; None when the server sent no logprobs."""
    margin: float | None = None
    """Chosen id's probability less the next one's."""
    agreement: float | None = None
    """Share of further samples that chose the same id; None where none was asked."""


class ConfidenceInputs(Record):
    """What a code's confidence can rest on, each measured outside the claims of whoever chose it."""

    choice_probability: float | None = None
    margin: float | None = None
    agreement: float | None = None
    """As in `ModelSignals`; None where no model chose the code or nothing was measured."""
    candidate_rank: int | None = None
    """1-based place among the candidates of the leading mention; None where the code was put in by a rule."""
    retrieval_score: float | None = None
    retrieval_lead: float | None = None
    """Fused score of the code less that of the best candidate of another category."""
    similarity: float | None = None
    """Cosine between the mention and the wording that matched."""
    rules_agree: bool | None = None
    """Whether the rules would have chosen the same code for the leading mention."""
    encoder_agrees: bool | None = None
    """Whether the encoder proposes the code too; None where it was not asked."""
    similar_share: float | None = None
    """Share of the similar past encounters that carry the code's category; None where there are none."""
    suggested: bool = False
    """Whether another system suggested the code."""
    findings_open: int = 0
    """Findings about the code that must be resolved."""
    findings_advised: int = 0
    mentions: int = 1
    """Mentions that carry the code."""
    uncalibrated: float | None = None
    """The confidence as it would be without a calibrator."""
    strength: float | None = None
    """How clearly the choice stood out on retrieval evidence, as in `Choice`."""
    documented: float | None = None
    """The documentation score."""
    stated: bool = False
    """Whether a mention of it heads a problem in an assessment or a diagnosis list."""
    concluded: bool = False
    """Whether it is mentioned among assessments or discharge diagnoses."""
    words: int = 0
    """Words of the leading mention, abbreviations written out."""
    documents: float | None = None
    """Share of the encounter's documents that mention it."""
    uncertain: bool = False
    """Whether every mention is of something possible."""
    first: bool = False
    """Whether the code is the principal or first-listed one."""


class Choice(Record):
    """The answer for one mention: a code that was offered, or none. Record of the *verify* step."""

    mention_id: int
    system: CodeSystem = CodeSystem.ICD10CM
    code: str | None
    reason: str
    source: Source
    strength: float
    """0–1, how clearly the choice stands out on retrieval evidence; not calibrated."""
    evidence_sentences: tuple[int, ...] = ()
    missing: str | None = None
    """What the record would have to say for a better code."""
    declined_as: NotCodedReason | None = None
    """Set when `code` is None."""
    signals: ModelSignals = ModelSignals()


class ProposedCode(Record):
    """One code of the proposed set, with the mentions that carry it."""

    system: CodeSystem
    code: str
    role: CodeRole
    sequence: int
    mention_ids: tuple[int, ...]
    evidence: tuple[EvidenceQuote, ...]
    source: Source
    strength: float
    reason: str
    missing: str | None = None
    signals: ModelSignals = ModelSignals()
    poa: str | None = None
    """Present-on-admission indicator as it was proposed; the guardrails judge it."""
    modifiers: tuple[str, ...] = ()
    """Two-character modifiers of a procedure or supply, in order."""
    units: int | None = None
    """Units of service; None where none were given."""


class NotCoded(Record):
    """Something the record mentions that was deliberately not coded."""

    text: str
    evidence: tuple[EvidenceQuote, ...]
    code: str | None = None
    """The code that was considered, where there was one."""
    reason: NotCodedReason
    detail: str = ""
    """One sentence with the guideline or the other code that decided it."""


class Proposal(Record):
    """A reconciled code set before the guardrails. Record of the *reconcile* step."""

    codes: tuple[ProposedCode, ...]
    not_coded: tuple[NotCoded, ...]
