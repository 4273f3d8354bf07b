"""Who may document what (I.B.14): diagnoses come from the provider, a short list of details from other clinicians."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from medcoding.finding import Finding, Severity
from medcoding.proposal import ProposedCode

_OTHER_CLINICIANS: Final = re.compile(
    r"\b(nurse|rn|lpn|lvn|cna|dieti[ct]ian|nutritionist|therapist|pharmacist|technician|technologist|assistant|aide|emt"
    r"|paramedic|medic|social worker|case manager|chaplain|scribe|laboratory|lab|patient|student|coder|clerk|doula|slp"
    r"|audiologist|speech language pathologist|pt|ot|community health worker|interpreter)\b"
)
_PROVIDERS: Final = re.compile(
    r"\b(physician|doctor|md|do|np|pa|crnp|aprn|cnm|crna|practitioner|midwife|attending|resident|fellow|surgeon"
    r"|hospitalist|intensivist|psychiatrist|psychologist|podiatrist|dentist|optometrist|anesthetist|physician assistant"
    r"|nurse practitioner|clinical nurse specialist|nurse midwife)\b"
)
_INTERPRETERS: Final = re.compile(r"\b(radiologist|pathologist|radiology|pathology)\b")


class _Detail(NamedTuple):
    """What others may document, and the diagnosis that still has to come from the provider."""

    codes: tuple[str, ...]
    words: str
    diagnoses: tuple[str, ...]
    """Beginnings of codes of which the provider must document one; empty where none is asked for."""


_DETAILS: Final = (
    _Detail(
        ("Z68",),
        "body mass index",
        ("E10", "E11", "E4", "E64", "E66", "E88", "F50", "O25", "O26", "O99.21", "R62", "R63", "Z13", "Z71"),
    ),
    _Detail(
        ("L97", "L98.4"),
        "depth of a non-pressure ulcer",
        ("L97", "L98.4", "E08.62", "E09.62", "E10.62", "E11.62", "E13.62", "I70", "I83", "I87"),
    ),
    _Detail(("L89",), "stage of a pressure ulcer", ("L89",)),
    _Detail(("R40.2",), "coma scale", ()),
    _Detail(("R29.7",), "stroke scale", ("I60", "I61", "I62", "I63")),
    _Detail(("Z55", "Z56", "Z57", "Z58", "Z59", "Z60", "Z61", "Z62", "Z63", "Z64", "Z65"), "social circumstances", ()),
    _Detail(("Y90",), "blood alcohol level", ("F10", "T51", "R78.0")),
    _Detail(("Z28.3",), "underimmunization", ()),
)
"""The list of I.B.14. The side is on it too; that is a part of a code, whose diagnosis is checked here all the same."""


def provider_documents_diagnosis(case: Case) -> tuple[Finding, ...]:
    """A code whose every quote is another clinician's word is not the provider's diagnosis."""
    return tuple(
        Finding(
            rule="evidence.author",
            severity=Severity.MUST_RESOLVE,
            codes=(line.code,),
            message=f"{line.code} rests on documents of other clinicians only; the provider does not document it.",
            source="I.B.14",
            mend="Quote the provider, or ask the provider to document the diagnosis.",
        )
        for line in case.diagnoses
        if line.evidence and not _by_provider(case, line) and _detail(line.code) is None
    )


def detail_has_its_diagnosis(case: Case) -> tuple[Finding, ...]:
    """A detail that another clinician may record counts beside the provider's diagnosis it belongs to."""
    return tuple(finding for line in case.diagnoses for finding in _alone(case, line))


def _alone(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    detail = _detail(line.code)
    if detail is None or not detail.diagnoses or not line.evidence or _by_provider(case, line):
        return ()
    partners = (
        other for other in case.diagnoses if other.code != line.code and other.code.startswith(detail.diagnoses)
    )
    documented = case.mentioned(*detail.diagnoses)
    if any(_by_provider(case, p) for p in partners) or any(not _is_other(case, m.document_id) for m in documented):
        return ()
    return (
        Finding(
            rule="evidence.detail_alone",
            severity=Severity.MUST_RESOLVE,
            codes=(line.code,),
            message=f"{line.code} ({detail.words}) comes from another clinician, without a diagnosis of the provider.",
            source="I.B.14",
            mend="Ask the provider for the diagnosis it belongs to, or leave it out.",
        ),
    )


def _detail(code: str) -> _Detail | None:
    return next((detail for detail in _DETAILS if code.startswith(detail.codes)), None)


def _by_provider(case: Case, line: ProposedCode) -> bool:
    """True when some quote stands in a document that is not known to be another clinician's."""
    return any(not _is_other(case, quote.document_id) for quote in line.evidence)


def _is_other(case: Case, document_id: str) -> bool:
    """Known not to be the provider's. A document without a role counts as the provider's."""
    role = case.role_of(document_id).replace("_", " ").replace("-", " ")
    inpatient = case.setting.codes_uncertain_diagnoses
    if _INTERPRETERS.search(role):
        return inpatient
    return bool(_OTHER_CLINICIANS.search(role)) and not _PROVIDERS.search(role)


RULES: Final[tuple[Rule, ...]] = (provider_documents_diagnosis, detail_has_its_diagnosis)
