"""What was given, done or handed out at an encounter, and what only sounds like it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.administered import Administered, administered
from medcoding.chart import Chart, SectionKind
from medcoding.mention import Assertion, Mention, MentionKind
from tests.charts import chart, mention

DRUG, SUPPLY, PROCEDURE = MentionKind.DRUG, MentionKind.SUPPLY, MentionKind.PROCEDURE
OTHER = SectionKind.OTHER


def record(sentence: str, *words: str, kind: MentionKind = DRUG, **changes: Any) -> tuple[Chart, list[Mention]]:
    """A chart of one sentence and the mentions of some of its words, in a section without a heading."""
    document_type, setting = changes.pop("document_type", None), changes.pop("setting", "outpatient")
    written = chart([sentence], setting=setting)
    document = written.encounter.documents[0].model_copy(update={"type": document_type})
    encounter = written.encounter.model_copy(update={"documents": (document,)})
    found = []
    for number, word in enumerate(words, start=1):
        start = sentence.index(word)
        span = {"start": start, "end": start + len(word)}
        values = {"kind": kind, "section": OTHER, "span": span, "query": word} | changes
        found.append(mention(number, word, 1, **values))
    return written.model_copy(update={"encounter": encounter}), found


def given(sentence: str, *words: str, **changes: Any) -> list[Administered]:
    """What of these words was given, done or handed out."""
    return list(administered(*record(sentence, *words, **changes)))


def doses(sentence: str, word: str, **changes: Any) -> list[str]:
    """The doses of the one drug that was given."""
    (found,) = given(sentence, word, **changes)
    return [str(dose) for dose in found.doses]


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("Ketorolac 30 mg IM given in clinic.", "Ketorolac"),
        ("Given: ketorolac 30 mg IV x1.", "ketorolac"),
        ("Ceftriaxone 500 mg IM in R glute.", "Ceftriaxone"),
        ("Received 60 mg of denosumab SC today.", "denosumab"),
        ("OnabotulinumtoxinA 300 units today to biceps.", "OnabotulinumtoxinA"),
        ("Leuprolide 22.5 mg IM left gluteal given by RN at my order.", "Leuprolide"),
        ("Enoxaparin 80 mg SC given here, apixaban starts tonight.", "Enoxaparin"),
        ("Infliximab 400 mg IV over 2 h, dose #9, q8wk.", "Infliximab"),
        ("Triamcinolone 40 mg injected into R knee.", "Triamcinolone"),
    ],
)
def test_a_drug_that_was_given_counts(sentence: str, word: str) -> None:
    """A verb of giving with dose or route, or dose and route alone."""
    assert len(given(sentence, word)) == 1


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("Lisinopril 10 mg daily.", "Lisinopril"),
        ("Continue enoxaparin 40 mg SC daily.", "enoxaparin"),
        ("Will give ketorolac 30 mg IM.", "ketorolac"),
        ("Ketorolac 30 mg IM offered, declined.", "Ketorolac"),
        ("Ketorolac 30 mg IM if pain returns.", "Ketorolac"),
        ("Received ceftriaxone 1 g IM yesterday at urgent care.", "ceftriaxone"),
        ("EMS gave naloxone 2 mg IV.", "naloxone"),
        ("Ondansetron 4 mg ODT given.", "Ondansetron"),
        ("Prednisone 40 mg PO given in the ED.", "Prednisone"),
        ("Acetaminophen 650 mg today.", "Acetaminophen"),
        ("Plan: start denosumab 60 mg SC next visit.", "denosumab"),
        ("Prescribed sumatriptan 6 mg SC.", "sumatriptan"),
        ("Insulin glargine 20 units SC nightly.", "Insulin glargine"),
        ("Reaction to penicillin 500 mg IM.", "penicillin"),
        ("Ketorolac helped.", "Ketorolac"),
    ],
)
def test_what_was_not_given_here_never_counts(sentence: str, word: str) -> None:
    """Home medication, plans, prescriptions, refusals, other places and days, tablets."""
    assert given(sentence, word) == []


@pytest.mark.parametrize(
    ("section", "counts"),
    [
        (SectionKind.PROCEDURES, True),
        (SectionKind.HOSPITAL_COURSE, True),
        (SectionKind.ASSESSMENT, True),
        (SectionKind.ASSESSMENT_PLAN, False),
        (SectionKind.PLAN, False),
        (SectionKind.MEDICATIONS, False),
        (SectionKind.HISTORY_PRESENT_ILLNESS, False),
        (SectionKind.PAST_MEDICAL_HISTORY, False),
        (SectionKind.ALLERGIES, False),
    ],
)
def test_the_section_decides_what_dose_and_route_alone_say(section: SectionKind, counts: bool) -> None:
    """Under a plan or a list of medicines they may be an order or taken at home."""
    assert bool(given("Ceftriaxone 1 g IM.", "Ceftriaxone", section=section)) is counts
    past = section in {SectionKind.PAST_MEDICAL_HISTORY, SectionKind.ALLERGIES}
    assert bool(given("Ceftriaxone 1 g IM given today.", "Ceftriaxone", section=section)) is not past


def test_emergency_records_list_what_was_pushed_under_meds() -> None:
    """By needle, without a frequency; in the clinic the same list is what is taken at home."""
    line = "diphenhydramine 50 mg IV"
    assert given(line, "diphenhydramine", section=SectionKind.MEDICATIONS, setting="ed")
    assert not given(line, "diphenhydramine", section=SectionKind.MEDICATIONS)


def test_an_inpatient_stay_reports_nothing() -> None:
    """It is paid as a whole."""
    assert given("Ketorolac 30 mg IV given.", "Ketorolac", setting="inpatient") == []


@pytest.mark.parametrize("assertion", [a for a in Assertion if a is not Assertion.PRESENT])
def test_only_what_is_affirmed_counts(assertion: Assertion) -> None:
    """Denied, possible, past, a relative's, hypothetical: none of it."""
    assert given("Ketorolac 30 mg IM given.", "Ketorolac", assertion=assertion) == []


