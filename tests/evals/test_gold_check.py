"""The checks of the gold itself, on the two editions of the small index."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from evals.gold_check import GoldReport, check_gold, check_suite
from evals.loaders.codiesp import read_codiesp
from evals.loaders.gold_set import GoldOptions, GoldScope
from index_build.procedures import write_hcpcs
from medcoding.codebook import Codebooks
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeRole, CodeSystem
from medcoding.errors import InputError
from medcoding.procedures import ProcedureBook
from tests.evals.loaders.invented import coded, line, stay
from tests.index_build.readers.published import QUARTER, hcpcs_file

IDS = frozenset({"I.A.15", "IV.A", "II.H"})
VISIT = (line("M10.9"), line("E11.9", 2, "diabetes"))
PRINCIPAL = line("M10.9", role=CodeRole.PRINCIPAL, poa="Y")
NO_POA = GoldScope(poa=False)


def _check(books: Codebooks, *encounters: CodedEncounter, scope: GoldScope = NO_POA, **more: Any) -> GoldReport:
    return check_gold(encounters, books, IDS, scope=scope, **more)


def _rules(report: GoldReport) -> list[tuple[str, str]]:
    return [(fault.rule, fault.code) for fault in report.faults]


def test_sound_gold_is_clean_and_counted(codebooks: Codebooks) -> None:
    """By setting, specialty, edition, guideline, chapter, system, role and number of codes."""
    visit = coded(*VISIT, specialty="rheumatology", guideline_ids=("IV.A",), forbidden=("E11.65",))
    admission = stay(PRINCIPAL, case_id="c2", date_of_service=dt.date(2026, 9, 29))
    early = coded(VISIT[0], case_id="c3", date_of_service=dt.date(2026, 9, 30))
    report = _check(codebooks, visit, admission, early)
    assert report.clean
    assert (report.encounters, report.documents, report.codes, report.quotes, report.must_not) == (3, 3, 4, 4, 1)
    assert (report.inpatient_codes, report.inpatient_poa, report.encounters_without_guideline) == (1, 1, 2)
    assert report.by_setting == {"outpatient": 2, "inpatient": 1}
    assert report.by_specialty == {"none": 2, "rheumatology": 1}
    assert report.by_edition == {"FY2027": 2, "FY2026": 1}
    assert report.by_guideline == {"IV.A": 1}
    assert report.by_codes_per_encounter == {1: 2, 2: 1}
    assert report.by_chapter == {"13": 3, "4": 1}
    assert report.by_system == {"icd10cm": 4}
    assert report.by_role == {"first_listed": 2, "secondary": 1, "principal": 1}


@pytest.mark.parametrize(
    ("code", "message"),
    [("E11", "It is a header on 2026-11-02."), ("E11.99", "It is not in the book on 2026-11-02.")],
)
def test_a_code_that_cannot_be_billed_is_listed(code: str, message: str, codebooks: Codebooks) -> None:
    """And stays in the counts: it is reported, not dropped."""
    report = _check(codebooks, coded(line(code)))
    assert [(f.case_id, f.rule, f.code, f.message) for f in report.not_billable] == [("c1", "billable", code, message)]
    assert report.codes == 1


def test_the_discharge_date_decides_the_edition(codebooks: Codebooks) -> None:
    """A code that begins on 1 October is good for a stay that began in September and ended after it."""
    (new,) = [e for e in codebooks.editions[1].entries() if e.billable and e.code not in codebooks.editions[0]][:1]
    code = line(new.code, role=CodeRole.PRINCIPAL, poa="Y")
    over = stay(code, date_of_service=dt.date(2026, 9, 29))
    before = stay(code, date_of_service=dt.date(2026, 9, 20), discharge_date=dt.date(2026, 9, 30))
    assert _check(codebooks, over).clean
    assert _rules(_check(codebooks, before)) == [("billable", new.code)]


def test_a_date_without_an_edition_is_a_fault(codebooks: Codebooks) -> None:
    """Nothing can be called valid there."""
    report = _check(codebooks, coded(*VISIT, date_of_service=dt.date(2019, 1, 5)))
    assert _rules(report) == [("edition", "")]
    assert report.by_edition == {"none": 1}


@pytest.mark.parametrize("code", ["m10.9", "E119", "gout"])
def test_a_code_is_written_as_it_is_printed(code: str, codebooks: Codebooks) -> None:
    """Otherwise no answer could ever equal it."""
    assert _rules(_check(codebooks, coded(line(code)))) == [("written", code)]


def test_hcpcs_is_checked_by_day_where_its_book_is_given(codebooks: Codebooks, tmp_path: Path) -> None:
    """Without the book the code is unverifiable, which is counted and is no fault; so is CPT always."""
    quarter = hcpcs_file(*QUARTER)
    (tmp_path / quarter.name).write_bytes(quarter.content)
    write_hcpcs(tmp_path / "hcpcs.sqlite", tmp_path / quarter.name)
    book = ProcedureBook(tmp_path / "hcpcs.sqlite")
    day = dt.date(2026, 11, 2)
    good = next(entry.code for entry in book.entries() if entry.in_force_on(day))
    codes = [line(c, n, system=CodeSystem.HCPCS) for n, c in ((2, good), (3, "V9999"))]
    visit = coded(line("M10.9"), *codes, line("9ZZZ1", 4, system=CodeSystem.CPT))
    held, unheld = _check(codebooks, visit, hcpcs=book), _check(codebooks, visit)
    book.close()
    assert (_rules(held), held.unverifiable) == ([("billable", "V9999")], 1)
    assert (_rules(unheld), unheld.unverifiable) == ([], 3)


def test_a_quote_that_was_changed_after_reading_is_found(codebooks: Codebooks) -> None:
    """The record refuses it when it is read; a changed copy is checked again."""
    quote = VISIT[0].evidence[0].model_copy(update={"start": 0, "end": 4})
    broken = VISIT[0].model_copy(update={"evidence": (quote,)})
    changed = coded(*VISIT).model_copy(update={"codes": (broken, VISIT[1])})
    report = _check(codebooks, changed)
    assert _rules(report) == [("quote", "M10.9")]
    assert "gout" not in report.model_dump_json()


def test_a_code_needs_words_where_evidence_is_gold(codebooks: Codebooks) -> None:
    """Where the set has none, nothing is asked for."""
    bare = coded(line("M10.9", evidence=()))
    assert _rules(_check(codebooks, bare)) == [("evidence", "M10.9")]
    assert _check(codebooks, bare, scope=GoldScope(poa=False, evidence=False)).clean


def test_a_guideline_that_does_not_exist_is_found(codebooks: Codebooks) -> None:
    """By its id."""
    (fault,) = _check(codebooks, coded(*VISIT, guideline_ids=("IV.A", "I.Z.9"))).faults
    assert (fault.rule, fault.message) == ("guideline", "No section I.Z.9 is in the digest of the guidelines.")


def test_a_code_is_not_gold_and_forbidden_or_gold_twice(codebooks: Codebooks) -> None:
    """Either would make every answer wrong."""
    report = _check(codebooks, coded(*VISIT, line("E11.9", 3), forbidden=("M10.9",)))
    assert _rules(report) == [("must_not", "M10.9"), ("duplicate", "E11.9")]


@pytest.mark.parametrize(
    ("codes", "rules"),
    [
        ((line("M10.9"), line("E11.9", 3)), [("sequence", "")]),
        ((line("E11.9", 2), line("M10.9", 1)), [("sequence", "")]),
        ((line("M10.9", role=CodeRole.PRINCIPAL),), [("role", "M10.9")]),
        ((line("M10.9", role=CodeRole.SECONDARY),), [("role", "M10.9")]),
        ((line("M10.9"), line("E11.9", 2, role=CodeRole.FIRST_LISTED)), [("role", "E11.9")]),
        ((line("W19.XXXA"),), [("external_cause", "W19.XXXA")]),
        ((line("W19.XXXA", role=CodeRole.EXTERNAL_CAUSE),), [("external_cause", "W19.XXXA"), ("role", "W19.XXXA")]),
        ((line("M10.9"), line("W19.XXXA", 2, role=CodeRole.EXTERNAL_CAUSE)), []),
    ],
)
def test_order_and_roles(codes: tuple[Any, ...], rules: list[tuple[str, str]], codebooks: Codebooks) -> None:
    """From 1 on, first the role of the setting, an external cause never first."""
    assert _rules(_check(codebooks, coded(*codes))) == rules
    assert _check(codebooks, coded(*codes), scope=GoldScope(poa=False, order=False)).clean


def test_the_first_role_of_a_stay_is_principal(codebooks: Codebooks) -> None:
    """First-listed belongs to outpatients (IV.A)."""
    assert _rules(_check(codebooks, stay(line("M10.9")))) == [("role", "M10.9")]


def test_present_on_admission_is_for_stays(codebooks: Codebooks) -> None:
    """Each diagnosis of a stay needs an indicator; visits have none; services never."""
    bare = line("E11.9", 2)
    service = line("J1885", 3, system=CodeSystem.HCPCS)
    report = _check(codebooks, stay(PRINCIPAL, bare, service), scope=GoldScope())
    assert (_rules(report), report.inpatient_codes, report.inpatient_poa) == ([("poa", "E11.9")], 2, 1)
    assert _rules(_check(codebooks, coded(line("M10.9", poa="Y")), scope=GoldScope())) == [("poa", "M10.9")]


class _ExemptBook:
    """Codebooks whose edition says which codes are exempt from present-on-admission reporting."""

    def __init__(self, books: Codebooks, exempt: bool) -> None:
        self._books = books
        self._exempt = exempt

    def for_date(self, day: dt.date) -> Any:
        choice = self._books.for_date(day)
        book: Any = _Exempting(choice.codebook, self._exempt)
        return choice._replace(codebook=book)


class _Exempting:
    def __init__(self, book: Any, exempt: bool) -> None:
        self._book = book
        self._exempt = exempt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)

    def __contains__(self, code: str) -> bool:
        return code in self._book

    def poa_exempt(self, _code: str) -> bool:
        return self._exempt


@pytest.mark.parametrize(
    ("exempt", "poa", "sound"),
    [(True, "1", True), (True, None, True), (True, "Y", False), (False, "Y", True), (False, "1", False)],
)
def test_exempt_codes_are_marked_as_such(exempt: bool, poa: Any, sound: bool, codebooks: Codebooks) -> None:
    """Where a list of exempt codes is loaded; a blank says the same as 1."""
    books: Any = _ExemptBook(codebooks, exempt)
    report = _check(books, stay(line("M10.9", role=CodeRole.PRINCIPAL, poa=poa)), scope=GoldScope())
    assert report.clean is sound


def test_nothing_to_check_is_refused(codebooks: Codebooks) -> None:
    """An empty report would look clean."""
    with pytest.raises(InputError, match="The set holds no encounter"):
        _check(codebooks)


def test_a_suite_is_checked_against_the_built_index(index_dir: Path, tmp_path: Path) -> None:
    """With the sections of the shipped digest."""
    encounters = (coded(*VISIT, guideline_ids=("I.A.15",)), coded(line("E11"), case_id="c2", guideline_ids=("I.Z.9",)))
    text = "\n".join(encounter.model_dump_json() for encounter in encounters)
    (tmp_path / "visits.jsonl").write_text(text, encoding="utf-8")
    suite, report = check_suite(tmp_path / "visits.jsonl", index_dir)
    assert (suite.name, report.encounters) == ("visits", 2)
    assert [(f.case_id, f.rule) for f in report.faults] == [("c2", "billable"), ("c2", "guideline")]


def test_ended_codes_of_published_gold_are_reported(codebooks: Codebooks, shared_data: Path) -> None:
    """CodiEsp was coded in 2018: 678 of its 8,316 codes cannot be billed today; none is dropped."""
    found = read_codiesp(shared_data / "gold" / "codiesp", GoldOptions())
    report = _check(codebooks, *found.encounters, scope=found.scope)
    assert (report.codes, len(report.not_billable), len(report.faults)) == (8_316, 678, 678)
