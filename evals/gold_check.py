"""Is the gold itself valid? Checks that need the books, and counts of what a set covers.

A fault is reported and nothing is dropped: whoever scores with the set decides what to do about it. What the set's
scope does not decide (order, present on admission, evidence) is not held against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from agent.settings import load_settings
from evals.loaders.gold_set import EVERYTHING, GoldScope, GoldSet, is_external_cause
from evals.suites import load_suite
from index_build.guidelines.digest import guideline_entries
from medcoding.codebook import Codebook, Codebooks
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.codes import CodeRole, CodeSystem, parse_code
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.procedures import ProcedureBook
from medcoding.record import Record
from retrieval.index_folder import open_index

GoldRule = Literal[
    "edition", "written", "billable", "quote", "evidence", "guideline", "must_not", "duplicate", "sequence", "role",
    "external_cause", "poa",
]  # fmt: skip

_FIRST_ROLES: Final = (CodeRole.PRINCIPAL, CodeRole.FIRST_LISTED)
_EXEMPT: Final = "1"
_UNKNOWN: Final = "not in the edition"
_NONE: Final = "none"


class GoldFault(Record):
    """One thing that is wrong with one case."""

    case_id: str
    rule: GoldRule
    code: str = ""
    """The code it is about; empty where it is about the case."""
    message: str


class GoldReport(Record):
    """What a set covers and what is wrong with it."""

    encounters: int
    documents: int
    codes: int
    quotes: int
    codes_without_quote: int
    must_not: int
    encounters_without_guideline: int
    unverifiable: int
    """Codes of procedures whose book was not given."""
    inpatient_codes: int
    """ICD-10-CM codes of inpatient encounters, each of which needs a present-on-admission indicator."""
    inpatient_poa: int
    """Those that have one."""
    by_setting: dict[str, int]
    """Encounters."""
    by_specialty: dict[str, int]
    """Encounters."""
    by_edition: dict[str, int]
    """Encounters, by the edition in force on their coding date."""
    by_guideline: dict[str, int]
    """Encounters that name a section id."""
    by_codes_per_encounter: dict[int, int]
    """Encounters, by their number of codes."""
    by_system: dict[str, int]
    """Codes."""
    by_role: dict[str, int]
    """Codes."""
    by_chapter: dict[str, int]
    """ICD-10-CM codes, by chapter number."""
    faults: tuple[GoldFault, ...]

    @property
    def clean(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults

    @property
    def not_billable(self) -> tuple[GoldFault, ...]:
        """Codes that cannot be billed on their coding date: reported beside a score, never dropped from it."""
        return tuple(fault for fault in self.faults if fault.rule == "billable")


class _Case(NamedTuple):
    """An encounter with everything that it is held against."""

    encounter: CodedEncounter
    codebook: Codebook
    in_force: bool
    guideline_ids: frozenset[str]
    scope: GoldScope
    hcpcs: ProcedureBook | None

    def fault(self, rule: GoldRule, message: str, code: str = "") -> GoldFault:
        return GoldFault(case_id=self.encounter.case_id, rule=rule, code=code, message=message)

    @property
    def diagnoses(self) -> list[FinalCode]:
        return [line for line in self.encounter.codes if line.system is CodeSystem.ICD10CM]


def check_suite(
    name_or_path: str | Path, index_dir: Path | None = None, part: str | None = None
) -> tuple[GoldSet, GoldReport]:
    """Load a suite and check it against the editions and the HCPCS book of the built index and the shipped digest."""
    suite = load_suite(name_or_path, part)
    index = open_index(load_settings(index_dir=index_dir).index_dir)
    ids = frozenset(entry.id for entry in guideline_entries())
    hcpcs = index.procedures(CodeSystem.HCPCS)
    return suite, check_gold(suite.encounters, index.codebooks(), ids, scope=suite.scope, hcpcs=hcpcs)


def check_gold(
    encounters: Sequence[CodedEncounter],
    codebooks: Codebooks,
    digest_ids: Iterable[str],
    *,
    scope: GoldScope = EVERYTHING,
    hcpcs: ProcedureBook | None = None,
) -> GoldReport:
    """Check and count every encounter. Raises `InputError` when there is none."""
    if not encounters:
        raise InputError("The set holds no encounter; give one on each line.")
    ids = frozenset(digest_ids)
    cases = [
        _Case(encounter, choice.codebook, choice.in_force, ids, scope, hcpcs)
        for encounter in encounters
        for choice in (codebooks.for_date(encounter.coding_date),)
    ]
    return _report(cases, tuple(fault for case in cases for check in _CHECKS for fault in check(case)))


def _edition_is_loaded(case: _Case) -> Iterator[GoldFault]:
    if not case.in_force:
        day, nearest = case.encounter.coding_date, case.codebook.edition.name
        yield case.fault("edition", f"No loaded edition is in force on {day}; {nearest} stood in for it.")


def _codes_are_billable(case: _Case) -> Iterator[GoldFault]:
    for line in case.encounter.codes:
        if not _is_written(line):
            yield case.fault("written", f"It is not written like a code of {line.system}.", line.code)
        elif not _is_billable(line, case):
            why = "a header" if line.code in case.codebook else "not in the book"
            yield case.fault("billable", f"It is {why} on {case.encounter.coding_date}.", line.code)


def _is_written(line: FinalCode) -> bool:
    try:
        return parse_code(line.code, line.system) == line.code
    except InputError:
        return False


def _is_billable(line: FinalCode, case: _Case) -> bool:
    """What no given book can decide counts as unverifiable, not as wrong."""
    if line.system is CodeSystem.ICD10CM:
        return case.codebook.is_billable(line.code)
    if line.system is CodeSystem.HCPCS and case.hcpcs is not None:
        return case.hcpcs.is_in_force(line.code, case.encounter.coding_date)
    return True


def _quotes_are_verbatim(case: _Case) -> Iterator[GoldFault]:
    """The record refuses what is not; a copy that was changed after it was read has not met the record's check."""
    texts = {d.document_id: d.text for d in case.encounter.documents}
    for line in case.encounter.codes:
        if case.scope.evidence and not line.evidence:
            yield case.fault("evidence", "No words of the record are given for it.", line.code)
        for quote in line.evidence:
            if not quote.stands_in(texts.get(quote.document_id, "")):
                where = f"{quote.document_id} {quote.start}:{quote.end}"
                yield case.fault("quote", f"Its quote at {where} is not verbatim.", line.code)


