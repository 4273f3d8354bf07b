"""What people do with a proposed code set: dispositions, attestation, questions to providers."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from medcoding.access import ActorId
from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission
from medcoding.finding import Override
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record

Reason = Annotated[str, Field(min_length=1, max_length=500)]
"""A person's own words; they may name the case, so they are kept as note text is."""


class Disposition(StrEnum):
    """What became of one suggested code."""

    ACCEPTED = "accepted"
    MODIFIED = "modified"
    REJECTED = "rejected"


class RejectReason(StrEnum):
    """Why a suggested code was thrown out, one key each on the page."""

    NOT_DOCUMENTED = "not_documented"
    """No provider's words support it."""
    RULED_OUT = "ruled_out"
    """The record denies it, or excludes it."""
    NOT_THIS_VISIT = "not_this_visit"
    """History, or not assessed or treated at this encounter."""
    INTEGRAL = "integral"
    """Part of another code on the set."""
    LESS_SPECIFIC = "less_specific"
    """A more specific code is documented."""
    WRONG_PATIENT = "wrong_patient"
    """Family's or somebody else's condition."""
    COPIED_FORWARD = "copied_forward"
    """Carried over from an earlier note, not current."""
    GUIDELINE = "guideline"
    """A guideline or a tabular note excludes it."""
    OTHER = "other"
    """None of these; say which in words."""


class Accept(Record):
    """The suggestion stands as it is."""

    kind: Literal["accept"] = "accept"
    line: str


class Reject(Record):
    """The suggestion is wrong, for a coded reason."""

    kind: Literal["reject"] = "reject"
    line: str
    reason: RejectReason
    note: Annotated[str, Field(max_length=500)] = ""


class Modify(Record):
    """The suggestion stands with other facts; what is None stays as it is."""

    kind: Literal["modify"] = "modify"
    line: str
    code: str | None = None
    role: CodeRole | None = None
    poa: PresentOnAdmission | Literal[""] | None = None
    """Empty takes the indicator away."""


class Move(Record):
    """A line takes another place in the order; place 1 is first listed or principal."""

    kind: Literal["move"] = "move"
    line: str
    place: Annotated[int, Field(ge=1)]


class Add(Record):
    """A code that was not suggested."""

    kind: Literal["add"] = "add"
    system: CodeSystem = CodeSystem.ICD10CM
    code: str
    role: CodeRole = CodeRole.SECONDARY
    poa: PresentOnAdmission | None = None
    evidence: tuple[EvidenceQuote, ...] = ()


class AnswerFinding(Record):
    """A person's word against a rule that must be resolved."""

    kind: Literal["override"] = "override"
    rule: str
    codes: tuple[str, ...] = ()
    reason: Reason


class OpenEvidence(Record):
    """A line's quotes were looked at in the record."""

    kind: Literal["evidence"] = "evidence"
    line: str


class Undo(Record):
    """The last change that was not undone is taken back; it stays in the history."""

    kind: Literal["undo"] = "undo"


Step = Annotated[
    Accept | Reject | Modify | Move | Add | AnswerFinding | OpenEvidence | Undo, Field(discriminator="kind")
]


class ReviewAction(Record):
    """One thing a person did on one version of a case: never changed, never removed."""

    number: Annotated[int, Field(ge=1)]
    """From 1, in the order in which they were done."""
    by: ActorId
    at: AwareDatetime
    step: Step


class ReviewedLine(Record):
    """One line of the set as it stands after the review so far."""

    id: str
    """Stable within the case version: `s1` for the first suggestion, `a1` for the first addition."""
    system: CodeSystem
    code: str
    title: str
    role: CodeRole
    poa: PresentOnAdmission | None = None
    modifiers: tuple[str, ...] = ()
    units: int | None = None
    evidence: tuple[EvidenceQuote, ...] = ()
    suggested: str | None = None
    """The code as it was suggested; None for one that a person added."""
    disposition: Disposition | None = None
    """None while nobody has decided; a code that a person added is accepted by that."""
    reject_reason: RejectReason | None = None
    evidence_opened: bool = False


class FinalSet(Record):
    """The exact ordered set that somebody stands behind. Its digest binds the attestation."""

    case_id: str
    version: int
    edition: str
    lines: tuple[FinalLine, ...]
    overrides: tuple[AnsweredFinding, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form: any other code, order, role, indicator or override gives another."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class FinalLine(Record):
    """A code as it goes out, without note text."""

    system: CodeSystem
    code: str
    role: CodeRole
    sequence: int
    poa: PresentOnAdmission | None = None
    modifiers: tuple[str, ...] = ()
    units: int | None = None


class AnsweredFinding(Record):
    """A rule that was answered, and by whom."""

    rule: str
    codes: tuple[str, ...]
    override: Override


class Attestation(Record):
    """Somebody's word for one exact set. Void as soon as the set has another digest."""

    by: ActorId
    at: AwareDatetime
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    lines: int
    evidence_opened: int
    """Lines whose quotes were looked at before."""
    seconds: float
    """Between the first and the last thing done, pauses longer than five minutes left out."""


class QueryState(StrEnum):
    """Where a question to a provider stands."""

    DRAFT = "draft"
    SENT = "sent"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class QueryOption(Record):
    """One answer that the provider may choose."""

    text: Annotated[str, Field(min_length=1, max_length=300)]


OTHER_OPTION: Final = "Other (please specify)"
UNDETERMINED_OPTION: Final = "Unable to determine"


class ProviderQuery(Record):
    """A question to a provider about what the record leaves open. It never speaks of payment or quality scores."""

    id: str
    to: Annotated[str, Field(min_length=1, max_length=200)]
    """The provider asked."""
    about: Annotated[str, Field(min_length=1, max_length=200)]
    """What is unclear, in clinical words."""
    indicators: Annotated[tuple[EvidenceQuote, ...], Field(min_length=1)]
    """The clinical facts it rests on, verbatim."""
    question: Annotated[str, Field(min_length=1, max_length=1000)]
    options: tuple[QueryOption, ...]
    """Empty for an open question; else with the two that are always there, other and undetermined."""
    state: QueryState = QueryState.DRAFT
    by: ActorId
    at: AwareDatetime
    answer: Annotated[str, Field(max_length=2000)] = ""


FinalSet.model_rebuild()