def test_a_line_of_an_administration_record_was_given() -> None:
    """The rate that was ordered is not the dose."""
    line = "paclitaxel      80 mg/m2 x 1.75        140 mg    10:20   11:22"
    assert doses(line, "paclitaxel", document_type="medication_administration_record") == ["140 mg"]


@pytest.mark.parametrize(
    ("sentence", "word", "first"),
    [
        ("Adenosine 6 mg IV no change, then 12 mg IV.", "Adenosine", "18 mg"),
        ("OnabotulinumtoxinA: 155 units plus 45 units, 200 units IM in all.", "OnabotulinumtoxinA", "200 units"),
        ("fluorouracil 700 mg bolus then 4,300 mg by pump (total 5,000 mg)", "fluorouracil", "5000 mg"),
        ("aflibercept 2 mg/0.05 mL, given 2 mg OS", "aflibercept", "2 mg"),
        ("Both knees injected with triamcinolone 40 mg each.", "triamcinolone", "80 mg"),
        ("Triamcinolone 40 mg/mL, 2 mL injected.", "Triamcinolone", "80 mg"),
        ("300 units of onabotulinumtoxinA injected.", "onabotulinumtoxinA", "300 units"),
    ],
)
def test_the_dose_that_counts_comes_first(sentence: str, word: str, first: str) -> None:
    """A total, a sum of steps, both sides together, a strength times its volume."""
    assert doses(sentence, word)[0] == first


def test_each_drug_of_a_list_has_its_own_dose() -> None:
    """The next name ends the words of the one before; a diluent takes no dose from its neighbour."""
    found = given("Given: ketorolac 30 mg IV x1, ondansetron 4 mg IV x1.", "ketorolac", "ondansetron")
    assert [str(one.doses[0]) for one in found] == ["30 mg", "4 mg"]
    found = given("Triamcinolone 40 mg + lidocaine injected.", "Triamcinolone", "lidocaine")
    assert [one.doses for one in found if one.mention.text == "lidocaine"] == [()]


def test_the_full_name_is_asked_for() -> None:
    """Two salts of one drug have two codes."""
    (found,) = given("methylprednisolone sodium succinate 125 mg IV given", "methylprednisolone")
    assert (found.mention.query, found.asked.query) == ("methylprednisolone", "methylprednisolone sodium succinate")


@pytest.mark.parametrize(
    ("sentence", "word", "pieces", "in_pairs"),
    [
        ("Cock-up splint, R, dispensed.", "Cock-up splint", None, False),
        ("Dispensed: nebulizer with compressor (1).", "nebulizer with compressor", 1, False),
        ("Dispensed 2 mastectomy bras.", "mastectomy bras", 2, False),
        ("Dispensed: depth-inlay shoes, one pair.", "depth-inlay shoes", 1, True),
        ("Supplied a pair of underarm crutches.", "underarm crutches", 1, True),
        ("Dispensed: straight-tip catheters, 120 for 30 days.", "straight-tip catheters", 120, False),
    ],
)
def test_a_supply_that_was_handed_out_counts(sentence: str, word: str, pieces: int | None, in_pairs: bool) -> None:
    """With how many, and whether pairs were counted."""
    (found,) = given(sentence, word, kind=SUPPLY)
    assert (found.pieces, found.in_pairs) == (pieces, in_pairs)


@pytest.mark.parametrize(
    "sentence",
    [
        "Uses a walker at home.",
        "Needs a walker.",
        "Prescribe walker.",
        "Order walker.",
        "Walks with a walker.",
        "Has walker.",
    ],
)
def test_a_supply_that_was_not_handed_out_never_counts(sentence: str) -> None:
    """Own ones, needs and orders; the supplier bills what it delivers."""
    assert given(sentence, "walker", kind=SUPPLY) == []


def test_a_supplier_s_order_is_what_it_hands_over() -> None:
    """In the supplier's own record only."""
    order = "Order: oxygen concentrator."
    assert given(order, "oxygen concentrator", kind=SUPPLY, document_type="dme_order")
    assert not given(order, "oxygen concentrator", kind=SUPPLY, document_type="office_visit")


@pytest.mark.parametrize(
    ("sentence", "word", "counts"),
    [
        ("Screening colonoscopy done to the cecum.", "Screening colonoscopy", True),
        ("Screening colonoscopy next year.", "Screening colonoscopy", False),
        ("Non-emergency BLS transport, scheduled.", "Non-emergency BLS transport", True),
        ("Colonoscopy recommended.", "Colonoscopy", False),
    ],
)
def test_a_service_counts_when_it_was_done(sentence: str, word: str, counts: bool) -> None:
    """Not when it is planned."""
    assert bool(given(sentence, word, kind=PROCEDURE)) is counts


def test_a_reason_for_the_visit_may_be_a_service() -> None:
    """Chapter 21 and HCPCS name the same visit; a disease is never a service."""
    visit = "Medicare annual wellness visit, subsequent."
    wellness = {"kind": MentionKind.PROBLEM, "stems": ("Z00.00",)}
    assert given(visit, "Medicare annual wellness visit", **wellness)
    assert not given("Gout visit done.", "Gout", kind=MentionKind.PROBLEM, stems=("M10.9",))
