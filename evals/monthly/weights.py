"""What a code set weighs: HCC risk (hccinfhir) and MS-DRG (drgpy). Neither package is needed to answer an encounter."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from evals.loaders.text_file import opened_text
from evals.monthly.findings import AuditedCode, AuditFinding
from medcoding.codes import CodeSystem
from medcoding.encounter import Patient, Setting
from medcoding.errors import DependencyError, InputError

HCC_MODEL: Final = "CMS-HCC Model V28"
_UNGROUPED: Final = frozenset({"000", "998", "999"})
"""What the grouper says when it cannot group."""
_DIED: Final = "20"
_SEVERITY: Final = re.compile(r",? (with(?:out)?) (MCC|CC/MCC|CC)\b.*$")
_STEPS: Final = {("with", "MCC"): 2, ("with", "CC"): 1, ("with", "CC/MCC"): 1}
_DRG: Final = re.compile(r"\d{1,3}")
_FISCAL_YEAR: Final = (10, 1)


class Grouping(NamedTuple):
    """The MS-DRG of a code set."""

    drg: str
    title: str
    version: str
    outdated: bool
    """True when a later fiscal year's grouper was in force on the date and is not in the package."""

    @property
    def family(self) -> str:
        """The title without its severity."""
        return _SEVERITY.sub("", self.title)

    @property
    def severity(self) -> int:
        """2 with MCC, 1 with CC, 0 without either or where the family has no such steps."""
        found = _SEVERITY.search(self.title)
        return _STEPS.get((found.group(1), found.group(2)), 0) if found else 0


class HccRisk:
    """The disease part of the risk adjustment factor of a code set, for an aged or disabled patient in the community.

    Age and sex alone are left out of the score, so that a difference is one of codes. Raises `DependencyError` when
    hccinfhir is not installed.
    """

    def __init__(self, model: str = HCC_MODEL) -> None:
        self.model = model
        with warnings.catch_warnings():  # it reads its tables by a way that Python 3.11 calls deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            self._processor = _package("hccinfhir").HCCInFHIR(model_name=model)

    def score(self, codes: Iterable[AuditedCode], patient: Patient) -> float | None:
        """In units of the factor (1.0 is the average patient); None without age or sex."""
        if patient.age is None or patient.sex is None:
            return None
        found = self._processor.calculate_from_diagnosis(_diagnoses(codes), age=patient.age, sex=patient.sex.value)
        return float(found.risk_score - found.risk_score_demographics)


class DrgGrouper:
    """MS-DRG of inpatient code sets. Raises `DependencyError` when drgpy is not installed."""

    def __init__(self) -> None:
        versions = _package("drgpy.msdrg_allvers")
        self._engines = versions.DRGEngineAllVers()
        self._version_for = versions.get_version_for_date
        self._known: dict[str, frozenset[str]] = {}

    def group(self, codes: Sequence[AuditedCode], finding: AuditFinding) -> Grouping | None:
        """The MS-DRG; None for other settings, without sex, before the first version, and where nothing fits."""
        sex, engine = finding.patient.sex, self._engine(finding.date)
        if finding.setting is not Setting.INPATIENT or sex is None or engine is None:
            return None
        drg = engine.get_drg(
            _diagnoses(codes),
            [p.replace(".", "").upper() for p in finding.procedures],
            gender=sex.value,
            is_alive=finding.discharge_status != _DIED,
            poa={_bare(c): c.poa for c in codes if c.poa in {"Y", "N", "U", "W"}},
            discharge_status=finding.discharge_status,
        )
        if drg in _UNGROUPED or drg not in engine.drgmap:
            return None
        return Grouping(drg, engine.drgmap[drg]["desc"], engine.version, _outdated(engine, finding.date))

    def unknown(self, codes: Iterable[AuditedCode], day: date) -> tuple[str, ...]:
        """Diagnoses that the grouper in force on the day does not know; it groups as if they were not there."""
        engine = self._engine(day)
        known = self._known.get(engine.version, frozenset()) if engine else frozenset()
        return tuple(c.code for c in codes if c.system is CodeSystem.ICD10CM and _bare(c) not in known)

    def _engine(self, day: date) -> Any:
        try:
            version = self._version_for(day)
        except ValueError:  # before the first version
            return None
        engine = self._engines.get_engine(version.name)
        if version.name not in self._known:  # looking a code up adds it: the list is taken before the first look
            self._known[version.name] = frozenset(engine.dxmap)
        return engine


def read_drg_weights(path: Path) -> Mapping[str, float]:
    """Relative weights by three-digit MS-DRG, from a table with the columns `ms_drg` and `weight`.

    Raises `InputError` naming the first line that does not fit.
    """
    weights: dict[str, float] = {}
    with opened_text(path) as lines:
        reader = csv.DictReader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
        if not {"ms_drg", "weight"} <= set(reader.fieldnames or ()):
            raise InputError(f"{path.name} lacks the columns ms_drg and weight; add them to the heading.")
        for row in reader:
            drg, weight = (row["ms_drg"] or "").strip(), _number(row["weight"])
            if not _DRG.fullmatch(drg) or weight is None or not 0 <= weight < 1_000:
                raise InputError(f"Line {reader.line_num} of {path.name} is no MS-DRG with its weight; correct it.")
            weights[drg.zfill(3)] = weight
    return weights


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _outdated(engine: Any, day: date) -> bool:
    effective: date = engine.version_info.effective_date
    begins = date(effective.year, *_FISCAL_YEAR)
    return day >= (begins if effective < begins else begins.replace(year=begins.year + 1))


def _diagnoses(codes: Iterable[AuditedCode]) -> list[str]:
    return [_bare(c) for c in codes if c.system is CodeSystem.ICD10CM]


def _bare(code: AuditedCode) -> str:
    return code.code.replace(".", "")


def _package(module: str) -> Any:
    """An optional package, without types of its own."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise DependencyError(
            f"{module.partition('.')[0]} is not installed; run 'pip install chartwright[audit]'."
        ) from None
