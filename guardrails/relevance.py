"""Relevance: the quoted words speak of the code's condition and not of another one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from guardrails.case import Case, Rule
from medcoding.codebook import Codebook
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import ProposedCode

_WORD: Final = re.compile(r"[a-z]{4,}")
_STEM: Final = 5
"""Letters of a word that are compared: `diabetes` and `diabetic` meet."""

_NAMED_BY_CAUSE: Final = re.compile(r"[VWXYOPU]|T(?:3[6-9]|4\d|50)|B9[567]|Z3|Z91\.1")
"""Codes whose evidence speaks of what they explain or come with: causes, drugs, organisms, pregnancies."""

_ENTRIES_ABOVE: Final = 2


def evidence_speaks_of_the_code(case: Case) -> tuple[Finding, ...]:
    """Quotes that are known to mean something of another chapter, and share no word with the code, are a mistake."""
    return tuple(
        Finding(
            rule="evidence.another_condition",
            severity=Severity.MUST_RESOLVE,
            codes=(line.code,),
            message=f"The evidence for {line.code} speaks of another condition.",
            source="III, IV.J",
            mend="Quote words that state the condition, or leave the code out.",
        )
        for line in case.diagnoses
        if line.code in case.codebook and not _NAMED_BY_CAUSE.match(line.code) and _speaks_of_another(case, line)
    )


def _speaks_of_another(case: Case, line: ProposedCode) -> bool:
    known = [mention for mention in case.mentions_in(line) if mention.concept]
    if not known or line.code[0] in {name[0] for mention in known for name in _meanings(mention)}:
        return False
    said = [quote.text for quote in line.evidence]
    said += [words for m in known for words in (m.query, case.codebook.title(m.concept or ""))]
    return not _stems(said) & _named(case.codebook, line.code)


def _meanings(mention: Mention) -> tuple[str, ...]:
    return tuple(name for name in (mention.concept, mention.history_code, *mention.stems) if name)


@lru_cache(maxsize=4_096)
def _named(codebook: Codebook, code: str) -> frozenset[str]:
    """The stems of the words in a code's title and those above it."""
    return _stems([entry.title for entry in codebook.lineage(code)[: _ENTRIES_ABOVE + 1]])


def _stems(texts: list[str]) -> frozenset[str]:
    return frozenset(word[:_STEM] for text in texts for word in _WORD.findall(text.lower()))


RULES: Final[tuple[Rule, ...]] = (evidence_speaks_of_the_code,)
