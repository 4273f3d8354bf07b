from __future__ import annotations

import pytest

from medcoding.codebook import Codebook
from retrieval.partners import PartnerOffer, partner_offers
from tests.charts import mention


def _offers(book: Codebook, *said: tuple[str, str]) -> dict[tuple[int, str], PartnerOffer]:
    mentions = [mention(n, words, n) for n, (words, _) in enumerate(said, 1)]
    leading = {n: code for n, (_, code) in enumerate(said, 1) if code}
    return {(o.mention_id, o.code): o for o in partner_offers(mentions, leading, book)}


@pytest.mark.parametrize(
    ("asking", "asked", "code", "kind"),
    [
        (("urinary tract infection", "N39.0"), ("escherichia coli", ""), "B96.20", "use_additional_code"),
        (("diabetic kidney disease", "E11.22"), ("stage 4", "N18.4"), "N18.4", "use_additional_code"),
        (("diabetic foot ulcer", "E11.621"), ("ulcer of the heel", "L97.409"), "L97.409", "use_additional_code"),
        (("obesity", "E66.9"), ("BMI 34", "Z68.34"), "Z68.34", "use_additional_code"),
    ],
)
def test_a_note_asks_for_what_the_record_names(
    asking: tuple[str, str], asked: tuple[str, str], code: str, kind: str, fy2027: Codebook
) -> None:
    """Organism, stage, ulcer and body mass index, each for the mention that says it (guidelines I.A.17, I.B.7)."""
    offer = _offers(fy2027, asking, asked)[(2, code)]
    assert (offer.asked_by, offer.kind) == (asking[1], kind)
    assert offer.note


def test_a_manifestation_asks_for_its_cause(fy2027: Codebook) -> None:
    """Dementia in diseases classified elsewhere is coded behind the disease (guideline I.A.13)."""
    offers = _offers(fy2027, ("dementia", "F02.80"), ("alzheimer's disease", "G30.9"))
    assert offers[(2, "G30.9")].kind == "code_first"


def test_what_nobody_asks_for_is_no_partner(fy2027: Codebook) -> None:
    """Gout asks for no organism, and nothing asks without a note."""
    assert not _offers(fy2027, ("gout", "M10.9"), ("escherichia coli", ""))
    assert not _offers(fy2027, ("urinary tract infection", "N39.0"))