def _guidelines_exist(case: _Case) -> Iterator[GoldFault]:
    for asked in case.encounter.guideline_ids:
        if asked not in case.guideline_ids:
            yield case.fault("guideline", f"No section {asked} is in the digest of the guidelines.")


def _codes_stand_once(case: _Case) -> Iterator[GoldFault]:
    forbidden = {line.code for line in case.encounter.must_not}
    for (_, code), times in Counter((line.system, line.code) for line in case.encounter.codes).items():
        if times > 1:
            yield case.fault("duplicate", f"It stands {times} times.", code)
        if code in forbidden:
            yield case.fault("must_not", "It is gold and must not be coded.", code)


def _order_is_right(case: _Case) -> Iterator[GoldFault]:
    """Sequence 1..n, the first code with the first role of its setting, no other code with one (II, IV.G)."""
    codes = case.encounter.codes
    if not case.scope.order or not codes:
        return
    if [line.sequence for line in codes] != list(range(1, len(codes) + 1)):
        yield case.fault("sequence", f"The {len(codes)} codes are not numbered from 1 in their order.")
    inpatient = case.encounter.setting is Setting.INPATIENT
    wanted = CodeRole.PRINCIPAL if inpatient else CodeRole.FIRST_LISTED
    first, *others = sorted(codes, key=lambda line: line.sequence)
    if is_external_cause(first.system, first.code) or first.role is CodeRole.EXTERNAL_CAUSE:
        yield case.fault("external_cause", "An external cause is never first (I.C.20.a.6).", first.code)
    if first.role is not wanted:
        yield case.fault("role", f"It is first and {first.role}; in this setting it has to be {wanted}.", first.code)
    for line in others:
        if line.role in _FIRST_ROLES:
            yield case.fault("role", f"It is {line.role} and not first.", line.code)


