"""What a drug did, told with its name."""

from __future__ import annotations

import pytest

from agent.drug_harms import DrugHarms
from agent.tables import rows
from medcoding.codebook import Codebook

HARMS = DrugHarms()


def codes(*sentences: str, doubts_count: bool = False) -> list[str]:
    """The codes that a record of these sentences tells of."""
    return [harm.code for harms in HARMS.told(sentences, doubts_count=doubts_count) for harm in harms]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hyponatremia due to chlorthalidone.", "T50.2X5"),
        ("Angioedema caused by enalapril, taken for years.", "T46.4X5"),
        ("Statin-induced myopathy.", "T46.6X5"),
        ("Bleeding gums, put down to rivaroxaban.", "T45.515"),
        ("Torsades secondary to dofetilide.", "T46.2X5"),
    ],
)
def test_what_a_drug_caused_is_its_adverse_effect(text: str, code: str) -> None:
    """Guideline I.C.19.e.5.a: a drug taken properly that did harm."""
    assert codes(text) == [code]


def test_a_second_drug_shares_the_cause() -> None:
    """`Due to A and B` names two drugs."""
    assert codes("Tremor due to tacrolimus and valproate.") == ["T45.1X5", "T42.6X5"]


@pytest.mark.parametrize(
    "text",
    [
        "Switched from metoprolol to carvedilol.",
        "Anemia due to iron deficiency.",
        "Rash not due to amoxicillin.",
        "Relief from ibuprofen.",
        "Cough due to lisinopril in 2019.",
        "Takes metformin as prescribed.",
    ],
)
def test_not_everything_around_a_drug_is_harm(text: str) -> None:
    """A change of drugs, a lack, a denial, relief, a reaction of years ago, and a drug that is just taken."""
    assert not codes(text)


def test_proper_use_counts_where_the_record_tells_of_harm() -> None:
    """The effect may stand in another sentence than the drug; a probable one counts only where doubts do (II.H)."""
    taken = "Digoxin 0.125 daily, taken exactly as prescribed."
    assert codes(taken, "Nausea, an adverse effect of the drug.") == ["T46.0X5"]
    assert not codes(taken, "Nausea, probable drug toxicity.")
    assert codes(taken, "Nausea, probable drug toxicity.", doubts_count=True) == ["T46.0X5"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Swallowed ten of his aunt's amlodipine tablets.", "T46.1X1"),
        ("Deliberate overdose of citalopram.", "T43.222"),
        ("Quetiapine overdose, no self-harm intended.", "T43.591"),
        ("Took her husband's atenolol by mistake.", "T44.7X1"),
        ("Morphine overdose; the intent could not be determined.", "T40.2X4"),
    ],
)
def test_wrong_use_is_poisoning_by_its_intent(text: str, code: str) -> None:
    """Guidelines I.C.19.e.5.b and I.C.20.g, h: accidental unless the record says otherwise."""
    assert codes(text) == [code]


def test_a_drug_with_alcohol_poisons_twice() -> None:
    """Guideline I.C.19.e.5.b.iv: the interaction of a drug with alcohol is a poisoning by both."""
    assert set(codes("Drowsy from the interaction of diazepam with beer.")) == {"T42.4X1", "T51.0X1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Skipped her warfarin for a week because she could not afford it.", {"T45.516", "Z91.120"}),
        ("Stopped taking risperidone on purpose.", {"T43.596", "Z91.128"}),
        ("Unintentional omission of carbamazepine.", {"T42.1X6", "Z91.138"}),
        ("Forgot his furosemide pills, dementia.", {"T50.1X6", "Z91.130"}),
        ("Missed two dialysis sessions, on amlodipine.", set()),
        ("Has not missed any doses of apixaban.", set()),
    ],
)
def test_less_than_prescribed_is_underdosing_with_its_reason(text: str, expected: set[str]) -> None:
    """Guideline I.C.19.e.5.c: the drug with sixth character 6, and why, where the record tells it."""
    assert set(codes(text)) == expected


def test_every_code_of_the_table_stands_in_the_book(fy2026: Codebook, fy2027: Codebook) -> None:
    """Each stem has a code for an accidental poisoning in both editions."""
    for row in rows("drug_harms.tsv"):
        for book in (fy2026, fy2027):
            assert book.billable_under(f"{row['code']}1"), row["code"]
