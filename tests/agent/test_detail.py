from __future__ import annotations

import pytest

from agent.detail import add_detail, affirmed_words
from medcoding.codebook import Codebook
from medcoding.mention import Axes
from tests.agent.settled_sets import code_set, record


@pytest.mark.parametrize(
    ("sentences", "words", "code", "finer"),
    [
        (
            ("Sacral pressure ulcer.", "The sacral pressure ulcer is stage 3."),
            "Sacral pressure ulcer",
            "L89.159",
            "L89.153",
        ),
        (("31 weeks 2 days pregnant.", "Elderly multigravida."), "Elderly multigravida", "O09.529", "O09.523"),
        (("Left-handed.", "Left hemiplegia, new."), "hemiplegia", "G81.94", "G81.92"),
        (("Right-handed.", "Left hemiplegia, new."), "hemiplegia", "G81.92", "G81.94"),
        (("Gout of the knee.", "The right knee has had gout for a week."), "Gout", "M10.069", None),
    ],
)
def test_detail_from_elsewhere_in_the_record(
    sentences: tuple[str, ...], words: str, code: str, finer: str | None, fy2027: Codebook
) -> None:
    """A code is assigned from the whole record (guidelines I.B.2, I.B.14)."""
    axes = Axes(laterality="left") if "Left" in sentences[1] else Axes()
    chart = record(*sentences)
    settled = code_set(chart, (words, code), axes=axes)
    add_detail(chart, settled, fy2027)
    assert finer is None or list(settled.lines) == [finer]


def test_what_another_sentence_denies_adds_nothing(fy2027: Codebook) -> None:
    """`No exacerbation` of the same asthma is no exacerbation."""
    chart = record("Moderate persistent asthma.", "The moderate persistent asthma shows no acute exacerbation.")
    settled = code_set(chart, ("Moderate persistent asthma", "J45.40"))
    add_detail(chart, settled, fy2027)
    assert list(settled.lines) == ["J45.40"]


def test_the_stay_of_the_birth_has_codes_of_its_own(fy2027: Codebook) -> None:
    """Gestational diabetes at the birth is O24.42, not O24.41 (guideline I.C.15.a.3)."""
    chart = record("Gestational diabetes, diet controlled.", "Vaginal delivery of a boy.", setting="inpatient")
    settled = code_set(chart, ("Gestational diabetes", "O24.410"))
    add_detail(chart, settled, fy2027)
    assert list(settled.lines) == ["O24.420"]


def test_clauses_that_deny_are_left_out() -> None:
    """The rest of the sentence still speaks."""
    words = set(affirmed_words("Stage 3 ulcer, no gangrene; fever absent, odor noted"))
    assert {"ulcer", "odor"} <= words
    assert not {"gangrene", "fever"} & words
