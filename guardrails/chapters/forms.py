"""The few forms that chapter rules take, and what a rule says when one of them is broken.

Each form is a pure function from a case, families of codes and a ruling to findings. A rejecting rule names only the
code that goes; every other rule names the codes it is about, the one that should change first.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from guardrails.case import Case
from guardrails.chapters.families import Family
from medcoding.finding import Finding, Severity
from medcoding.proposal import ProposedCode

REJECT: Final = Severity.REJECT
MUST_RESOLVE: Final = Severity.MUST_RESOLVE
ADVISE: Final = Severity.ADVISE

Findings = tuple[Finding, ...]


class Ruling(NamedTuple):
    """What a rule says each time. `{code}` and `{other}` in its words stand for the codes it is about."""

    rule: str
    severity: Severity
    source: str
    message: str
    mend: str

    def on(self, code: str, *others: str, mend_codes: tuple[str, ...] = ()) -> Finding:
        """The finding about a code and those that it clashes with."""
        other = others[0] if others else ""
        return Finding(
            rule=self.rule,
            severity=self.severity,
            codes=(code,) if self.severity is REJECT else tuple(dict.fromkeys((code, *others))),
            message=self.message.format(code=code, other=other),
            source=self.source,
            mend=self.mend.format(code=code, other=other),
            mend_codes=mend_codes,
        )

    def missing(self, code: str) -> Finding:
        """The finding about a code that nobody proposed; it names none of the proposal."""
        return self.on(code, mend_codes=(code,)).model_copy(update={"codes": ()})


def never_first(case: Case, held_back: Family, ruling: Ruling) -> Findings:
    """The first code belongs to the family; the mend is the next one that does not."""
    if case.first is None or case.first.code not in held_back:
        return ()
    ahead = next((code for code in case.codes if code not in held_back), None)
    return (ruling.on(case.first.code, mend_codes=(ahead, case.first.code) if ahead else ()),)


def only_first(case: Case, leading: Family, ruling: Ruling) -> Findings:
    """A code of the family stands behind one that does not belong to it."""
    if not (late := leading.among(case.codes)):
        return ()
    outside = next((place for place, code in enumerate(case.codes) if code not in leading), len(case.codes))
    return tuple(
        ruling.on(code, case.codes[outside], mend_codes=(code, case.codes[outside]))
        for code in late
        if case.codes.index(code) > outside
    )


def in_order(case: Case, earlier: Family, later: Family, ruling: Ruling) -> Findings:
    """A code of `later` stands ahead of every code of `earlier`."""
    if not (behind := later.among(case.codes)):
        return ()
    ahead = [code for code in earlier.among(case.codes) if code not in behind]
    if not ahead or case.codes.index(behind[0]) > case.codes.index(ahead[0]):
        return ()
    return (ruling.on(behind[0], ahead[0], mend_codes=(ahead[0], behind[0])),)


def partnered(case: Case, needy: Family, partners: Family, ruling: Ruling, *mend_codes: str) -> Findings:
    """A code of the family stands without any partner."""
    alone = needy.among(case.codes)
    if not alone or partners.among(case.codes):
        return ()
    return tuple(ruling.on(code, mend_codes=mend_codes) for code in alone)


def apart(case: Case, wrong: Family, beside: Family, ruling: Ruling, *mend_codes: str) -> Findings:
    """A code of the family stands beside one of the other family."""
    if not (found := wrong.among(case.codes)):
        return ()
    others = beside.among(case.codes)
    return tuple(
        ruling.on(code, other, mend_codes=mend_codes)
        for code in found
        if (other := next((o for o in others if o != code), None))
    )


def at_most_one(case: Case, single: Family, ruling: Ruling) -> Findings:
    """More than one code of the family; the first one stays, the finding is about the others."""
    found = single.among(case.codes)
    return tuple(ruling.on(code, found[0]) for code in found[1:])


def worded(case: Case, claimed: Family, words: re.Pattern[str], ruling: Ruling, *mend_codes: str) -> Findings:
    """A code that only the provider's own words allow, in a record that nowhere has them."""
    found = claimed.among(case.codes)
    if not found or words.search(case.record):
        return ()
    return tuple(ruling.on(code, mend_codes=mend_codes) for code in found)


def quoted(line: ProposedCode) -> str:
    """The words that a code's evidence quotes, in lower case."""
    return " ".join(quote.text for quote in line.evidence).lower()


def quoting(case: Case, claimed: Family, words: re.Pattern[str], ruling: Ruling, *mend_codes: str) -> Findings:
    """A code whose own quotes say what rules it out."""
    found = claimed.among(case.codes)
    lines = [line for line in case.diagnoses if line.code in found] if found else []
    return tuple(ruling.on(line.code, mend_codes=mend_codes) for line in lines if words.search(quoted(line)))