def _poa_is_reported(case: _Case) -> Iterator[GoldFault]:
    """Inpatient diagnoses have an indicator unless they are exempt; others have none (appendix I)."""
    inpatient = case.encounter.setting is Setting.INPATIENT
    for line in case.diagnoses if case.scope.poa else ():
        exempt = case.codebook.poa_exempt(line.code)
        if not inpatient and line.poa:
            yield case.fault("poa", "Present on admission is reported for inpatient stays only.", line.code)
        elif inpatient and not line.poa and not exempt:
            yield case.fault("poa", "Present on admission is missing.", line.code)
        elif inpatient and line.poa and exempt is not None and exempt is not (line.poa == _EXEMPT):
            state = "exempt" if exempt else "not exempt"
            yield case.fault("poa", f"It is {state} from present on admission and marked {line.poa}.", line.code)


_CHECKS: Final[tuple[Callable[[_Case], Iterator[GoldFault]], ...]] = (
    _edition_is_loaded,
    _codes_are_billable,
    _quotes_are_verbatim,
    _guidelines_exist,
    _codes_stand_once,
    _order_is_right,
    _poa_is_reported,
)


def _report(cases: Sequence[_Case], faults: tuple[GoldFault, ...]) -> GoldReport:
    encounters = [case.encounter for case in cases]
    codes = [line for encounter in encounters for line in encounter.codes]
    inpatient = [line for case in cases if case.encounter.setting is Setting.INPATIENT for line in case.diagnoses]
    chapter = cache(_chapter)
    return GoldReport(
        encounters=len(encounters),
        documents=sum(len(e.documents) for e in encounters),
        codes=len(codes),
        quotes=sum(len(line.evidence) for line in codes),
        codes_without_quote=sum(not line.evidence for line in codes),
        must_not=sum(len(e.must_not) for e in encounters),
        encounters_without_guideline=sum(not e.guideline_ids for e in encounters),
        unverifiable=sum(_is_unverifiable(line, case) for case in cases for line in case.encounter.codes),
        inpatient_codes=len(inpatient),
        inpatient_poa=sum(line.poa is not None for line in inpatient),
        by_setting=_counted(e.setting for e in encounters),
        by_specialty=_counted(e.specialty or _NONE for e in encounters),
        by_edition=_counted(case.codebook.edition.name if case.in_force else _NONE for case in cases),
        by_guideline=_counted(asked for e in encounters for asked in sorted(set(e.guideline_ids))),
        by_codes_per_encounter=dict(sorted(Counter(len(e.codes) for e in encounters).items())),
        by_system=_counted(line.system for line in codes),
        by_role=_counted(line.role for line in codes),
        by_chapter=_counted(chapter(case.codebook, line.code) for case in cases for line in case.diagnoses),
        faults=faults,
    )


def _is_unverifiable(line: FinalCode, case: _Case) -> bool:
    return line.system is CodeSystem.CPT or (line.system is CodeSystem.HCPCS and case.hcpcs is None)


def _counted(values: Iterable[str]) -> dict[str, int]:
    """Most frequent first."""
    return {str(value): count for value, count in Counter(values).most_common()}


def _chapter(codebook: Codebook, code: str) -> str:
    above = codebook.ancestors(code)
    return above[-1].code if above and above[-1].kind == "chapter" else _UNKNOWN
