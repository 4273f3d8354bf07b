from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from medcoding.codebook import Codebook
from retrieval.pairs import PairOffer, pair_offers
from tests.books import excerpts
from tests.charts import mention


def _offers(book: Codebook, *said: tuple[str, str], **changes: Any) -> dict[str, PairOffer]:
    """Pair offers of mentions that stand in one sentence each, by code."""
    mentions = [
        mention(n, words, n, context=tuple(words.lower().split()), **changes) for n, (words, _) in enumerate(said, 1)
    ]
    leading: Mapping[int, str] = {n: code for n, (_, code) in enumerate(said, 1)}
    return {offer.code: offer for offer in pair_offers(mentions, leading, book)}


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (("type 2 diabetes", "E11.9"), ("chronic kidney disease stage 3b", "N18.32"), "E11.22"),
        (("alcoholic cirrhosis", "K70.30"), ("ascites", "R18.8"), "K70.31"),
        (("crohn's colitis", "K50.10"), ("rectal bleeding", "K62.5"), "K50.111"),
        (("anemia", "D64.9"), ("colon cancer", "C18.9"), "D63.0"),
        (("diverticulosis of colon", "K57.30"), ("bleeding", "K92.2"), "K57.31"),
    ],
)
def test_with_and_in_presume_the_link(
    one: tuple[str, str], other: tuple[str, str], code: str, fy2027: Codebook
) -> None:
    """Wherever the record names the two (guideline I.A.15)."""
    offer = _offers(fy2027, one, other)[code]
    assert (offer.mention_id, offer.partner_id, offer.surface) == (1, 2, fy2027.title(code))


def test_a_code_with_due_to_needs_a_link_in_the_record(fy2027: Codebook) -> None:
    """`Hypertension secondary to endocrine disorders` is no presumption."""
    apart = _offers(fy2027, ("secondary hypertension", "I15.9"), ("hyperaldosteronism", "E26.9"))
    assert "I15.2" not in apart
    said = "secondary hypertension due to hyperaldosteronism"
    mentions = [
        mention(1, "secondary hypertension", 1, context=tuple(said.split())),
        mention(2, "hyperaldosteronism", 1, context=tuple(said.split())),
    ]
    assert "I15.2" in {offer.code for offer in pair_offers(mentions, {1: "I15.9", 2: "E26.9"}, fy2027)}


def test_what_has_its_cause_is_not_given_another(fy2027: Codebook) -> None:
    """`Anemia` is that of blood loss where the record says so elsewhere; the cancer beside it changes nothing."""
    offers = _offers(fy2027, ("anemia", "D64.9"), ("acute blood loss anemia", "D62"), ("colon cancer", "C18.9"))
    assert "D63.0" not in offers


def test_a_substance_is_never_presumed_to_be_the_cause(fy2027: Codebook) -> None:
    """The provider has to say that the psychosis is the drug's (guideline I.C.5.b.3)."""
    assert not _offers(fy2027, ("cannabis use disorder", "F12.20"), ("psychosis", "F29"))


def test_a_pressure_ulcer_is_no_diabetic_ulcer(fy2027: Codebook) -> None:
    """It has a cause of its own."""
    assert "E11.621" not in _offers(fy2027, ("type 2 diabetes", "E11.9"), ("pressure ulcer of the foot", "L89.899"))


def test_one_condition_alone_makes_no_pair(fy2027: Codebook) -> None:
    """Nor does the same condition said twice."""
    assert not _offers(fy2027, ("type 2 diabetes", "E11.9"))
    assert not _offers(fy2027, ("type 2 diabetes", "E11.9"), ("diabetes", "E11.9"))


def test_subterms_of_the_index_are_tried_too(tmp_path: Path, fy2027: Codebook) -> None:
    """Where an Alphabetic Index is loaded, what it adds comes with its path; it takes nothing away."""
    index = excerpts(tmp_path, fy2027)
    mentions = [mention(1, "type 2 diabetes", 1), mention(2, "chronic kidney disease", 2)]
    leading = {1: "E11.9", 2: "N18.9"}
    with_index = {offer.code for offer in pair_offers(mentions, leading, fy2027, index)}
    assert {offer.code for offer in pair_offers(mentions, leading, fy2027)} <= with_index
    index.close()
