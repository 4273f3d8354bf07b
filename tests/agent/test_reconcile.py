"""Choices for single mentions become one code set with roles and sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.combine import CombinationTable
from agent.reconcile import reconcile
from medcoding.chart import SectionKind, Span
from medcoding.codebook import Codebook
from medcoding.mention import Assertion, Mention
from medcoding.proposal import Choice, NotCodedReason, Proposal, Source
from tests.charts import chart, mention

TABLE = CombinationTable()

COMMON_CODES = (
    "I10 I11.0 I12.9 I13.0 I50.9 I50.22 N18.31 N18.9 N18.6 E11.9 E11.22 E11.65 E10.9 E10.22 J44.9 J44.1 J18.9 J44.0 "
    "R05.9 R07.9 R50.9 M10.9 M25.561 S93.401A W19.XXXA Y92.009 Z79.4 Z87.891 Z68.32 Z23 F03.90 F02.80 G30.9 D64.9 "
    "D63.1 E66.9 T14.90XA K21.9 U07.1 J12.82 A41.9 R65.20 G62.9 I25.10 I20.9"
).split()


def chosen(number: int, code: str | None, **changes: Any) -> Choice:
    """A choice of the rules for one mention."""
    values: dict[str, Any] = {
        "mention_id": number,
        "code": code,
        "reason": "fits",
        "source": Source.RULES,
        "strength": 0.9,
    }
    if code is None:
        values["declined_as"] = NotCodedReason.NO_CANDIDATE
    return Choice(**(values | changes))


def settled(
    book: Codebook,
    *codes: str | None,
    mentions: Sequence[Mention] = (),
    setting: str = "outpatient",
    sentences: Any = (),
) -> Proposal:
    """The set that the choices make; without mentions of their own each stands in a sentence of the assessment."""
    held = mentions or [mention(n, f"word {n}", n, heads_problem=True) for n in range(1, len(codes) + 1)]
    choices = [chosen(m.id, code) for m, code in zip(held, codes, strict=True)]
    return reconcile(chart(sentences or ("word.",), setting=setting), held, choices, book, TABLE)


def codes_of(proposal: Proposal) -> list[str]:
    """The codes in sequence."""
    return [line.code for line in proposal.codes]


def left(proposal: Proposal) -> dict[str | None, NotCodedReason]:
    """What was left out and why."""
    return {n.code: n.reason for n in proposal.not_coded}


def test_the_same_code_twice_is_one_line_with_both_quotes(fy2027: Codebook) -> None:
    """Duplicates join: evidence and mentions add up, the stronger choice speaks."""
    mentions = [mention(1, "HTN", 1), mention(2, "hypertension", 2)]
    choices = [chosen(1, "I10", strength=0.5, reason="weak"), chosen(2, "I10", strength=0.8, reason="strong")]
    (line,) = reconcile(chart(), mentions, choices, fy2027, TABLE).codes
    assert (line.mention_ids, line.strength, line.reason) == ((1, 2), 0.8, "strong")
    assert [q.text for q in line.evidence] == ["HTN", "hypertension"]


def test_a_declined_choice_is_named(fy2027: Codebook) -> None:
    """Nothing chosen for a mention is an answer of its own."""
    assert left(settled(fy2027, None)) == {None: NotCodedReason.NO_CANDIDATE}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["I10", "I50.22"], ["I11.0", "I50.22"]),
        (["I50.22", "I10"], ["I11.0", "I50.22"]),
        (["I10", "N18.31"], ["I12.9", "N18.31"]),
        (["I10", "N18.6"], ["I12.0", "N18.6"]),
        (["I10", "I50.9", "N18.31"], ["I13.0", "I50.9", "N18.31"]),
        (["I12.9", "N18.31", "I50.32"], ["I13.0", "N18.31", "I50.32"]),
        (["E11.9", "N18.31"], ["E11.22", "N18.31"]),
        (["J44.9", "J18.9"], ["J44.0", "J18.9"]),
        (["I25.10", "I20.9"], ["I25.119"]),
        (["D64.9", "N18.31"], ["N18.31", "D63.1"]),
        (["R11.0", "R11.10"], ["R11.2"]),
        (["I10", "E11.9"], ["I10", "E11.9"]),
    ],
)
def test_combinations_take_the_place_of_their_parts(codes: list[str], expected: list[str], fy2027: Codebook) -> None:
    """Hypertension with heart or kidney, diabetes with kidney, COPD with pneumonia, angina with atherosclerosis."""
    proposal = settled(fy2027, *codes)
    assert sorted(codes_of(proposal)) == sorted(expected)
    assert codes_of(proposal)[0] == expected[0]


def test_the_documented_stage_decides_the_hypertensive_kidney_disease(fy2027: Codebook) -> None:
    """I12.0 is for stage 5 and the end stage only (guideline I.C.9.a.2)."""
    assert sorted(codes_of(settled(fy2027, "I12.0", "N18.4"))) == ["I12.9", "N18.4"]
    assert sorted(codes_of(settled(fy2027, "I12.0", "N18.6"))) == ["I12.0", "N18.6"]


def test_a_combination_replaces_every_lesser_one(fy2027: Codebook) -> None:
    """Hypertensive heart disease and hypertensive kidney disease are one code together (I.C.9.a.3)."""
    assert sorted(codes_of(settled(fy2027, "I11.0", "I50.9", "I12.9", "N18.31"))) == ["I13.0", "I50.9", "N18.31"]


def test_a_combination_rests_on_the_evidence_of_both(fy2027: Codebook) -> None:
    """The coder sees where each half is said, and that it is as sure as the weaker one."""
    mentions = [mention(1, "HTN", 1), mention(2, "heart failure", 2)]
    choices = [chosen(1, "I10", strength=0.9), chosen(2, "I50.9", strength=0.4)]
    combined, heart = reconcile(chart(), mentions, choices, fy2027, TABLE).codes
    assert [q.text for q in combined.evidence] == ["HTN", "heart failure"]
    assert (combined.strength, combined.reason) == (0.4, "I.C.9.a.1: the two are reported together.")
    assert heart.code == "I50.9"


def test_a_replaced_part_is_named_with_its_guideline(fy2027: Codebook) -> None:
    """`I10` is covered by `I11.0`, and the answer says so."""
    (gone,) = settled(fy2027, "I10", "I50.9").not_coded
    assert (gone.code, gone.reason) == ("I10", NotCodedReason.DUPLICATE)
    assert gone.detail == "Reported as I11.0 (I.C.9.a.1)."


@pytest.mark.parametrize(
    ("codes", "kept"),
    [
        (["N18.9", "N18.31"], ["N18.31"]),
        (["I50.9", "I50.22"], ["I50.22"]),
        (["E11.9", "E11.65"], ["E11.65"]),
        (["J45.909", "J45.40"], ["J45.40"]),
        (["M25.561", "M25.562"], ["M25.561", "M25.562"]),
        (["S93.401A", "S93.401A"], ["S93.401A"]),
        (["T14.90XA", "S93.401A"], ["S93.401A"]),
        (["T14.90XA", "I10"], ["I10", "T14.90XA"]),
        (["N18.9"], ["N18.9"]),
    ],
)
def test_a_less_specific_code_gives_way(codes: list[str], kept: list[str], fy2027: Codebook) -> None:
    """The unspecified code of a category says nothing beside a specific one (I.B.2); both sides are two things."""
    assert sorted(codes_of(settled(fy2027, *codes))) == kept


def test_asthma_in_exacerbation_is_not_uncomplicated(fy2027: Codebook) -> None:
    """`J45.909` says nothing beside `J45.901`."""
    assert codes_of(settled(fy2027, "J45.901", "J45.909")) == ["J45.901"]


def symptom_beside(book: Codebook, words: str, diagnosis: str, text: str, *, stated: bool) -> Proposal:
    """A symptom and a diagnosis in one sentence."""
    mentions = [
        mention(n, w, 1, span=Span(start=text.index(w), end=text.index(w) + len(w)), heads_problem=stated)
        for n, w in enumerate((diagnosis, words), start=1)
    ]
    return settled(book, "J10.1", "R05.9", mentions=mentions, sentences=(text,))


@pytest.mark.parametrize(
    ("text", "stated", "integral"),
    [
        ("influenza with cough", True, True),
        ("cough due to influenza", True, True),
        ("influenza, cough", True, False),
        ("influenza and cough", False, True),
    ],
)
def test_a_symptom_is_integral_unless_stated_apart(text: str, stated: bool, integral: bool, fy2027: Codebook) -> None:
    """Guideline I.B.5: `influenza with cough` is influenza; a cough listed as its own problem stays."""
    proposal = symptom_beside(fy2027, "cough", "influenza", text, stated=stated)
    assert ("R05.9" not in codes_of(proposal)) is integral
    assert (left(proposal).get("R05.9") is NotCodedReason.INTEGRAL) is integral


def test_a_symptom_alone_is_the_answer(fy2027: Codebook) -> None:
    """Without a diagnosis the symptom is what is known (IV.D); a status code is no diagnosis."""
    assert codes_of(settled(fy2027, "R05.9", "Z87.891")) == ["R05.9", "Z87.891"]


def test_history_beside_the_current_disease_is_the_same_disease(fy2027: Codebook) -> None:
    """`History of breast cancer` beside the cancer under treatment is not a past one."""
    mentions = [
        mention(1, "breast cancer", 1, concept="C50.91"),
        mention(2, "history of breast cancer", 2, concept="C50.91", assertion=Assertion.HISTORICAL),
        mention(3, "history of stroke", 3, concept="I63.9", assertion=Assertion.HISTORICAL),
    ]
    proposal = settled(fy2027, "C50.911", "Z85.3", "Z86.73", mentions=mentions)
    assert codes_of(proposal) == ["C50.911", "Z86.73"]
    assert left(proposal) == {"Z85.3": NotCodedReason.DUPLICATE}


def test_a_complication_belongs_to_the_documented_type_of_diabetes(fy2027: Codebook) -> None:
    """`Diabetic nephropathy` beside type 1 diabetes is type 1's; one that says type 2 stays."""
    typed = [mention(1, "type 1 diabetes", 1), mention(2, "diabetic nephropathy", 2)]
    assert "E10.21" in codes_of(settled(fy2027, "E10.9", "E11.21", mentions=typed))
    said = [mention(1, "type 1 diabetes", 1), mention(2, "type 2 diabetic nephropathy", 2)]
    assert "E11.21" in codes_of(settled(fy2027, "E10.9", "E11.21", mentions=said))


