"""The candidates of a second, short round: siblings that say more than the chosen code, and the mends of a check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from agent.specificity import siblings
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Finding
from medcoding.proposal import Choice
from retrieval.likeness import joined, roots
from retrieval.title_axes import content, title_axes
from retrieval.wording import SIDES

_MOST: Final = 8
_SMALL_CATEGORY: Final = 120


def more_telling(
    choice: Choice, offered: Sequence[Candidate], words: frozenset[str], codebook: Codebook
) -> tuple[Candidate, ...]:
    """The chosen candidate first, then siblings and children that were not offered and whose every further word the
    record has; empty when there are none.

    `words` are the normal forms of the record.
    """
    chosen = next((candidate for candidate in offered if candidate.code == choice.code), None)
    if chosen is None:
        return ()
    record = roots(joined(tuple(words)))
    known = {candidate.code for candidate in offered}
    own = title_axes(chosen.title)
    finer = []
    for code in _family(chosen.code, codebook):
        title = title_axes(codebook.title(code))
        added = content(title.says) - own.says
        sided = title.sides - own.sides
        if code not in known and (added or sided) and added <= record and sided <= words & SIDES:
            finer.append((-len(added), code))
    best = [code for _, code in sorted(finer)[: _MOST - 1]]
    return _numbered([chosen, *_found(best, codebook, CandidateOrigin.SEARCH)]) if best else ()


def _family(code: str, codebook: Codebook) -> tuple[str, ...]:
    """The codes of the whole category where it is small; else those beside the code."""
    category = codebook.billable_under(code[:3])
    return tuple(c for c in category if c != code) if len(category) <= _SMALL_CATEGORY else siblings(code, codebook)


def with_mends(offered: Sequence[Candidate], findings: Iterable[Finding], codebook: Codebook) -> tuple[Candidate, ...]:
    """The offered candidates and the billable codes that the findings' mends name."""
    known = {candidate.code for candidate in offered}
    named = dict.fromkeys(code for finding in findings for code in finding.mend_codes)
    mends = [code for code in named if code not in known and codebook.is_billable(code)][:_MOST]
    return _numbered([*offered, *_found(mends, codebook, CandidateOrigin.PARTNER)])


def _found(codes: Iterable[str], codebook: Codebook, origin: CandidateOrigin) -> list[Candidate]:
    return [
        Candidate(
            number=1,
            system=CodeSystem.ICD10CM,
            code=code,
            title=codebook.title(code),
            surface=codebook.title(code),
            score=0.0,
            origins=(origin,),
        )
        for code in codes
    ]


def _numbered(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(c.model_copy(update={"number": number}) for number, c in enumerate(candidates, start=1))
