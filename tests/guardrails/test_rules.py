"""Each rule with its table of cases: what a coder would hand in, and what the rule says to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.case import Case, Rule
from guardrails.check import RULES, check, rejected_codes
from guardrails.evidence import assertion_supports_code, evidence_is_verbatim
from guardrails.existence import (
    code_exists,
    code_is_billable,
    edition_is_loaded,
    edition_is_official,
    system_is_explicit,
)
from medcoding.chart import Chart
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Setting
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode, Source
from tests.strategies import charts, icd10cm_codes, proposals

TEXT = "Probable pneumonia. Mother had breast cancer. Old stroke. Denies chest pain. Type 2 diabetes."
NOVEMBER = dt.date(2026, 11, 2)

MakeCase = Callable[..., Case]


def _quote(words: str, assertion: Assertion | None = Assertion.PRESENT) -> EvidenceQuote:
    start = TEXT.index(words)
    return EvidenceQuote(document_id="d1", start=start, end=start + len(words), text=words, assertion=assertion)


DIABETES = _quote("Type 2 diabetes")


def _line(code: str, *evidence: EvidenceQuote, system: CodeSystem = CodeSystem.ICD10CM) -> ProposedCode:
    return ProposedCode(
        system=system,
        code=code,
        role=CodeRole.SECONDARY,
        sequence=1,
        mention_ids=(1,),
        evidence=evidence or (DIABETES,),
        source=Source.RULES,
        strength=0.5,
        reason="",
    )


@pytest.fixture
def case(codebooks: Codebooks) -> MakeCase:
    """Makes a case of some lines on one note."""

    def make(*lines: ProposedCode, setting: Setting = Setting.OUTPATIENT, day: dt.date = NOVEMBER) -> Case:
        encounter = Encounter(
            case_id="c1",
            setting=setting,
            date_of_service=day,
            documents=(Document(document_id="d1", text=TEXT), Document(document_id="d2", text="Cough.")),
        )
        chosen = codebooks.for_date(day)
        proposal = Proposal(codes=lines, not_coded=())
        return Case(Chart(encounter=encounter, sections=(), sentences=()), proposal, chosen.codebook, chosen.in_force)

    return make


def _said(findings: tuple[Finding, ...]) -> list[tuple[str, Severity, tuple[str, ...]]]:
    return [(finding.rule, finding.severity, finding.codes) for finding in findings]


def _rejects(rule: Rule, case: Case) -> bool:
    return any(finding.severity is Severity.REJECT for finding in rule(case))


# Existence and form


@pytest.mark.parametrize(
    ("code", "nearest"), [("S06.1X7D", "S06.1X7"), ("E11.229", "E11.22"), ("J18.99", "J18.9"), ("Z1Z.9", None)]
)
def test_a_code_that_does_not_exist_is_removed(case: MakeCase, code: str, nearest: str | None) -> None:
    """The nearest existing code is named where there is one."""
    findings = code_exists(case(_line(code)))
    assert _said(findings) == [("existence.exists", Severity.REJECT, (code,))]
    assert (f"below {nearest}." in findings[0].mend) is (nearest is not None)


def test_a_code_of_the_next_edition_does_not_exist_yet(case: MakeCase) -> None:
    """M72.20 begins on October 1."""
    assert _rejects(code_exists, case(_line("M72.20"), day=dt.date(2026, 9, 30)))
    assert not _rejects(code_exists, case(_line("M72.20"), day=dt.date(2026, 10, 1)))


@pytest.mark.parametrize(
    ("code", "billable"), [("E11", False), ("E11.2", False), ("E11.22", True), ("S82.61", False), ("M72.2", False)]
)
def test_a_header_is_removed(case: MakeCase, code: str, billable: bool) -> None:
    """It needs more characters, and the finding says how many codes to choose from."""
    findings = code_is_billable(case(_line(code)))
    assert _said(findings) == ([] if billable else [("existence.billable", Severity.REJECT, (code,))])
    assert all("billable codes below it" in finding.mend for finding in findings)


def test_billable_depends_on_the_date_of_service(case: MakeCase) -> None:
    """M72.2 may be billed until September 30."""
    assert not _rejects(code_is_billable, case(_line("M72.2"), day=dt.date(2026, 9, 30)))
    assert _rejects(code_is_billable, case(_line("M72.2"), day=dt.date(2026, 10, 1)))


@pytest.mark.parametrize(
    ("code", "system", "severity"),
    [
        ("E11.22", CodeSystem.ICD10CM, None),
        ("E1122", CodeSystem.ICD10CM, Severity.REJECT),
        ("e11.22", CodeSystem.ICD10CM, Severity.REJECT),
        ("diabetes", CodeSystem.ICD10CM, Severity.REJECT),
        ("J1100", CodeSystem.HCPCS, Severity.MUST_RESOLVE),
        ("D0120", CodeSystem.HCPCS, Severity.REJECT),
        ("9999Z", CodeSystem.CPT, Severity.REJECT),
        ("99999", CodeSystem.CPT, Severity.MUST_RESOLVE),
    ],
)
def test_a_code_is_written_as_its_system_writes(
    case: MakeCase, code: str, system: CodeSystem, severity: Severity | None
) -> None:
    """And what no loaded file can confirm is unverifiable, never valid."""
    findings = system_is_explicit(case(_line(code, system=system)))
    assert [finding.severity for finding in findings] == ([] if severity is None else [severity])


def test_only_diagnoses_are_held_against_the_diagnosis_book(case: MakeCase) -> None:
    """A HCPCS code is not called a nonexistent ICD-10-CM code."""
    procedure = case(_line("J1100", system=CodeSystem.HCPCS))
    assert code_exists(procedure) == code_is_billable(procedure) == ()


@pytest.mark.parametrize(
    ("day", "edition"),
    [(dt.date(2025, 9, 30), "FY2026"), (dt.date(2026, 9, 30), None), (dt.date(2026, 10, 1), None),
     (dt.date(2027, 10, 1), "FY2027")],
)  # fmt: skip
def test_without_the_edition_nothing_is_valid(case: MakeCase, day: dt.date, edition: str | None) -> None:
    """Outside every loaded edition the nearest one is named, and a human must look."""
    findings = edition_is_loaded(case(_line("I10"), _line("E11.9"), day=day))
    if edition is None:
        assert findings == ()
    else:
        assert _said(findings) == [("existence.edition_loaded", Severity.MUST_RESOLVE, ("I10", "E11.9"))]
        assert f"{edition} (" in findings[0].message
        assert str(day) in findings[0].mend


def test_a_derived_entry_is_named_as_such(case: MakeCase) -> None:
    """Only the codes that the table of changes touched."""
    assert _said(edition_is_official(case(_line("M72.20"), _line("I10")))) == [
        ("existence.edition_official", Severity.ADVISE, ("M72.20",))
    ]
    assert edition_is_official(case(_line("I10"), _line("nonsense"))) == ()


# Evidence


@pytest.mark.parametrize(
    ("evidence", "stands"),
    [
        ((DIABETES,), True),
        ((DIABETES, _quote("Old stroke")), True),
        ((DIABETES.model_copy(update={"start": 0, "end": 15}),), False),
        ((DIABETES.model_copy(update={"text": "type 2 diabetes"}),), False),
        ((DIABETES.model_copy(update={"document_id": "d2"}),), False),
        ((DIABETES.model_copy(update={"document_id": "d9"}),), False),
        ((DIABETES.model_copy(update={"start": 3, "end": 3, "text": ""}),), False),
        ((DIABETES.model_copy(update={"start": DIABETES.start - len(TEXT), "end": DIABETES.end - len(TEXT)}),), False),
        ((DIABETES, DIABETES.model_copy(update={"text": "Type 1 diabetes"})), False),
    ],
    ids=["one", "two", "shifted", "other case", "other document", "no document", "empty", "from the end", "one false"],
)
def test_evidence_is_the_records_own_words(case: MakeCase, evidence: tuple[EvidenceQuote, ...], stands: bool) -> None:
    """Every quote, to the character, in the document it names."""
    assert _rejects(evidence_is_verbatim, case(_line("E11.9", *evidence))) is not stands


def test_a_code_without_evidence_is_removed(case: MakeCase) -> None:
    """Nothing is coded that nobody wrote."""
    bare = _line("E11.9").model_copy(update={"evidence": ()})
    assert _said(evidence_is_verbatim(case(bare))) == [("evidence.verbatim", Severity.REJECT, ("E11.9",))]


PROBABLE = _quote("pneumonia", Assertion.POSSIBLE)
MOTHER = _quote("breast cancer", Assertion.FAMILY)
STROKE = _quote("stroke", Assertion.HISTORICAL)
DENIED = _quote("chest pain", Assertion.NEGATED)


@pytest.mark.parametrize(
    ("code", "evidence", "setting", "supported"),
    [
        ("E11.9", (DIABETES,), Setting.OUTPATIENT, True),
        ("J18.9", (PROBABLE,), Setting.OUTPATIENT, False),
        ("J18.9", (PROBABLE,), Setting.ED, False),
        ("J18.9", (PROBABLE,), Setting.INPATIENT, True),
        ("R07.9", (DENIED,), Setting.INPATIENT, False),
        ("C50.919", (MOTHER,), Setting.INPATIENT, False),
        ("Z80.3", (MOTHER,), Setting.OUTPATIENT, True),
        ("I63.9", (STROKE,), Setting.INPATIENT, False),
        ("Z86.73", (STROKE,), Setting.OUTPATIENT, True),
        ("I25.2", (STROKE,), Setting.OUTPATIENT, True),
        ("Z80.3", (STROKE,), Setting.OUTPATIENT, False),
        ("R07.9", (DENIED, DIABETES), Setting.OUTPATIENT, True),
        ("E11.9", (_quote("Type 2 diabetes", None),), Setting.OUTPATIENT, True),
        ("E11.9", (_quote("Type 2 diabetes", Assertion.HYPOTHETICAL),), Setting.INPATIENT, False),
    ],
)
def test_the_assertion_must_support_the_code_in_this_setting(
    case: MakeCase, code: str, evidence: tuple[EvidenceQuote, ...], setting: Setting, supported: bool
) -> None:
    """Uncertain counts in a stay only; relatives and the past lead to history codes only; one good quote will do."""
    assert _rejects(assertion_supports_code, case(_line(code, *evidence), setting=setting)) is not supported


def test_an_uncertain_diagnosis_is_sent_back_with_its_guideline(case: MakeCase) -> None:
    """The mend is to code the sign or symptom."""
    (finding,) = assertion_supports_code(case(_line("J18.9", PROBABLE)))
    assert (finding.source, finding.codes) == ("IV.H", ("J18.9",))
    assert "symptom" in finding.mend


# All rules together


def test_a_sound_proposal_has_no_findings(case: MakeCase) -> None:
    """Nothing to say about three well supported codes."""
    sound = case(_line("E11.9"), _line("Z80.3", MOTHER), _line("Z86.73", STROKE))
    assert check(sound) == ()


def test_a_rejected_code_is_removed_unless_a_person_kept_it(case: MakeCase) -> None:
    """An override with a reason beats the rule; advice and open questions remove nothing."""
    findings = check(case(_line("E11"), _line("M72.20"), day=NOVEMBER))
    assert rejected_codes(findings) == {"E11"}
    overridden = tuple(f.model_copy(update={"override": "the payer asks for it"}) for f in findings)
    assert rejected_codes(overridden) == frozenset()


@pytest.fixture(scope="module")
def books(codebooks: Codebooks) -> tuple[Codebook, ...]:
    """Both editions."""
    return codebooks.editions


@st.composite
def cases(draw: st.DrawFn, books: tuple[Codebook, ...]) -> Case:
    """Any proposal on any note."""
    chart = draw(charts())
    codes = icd10cm_codes() | st.sampled_from(("I10", "E11", "E11.22", "Z80.3", "M72.2", "J1100", "word", ""))
    proposal = draw(proposals(chart.encounter.documents[0], codes))
    return Case(chart, proposal, draw(st.sampled_from(books)), draw(st.booleans()))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.sampled_from(RULES), unique=True), st.sampled_from(RULES))
def test_adding_a_rule_never_removes_a_finding(
    books: tuple[Codebook, ...], data: st.DataObject, rules: list[Rule], added: Rule
) -> None:
    """Rules are independent: what some of them find is found by more of them too, wherever the new one stands."""
    case = data.draw(cases(books))
    place = data.draw(st.integers(0, len(rules)))
    before = check(case, tuple(rules))
    after = check(case, (*rules[:place], added, *rules[place:]))
    assert [finding for finding in after if finding in before or finding not in added(case)] == [
        finding for finding in after if finding in before
    ]
    assert all(finding in after for finding in before)
    assert rejected_codes(before) <= rejected_codes(after)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_passes_is_billable_and_quoted(books: tuple[Codebook, ...], data: st.DataObject) -> None:
    """Whatever is proposed: a diagnosis that no rule removes exists, is billable and rests on verbatim words."""
    case = data.draw(cases(books))
    document = case.chart.encounter.documents[0]
    rejected = rejected_codes(check(case))
    for line in case.proposal.codes:
        if line.code not in rejected and line.system is CodeSystem.ICD10CM:
            assert case.codebook.is_billable(line.code)
            assert line.evidence
            assert all(quote.stands_in(document.text) for quote in line.evidence)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_findings_speak_of_proposed_codes_and_never_in_the_notes_words(
    books: tuple[Codebook, ...], data: st.DataObject
) -> None:
    """A finding names codes of the proposal; a long enough piece of the note never stands in its message."""
    case = data.draw(cases(books))
    text = case.chart.encounter.documents[0].text
    for finding in check(case):
        assert set(finding.codes) <= {line.code for line in case.proposal.codes}
        assert len(text) < 12 or text not in f"{finding.message} {finding.mend}"


def test_every_rule_has_an_id_of_its_own(case: MakeCase) -> None:
    """On a proposal that breaks all of them, each rule speaks under its own id and names source and mend."""
    broken = case(
        _line("E11"), _line("Z1Z.9"), _line("e119"), _line("J18.9", PROBABLE),
        _line("I10", DIABETES.model_copy(update={"text": "x"})), _line("M72.20"), day=dt.date(2030, 1, 1),
    )  # fmt: skip
    by_rule = {rule: {finding.rule for finding in rule(broken)} for rule in RULES}
    assert all(len(ids) == 1 for ids in by_rule.values())
    assert len(set.union(*by_rule.values())) == len(RULES)
    assert all(finding.source and finding.mend.endswith(".") for finding in check(broken))