def test_dementia_with_its_cause_follows_the_cause(fy2027: Codebook) -> None:
    """Alzheimer's first, then dementia in diseases classified elsewhere (I.A.13)."""
    assert codes_of(settled(fy2027, "F03.90", "G30.9")) == ["G30.9", "F02.80"]
    assert codes_of(settled(fy2027, "F03.90", "I10")) == ["F03.90", "I10"]


@pytest.mark.parametrize(
    ("codes", "order"),
    [
        (["J12.82", "U07.1"], ["U07.1", "J12.82"]),
        (["N18.31", "I10"], ["I12.9", "N18.31"]),
        (["Z79.4", "E11.9"], ["E11.9", "Z79.4"]),
        (["W19.XXXA", "S93.401A"], ["S93.401A", "W19.XXXA"]),
        (["W19.XXXA", "Z87.891", "S93.401A"], ["S93.401A", "Z87.891", "W19.XXXA"]),
        (["D63.1", "N18.31"], ["N18.31", "D63.1"]),
        (["R65.20", "A41.9"], ["A41.9", "R65.20"]),
        (["E78.5", "I10"], ["E78.5", "I10"]),
    ],
)
def test_the_order_follows_the_notes_of_the_book(codes: list[str], order: list[str], fy2027: Codebook) -> None:
    """Code first goes first, then the rest as the record weighs it, then status codes, external causes last."""
    assert codes_of(settled(fy2027, *codes)) == order


