"""Choosing without a language model: the best candidate, or none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.choose import choose, choose_dependent, is_dependent
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.codes import CodeSystem
from medcoding.mention import Assertion, Mention, MentionKind
from medcoding.proposal import NotCodedReason, Source
from tests.charts import mention

DICTIONARY, SEARCH = CandidateOrigin.DICTIONARY, CandidateOrigin.SEARCH
GOUT = mention(1, "Gout", 2)


def offer(code: str, score: float, origin: CandidateOrigin = SEARCH) -> Candidate:
    """A candidate with a score."""
    return Candidate(
        number=1, system=CodeSystem.ICD10CM, code=code, title=code, surface="gout", score=score, origins=(origin,)
    )


def strength(*offers: Candidate, **changes: Any) -> float:
    """How clearly the first of the offers stands out."""
    return choose(GOUT.model_copy(update=changes), offers).strength


def test_the_best_candidate_is_taken_with_its_ground() -> None:
    """The first one, chosen by rules, with the sentence it rests on and the wording that matched."""
    choice = choose(GOUT, (offer("M10.9", 1.0, DICTIONARY), offer("M10.00", 0.9, DICTIONARY)))
    assert (choice.mention_id, choice.code, choice.source) == (1, "M10.9", Source.RULES)
    assert choice.evidence_sentences == (2,)
    assert "“gout”" in choice.reason
    assert choice.declined_as is None


@pytest.mark.parametrize("offers", [(), (offer("M10.9", 0.71),), (offer("M10.9", 0.3), offer("M10.00", 0.2))])
def test_a_weak_candidate_is_not_taken(offers: tuple[Candidate, ...]) -> None:
    """Nothing is invented: too few shared words leave the mention uncoded, with that reason."""
    choice = choose(GOUT, offers)
    assert (choice.code, choice.declined_as, choice.strength) == (None, NotCodedReason.NO_CANDIDATE, 0.0)


def test_a_clinical_term_needs_no_score() -> None:
    """The dictionary's word is taken as it is, search must be sure."""
    assert choose(GOUT, (offer("M10.9", 0.6, DICTIONARY),)).code == "M10.9"
    assert choose(GOUT, (offer("M10.9", 0.72),)).code == "M10.9"


def test_what_speaks_for_and_against_moves_the_strength() -> None:
    """A stated problem is surer, an uncertain one and a close rival of another category less sure."""
    best, far, near = offer("M10.9", 1.0, DICTIONARY), offer("I10", 0.5), offer("I10", 0.95)
    assert strength(best, heads_problem=True) > strength(best)
    assert strength(best, assertion=Assertion.POSSIBLE) < strength(best)
    assert strength(best, near) < strength(best, far) == strength(best)
    assert strength(best, offer("M10.00", 0.99)) == strength(best)


@pytest.mark.parametrize(
    ("needs", "coded", "code"),
    [
        (("E11",), {"E11.9"}, "Z79.4"),
        (("E11",), {"I10"}, None),
        (("E10", "E11"), {"E11.22"}, "Z79.4"),
        ((), set(), "Z79.4"),
    ],
)
def test_a_drug_counts_beside_its_condition(needs: tuple[str, ...], coded: set[str], code: str | None) -> None:
    """Long-term insulin is reported where diabetes is."""
    insulin = mention(1, "insulin", 1, kind=MentionKind.DRUG, needs=needs)
    assert choose_dependent(insulin, (offer("Z79.4", 1.0, DICTIONARY),), frozenset(coded)).code == code


@pytest.mark.parametrize("code", ["Z79.899", "Y93.9", "Y92.9", "Y99.9"])
def test_a_code_that_says_nothing_is_not_reported(code: str) -> None:
    """Residual drug use and unspecified activity, place and status add nothing (I.C.20)."""
    assert choose_dependent(GOUT, (offer(code, 1.0, DICTIONARY),), frozenset({"I10"})).code is None


@pytest.mark.parametrize(
    ("item", "dependent"),
    [
        (GOUT, False),
        (mention(1, "insulin", 1, kind=MentionKind.DRUG), True),
        (mention(1, "BMI 32", 1, needs=("E66",)), True),
    ],
)
def test_what_depends_on_other_codes(item: Mention, dependent: bool) -> None:
    """Drugs, and what explains or measures another condition."""
    assert is_dependent(item) is dependent


@given(
    st.lists(
        st.builds(offer, st.sampled_from(["M10.9", "I10", "J18.9"]), st.floats(0, 2), st.sampled_from(CandidateOrigin)),
        max_size=5,
    ),
    st.booleans(),
    st.sampled_from(Assertion),
)
def test_nothing_is_chosen_before_a_better_offer(offers: list[Candidate], stated: bool, assertion: Assertion) -> None:
    """Law: the choice is the first candidate of its own, one that scores like it, or none; strength is from 0 to 1."""
    choice = choose(GOUT.model_copy(update={"heads_problem": stated, "assertion": assertion}), tuple(offers))
    joint = {CandidateOrigin.PAIR, CandidateOrigin.PARTNER}
    own = [o for o in offers if not joint.issuperset(o.origins)] or offers
    assert choice.code in {None, *(o.code for o in own if o.score > own[0].score - 0.06)}
    assert 0.0 <= choice.strength <= 1.0
    assert (choice.code is None) == (choice.declined_as is not None)


def _candidate(code: str, surface: str, score: float, *origins: CandidateOrigin) -> Candidate:
    return offer(code, score).model_copy(update={"surface": surface, "origins": origins})


def test_of_equals_the_records_own_term_leads() -> None:
    """The title of K40.20 names the hernia as well as the term that leads to K40.90; a longer wording says more."""
    said = mention(1, "inguinal hernia", 1)
    both = _candidate("K40.20", "inguinal hernia", 1.0, CandidateOrigin.SEARCH)
    one = _candidate("K40.90", "inguinal hernia", 1.0, CandidateOrigin.DICTIONARY)
    longer = _candidate("K40.21", "recurrent inguinal hernia", 1.0, CandidateOrigin.SEARCH)
    assert choose(said, (both, one)).code == "K40.90"
    assert choose(said, (longer, one)).code == "K40.21"


def test_pairs_and_partners_are_settled_over_the_whole_set() -> None:
    """What two conditions lead to is not chosen for one of them alone (guideline I.A.15)."""
    pair = _candidate("E11.22", "diabetes with kidney disease", 1.1, CandidateOrigin.PAIR)
    own = _candidate("E11.9", "type 2 diabetes", 1.0, CandidateOrigin.DICTIONARY)
    assert choose(mention(1, "type 2 diabetes", 1), (pair, own)).code == "E11.9"


@pytest.mark.parametrize(
    ("words", "context", "code", "chosen"),
    [
        ("carcinoma", ("carcinoma",), "C80.1", None),
        ("carcinoma", ("carcinoma", "primary", "unknown"), "C80.1", "C80.1"),
        ("E. coli", ("e", "coli"), "A41.51", None),
        ("E. coli sepsis", ("e", "coli", "sepsis"), "A41.51", "A41.51"),
    ],
)
def test_some_codes_stand_only_where_the_record_says_so(
    words: str, context: tuple[str, ...], code: str, chosen: str | None
) -> None:
    """No unknown primary site, no sepsis, that the provider did not name (guidelines I.C.2.j, I.C.1.d.1.a)."""
    offered = _candidate(code, words, 1.0, CandidateOrigin.DICTIONARY)
    assert choose(mention(1, words, 1, context=context), (offered,)).code == chosen
