"""Problems, operations, drugs and things."""

from __future__ import annotations

import pytest

from agent.kinds import is_coded_problem, kind_of
from medcoding.mention import MentionKind
from tests.lines import term


@pytest.mark.parametrize(
    ("text", "code", "source", "kind"),
    [
        ("hypertension", "I10", "clinical", MentionKind.PROBLEM),
        ("s/p CABG", "Z95.1", "clinical", MentionKind.PROCEDURE),
        ("screening mammogram", "Z12.31", "clinical", MentionKind.PROCEDURE),
        ("colostomy status", "Z93.3", "clinical", MentionKind.PROBLEM),
        ("flu shot", "Z23", "clinical", MentionKind.DRUG),
        ("home O2", "Z99.81", "clinical", MentionKind.SUPPLY),
        ("stent thrombosis", "T82.867", "clinical", MentionKind.PROBLEM),
        ("insulin", "Z79.4", "drug", MentionKind.DRUG),
        ("total knee arthroplasty", "Z96.65", "procedure", MentionKind.PROCEDURE),
        ("rolling walker", "Z99.89", "supply", MentionKind.SUPPLY),
    ],
)
def test_source_and_name_tell_the_kind(text: str, code: str, source: str, kind: MentionKind) -> None:
    """A status code of an operation speaks of the operation; a complication of a stent is a problem."""
    assert kind_of(term(text, code, source=source)) is kind


def test_only_what_has_a_code_of_its_own_stands_as_a_problem() -> None:
    """A line that names nothing but a drug still has to be looked up as it is written."""
    assert is_coded_problem(None)
    assert is_coded_problem(term("gout", "M10.9"))
    assert not is_coded_problem(term("aspirin", "Z79.82", source="drug"))
    assert not is_coded_problem(term("crackles").model_copy(update={"stems": ()}))
