"""HCPCS and CPT lines from what was given, done or handed out, with their units."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from agent.administered import Administered
from agent.procedure_rationale import procedure_code_line
from agent.procedures import ProcedureLines, is_medicare, procedure_lines, with_procedures
from agent.route import RoutingSettings
from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codes import CodeRole, CodeSystem
from medcoding.doses import Amount, stated_doses
from medcoding.finding import Finding, Severity
from medcoding.mention import Axes, MentionKind
from medcoding.proposal import NotCodedReason, Proposal
from medcoding.result import Route
from tests.charts import mention

DRUG, SUPPLY, PROCEDURE = MentionKind.DRUG, MentionKind.SUPPLY, MentionKind.PROCEDURE
KETOROLAC = ("J1885", "Injection, ketorolac tromethamine, per 15 mg")


def done(words: str, kind: MentionKind = DRUG, *, number: int = 1, dose: str = "", **changes: Any) -> Administered:
    """Something that was given, done or handed out."""
    said = mention(number, words, 1, kind=kind, axes=changes.pop("axes", Axes()))
    values: dict[str, Any] = {"pieces": None, "in_pairs": False, "said": True, "around": words, "record": words}
    amounts = tuple(stated.amount for stated in stated_doses(dose))
    return Administered(mention=said, asked=said, doses=amounts, **(values | changes))


def offer(*codes: tuple[str, str], named: bool = True, score: float = 1.0, step: float = 0.2) -> tuple[Candidate, ...]:
    """Candidates, each some way behind the one before."""
    origin = CandidateOrigin.DICTIONARY if named else CandidateOrigin.SEARCH
    return tuple(
        Candidate(
            number=place + 1, system=CodeSystem.CPT if code.startswith("9") else CodeSystem.HCPCS, code=code,
            title=title, surface=f"wording of {code}", score=score - step * place, origins=(origin,),
        )
        for place, (code, title) in enumerate(codes)
    )  # fmt: skip


def lines(*pairs: tuple[Administered, tuple[Candidate, ...]], medicare: bool = False) -> ProcedureLines:
    """The lines of what was done, each with its candidates."""
    offered = [MentionCandidates(mention_id=one.mention.id, candidates=found) for one, found in pairs]
    return procedure_lines([one for one, _ in pairs], offered, medicare=medicare)


def units(one: Administered, *codes: tuple[str, str], **changes: Any) -> int | None:
    """Units of the one line."""
    (line,) = lines((one, offer(*codes, **changes))).lines
    return line.proposed.units


def test_a_dose_becomes_units_of_its_code() -> None:
    """Ketorolac 30 mg at 15 mg a unit are two; system, role and evidence stand beside them."""
    ((line,), _) = lines((done("ketorolac", dose="30 mg"), offer(KETOROLAC)))
    proposed = line.proposed
    assert (proposed.system, proposed.code, proposed.units) == (CodeSystem.HCPCS, "J1885", 2)
    assert (proposed.role, proposed.evidence[0].text) == (CodeRole.SECONDARY, "ketorolac")
    assert "30 mg at 15 mg a unit" in proposed.reason


@pytest.mark.parametrize(
    ("dose", "title", "expected"),
    [
        ("125 mg", "Injection, methylprednisolone sodium succinate, 5 mg", 25),
        ("0.3 mg", "Injection, epinephrine, 0.1 mg", 3),
        ("2.4 million units", "Injection, penicillin g benzathine, 100,000 units", 24),
        ("1000 mcg", "Injection, vitamin b-12, up to 1000 mcg", 1),
        ("1 L", "Infusion, normal saline solution, 1000 cc", 1),
        ("0.5 mL then 40 mg", "Injection, triamcinolone acetonide, 10 mg", 4),
    ],
)
def test_units_in_every_measure(dose: str, title: str, expected: int) -> None:
    """The first amount that is measured as the unit is."""
    assert units(done("drug", dose=dose), ("J0001", title)) == expected


def test_without_a_countable_dose_nothing_is_billed() -> None:
    """It stands among what is not coded, with what is missing."""
    for dose in ("", "2 mL"):
        found = lines((done("ketorolac", dose=dose), offer(KETOROLAC)))
        assert found.lines == ()
        (uncounted,) = found.uncounted
        assert (uncounted.code, uncounted.reason) == ("J1885", NotCodedReason.NO_CANDIDATE)
        assert "no dose is stated in which units of 15 mg can be counted" in uncounted.detail


def test_a_device_is_counted_by_the_piece() -> None:
    """What it holds is no unit."""
    device = ("J7298", "Intrauterine contraceptive system, 52 mg")
    assert units(done("mirena"), device) == 1
    assert units(done("mirena", dose="52 mg"), device) == 1


def test_the_same_drug_said_twice_is_counted_once() -> None:
    """The larger dose stands; both places are evidence."""
    found = lines(
        (done("ketorolac", dose="30 mg"), offer(KETOROLAC)),
        (done("toradol", number=2, dose="15 mg"), offer(KETOROLAC)),
    )
    (line,) = found.lines
    assert (line.proposed.units, line.proposed.mention_ids) == (2, (1, 2))
    assert len(line.proposed.evidence) == 2


def test_of_makers_alike_none_is_guessed() -> None:
    """Biosimilars of one name differ by words the record does not say."""
    makers = (("Q9996", "Injection, ustekinumab-ttwe, 1 mg"), ("Q9998", "Injection, ustekinumab-aekn, 1 mg"))
    assert lines((done("ustekinumab", dose="90 mg"), offer(*makers, step=0.02))).lines == ()
    assert lines((done("ustekinumab", dose="90 mg"), offer(*makers, step=0.2))).lines != ()


def test_a_drug_that_is_only_near_is_no_code() -> None:
    """A supply may be found by nearly its words, a drug or service only by all of them."""
    near = offer(("J0001", "Injection, other drug, 1 mg"), named=False, score=0.95)
    assert lines((done("drug", dose="5 mg"), near)).lines == ()
    assert lines((done("service", PROCEDURE), offer(("G0001", "Service"), named=False, score=0.95))).lines == ()
    assert lines((done("brace", SUPPLY), offer(("L1833", "Brace"), named=False, score=0.95))).lines != ()
    assert lines((done("brace", SUPPLY), offer(("L1833", "Brace"), named=False, score=0.6))).lines == ()


def test_tablets_are_not_billed_as_given() -> None:
    """A code for the oral form does not stand for an injection."""
    assert lines((done("prednisone", dose="40 mg"), offer(("J7512", "Prednisone, oral, 1 mg")))).lines == ()


@pytest.mark.parametrize(
    ("in_pairs", "title", "pieces", "expected"),
    [
        (False, "Walker", None, 1),
        (False, "Catheter, each", 120, 120),
        (True, "Depth-inlay shoe, per shoe", 1, 2),
        (True, "Insert, each", 3, 6),
        (True, "Crutches, pair", 1, 1),
    ],
)
def test_pieces_and_pairs(in_pairs: bool, title: str, pieces: int | None, expected: int) -> None:
    """A pair is two, unless the descriptor itself counts pairs."""
    assert units(done("thing", SUPPLY, pieces=pieces, in_pairs=in_pairs), ("A5500", title)) == expected


@pytest.mark.parametrize(
    ("title", "record", "expected"),
    [
        ("Ground mileage, per statute mile", "Loaded miles 12 to the ED", 12),
        ("Ground mileage, per statute mile", "7 loaded miles", 7),
        ("Training, individual, per 30 minutes", "0900 to 1000 = 60 minutes", 2),
        ("Training, individual, per 30 minutes", "45 minutes", 1),
    ],
)
def test_time_and_distance_are_counted(title: str, record: str, expected: int) -> None:
    """Time only in whole units, wherever in the document it stands."""
    assert units(done("service", PROCEDURE, record=record), ("A0425", title)) == expected


def test_an_orthosis_carries_its_side() -> None:
    """RT and LT; other supplies do not."""
    right = Axes(laterality="right")
    ((line,), _) = lines((done("walking boot", SUPPLY, axes=right), offer(("L4361", "Walking boot"))))
    assert line.proposed.modifiers == ("RT",)
    ((line,), _) = lines((done("walker", SUPPLY, axes=right), offer(("E0143", "Walker"))))
    assert line.proposed.modifiers == ()


def test_what_only_medicare_takes_is_for_medicare() -> None:
    """Other payers take the same under CPT."""
    visit = (done("annual wellness visit, subsequent", PROCEDURE), offer(("G0439", "Annual wellness visit")))
    training = (done("diabetes education", PROCEDURE), offer(("G0108", "Training")))
    assert lines(visit).lines == ()
    assert lines(visit, medicare=True).lines != ()
    assert lines(training).lines != ()
    assert is_medicare("Medicare Part B", [])
    assert is_medicare(None, ["Medicare annual visit"])
    assert not is_medicare("Invented Health", ["annual visit"])


def test_a_licensed_code_carries_its_own_system() -> None:
    """Where the licensee's file is loaded; without candidates there is no line."""
    repair = done("invented lantern repair", PROCEDURE)
    ((line,), _) = lines((repair, offer(("9ZZZ1", "Invented lantern repair"))))
    assert line.proposed.system is CodeSystem.CPT
    assert lines((repair, ())).lines == ()


