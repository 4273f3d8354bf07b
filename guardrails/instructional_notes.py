"""Instructional notes of the tabular list, executed from the data (I.A.12 to I.A.17, I.B.7).

The codebook holds each note with the codes it names; nothing here knows a code of its own. A note without codes
(`code first underlying disease`) is executed as far as it goes: its code does not stand first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from guardrails.case import Case, Rule
from guardrails.documented import Documented
from guardrails.noted import Noted
from medcoding.finding import Finding, Severity
from medcoding.notes import NoteKind

_ELSEWHERE: Final = re.compile(
    r"\bin (?:[\w,-]+ ){0,6}(?:diseases?|disorders?|conditions?) (?:\w+ )?classified elsewhere"
)
_SYMPTOMS: Final = "R"
"""Chapter 18: beside a diagnosis a symptom is the business of I.B.4 to I.B.6."""

_OPTIONAL: Final = re.compile(
    r"\b(?:if applicable|if any|if known|if present|where applicable|any|complicating)\b|^\W*for "
)
_WORDS: Final[dict[NoteKind, str]] = {
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "Code first",
    "use_additional_code": "Use additional code",
    "code_also": "Code also",
}


def excluded_pair(case: Case) -> tuple[Finding, ...]:
    """Two codes that an Excludes1 note keeps apart: one of them goes, or a person says that they are unrelated.

    A literal hit stands in eight of a hundred professionally coded stays (I.A.12.a knows the exception), so it is
    never decided here.
    """
    found: dict[tuple[str, ...], Finding] = {}
    for named in sorted(_naming(case, "excludes1"), key=lambda n: (n.code, n.at)):
        for other in named.others:
            pair = tuple(sorted((named.code, other)))
            found.setdefault(pair, _excluded(named, other, pair))
    return tuple(found[pair] for pair in sorted(found))


def documented_beside(case: Case) -> tuple[Finding, ...]:
    """What an Excludes2 note names is not part of the code: where the record states it too, it is coded too."""
    wanted = {
        other.code: Finding(
            rule="notes.excludes2",
            severity=Severity.ADVISE,
            codes=(named.code,),
            message=f"{other.code} is not part of {named.code}; the record states it and it is not coded.",
            source=_source(named, "I.A.12.b"),
            mend=f"Report {other.code} as well if it was evaluated or treated.",
            mend_codes=other.billable,
        )
        for named in _asking(case, "excludes2")
        if _is_close(case, named.at)
        for other in _missing(case, named)
        if other.assessed and other.billable and not other.code.startswith(_SYMPTOMS)
    }
    return tuple(wanted[code] for code in sorted(wanted))


def etiology_first(case: Case) -> tuple[Finding, ...]:
    """A code with a code-first note stands behind what the note names."""
    place = {code: n for n, code in enumerate(case.codes)}
    late = (
        (named, [other for other in named.others if place[other] > place[named.code]])
        for named in _naming(case, "code_first")
        if all(place[other] > place[named.code] for other in named.others)
    )
    found = {named.code: _too_early(named, behind[0], first=place[named.code] == 0) for named, behind in late}
    return tuple(found[code] for code in sorted(found))


def etiology_is_coded(case: Case) -> tuple[Finding, ...]:
    """What a code-first note names is coded where the record states it."""
    return _partners(case, "code_first", "notes.code_first", "I.A.13")


def partner_is_coded(case: Case) -> tuple[Finding, ...]:
    """What a use-additional-code note names is coded where the record states it."""
    return _partners(case, "use_additional_code", "notes.use_additional", "I.A.13, I.B.7")


def companion_is_coded(case: Case) -> tuple[Finding, ...]:
    """What a code-also note names is coded where the record states it; the note says nothing about order."""
    return _partners(case, "code_also", "notes.code_also", "I.A.17")


def additional_code_is_not_first(case: Case) -> tuple[Finding, ...]:
    """The code that a use-additional-code note asks for is a secondary one beside the code that asks."""
    first = case.first
    if first is None:
        return ()
    asked = [named for named in _naming(case, "use_additional_code") if first.code in named.others]
    asked = [named for named in asked if not case.codebook.asks_for(first.code, named.code)]
    if not asked:
        return ()
    named = asked[0]
    return (
        Finding(
            rule="notes.additional_first",
            severity=Severity.ADVISE,
            codes=(first.code, named.code),
            message=f"{first.code} stands first, though {named.code} asks for it as an additional code.",
            source=_source(named, "I.B.7"),
            mend=f"Put {named.code} before {first.code}, unless {first.code} is the reason for the encounter.",
            mend_codes=(named.code, first.code),
        ),
    )


def manifestation_follows(case: Case) -> tuple[Finding, ...]:
    """A code for a manifestation in a disease classified elsewhere never stands first and never without its disease."""
    found = (code for code in case.codes if _ELSEWHERE.search(case.codebook.title(code).lower()))
    return tuple(_orphan(case, code) for code in found if code == case.codes[0] or _lacks_its_disease(case, code))


def underlying_condition_leads(case: Case) -> tuple[Finding, ...]:
    """A code-first note for an underlying disease, named or open, keeps its code from the first place."""
    first = case.first
    if first is None or _ELSEWHERE.search(case.codebook.title(first.code).lower()):
        return ()
    notes = [n for n in case.notes if n.code == first.code and n.kind == "code_first"]
    asking = [n for n in notes if _asks_openly(n) or _asks_alone(case, n, notes)]
    if not asking:
        return ()
    return (
        Finding(
            rule="notes.underlying_first",
            severity=Severity.MUST_RESOLVE,
            codes=(first.code,),
            message=f"{first.code} stands first, though its note asks for an underlying condition before it.",
            source=f"Code first note at {asking[0].at}; I.A.13",
            mend="Code the underlying condition first, or ask the provider for it.",
        ),
    )


def _lacks_its_disease(case: Case, code: str) -> bool:
    """True where the code's code-first notes name diseases and none of them stands in the set.

    The order of those that stand is the business of `etiology_first`.
    """
    notes = [n for n in case.notes if n.code == code and n.kind == "code_first"]
    return any(n.note.targets for n in notes) and not any(n.others for n in notes)


def _asks_alone(case: Case, named: Noted, notes: list[Noted]) -> bool:
    """True for the only code-first note of an entry, which the set does not meet: no list of alternatives."""
    alone = [n.at for n in notes].count(named.at) == 1 and _is_close(case, named.at)
    return alone and not named.others and not _OPTIONAL.search(named.note.text.lower())


def _asks_openly(named: Noted) -> bool:
    """True for a note, or the head of a list of examples, that names no code of its own and is not optional."""
    return not named.note.targets and not _OPTIONAL.search(named.note.text.lower())


def _is_close(case: Case, at: str) -> bool:
    """True for a note of a category or code; those of chapters and blocks divide the book, not the record."""
    entry = case.codebook.entry(at)
    return entry is not None and entry.kind in {"category", "subcategory"}


def _excluded(named: Noted, other: str, pair: tuple[str, ...]) -> Finding:
    return Finding(
        rule="notes.excludes1",
        severity=Severity.MUST_RESOLVE,
        codes=pair,
        message=f"{named.code} and {other} are kept apart by the Excludes1 note at {named.at}.",
        source=_source(named, "I.A.12.a"),
        mend="Report one of them; keep both only with the reason that the two conditions are unrelated.",
        mend_codes=pair,
    )


def _too_early(named: Noted, other: str, *, first: bool) -> Finding:
    return Finding(
        rule="notes.order",
        severity=Severity.MUST_RESOLVE if first else Severity.ADVISE,
        codes=(named.code, other),
        message=f"{named.code} stands before {other}, which its code-first note puts in front of it.",
        source=_source(named, "I.A.13"),
        mend=f"Put {other} before {named.code}.",
        mend_codes=(other, named.code),
    )


def _orphan(case: Case, code: str) -> Finding:
    """First it is wrong in any case; behind other codes only where its list of diseases is no list of examples."""
    notes = [n for n in case.notes if n.code == code and n.kind == "code_first"]
    first = code == case.codes[0]
    where = "stands first" if first else "stands without a disease that its note names"
    return Finding(
        rule="notes.manifestation",
        severity=Severity.MUST_RESOLVE if first or not any(map(_asks_openly, notes)) else Severity.ADVISE,
        codes=(code,),
        message=f"{code} is a manifestation in a disease classified elsewhere and {where}.",
        source=f"Code first note at {notes[0].at}; I.A.13" if notes else "I.A.13",
        mend="Put the underlying disease ahead of it; if none is documented, ask the provider for it.",
        mend_codes=(*case.codes[1:2], code) if first and len(case.codes) > 1 else (),
    )


def _partners(case: Case, kind: NoteKind, rule: str, section: str) -> tuple[Finding, ...]:
    """One finding for each code and stated condition that its notes ask for and nobody coded."""
    found: dict[tuple[str, str], Finding] = {}
    for named in _asking(case, kind):
        for other in _missing(case, named):
            found.setdefault((named.code, other.code), _partner_missing(named, kind, other, rule, section))
    return tuple(found[key] for key in sorted(found))


def _partner_missing(named: Noted, kind: NoteKind, other: Documented, rule: str, section: str) -> Finding:
    pressing = other.assessed and kind != "code_also"
    return Finding(
        rule=rule,
        severity=Severity.MUST_RESOLVE if pressing else Severity.ADVISE,
        codes=(named.code,),
        message=f"{named.code} asks for {other.code} beside it; the record states it and it is not coded.",
        source=_source(named, section),
        mend=f"Add the code below {other.code} that the record supports."
        if not other.billable
        else f"Add {other.code}.",
        mend_codes=other.billable,
    )


def _naming(case: Case, kind: NoteKind) -> Iterator[Noted]:
    """Notes of one kind that name other codes of the set."""
    return (n for n in case.notes if n.kind == kind and n.others)


def _asking(case: Case, kind: NoteKind) -> Iterator[Noted]:
    """Notes of one kind that name something stated, and none of whose codes is in the set.

    The lines of one code-first list are alternatives: where one of them is coded, the others are not asked for.
    """
    met = {(n.code, n.at) for n in _naming(case, kind)} if kind == "code_first" else set()
    return (n for n in case.notes if n.kind == kind and n.stated and not n.others and (n.code, n.at) not in met)


def _missing(case: Case, named: Noted) -> tuple[Documented, ...]:
    """Stated conditions that a note names."""
    return tuple(case.documented[code] for code in named.stated)


def _source(named: Noted, section: str) -> str:
    return f"{_WORDS[named.kind]} note at {named.at}; {section}"


RULES: Final[tuple[Rule, ...]] = (
    excluded_pair,
    documented_beside,
    etiology_first,
    etiology_is_coded,
    partner_is_coded,
    companion_is_coded,
    additional_code_is_not_first,
    manifestation_follows,
    underlying_condition_leads,
)
