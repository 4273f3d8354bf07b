"""Form: the seventh character, its placeholder, and the side (I.A.4, I.A.5, I.B.13)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from guardrails.case import Case, Rule
from guardrails.laterality import Side, side_of
from medcoding.codebook import Codebook
from medcoding.finding import Finding, Severity
from medcoding.proposal import ProposedCode

_PLACEHOLDER: Final = "X"
_WITHOUT_SEVENTH: Final = 6
_WITH_SEVENTH: Final = 7
_SAID: Final = re.compile(r"\b(right|left|bilateral|bilaterally|both)\b", re.IGNORECASE)
_BILATERAL: Final = frozenset({"bilateral", "bilaterally", "both"})


class Misform(NamedTuple):
    """What is wrong with the form of a code that the book does not bill."""

    message: str
    mend_codes: tuple[str, ...]


def misformed(code: str, codebook: Codebook) -> Misform | None:
    """What its seventh character or placeholder makes wrong with a code; None where that is not what is wrong."""
    if codebook.is_billable(code) or code[3:4] not in {"", "."}:
        return None
    nearest = codebook.nearest(code)
    if nearest is None or not codebook.seventh_characters(nearest):
        return _superfluous(code, nearest, codebook)
    padded = nearest.replace(".", "").ljust(_WITHOUT_SEVENTH, _PLACEHOLDER)
    complete = tuple(c for c in codebook.billable_under(nearest) if c.replace(".", "")[:_WITHOUT_SEVENTH] == padded)
    if not complete or complete != codebook.billable_under(nearest):
        return None
    return _against_table(code, nearest, complete)


def _against_table(code: str, nearest: str, complete: tuple[str, ...]) -> Misform | None:
    rest = code.replace(".", "")[len(nearest.replace(".", "")) :]
    character = rest.lstrip(_PLACEHOLDER)
    if not character:
        return Misform(f"{code} lacks its seventh character.", complete)
    if len(character) > 1:
        return None
    meant = tuple(c for c in complete if c.endswith(character))
    if meant:
        return Misform(f"{code} lacks the placeholder X that puts its seventh character in its place.", meant)
    return Misform(f"{nearest} takes no seventh character {character}.", complete)


def _superfluous(code: str, nearest: str | None, codebook: Codebook) -> Misform | None:
    """A seventh character on a code that is complete without one."""
    bare = code.replace(".", "")
    if nearest is None or not codebook.is_billable(nearest) or len(bare) != _WITH_SEVENTH:
        return None
    return Misform(f"{nearest} is complete and takes no seventh character.", (nearest,))


def seventh_character_is_valid(case: Case) -> tuple[Finding, ...]:
    """Where a category asks for a seventh character it stands in the seventh place and is one of the table's."""
    found = ((code, misformed(code, case.codebook)) for code in case.codes)
    return tuple(
        Finding(
            rule="form.seventh_character",
            severity=Severity.REJECT,
            codes=(code,),
            message=fault.message,
            source="I.A.4" if "placeholder" in fault.message else "I.A.5",
            mend=f"Use {' or '.join(fault.mend_codes[:6])}.",
            mend_codes=fault.mend_codes,
        )
        for code, fault in found
        if fault
    )


def side_is_the_documented_one(case: Case) -> tuple[Finding, ...]:
    """A code for one side rests on words that speak of that side."""
    return tuple(finding for line in case.diagnoses for finding in _other_side(case, line))


def side_is_named(case: Case) -> tuple[Finding, ...]:
    """A code for an unspecified side is for records that leave the side open, and those want a query."""
    return tuple(finding for line in case.diagnoses for finding in _open_side(case, line))


def _other_side(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    twins = case.twins[line.code]
    side = side_of(twins, line.code)
    said = _sides_of_quotes(case, line) if side and side != "unspecified" else frozenset()
    if not said or side in said | _sides_in(case.words_of(line)) or (side != "bilateral" and "bilateral" in said):
        return ()
    meant = tuple(twins[s] for s in sorted(said) if s in twins)
    return (
        Finding(
            rule="form.side",
            severity=Severity.MUST_RESOLVE,
            codes=(line.code,),
            message=f"{line.code} names the {side} side, its evidence the {' and '.join(sorted(said))} side.",
            source="I.B.13",
            mend=f"Use {' or '.join(meant)}." if meant else "Choose the code of the documented side.",
            mend_codes=meant,
        ),
    )


def _open_side(case: Case, line: ProposedCode) -> tuple[Finding, ...]:
    twins = case.twins[line.code]
    if side_of(twins, line.code) != "unspecified" or len(twins) < 2:
        return ()
    said = _sides_of_quotes(case, line) | _sides_of_condition(case, line.code)
    meant = tuple(twins[s] for s in sorted(said) if s in twins)
    return (
        Finding(
            rule="form.unspecified_side",
            severity=Severity.MUST_RESOLVE if meant else Severity.ADVISE,
            codes=(line.code,),
            message=(
                f"{line.code} leaves the side open, though the record names the {' and '.join(sorted(said))} side."
                if meant
                else f"{line.code} leaves the side open, and so does the record."
            ),
            source="I.B.13",
            mend=f"Use {' or '.join(meant)}." if meant else "Ask the provider for the side.",
            mend_codes=meant,
        ),
    )


def _sides_of_quotes(case: Case, line: ProposedCode) -> frozenset[Side]:
    """The sides that the quoted words name, abbreviations included where the mention was read."""
    written = frozenset(side for quote in line.evidence for side in _sides_in(quote.text))
    return written | frozenset(m.axes.laterality for m in case.mentions_in(line) if m.axes.laterality)


def _sides_of_condition(case: Case, code: str) -> frozenset[Side]:
    """The sides on which the record has this very condition."""
    same = case.mentioned(code)
    return frozenset(m.axes.laterality for m in same if m.axes.laterality)


def _sides_in(text: str) -> frozenset[Side]:
    words = {word.lower() for word in _SAID.findall(text)}
    both: frozenset[Side] = (
        frozenset({"bilateral"}) if words & _BILATERAL or {"right", "left"} <= words else frozenset()
    )
    sides: tuple[Side, ...] = ("right", "left")
    return both | frozenset(side for side in sides if side in words)


RULES: Final[tuple[Rule, ...]] = (seventh_character_is_valid, side_is_the_documented_one, side_is_named)
