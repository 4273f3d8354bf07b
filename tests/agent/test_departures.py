"""Behaviour of what holds a model to the record: an answer that departs from the rules has to be documented."""

from __future__ import annotations

from typing import Any

import pytest

from agent.departures import documented, overruled
from agent.questions import Offer
from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Severity
from medcoding.mention import Assertion
from medcoding.proposal import Choice, NotCodedReason, Source
from tests.charts import chart, mention
from tests.flow.notes import retrieved


def kept(
    codebook: Codebook, sentences: tuple[str, ...], offered: str, chosen: str | None, **changes: Any
) -> tuple[Choice, ...]:
    """What stands of a model's answer about the condition that the last sentence names.

    The first code offered is the one that the dictionary's term leads to. Every sentence but those in brackets speaks
    of some condition.
    """
    note = tuple(sentence.strip("[]") for sentence in sentences)
    about = mention(1, note[-1].rstrip("."), len(note), **({"heads_problem": True} | changes))
    others = [mention(n + 1, s, n) for n, s in enumerate(sentences[:-1], start=1) if not s.startswith("[")]
    offers = retrieved([MentionCandidates(mention_id=1, candidates=_candidates(codebook, *offered.split()))])
    answer = Choice(
        mention_id=1, code=chosen, reason="as read", source=Source.LLM, strength=0.9,
        declined_as=None if chosen else NotCodedReason.DECLINED,
    )  # fmt: skip
    return documented((answer,), Offer(chart(note), (about,), offers, codebook), (about, *others))


def _candidates(codebook: Codebook, *codes: str) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            number=number, system=CodeSystem.ICD10CM, code=code, title=codebook.title(code),
            surface=codebook.title(code), score=1.0 - number / 10,
            origins=(CandidateOrigin.DICTIONARY if number == 1 else CandidateOrigin.SEARCH,),
        )
        for number, code in enumerate(codes, start=1)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentences", "offered", "chosen", "stands"),
    [
        (("Glucose runs high, hyperglycemia.", "Type 2 diabetes."), "E11.9 E11.65", "E11.65", "E11.65"),
        (("Seen for follow-up.", "Type 2 diabetes."), "E11.9 E11.65", "E11.65", "E11.9"),
        (("[Take the kind with hyperglycemia.]", "Type 2 diabetes."), "E11.9 E11.65", "E11.65", "E11.9"),
        (("Pain in the left knee.", "Osteoarthritis of knee."), "M17.10 M17.12", "M17.12", "M17.12"),
        (("Crepitus.", "Osteoarthritis of right knee."), "M17.11 M17.12", "M17.12", "M17.11"),
        (("Crepitus.", "Osteoarthritis of right knee."), "M17.11 M17.9", "M17.9", "M17.11"),
        (("Crepitus.", "Osteoarthritis of right knee."), "M17.11 M17.0", "M17.0", "M17.11"),
        (("Wheeze.", "Pneumonia."), "J18.9 J96.01 A41.9", "A41.9", "J18.9"),
        (("Sputum grew pneumococcus.", "Pneumonia."), "J18.9 J13", "J18.9", "J18.9"),
    ],
)
def test_another_code_stands_where_the_record_says_what_sets_it_apart(
    fy2027: Codebook, sentences: tuple[str, ...], offered: str, chosen: str, stands: str
) -> None:
    """In sentences that speak of a condition; side and detail that nobody documented do not come in."""
    (choice,) = kept(fy2027, sentences, offered, chosen)
    assert choice.code == stands
    assert choice.source is (Source.LLM if stands == chosen else Source.RULES)


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({}, "I10"),
        ({"heads_problem": False}, None),
        ({"assertion": Assertion.POSSIBLE}, None),
    ],
)
def test_a_stated_problem_is_not_declined(fy2027: Codebook, changes: dict[str, Any], stands: str | None) -> None:
    """What an assessment has as a problem of its own stays; what is said in passing may be left out."""
    (choice,) = kept(fy2027, ("Seen today.", "Hypertension."), "I10 I15.9", None, **changes)
    assert choice.code == stands


def test_a_code_that_does_not_exist_is_left_to_the_guardrails(fy2027: Codebook) -> None:
    """They remove it and say why; here it would vanish silently."""
    assert kept(fy2027, ("Seen today.", "Hypertension."), "I10", "Q99.99")[0].code == "Q99.99"


def test_a_person_is_told_what_the_model_wanted(fy2027: Codebook) -> None:
    """One finding that must be resolved about the code that stands, with both codes and its source."""
    note = ("Seen today.", "Type 2 diabetes.")
    answer = Choice(mention_id=1, code="E11.65", reason="as read", source=Source.LLM, strength=0.9)
    (finding,) = overruled((answer,), kept(fy2027, note, "E11.9 E11.65", "E11.65"), frozenset({"E11.9"}))
    assert (finding.rule, finding.severity, finding.codes) == (
        "choice.undocumented",
        Severity.MUST_RESOLVE,
        ("E11.9",),
    )
    assert finding.mend_codes == ("E11.9", "E11.65")
    assert "I.B.2" in finding.source
    assert overruled((answer,), (answer,), frozenset({"E11.65"})) == ()
