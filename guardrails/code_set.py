"""The set as a whole: duplicates, wholes beside their parts, contradictions, sides (I.B.2, I.B.9, I.B.12, I.B.13)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from guardrails.laterality import Side, side_of
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Finding, Severity


class OneOf(NamedTuple):
    """A kind of code of which a patient has one."""

    stems: tuple[str, ...]
    """Each stem is one answer; two of them contradict each other."""
    words: str
    source: str


_ONE_OF: Final = (
    OneOf(("E08", "E09", "E10", "E11", "E13"), "types of diabetes", "I.C.4.a"),
    OneOf(("N18.1", "N18.2", "N18.3", "N18.4", "N18.5", "N18.6"), "stages of chronic kidney disease", "I.C.14.a.1"),
    OneOf(("N18.31", "N18.32"), "stages 3 of chronic kidney disease", "I.C.14.a.1"),
    OneOf(("E66.811", "E66.812", "E66.813"), "classes of obesity", "E66.81 classes"),
    OneOf(tuple(f"Z38.{n}" for n in range(9)), "places and numbers of a birth", "I.C.16.a.2"),
    OneOf(tuple(f"Z37.{n}" for n in range(10)), "outcomes of a delivery", "I.C.15.b.5"),
    OneOf(("B20", "Z21", "R75"), "states of HIV infection", "I.C.1.a.2.f"),
    OneOf(
        ("F17.20", "F17.21", "F17.22", "F17.29", "Z87.891"),
        "states of tobacco use",
        "Excludes1 note at F17; I.A.12.a",
    ),
    OneOf(("I50.2", "I50.3"), "kinds of heart failure, which I50.4 joins", "I.B.9"),
)
_EACH_CODE: Final = (
    OneOf(("Z68",), "body mass indexes", "I.B.14"),
    OneOf(("Z3A",), "weeks of gestation", "I.C.21.c.11"),
    OneOf(("Z67",), "blood types", "Z67 one type a person"),
    OneOf(("R29.7",), "stroke scores", "I.C.18.i"),
    OneOf(("P07.2", "P07.3"), "gestational ages of a newborn", "I.C.16.d"),
    OneOf(("P07.0", "P07.1"), "birth weights of a newborn", "I.C.16.d"),
)
"""Of these stems any two codes contradict each other."""

_WHOLES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("R11.2", ("R11.0", "R11.1")),
    ("N20.2", ("N20.0", "N20.1")),
    ("K80.0", ("K81.0",)),
    ("K80.1", ("K81.1",)),
    ("K57.32", ("K57.30",)),
    ("K57.33", ("K57.31", "K57.30")),
    ("G43.7", ("G43.9",)),
    ("I50.4", ("I50.2", "I50.3")),
    ("K35.2", ("K65.0", "K65.9")),
    ("K35.3", ("K65.0", "K65.9")),
    ("M17.0", ("M17.1",)),
    ("M16.0", ("M16.1",)),
    ("R50.8", ("R50.9",)),
    ("N13.6", ("N13.3", "N20.0", "N20.1")),
)
"""Combination codes and the codes that they make superfluous, in stems, but for those of which a chapter rule speaks:
one finding a fact."""

_SAID_BY_CHAPTERS: Final[Mapping[str, tuple[str, ...]]] = {"J44.9": ("J44.0", "J44.1"), "N18.9": ("N18",)}
"""Unspecified codes with the specific ones beside which a chapter rule already removes them."""

_WITHOUT: Final = re.compile(r"^(.*?),? without ")
_SEVENTH: Final = 7
_SIDES: Final[tuple[Side, ...]] = ("right", "left")


def codes_stand_once(case: Case) -> tuple[Finding, ...]:
    """One condition is reported once (I.B.12); a repeated service is told apart by its modifiers."""
    counts = Counter((line.system, line.code, line.modifiers) for line in case.lines)
    return tuple(
        Finding(
            rule="set.duplicate",
            severity=Severity.MUST_RESOLVE,
            codes=(code,),
            message=f"{code} stands {times} times.",
            source="I.B.12" if system is CodeSystem.ICD10CM else "Claim form, one line a service",
            mend="Report it once." if system is CodeSystem.ICD10CM else "Report it once with its units or modifiers.",
            mend_codes=(code,),
        )
        for (system, code, _), times in counts.items()
        if times > 1
    )


def whole_stands_alone(case: Case) -> tuple[Finding, ...]:
    """A combination code is not reported beside the codes that it joins."""
    return tuple(
        Finding(
            rule="set.part",
            severity=Severity.MUST_RESOLVE,
            codes=(part, whole),
            message=f"{whole} says what {part} says beside it.",
            source="I.B.9",
            mend=f"Leave {part} out, unless it is another condition.",
            mend_codes=(whole,),
        )
        for stem, stems in _WHOLES
        for whole in case.coded(stem)
        for part in case.coded(*stems)
        if not part.startswith(stem)
    )


def unspecified_gives_way(case: Case) -> tuple[Finding, ...]:
    """The unspecified code of a subcategory says nothing beside a specific one of it."""
    return tuple(
        Finding(
            rule="set.less_specific",
            severity=Severity.MUST_RESOLVE,
            codes=(code, better),
            message=f"{code} says less than {better} about the same condition.",
            source="I.B.2",
            mend=f"Leave {code} out, unless it is another condition.",
            mend_codes=(better,),
        )
        for code in case.codes
        for better in _more_specific(case, code)[:1]
    )


def without_contradicts_with(case: Case) -> tuple[Finding, ...]:
    """`Without complications` beside a complication of the same disease."""
    return tuple(
        Finding(
            rule="set.with_and_without",
            severity=Severity.MUST_RESOLVE,
            codes=(code, other),
            message=f"{code} denies what {other} states.",
            source="I.A.15, I.B.9",
            mend=f"Leave {code} out.",
            mend_codes=(other,),
        )
        for code in case.codes
        for other in _stated_with(case, code)
    )


def one_answer_to_one_question(case: Case) -> tuple[Finding, ...]:
    """A patient has one type of diabetes, one stage of kidney disease, one body mass index at a time."""
    return tuple(finding for kind, groups in _answers(case) for finding in _contradiction(kind, groups))


def sides_are_joined(case: Case) -> tuple[Finding, ...]:
    """Right and left are reported by the bilateral code where the book has one; no side stands beside it."""
    found: dict[tuple[str, ...], Finding] = {}
    for code in case.codes:
        twins = case.twins[code]
        present = {side: twin for side, twin in twins.items() if twin in case.codes}
        if finding := _sides(present, twins, side_of(twins, code)):
            found[finding.codes] = finding
    return tuple(found[codes] for codes in sorted(found))


def _more_specific(case: Case, code: str) -> list[str]:
    """Specific codes under the entry that holds an unspecified one."""
    title = case.codebook.title(code).lower()
    entry = case.codebook.entry(code)
    if "unspecified" not in title or entry is None or entry.parent is None or len(code.replace(".", "")) == _SEVENTH:
        return []
    if not code.endswith(("9", "0")) or code.startswith(tuple("STVWXYZ")):
        return []
    stem = code[:-1].rstrip(".")
    return [
        other
        for other in case.codes
        if other != code
        and other.startswith(stem)
        and not other.startswith(_SAID_BY_CHAPTERS.get(code, ()))
        and not _is_vague(case.codebook, other)
        and other not in case.twins[code].values()
    ]


def _is_vague(codebook: Codebook, code: str) -> bool:
    title = codebook.title(code).lower()
    return "unspecified" in title or "other" in title.split()[:2]


def _stated_with(case: Case, code: str) -> Iterator[str]:
    title = case.codebook.title(code).lower()
    match = _WITHOUT.match(title)
    if match:
        stated = f"{match.group(1)} with "
        for other in case.codes:
            if other[:3] == code[:3] and case.codebook.title(other).lower().startswith(stated):
                yield other


def _answers(case: Case) -> Iterator[tuple[OneOf, list[tuple[str, ...]]]]:
    for kind in _ONE_OF:
        groups = [found for stem in kind.stems if (found := case.coded(stem))]
        if len(groups) > 1:
            yield kind, groups
    for kind in _EACH_CODE:
        codes = case.coded(*kind.stems)
        if len(codes) > 1:
            yield kind, [(code,) for code in codes]


def _contradiction(kind: OneOf, groups: list[tuple[str, ...]]) -> Iterator[Finding]:
    for one, other in combinations([group[0] for group in groups], 2):
        yield Finding(
            rule="set.contradiction",
            severity=Severity.MUST_RESOLVE,
            codes=(one, other),
            message=f"{one} and {other} are two {kind.words}.",
            source=kind.source,
            mend="Keep the one that the provider documents; where the record contradicts itself, ask.",
            mend_codes=(one, other),
        )


def _sides(present: Mapping[Side, str], twins: Mapping[Side, str], side: Side | None) -> Finding | None:
    if side is None or len(present) < 2:
        return None
    both = twins.get("bilateral")
    if both is None and set(present) == set(_SIDES):
        return None
    keep = (both,) if both else tuple(present[s] for s in _SIDES if s in present)
    codes = tuple(sorted(present.values()))
    return Finding(
        rule="set.sides",
        severity=Severity.MUST_RESOLVE,
        codes=codes,
        message=f"{' and '.join(codes)} name more than one side of the same condition.",
        source="I.B.13",
        mend=f"Report {' and '.join(keep)}.",
        mend_codes=keep,
    )


RULES: Final[tuple[Rule, ...]] = (
    codes_stand_once,
    whole_stands_alone,
    unspecified_gives_way,
    without_contradicts_with,
    one_answer_to_one_question,
    sides_are_joined,
)
