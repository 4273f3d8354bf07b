"""Symptoms that are part of a diagnosis of the set (guidelines I.B.4–6, II.A, IV.D)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.mention import Assertion, Mention
from medcoding.proposal import NotCodedReason
from retrieval.likeness import roots
from retrieval.partners import partner_offers
from retrieval.title_axes import content, title_axes

_SYMPTOM_CHAPTER: Final = "R"
_ADDITIONAL: Final = "use_additional_code"
_NO_DIAGNOSIS: Final = ("R", "V", "W", "X", "Y", "Z")
_JOINS: Final = re.compile(r"[^,;.\n]{0,30}?\b(?:with|w/|due to|from|secondary to|2/2)\b[^,;.\n]{0,30}", re.IGNORECASE)
_ADVERSE_EFFECT: Final = re.compile(r"T(?:3[6-9]|4\d|50)\.\w\w5")
_SUBSTANCE: Final = re.compile(r"T(?:3[6-9]|4\d|5\d|6[0-5])\.")
"""Poisonings, toxic and adverse effects: their manifestations are reported beside them (guideline I.C.19.e.5)."""

_CLAUSE_END: Final = re.compile(r"[;\n]|\.\s")
_LOCAL_SYMPTOMS: Final[dict[str, tuple[str, ...]]] = {
    "H57.1": ("H0", "H1", "H2", "H3", "H40", "H43", "H44", "H46", "S05", "T15"),
    "H53.1": ("G43", "H2", "H3", "H40", "H43", "H44", "H46", "S06"),
    "H92": ("H6", "H7", "H8", "H9", "J0", "S0"),
    "H93.1": ("H8",),
    "J34.89": ("J",),
    "K62.5": ("K5", "K6", "K92", "C18", "C19", "C20", "C21"),
    "K92.0": ("K2", "I85", "K92"),
    "K92.1": ("K2", "K5", "K6", "I85", "C1"),
    "K92.2": ("K25", "K26", "K27", "K28", "K29", "K31.81", "K55.21", "K57", "I85.01", "I85.11"),
    "L29": ("L", "B86", "K83", "T78"),
    "L50": ("T78.0", "T78.2", "T88.6", "T80.5"),
    "L53.9": ("L", "A46", "T8", "B02"),
    "M25.4": ("M", "S"),
    "M25.5": ("M", "S"),
    "M25.6": ("M", "S"),
    "M54.2": ("M4", "M50", "S1"),
    "M54.5": ("M4", "M51", "M54.1", "M54.3", "M54.4", "M72", "M77", "M99", "S3", "N1", "N2"),
    "M54.6": ("M4", "M51", "S2"),
    "M54.9": ("M4", "M5", "S"),
    "M62.830": ("M4", "M5", "S3"),
    "M62.838": ("M4", "M5", "S"),
    "M79.1": ("J1", "B", "M", "U07"),
    "M79.6": ("G5", "I70", "I73", "I80", "I82", "I83", "L03", "M", "S"),
    "M79.8": ("I82", "I83", "L03", "M", "S"),
    "N23": ("N13", "N2"),
    "N64.4": ("N6", "C50", "O91", "N61"),
    "N93": ("D25", "N80", "N84", "N85", "C5", "O"),
    "G89.18": ("T8",),
}
"""Pain, swelling, bleeding and itching that stand outside chapter 18, and the diagnoses that they belong to."""

_FELT_ELSEWHERE: Final = (
    "G5", "I70", "I73", "I80", "I82", "I83", "L03", "M48.06", "M51.1", "M54.1", "M54.3", "M54.4",
)  # fmt: skip
"""Diseases of nerves and vessels whose pain is felt in a limb that their titles need not name."""

_NOT_ROUTINE: Final = (
    "R03.0", "R18.0", "R40.2", "R45.85", "R45.88", "R53.2", "R56.0", "R65", "R73.0", "R75", "R92", "R97", "R99",
)  # fmt: skip
"""Signs, states and findings that chapter 18 has to be added for: organ failure in sepsis (I.C.1.d), coma, functional
quadriplegia, suicidal thoughts, a raised marker. No diagnosis routinely brings them (I.B.5)."""

_BRAIN: Final = ("I60", "I61", "I62", "I63", "I69", "S06")
_DEFICITS: Final = ("R13.1", "R20", "R29.7", "R29.810", "R41.4", "R47", "R48", "R27")
"""What a stroke or an injury of the brain takes away differs from patient to patient: it is reported beside it."""

_PAIN: Final = roots(("pain", "joint"))
_SITE_MATTERS: Final = ("M25.4", "M25.5", "M25.6", "M79.6")


def drop_integral_symptoms(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """A symptom gives way to the diagnoses, unless it is stated as a problem apart."""
    local = tuple(_LOCAL_SYMPTOMS)
    kept = _asked_for(settled, codebook)
    diagnoses = [code for code in settled.lines if not code.startswith(_NO_DIAGNOSIS)]
    for code in [code for code in settled.lines if code.startswith(local) and code not in kept]:
        if _is_reaction(chart, settled, code):
            continue
        if cause := _explained(code, diagnoses, codebook):
            settled.drop(code, NotCodedReason.INTEGRAL, f"A symptom of {cause} (I.B.5).")
    left = [code for code in diagnoses if code in settled.lines and not _SUBSTANCE.match(code)]
    for code in [code for code in settled.lines if code.startswith(_SYMPTOM_CHAPTER) and code not in kept]:
        if code.startswith(_NOT_ROUTINE) or (code.startswith(_DEFICITS) and any(c.startswith(_BRAIN) for c in left)):
            continue
        if left and not _is_apart(chart, settled, code, left) and not _is_reaction(chart, settled, code):
            settled.drop(code, NotCodedReason.INTEGRAL, "A symptom beside established diagnoses (I.B.5).")


def _asked_for(settled: CodeSet, codebook: Codebook) -> frozenset[str]:
    """Symptoms that a note at a diagnosis asks for as an additional code, under the code that it names (I.A.17).

    `Nocturia` beside an enlarged prostate with symptoms: R35.1 is asked for at N40.1.
    """
    if not any(code.startswith(_SYMPTOM_CHAPTER) for code in settled.lines):
        return frozenset()
    coded = {i: code for code, line in settled.lines.items() for i in line.mention_ids}
    offers = partner_offers(list({m.id: m for m in settled.mentions}.values()), coded, codebook)
    asked: set[str] = set()
    for offer in offers:
        own = coded[offer.mention_id]
        told = own.startswith(_SYMPTOM_CHAPTER) and offer.code[:3] == own[:3] and own in settled.lines
        if told and offer.kind == _ADDITIONAL and not offer.asked_by.startswith(_NO_DIAGNOSIS):
            settled.rename(own, offer.code, f"I.A.17: asked for at {offer.asked_by} as an additional code.")
            asked.add(offer.code)
    return frozenset(asked)


def _explained(code: str, diagnoses: list[str], codebook: Codebook) -> str | None:
    """A diagnosis of the same place that the local symptom belongs to."""
    places = next((places for symptom, places in _LOCAL_SYMPTOMS.items() if code.startswith(symptom)), ())
    symptoms = tuple(_LOCAL_SYMPTOMS)
    causes = (
        (c for c in diagnoses if c != code and c.startswith(places) and not c.startswith(symptoms)) if places else ()
    )
    return next((c for c in causes if not code.startswith(_SITE_MATTERS) or _same_place(code, c, codebook)), None)


def _same_place(code: str, cause: str, codebook: Codebook) -> bool:
    """A knee pain is not explained by a gouty toe, nor the right knee by the left."""
    one, other = title_axes(codebook.title(code)), title_axes(codebook.title(cause))
    same_side = not (one.sides and other.sides) or bool(one.sides & other.sides)
    return same_side and (cause.startswith(_FELT_ELSEWHERE) or bool(content(one.says) & content(other.says) - _PAIN))


def _is_reaction(chart: Chart, settled: CodeSet, code: str) -> bool:
    """True for what a drug did, taken as prescribed: the nature of the effect is coded first (I.C.19.e.5.a)."""
    effects = [line for other, line in settled.lines.items() if _ADVERSE_EFFECT.match(other)]
    drugs = [mention for line in effects for mention in settled.mentions_of(line)]
    named = [
        m
        for other, line in settled.lines.items()
        if other[0] not in (*_NO_DIAGNOSIS, "T")
        for m in settled.mentions_of(line)
    ]
    return any(
        _in_one_clause(chart, m, drug) and not any(_stands_between(m, other, drug) for other in named)
        for m in settled.mentions_of(settled.lines[code])
        for drug in drugs
    )


def _stands_between(symptom: Mention, other: Mention, drug: Mention) -> bool:
    """True where the clause names a diagnosis nearer to the drug: `itchy rash: drug eruption due to amoxicillin`."""
    return other.sentence == drug.sentence and symptom.span.end <= other.span.start < drug.span.start


def _in_one_clause(chart: Chart, one: Mention, other: Mention) -> bool:
    if one.sentence != other.sentence:
        return False
    first, second = sorted((one, other), key=lambda m: m.span.start)
    between = chart.encounter.document(first.document_id).text[first.span.end : second.span.start]
    return not _CLAUSE_END.search(between)


def _is_apart(chart: Chart, settled: CodeSet, code: str, diagnoses: list[str]) -> bool:
    """True for a symptom stated as a problem of its own that no diagnosis is joined to."""
    explained = [m for c in diagnoses for m in settled.mentions_of(settled.lines[c])]
    mentions = settled.mentions_of(settled.lines[code])
    return any(m.heads_problem and not any(_linked(chart, m, d) for d in explained) for m in mentions)


def _linked(chart: Chart, symptom: Mention, diagnosis: Mention) -> bool:
    """“Influenza with cough”, “cough due to influenza”, “chest pain, probable angina”: one statement of both."""
    if symptom.sentence != diagnosis.sentence:
        return False
    if symptom.part_of == diagnosis.id or diagnosis.assertion is Assertion.POSSIBLE:
        return True
    first, second = sorted((symptom, diagnosis), key=lambda m: m.span.start)
    between = chart.encounter.document(first.document_id).text[first.span.end : second.span.start]
    return bool(_JOINS.fullmatch(between))
