"""A set of encounters to measure with, what its gold decides, and what could not be taken from its source."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Day, Setting
from medcoding.errors import InputError
from medcoding.procedures import LeftOut
from medcoding.record import Record

_ASSUMED_DAY: Final = datetime.date(2026, 11, 2)
_EXTERNAL_CAUSES: Final = frozenset("VWXY")


CaseId = Annotated[str, Field(min_length=1, max_length=200)]
"""As long as an encounter takes it, so that a longer one is refused where it is read."""


class GoldForm(StrEnum):
    """How gold is written down."""

    JSONL = "jsonl"
    CSV = "csv"
    FHIR = "fhir"
    CODIESP = "codiesp"
    MDACE = "mdace"
    ACI_BENCH = "aci_bench"


class GoldScope(Record):
    """What a set's gold decides. A figure about anything else is unscored, which is not zero."""

    codes: bool = True
    """False for encounters without gold: good for coverage and speed only."""
    order: bool = True
    """Sequence and role were decided by whoever coded, not by the order of a file."""
    poa: bool = True
    evidence: bool = True


EVERYTHING: Final = GoldScope()
NOTHING: Final = GoldScope(codes=False, order=False, poa=False, evidence=False)

AssumedFact = Literal["setting", "date_of_service"]


class GoldOptions(Record):
    """What the caller says beside the files."""

    language: Literal["en", "es"] = "en"
    """CodiEsp: the Spanish original, or its machine translation, which has no evidence."""
    notes: Path | None = None
    """MDACE: the user's own NOTEEVENTS.csv or NOTEEVENTS.csv.gz of MIMIC-III."""
    setting: Setting | None = None
    """Taken for every encounter of a form that does not say it (CodiEsp, MDACE, ACI-Bench)."""
    date_of_service: Day = _ASSUMED_DAY
    """Likewise; it decides the edition."""
    certified_coder: bool = False
    """Whether certified coders made the gold; only JSON lines of coded encounters say it themselves."""


class RefusedCase(Record):
    """A case that was not taken, and why. Never holds its text."""

    case_id: str
    """The case's own id, or its place in the file where it has none."""
    why: str


class GoldSet(Record):
    """Encounters to measure with. Where `scope.codes` is false there is no gold and every `codes` is empty."""

    name: str
    form: GoldForm
    encounters: tuple[CodedEncounter, ...]
    scope: GoldScope
    assumed: tuple[AssumedFact, ...] = ()
    """Facts that the source does not hold; the caller's, or the default ones, stand in for them."""
    refused: tuple[RefusedCase, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Parts of the source that a coded encounter cannot hold, counted."""
    digest: str
    """SHA-256 over the encounters, whatever their order or their division into files."""

    @property
    def has_gold(self) -> bool:
        """False when nothing can be scored with it: coverage and speed only."""
        return self.scope.codes


class SetDescription(NamedTuple):
    """What a reader knows of its set before it has read it."""

    name: str
    form: GoldForm
    scope: GoldScope | None = None
    """None where the encounters themselves show it."""
    assumed: tuple[AssumedFact, ...] = ()


Outcome = CodedEncounter | RefusedCase
"""What becomes of one case of a source."""


def gold_set(about: SetDescription, outcomes: Iterable[Outcome], left_out: Mapping[str, int]) -> GoldSet:
    """The set of everything that was taken. `left_out` is looked at when the outcomes are exhausted.

    A second case of the same id is refused. Raises `InputError` when no case is left.
    """
    encounters: dict[str, CodedEncounter] = {}
    refused: list[RefusedCase] = []
    for outcome in outcomes:
        if isinstance(outcome, RefusedCase):
            refused.append(outcome)
        elif outcome.case_id in encounters:
            why = f"The case_id {outcome.case_id} stands twice in {about.name}; give each case its own."
            refused.append(RefusedCase(case_id=outcome.case_id, why=why))
        else:
            encounters[outcome.case_id] = outcome
    if not encounters:
        raise InputError(refused[0].why if refused else f"{about.name} holds no encounter; check the path.")
    taken = tuple(encounters.values())
    return GoldSet(
        name=about.name,
        form=about.form,
        encounters=taken,
        scope=about.scope or shown_scope(taken),
        assumed=about.assumed,
        refused=tuple(refused),
        left_out=tuple(LeftOut(reason=reason, count=count) for reason, count in Counter(left_out).most_common()),
        digest=dataset_digest(taken),
    )


def shown_scope(encounters: Iterable[CodedEncounter]) -> GoldScope:
    """The scope that coded encounters show by themselves: what no code of theirs has was not decided."""
    codes = [line for e in encounters for line in e.codes]
    return GoldScope(
        codes=bool(codes),
        order=bool(codes),
        poa=any(line.poa for line in codes),
        evidence=any(line.evidence for line in codes),
    )


def dataset_digest(encounters: Iterable[CodedEncounter]) -> str:
    """SHA-256 in hexadecimal over every field of every encounter, in order of case id."""
    digest = hashlib.sha256()
    for encounter in sorted(encounters, key=lambda e: e.case_id):
        digest.update(encounter.model_dump_json(exclude_defaults=True).encode())  # a new optional field changes none
        digest.update(b"\n")
    return digest.hexdigest()


def is_external_cause(system: CodeSystem, code: str) -> bool:
    """True for V00–Y99, which are never first (guideline I.C.20.a.6)."""
    return system is CodeSystem.ICD10CM and code[:1] in _EXTERNAL_CAUSES


def role_by_place(system: CodeSystem, code: str, sequence: int, setting: Setting) -> CodeRole:
    """The role of a code whose source names none: by its place, 1-based, and its chapter."""
    if is_external_cause(system, code):
        return CodeRole.EXTERNAL_CAUSE
    if sequence > 1:
        return CodeRole.SECONDARY
    return CodeRole.PRINCIPAL if setting is Setting.INPATIENT else CodeRole.FIRST_LISTED