def test_a_range_in_a_code_first_note_is_read(fy2027: Codebook) -> None:
    """`Code first neoplasm (C00-D49)` at D63.0."""
    assert codes_of(settled(fy2027, "D63.0", "C50.911")) == ["C50.911", "D63.0"]


@pytest.mark.parametrize(
    ("setting", "first"), [("inpatient", "principal"), ("outpatient", "first_listed"), ("ed", "first_listed")]
)
def test_the_first_code_has_the_settings_role(setting: str, first: str, fy2027: Codebook) -> None:
    """Principal for a stay (II), first-listed for a visit (IV.A); the others by what they are."""
    proposal = settled(fy2027, "S93.401A", "I10", "Z87.891", "W19.XXXA", setting=setting)
    roles = {line.code: line.role.value for line in proposal.codes}
    assert roles == {"S93.401A": first, "I10": "secondary", "Z87.891": "status", "W19.XXXA": "external_cause"}


def test_an_external_cause_is_never_first_listed(fy2027: Codebook) -> None:
    """Guideline I.C.20.a.6: not even alone."""
    (line,) = settled(fy2027, "W19.XXXA").codes
    assert line.role == "external_cause"


def test_the_final_assessment_leads(fy2027: Codebook) -> None:
    """A stated problem of the assessment comes before what the history mentions; discharge before admission."""
    mentions = [
        mention(1, "gout", 1, section=SectionKind.PAST_MEDICAL_HISTORY),
        mention(2, "pneumonia", 2, section=SectionKind.ADMISSION_DIAGNOSIS),
        mention(3, "heart failure", 3, section=SectionKind.DISCHARGE_DIAGNOSIS, heads_problem=True),
    ]
    proposal = settled(fy2027, "M10.9", "J18.9", "I50.9", mentions=mentions, setting="inpatient")
    assert codes_of(proposal) == ["I50.9", "J18.9", "M10.9"]


