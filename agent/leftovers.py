"""Nothing is dropped in silence: what was not read and what was suggested but not adopted, as findings."""

from __future__ import annotations

from collections.abc import Sequence

from agent.mentions import MOST_MENTIONS
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Suggestion
from medcoding.errors import InputError
from medcoding.finding import Finding, Severity
from medcoding.mention import Mention
from medcoding.proposal import Proposal


def unread(mentions: Sequence[Mention]) -> tuple[Finding, ...]:
    """Nothing is dropped in silence: an encounter too rich to be read whole says so."""
    if len(mentions) < MOST_MENTIONS:
        return ()
    return (
        Finding(
            rule="reading.limit",
            severity=Severity.MUST_RESOLVE,
            message=f"The record holds more than {MOST_MENTIONS} mentions; what lies beyond was not read.",
            source="limit of one encounter",
            mend="Split the encounter and code its parts.",
        ),
    )


def suggested(suggestion: Suggestion) -> str | None:
    """The code another system was considering, in its printed form; None where it is no ICD-10-CM code."""
    try:
        return parse_code(suggestion.code) if suggestion.system is CodeSystem.ICD10CM else None
    except InputError:
        return None


def not_adopted(suggestions: tuple[Suggestion, ...], proposal: Proposal) -> tuple[Finding, ...]:
    """What another system suggested and is not on the answer is named, never dropped in silence."""
    coded = {line.code for line in proposal.codes}
    return tuple(
        Finding(
            rule="suggestion.not_adopted",
            severity=Severity.ADVISE,
            message=f"The suggestion {suggested(suggestion) or number} was not adopted.",
            source="the sender's suggestions",
            mend="Ask 'chartwright why CODE' for the reason.",
        )
        for number, suggestion in enumerate(suggestions, start=1)
        if suggested(suggestion) not in coded
    )
