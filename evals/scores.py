"""What one encounter contributes to every metric: gold beside answer, no note text.

`score` looks things up once (chapter, detail, evidence, validity on the date); the metrics are then arithmetic on
`ScoredEncounter`, which can be kept and read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Protocol, TypeVar

from evals.evidence import EvidenceOverlap, overlap
from evals.specificity import DetailPair, detail_pairs
from medcoding.codebook import Codebook
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.codes import CodeRole, CodeSystem, PresentOnAdmission
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.procedures import ProcedureBook
from medcoding.proposal import EvidenceQuote
from medcoding.record import Record
from medcoding.result import CodeLine, CodingResult, Cost, Route

CodeKey = tuple[CodeSystem, str]
"""A code is the same code only in the same book."""


class EvidencePlace(Record):
    """Where a quote stands; its words stay in the encounter."""

    document_id: str
    start: int
    end: int


class GoldCode(Record):
    """A code that the encounter should carry."""

    system: CodeSystem
    code: str
    role: CodeRole
    sequence: int
    poa: PresentOnAdmission | None = None
    chapter: str | None = None
    """Number of the ICD-10-CM chapter; none for other systems and for codes that the edition does not hold."""
    evidence: tuple[EvidencePlace, ...] = ()

    @property
    def key(self) -> CodeKey:
        """System and code."""
        return self.system, self.code


class AnsweredCode(GoldCode):
    """A code that the answer carries."""

    confidence: float
    uncalibrated: float | None = None
    """What the confidence was before it was put on the calibrated scale; none where there was nothing to tell apart."""
    route: Route


class ScoredEncounter(Record):
    """Gold and answer of one encounter, with what comparing them found."""

    case_id: str
    setting: Setting
    specialty: str | None = None
    answered: bool
    """False where there is no answer; then every gold code counts as missed and nothing as answered."""
    gold: tuple[GoldCode, ...]
    """Each code once, in sequence."""
    answer: tuple[AnsweredCode, ...] = ()
    """Each code once, in sequence."""
    must_not: tuple[str, ...] = ()
    """Codes that would be wrong here."""
    must_not_answered: tuple[str, ...] = ()
    """Those of them that the answer carries, itself or, where a header is named, a code below it."""
    invalid_gold: tuple[str, ...] = ()
    """Gold codes that may not be billed on the date. They stay in `gold` and count."""
    details: tuple[DetailPair, ...] = ()
    overlaps: tuple[EvidenceOverlap, ...] = ()
    """One for each right code whose gold quotes something."""
    latency_ms: float | None = None
    """Sum over the stages; none where the answer does not say."""
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    money: float = 0.0


def score(
    gold: CodedEncounter, result: CodingResult | None, codebook: Codebook, hcpcs: ProcedureBook | None = None
) -> ScoredEncounter:
    """Gold beside answer. `codebook` is the edition for the encounter's coding date.

    `result` is None where no answer came: then the encounter counts in full as missed. Without `hcpcs` the validity of
    HCPCS codes is not looked at. Raises `InputError` when the result is another encounter's.
    """
    if result is not None and result.case_id != gold.case_id:
        raise InputError(f"The answer {result.case_id} does not belong to {gold.case_id}; pair them by case_id.")
    wanted = _in_sequence(gold.codes)
    given = _in_sequence(result.codes) if result else ()
    cost = result.cost if result else Cost()
    return ScoredEncounter(
        case_id=gold.case_id,
        setting=gold.setting,
        specialty=gold.specialty,
        answered=result is not None,
        gold=tuple(_gold_code(line, codebook) for line in wanted),
        answer=tuple(_answered_code(line, codebook) for line in given),
        must_not=tuple(m.code for m in gold.must_not),
        must_not_answered=tuple(m.code for m in gold.must_not if _answers(m.code, given)),
        invalid_gold=tuple(line.code for line in wanted if _is_invalid(line, gold, codebook, hcpcs)),
        details=detail_pairs(_diagnoses(wanted), _diagnoses(given), codebook),
        overlaps=_overlaps(wanted, given, {d.document_id: d.text for d in gold.documents}),
        latency_ms=sum(cost.stage_ms.values()) if cost.stage_ms else None,
        tokens_in=cost.tokens_in,
        tokens_cached=cost.tokens_cached,
        tokens_out=cost.tokens_out,
        money=cost.money,
    )


def by_case(scored: Iterable[ScoredEncounter]) -> tuple[ScoredEncounter, ...]:
    """In order of case: then the same draws fall on the same encounters, however the run was ordered.

    Raises `InputError` when a case stands there twice.
    """
    ordered = tuple(sorted(scored, key=lambda e: e.case_id))
    for one, other in pairwise(ordered):
        if one.case_id == other.case_id:
            raise InputError(f"The case {one.case_id} is scored twice; keep one answer for each case.")
    return ordered


class _Line(Protocol):
    """What a final code and an answered line have in common."""

    @property
    def system(self) -> CodeSystem: ...
    @property
    def code(self) -> str: ...
    @property
    def sequence(self) -> int: ...


_LineT = TypeVar("_LineT", bound=_Line)


def _in_sequence(lines: Iterable[_LineT]) -> tuple[_LineT, ...]:
    """In order, each code once: a procedure billed on two lines is one code here."""
    found: dict[CodeKey, _LineT] = {}
    for line in sorted(lines, key=lambda c: c.sequence):
        found.setdefault((line.system, line.code), line)
    return tuple(found.values())


def _gold_code(line: FinalCode, codebook: Codebook) -> GoldCode:
    return GoldCode(
        system=line.system,
        code=line.code,
        role=line.role,
        sequence=line.sequence,
        poa=line.poa,
        chapter=_chapter(line.system, line.code, codebook),
        evidence=_places(line.evidence),
    )


def _answered_code(line: CodeLine, codebook: Codebook) -> AnsweredCode:
    return AnsweredCode(
        system=line.system,
        code=line.code,
        role=line.role,
        sequence=line.sequence,
        poa=line.poa,
        chapter=_chapter(line.system, line.code, codebook),
        evidence=_places(line.evidence),
        confidence=line.confidence,
        uncalibrated=line.confidence_inputs.uncalibrated if line.confidence_inputs else None,
        route=line.route,
    )


def _places(quotes: Iterable[EvidenceQuote]) -> tuple[EvidencePlace, ...]:
    return tuple(EvidencePlace(document_id=q.document_id, start=q.start, end=q.end) for q in quotes)


def _chapter(system: CodeSystem, code: str, codebook: Codebook) -> str | None:
    if system is not CodeSystem.ICD10CM:
        return None
    return next((entry.code for entry in codebook.lineage(code) if entry.kind == "chapter"), None)


def _diagnoses(lines: Iterable[_Line]) -> tuple[str, ...]:
    return tuple(line.code for line in lines if line.system is CodeSystem.ICD10CM)


def _answers(must_not: str, given: Iterable[_Line]) -> bool:
    """A forbidden code names no system: only diagnoses are found by a stem (category J18 is not HCPCS code J1815)."""
    return any(
        line.code == must_not or (line.system is CodeSystem.ICD10CM and line.code.startswith(must_not))
        for line in given
    )


def _is_invalid(line: FinalCode, gold: CodedEncounter, codebook: Codebook, hcpcs: ProcedureBook | None) -> bool:
    if line.system is CodeSystem.ICD10CM:
        return not codebook.is_billable(line.code)
    if line.system is CodeSystem.HCPCS and hcpcs is not None:
        return not hcpcs.is_in_force(line.code, gold.date_of_service)
    return False


def _overlaps(
    wanted: Iterable[FinalCode], given: Iterable[CodeLine], texts: Mapping[str, str]
) -> tuple[EvidenceOverlap, ...]:
    answered = {(line.system, line.code): line.evidence for line in given}
    return tuple(
        overlap(line.code, line.evidence, answered[line.system, line.code], texts)
        for line in wanted
        if line.evidence and (line.system, line.code) in answered
    )