@st.composite
def choice_sets(draw: st.DrawFn) -> tuple[list[Mention], list[Choice]]:
    """Mentions with any assertion and section, and a choice for each."""
    drawn = draw(st.lists(st.none() | st.sampled_from(COMMON_CODES), max_size=9))
    mentions = [
        mention(
            number,
            f"w{number}",
            draw(st.integers(1, 3)),
            assertion=draw(st.sampled_from(Assertion)),
            section=draw(st.sampled_from(SectionKind)),
            heads_problem=draw(st.booleans()),
            concept=draw(st.sampled_from([None, "I10", "J18.9", "M10.9"])),
            history_code=draw(st.sampled_from([None, "Z87.891"])),
        )
        for number in range(1, len(drawn) + 1)
    ]
    return mentions, [chosen(n, code, strength=draw(st.floats(0, 1))) for n, code in enumerate(drawn, start=1)]


@given(held=choice_sets(), setting=st.sampled_from(["outpatient", "inpatient", "ed"]))
def test_every_choice_ends_somewhere_and_the_set_is_in_order(
    held: tuple[list[Mention], list[Choice]], setting: str, fy2027: Codebook
) -> None:
    """Law: sequence is 1..n, no code stands twice, no choice is lost: it is coded, merged, or named with a reason."""
    mentions, choices = held
    proposal = reconcile(chart(setting=setting), mentions, choices, fy2027, TABLE)
    assert [line.sequence for line in proposal.codes] == list(range(1, len(proposal.codes) + 1))
    assert len(set(codes_of(proposal))) == len(proposal.codes)
    carried = {i for line in proposal.codes for i in line.mention_ids}
    named = {q.text for n in proposal.not_coded for q in n.evidence}
    for choice in choices:
        assert choice.mention_id in carried or f"w{choice.mention_id}" in named
    assert all(line.evidence and set(line.mention_ids) <= {m.id for m in mentions} for line in proposal.codes)
    assert sum(line.role in {"principal", "first_listed"} for line in proposal.codes) <= 1


@given(held=choice_sets())
def test_reconciling_twice_gives_the_same_set(held: tuple[list[Mention], list[Choice]], fy2027: Codebook) -> None:
    """Law: the set depends on nothing but its input."""
    assert reconcile(chart(), *held, fy2027, TABLE) == reconcile(chart(), *held, fy2027, TABLE)
