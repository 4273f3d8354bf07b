"""Evidence: every code rests on words that stand in the record, said in a way that supports it in this setting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from guardrails.case import Case, Rule
from guardrails.reading import Reading
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion
from medcoding.proposal import ProposedCode

_PERSONAL_HISTORY: Final = ("Z85", "Z86", "Z87", "Z91", "Z92", "Z98", "Z90", "Z89", "Z96", "Z95", "Z94", "Z93", "I25.2")
_FAMILY_HISTORY: Final = ("Z80", "Z81", "Z82", "Z83", "Z84")
_ABOUT_OTHERS: Final = ("V", "W", "X", "Y", "Z", "P", "O", "T74", "T76")
"""Codes that may rest on what is said of a relative or only suspected: contact with a case, a mother's illness, abuse
that is not confirmed."""

_ABOUT_ABSENCE: Final = tuple("V W X Y Z T3 T4 T50 T74 T76 R19.1 R29.2 R34 R40 R41 R43 R46 R47 R49 R62 R63".split())
"""Codes that may rest on words like `no` and `without`: nothing taken, nobody at home, no urine."""

_UNSAID: Final = frozenset({Assertion.NEGATED, Assertion.FAMILY, Assertion.POSSIBLE, Assertion.HYPOTHETICAL})
"""What the product's own reading can hold against a claim; whether a condition is past is another rule's business."""


def evidence_is_verbatim(case: Case) -> tuple[Finding, ...]:
    """A code without words of the record behind it, or with words that are not there, is removed."""
    return tuple(
        Finding(
            rule="evidence.verbatim",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"{line.code} has no verbatim evidence in the record.",
            source="III, IV.J",
            mend="Quote the provider's own words, or leave the code out.",
        )
        for line in case.lines
        if not line.evidence or any(not q.stands_in(case.text_of(q.document_id)) for q in line.evidence)
    )


def assertion_supports_code(case: Case) -> tuple[Finding, ...]:
    """Some quote must speak of the patient's own condition in a way that is codable in this setting."""
    return tuple(finding for line in case.lines if line.evidence for finding in _unsupported(case, line))


def reading_agrees_with_claim(case: Case) -> tuple[Finding, ...]:
    """Where the record reads otherwise than the proposal claims, a person decides."""
    return tuple(finding for line in case.diagnoses if line.evidence for finding in _read_otherwise(case, line))


def _unsupported(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    said = _unsupported_ways(line.code, case.readings.of(line), _supporting(case, line.code))
    if not said:
        return ()
    uncertain = Assertion.POSSIBLE in said
    words = "uncertain, which is not coded in this setting" if uncertain else " and ".join(sorted(said))
    return (
        Finding(
            rule="evidence.assertion",
            severity=Severity.REJECT,
            codes=(line.code,),
            message=f"The evidence for {line.code} is {words}.",
            source="IV.H" if uncertain else "I.A.19",
            mend="Code the sign or symptom that prompted it." if uncertain else "Leave the code out.",
        ),
    )


def _unsupported_ways(code: str, read: Iterable[Reading], supporting: frozenset[Assertion]) -> frozenset[Assertion]:
    """The ways in which every quote fails to support a code; empty where one of them does support it."""
    against: list[frozenset[Assertion]] = []
    for reading in read:
        if not (wrong := _wrong(reading, code, supporting)):
            return frozenset()
        against.append(wrong)
    return frozenset[Assertion]().union(*against)


def _wrong(reading: Reading, code: str, supporting: frozenset[Assertion]) -> frozenset[Assertion]:
    """The ways of saying that keep a quote from supporting a code; empty where it does support it."""
    if reading.claimed not in supporting:
        return frozenset({reading.claimed})
    return _held_against(reading.by_cues, code, supporting)


def _held_against(said: frozenset[Assertion], code: str, supporting: frozenset[Assertion]) -> frozenset[Assertion]:
    allowed = {Assertion.FAMILY, Assertion.POSSIBLE} if code.startswith(_ABOUT_OTHERS) else set()
    if code.startswith(_ABOUT_ABSENCE):
        allowed |= {Assertion.NEGATED, Assertion.HYPOTHETICAL}
    return said - supporting - allowed


def _read_otherwise(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    supporting = _supporting(case, line.code)
    read = tuple(case.readings.of(line))
    against = [_held_against(r.by_mentions & _UNSAID, line.code, supporting) for r in read]
    if not all(against) or _unsupported_ways(line.code, read, supporting):
        return ()
    words = " and ".join(sorted(frozenset[Assertion]().union(*against)))
    return (
        Finding(
            rule="evidence.reading",
            severity=Severity.MUST_RESOLVE,
            codes=(line.code,),
            message=f"The words for {line.code} read as {words}, though they are claimed as its evidence.",
            source="I.A.19",
            mend="Check how the condition is stated; quote words that affirm it, or leave the code out.",
        ),
    )


def _supporting(case: Case, code: str) -> frozenset[Assertion]:
    """Assertions under which this code may stand here (II.H and III.C against IV.H; I.C.21.c.4 for history)."""
    if code.startswith(_FAMILY_HISTORY):
        return frozenset({Assertion.FAMILY, Assertion.PRESENT})
    supporting = {Assertion.PRESENT}
    if case.chart.encounter.setting.codes_uncertain_diagnoses:
        supporting.add(Assertion.POSSIBLE)
    if code.startswith(_PERSONAL_HISTORY):
        supporting.add(Assertion.HISTORICAL)
    return frozenset(supporting)


RULES: Final[tuple[Rule, ...]] = (evidence_is_verbatim, assertion_supports_code, reading_agrees_with_claim)
