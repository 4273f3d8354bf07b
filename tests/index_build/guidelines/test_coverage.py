"""Citations of the guidelines across the project, and the coverage page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guardrails.check import RULES
from index_build.guidelines.citations import Function, cited, cites, functions, rule_tests
from index_build.guidelines.citations import citations as citations_under
from index_build.guidelines.coverage import ROOT, CoverageRow, coverage, coverage_page, without_entry
from index_build.guidelines.digest import guideline_entries
from index_build.readers.guidelines_pdf import read_guidelines
from medcoding.guideline import GuidelineEntry, guideline_order

TABLES = ROOT / "agent" / "language"


@pytest.fixture(scope="module")
def entries() -> dict[str, GuidelineEntry]:
    """The shipped digest by section id."""
    return {entry.id: entry for entry in guideline_entries()}


@pytest.fixture(scope="module")
def known() -> dict[str, Function]:
    """Every function of the project."""
    return functions(ROOT)


@pytest.fixture(scope="module")
def rows() -> tuple[CoverageRow, ...]:
    """The rows of the coverage page."""
    return coverage()


def test_every_cited_section_exists(entries: dict[str, GuidelineEntry]) -> None:
    """In code, tests, prompts, tables, documents and past encounters: a wrong section number misleads a coder."""
    sections = {*entries, *without_entry()}
    found = list(citations_under(ROOT))
    assert [f"{c.path}:{c.line} {c.id}" for c in found if c.id not in sections] == []
    assert {".py", ".tsv", ".jsonl", ".md"} <= {c.path.suffix for c in found}


def test_digest_and_list_of_omissions_make_up_the_guidelines(
    entries: dict[str, GuidelineEntry], shared_data: Path
) -> None:
    """Each section of the official document has an entry or a stated reason for having none, and no section is ours."""
    data = (shared_data / "guidelines" / "icd-10-cm-guidelines-FY2025.pdf").read_bytes()
    official = {passage.id: passage.text for passage in read_guidelines(data, "guidelines.pdf")}
    omitted = without_entry()
    assert set(entries) & set(omitted) == set()
    assert set(entries) | set(omitted) == set(official)
    headings = {name for name, why in omitted.items() if "heading" in why}
    assert headings == {name for name in omitted if not official[name]}


def test_every_named_rule_exists_and_cites_its_section(
    entries: dict[str, GuidelineEntry], known: dict[str, Function]
) -> None:
    """The function is there, and its module, or a language table that this names, cites the section."""
    named = [(entry.id, rule) for entry in entries.values() for rule in entry.enforced_by]
    assert [rule for _, rule in named if rule not in known] == []
    tables = {path.name: path.read_text(encoding="utf-8") for path in TABLES.glob("*.tsv")}
    silent = []
    for section, rule in named:
        module = known[rule].module
        if not any(cites(text, section) for text in (module, *(t for name, t in tables.items() if name in module))):
            silent.append((section, rule))
    assert silent == []
    assert len({section for section, _ in named}) > 30


def test_a_guardrail_named_as_a_rule_is_one_that_runs(entries: dict[str, GuidelineEntry]) -> None:
    """A rule outside the rule book would enforce nothing."""
    running = {f"{rule.__module__}.{rule.__name__}" for rule in RULES}
    named = {rule for entry in entries.values() for rule in entry.enforced_by if rule.startswith("guardrails.")}
    assert named - running == set()


def test_the_page_is_up_to_date(rows: tuple[CoverageRow, ...]) -> None:
    """`python -m index_build.guidelines.coverage docs/guidelines.md` writes it."""
    assert (ROOT / "docs" / "guidelines.md").read_text(encoding="utf-8") == coverage_page(rows)


def test_a_row_leads_from_the_section_to_the_test(rows: tuple[CoverageRow, ...]) -> None:
    """Hypertensive heart disease: the combination rule and the tests that show it; totals count each entry once."""
    by_id = {row.entry.id: row for row in rows}
    row = by_id["I.C.9.a.1"]
    assert "agent.combine.CombinationTable.first_that_applies" in row.entry.enforced_by
    assert "guardrails.chapters.hypertension.heart_failure_is_reported" in row.entry.enforced_by
    assert any(case.startswith("tests/agent/test_combine.py::") for case in row.cases)
    assert any(case.startswith("tests/guardrails/") for case in by_id["IV.H"].cases)
    page = coverage_page(rows)
    assert f"| all | {len(rows)} |" in page
    assert "rewritten in FY2026; check the current text" in page


def test_a_suite_case_is_shown(tmp_path: Path) -> None:
    """A case of a suite that is held to a section stands beside the tests; other fields do not matter."""
    suite = tmp_path / "evals" / "suites" / "outpatient" / "heart.jsonl"
    suite.parent.mkdir(parents=True)
    cases = [{"case_id": "heart-1", "guideline_ids": ["I.C.9.a.1"]}, {"case_id": "heart-2"}]
    suite.write_text("\n".join(map(json.dumps, cases)) + "\n\n", encoding="utf-8")
    shown = {row.entry.id: row.cases for row in coverage(tmp_path) if row.cases}
    assert shown == {"I.C.9.a.1": ("outpatient/heart.jsonl: heart-1",)}


def test_a_test_is_found_by_section_or_by_rule(tmp_path: Path) -> None:
    """A docstring that cites, a call of the rule, the name of its finding; helpers and other tests are not taken."""
    folder = tmp_path / "tests" / "agent"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text(
        'def test_cites():\n    """Says I.B.2."""\n\n\n'
        'def test_calls():\n    assert code_is_billable("existence.billable")\n\n\n'
        'def helper():\n    """I.B.9"""\n',
        encoding="utf-8",
    )
    cites_it, calls_it = rule_tests(tmp_path)
    assert cites_it.name == "tests/agent/test_x.py::test_cites"
    assert cites_it.ids == {"I.B.2"}
    assert {"code_is_billable", "existence.billable"} <= calls_it.words


def test_a_function_knows_the_findings_it_makes(known: dict[str, Function]) -> None:
    """Its own and those of its helpers, so that a test that looks for the finding is found."""
    assert known["guardrails.existence.code_is_billable"].findings == {"existence.billable"}
    assert known["guardrails.existence.code_exists"].findings == {"existence.exists"}
    assert "agent.combine.CombinationTable.gives_way" in known


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("guidelines I.A.11–17, and II.H.", {"I.A.11", "II.H"}),
        ("(I.C.1.d.1.a.iii; I.C.15.a.7)", {"I.C.1.d.1.a.iii", "I.C.15.a.7"}),
        ("IV.A.1 and IV.A", {"IV.A.1", "IV.A"}),
        ("exempt (guidelines, appendix I)", {"App.I"}),
        ("Dr. I.C. Brown, I.D. 7, VI.A, A.I.B.2, section III, I.B.2x", {"I.C"}),
    ],
)
def test_citations_are_read_as_they_are_written(text: str, ids: set[str]) -> None:
    """Whole ids, not their beginnings; bare roman numbers and other abbreviations are no citations."""
    assert cited(text) == ids


def test_sections_sort_as_they_are_printed() -> None:
    """Numbers by value, letters by the alphabet, numerals by value, appendix I behind section IV."""
    numerals = [f"I.C.1.g.1.c.{numeral}" for numeral in ("i", "iv", "v")]
    printed = ["I.A.2", "I.A.10", "I.B.1", "I.C.1.g.1.c", *numerals, "I.C.1.g.1.i", "II.B", "IV.A", "App.I"]
    assert sorted(set(printed), key=guideline_order) == printed