def test_lines_stand_behind_the_diagnoses() -> None:
    """Nothing of the proposal is changed; sequence goes on."""
    before = Proposal(codes=(), not_coded=())
    found = lines(
        (done("ketorolac", dose="30 mg"), offer(KETOROLAC)), (done("toradol", number=2), offer(("J0001", "x")))
    )
    after = with_procedures(before, found)
    assert [(code.code, code.sequence) for code in after.codes] == [("J1885", 1), ("J0001", 2)]
    assert with_procedures(before, ProcedureLines()) == before


def test_the_answer_says_how_units_came_about() -> None:
    """What was read, the code's words, what came next, and what would change it."""
    other = ("J0002", "Injection, another drug, 1 mg")
    ((line,), _) = lines((done("ketorolac", dose="30 mg"), offer(KETOROLAC, other)))
    shown = procedure_code_line(line, 3, (), RoutingSettings(), "chosen by rules")
    assert (shown.sequence, shown.units, shown.title) == (3, 2, KETOROLAC[1])
    assert "“ketorolac”" in shown.rationale.summary
    assert [a.code for a in shown.rationale.alternatives] == ["J0002"]
    assert "one unit is 15 mg" in shown.rationale.would_change
    assert shown.rationale.index_path[-1] == f"J1885 {KETOROLAC[1]}"
    assert shown.route is Route.CODER


def test_a_finding_lowers_the_confidence() -> None:
    """One that must be resolved, about this code."""
    ((line,), _) = lines((done("ketorolac", dose="30 mg"), offer(KETOROLAC)))
    finding = Finding(
        rule="procedures.units", severity=Severity.MUST_RESOLVE, codes=("J1885",), message="m", source="s", mend="n"
    )
    plain = procedure_code_line(line, 1, (), RoutingSettings(), "rules")
    held = procedure_code_line(line, 1, (finding,), RoutingSettings(), "rules")
    assert held.confidence < plain.confidence
    assert "a finding must be resolved first" in held.confidence_reasons


def test_an_amount_is_printed_as_a_coder_writes_it() -> None:
    """No trailing zeros, units in the plural."""
    assert str(Amount(Fraction(30), "mg")) == "30 mg"
    assert str(Amount(Fraction(1), "unit")) == "1 unit"
    assert str(Amount(Fraction(200), "unit")) == "200 units"
