"""Names known by how they end."""

from __future__ import annotations

import pytest

from agent.endings import named_by_ending
from agent.kinds import kind_of
from medcoding.mention import MentionKind


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("s/p ileocecectomy 2011", "ileocecectomy", MentionKind.PROCEDURE),
        ("two prior ureteroscopies", "ureteroscopies", MentionKind.PROCEDURE),
        ("Sacrocolpopexy done", "Sacrocolpopexy", MentionKind.PROCEDURE),
        ("on garadacimab monthly", "garadacimab", MentionKind.DRUG),
        ("started vicadrostat and balinatunfib, remogliflozin", "remogliflozin", MentionKind.DRUG),
        ("zavegliptin 5 mg", "zavegliptin", MentionKind.DRUG),
    ],
)
def test_a_name_that_no_table_holds_is_known_by_its_ending(text: str, name: str, kind: MentionKind) -> None:
    """New drugs and rare operations are named by rule; the span is the author's own word."""
    (found,) = named_by_ending(text)
    assert (text[found.start : found.end], kind_of(found.term), found.term.stems) == (name, kind, ())


@pytest.mark.parametrize(
    "text", ["cocaine use", "urine microscopy", "otoscopy normal", "cholesterol 210", "a dichotomous choice", "statin"]
)
def test_other_words_that_end_alike_are_no_names(text: str) -> None:
    """A street drug, a look through an instrument, a laboratory value."""
    assert not list(named_by_ending(text))
