"""What the record states and the proposal leaves out: the conditions that a note or a rule may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from medcoding.chart import SectionKind
from medcoding.codebook import Codebook
from medcoding.mention import Assertion, Mention

_ASSESSED: Final = frozenset(
    {SectionKind.ASSESSMENT, SectionKind.ASSESSMENT_PLAN, SectionKind.DISCHARGE_DIAGNOSIS, SectionKind.PROBLEM_LIST}
)


class Documented(NamedTuple):
    """A condition the record states as the patient's own and current."""

    code: str
    """Code or stem of the dictionary's term."""
    billable: tuple[str, ...]
    """The code itself where it may be billed as it stands; else nothing."""
    assessed: bool
    """Stated in an assessment or a list of diagnoses."""


def documented(
    mentions: Iterable[Mention], ways: frozenset[Assertion], taken: frozenset[str], codebook: Codebook
) -> Mapping[str, Documented]:
    """By code or stem: conditions stated in one of these ways, but for those of the categories `taken`."""
    found: dict[str, Documented] = {}
    for mention in mentions:
        code = mention.concept
        if code and code[:3] not in taken and mention.assertion in ways and mention.experiencer == "patient":
            before = found.get(code)
            assessed = mention.section in _ASSESSED or (before is not None and before.assessed)
            found[code] = Documented(code, (code,) if codebook.is_billable(code) else (), assessed)
    return found
