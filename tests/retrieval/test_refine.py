from __future__ import annotations

import pytest

from medcoding.codebook import Codebook
from medcoding.mention import Axes, Laterality
from retrieval.refine import affirmed, refine
from retrieval.wording import forms


def _refined(
    book: Codebook, code: str, clause: str, side: Laterality | None = None, *, doubted: bool = False
) -> str | None:
    return refine(code, book, Axes(laterality=side), forms(clause), doubts_count=doubted)


@pytest.mark.parametrize(
    ("code", "clause", "side", "finer"),
    [
        ("D50.9", "iron deficiency anemia from chronic menstrual blood loss", None, "D50.0"),
        ("L03.90", "cellulitis of the right shin", "right", "L03.115"),
        ("K57.92", "diverticulitis of the sigmoid colon without perforation, abscess or bleeding", None, "K57.32"),
        ("K40.91", "recurrent right inguinal hernia with obstruction, without gangrene", "right", "K40.31"),
        ("I21.19", "inferior STEMI, culprit right coronary artery", None, "I21.11"),
        ("I63.9", "embolic stroke of the left middle cerebral artery", "left", "I63.412"),
        ("M10.069", "idiopathic gout of the right knee", "right", "M10.061"),
        ("J45.40", "moderate persistent asthma with acute exacerbation", None, "J45.41"),
        ("C80.1", "adenocarcinoma of the right upper lobe of the lung", "right", "C34.11"),
    ],
)
def test_the_clause_leads_to_the_sibling_it_spells_out(
    code: str, clause: str, side: Laterality | None, finer: str, fy2027: Codebook
) -> None:
    """Cause, site, side, complication: as specific as documented (guideline I.B.2)."""
    assert _refined(fy2027, code, clause, side) == finer


@pytest.mark.parametrize(
    ("code", "clause"),
    [
        ("J45.40", "moderate persistent asthma without exacerbation"),
        ("F10.20", "alcohol dependence, withdrawal not present"),
        ("M48.061", "lumbar spinal stenosis, neurogenic claudication absent"),
        ("D50.9", "iron deficiency anemia"),
        ("K80.20", "gallstones, likely acute cholecystitis"),
    ],
)
def test_what_is_denied_or_only_suspected_spells_out_nothing(code: str, clause: str, fy2027: Codebook) -> None:
    """The unspecified code is right where the record says no more (guideline I.B.18)."""
    assert _refined(fy2027, code, clause) is None


def test_a_doubt_counts_where_the_setting_codes_it(fy2027: Codebook) -> None:
    """At discharge from a stay `probable` is coded as if established (guideline II.H)."""
    assert _refined(fy2027, "L03.90", "probable cellulitis of the right lower leg", "right", doubted=True) == "L03.115"


def test_a_list_of_denials_is_denied_to_its_end() -> None:
    """`Without perforation, abscess or bleeding`."""
    assert affirmed(forms("colitis without perforation, abscess or bleeding")) == {"colitis", "without"}
