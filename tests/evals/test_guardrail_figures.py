"""The measurements of the guardrails, each on a few cases: that they measure, and that the figures hold in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from evals.enforced_guidelines import enforced_guidelines
from evals.executed_notes import executed_notes
from evals.false_alarms import GoldCase, false_alarms, gold_case, named_by
from evals.false_quotes import false_quotes, measure_false_quotes
from evals.phantoms import measure_phantoms, phantom_codes
from evals.rule_speed import rule_speed
from evals.suites import load_suite
from guardrails.case import Case
from medcoding.codebook import Codebook, Codebooks
from medcoding.finding import Finding, Severity


@pytest.fixture(scope="module")
def gold(pipeline: Pipeline) -> list[GoldCase]:
    """A few encounters of the development part, read as the product reads them."""
    return [gold_case(one, pipeline.parts) for one in load_suite("encounters", "development").encounters[:25]]


def test_no_phantom_code_reaches_the_answer(pipeline: Pipeline, gold: list[GoldCase]) -> None:
    """Random, near-miss, retired, header, future and wrongly written codes, offered and chosen every time."""
    report = measure_phantoms(pipeline, [one.case.chart.encounter for one in gold], 120)
    assert (report.in_output, report.crashes) == (0, 0)
    assert report.chosen >= 120
    assert report.reached_the_set > 60
    assert len(report.by_kind) >= 6


def test_phantom_codes_may_not_be_billed(codebooks: Codebooks) -> None:
    """The measurement itself is honest: none of its codes is a right one."""
    book = codebooks.editions[0]
    stream = phantom_codes(codebooks, book)
    drawn = [next(stream) for _ in range(300)]
    assert not any(book.is_billable(code) for _, code in drawn)
    assert {kind for kind, _ in drawn} >= {"random", "near miss", "header", "future", "miswritten"}


def test_no_false_quote_is_accepted(pipeline: Pipeline) -> None:
    """Words that nobody wrote, and true words that say the opposite."""
    report = measure_false_quotes(pipeline.parts, 300)
    assert report.accepted == {}
    assert sum(report.offered.values()) == 300
    assert set(report.offered) == {
        "invented", "paraphrased", "misplaced", "negated", "family", "uncertain", "hypothetical",
    }  # fmt: skip


def test_a_false_quote_is_false() -> None:
    """What does not stand there does not, and what says the opposite does stand there."""
    for one in false_quotes(200):
        stands = one.quote.stands_in(one.note)
        assert stands is (one.kind in {"negated", "family", "uncertain", "hypothetical"})


def test_gold_is_hardly_ever_rejected(gold: list[GoldCase]) -> None:
    """A right code that is removed is the worst a rule can do."""
    alarms = false_alarms(gold)
    assert alarms.codes > 100
    assert alarms.reject_rate <= 0.005
    assert 0 < alarms.forbidden_caught <= alarms.forbidden


def test_a_rule_against_everything_is_counted(gold: list[GoldCase]) -> None:
    """Every gold code of every encounter, once, under the rule's own name; the cases can be read."""

    def against_everything(case: Case) -> tuple[Finding, ...]:
        return (
            Finding(
                rule="test.all",
                severity=Severity.REJECT,
                codes=tuple(line.code for line in case.lines),
                message="No.",
                source="test",
                mend="None.",
            ),
        )

    alarms = false_alarms(gold, (against_everything,))
    assert (alarms.reject_rate, alarms.rules[0].rule, alarms.rules[0].encounters) == (1.0, "test.all", len(gold))
    assert len(list(named_by("test.all", gold, (against_everything,)))) == len(gold)


def test_notes_are_executed_by_kind(fy2026: Codebook) -> None:
    """Every fortieth entry: most notes that name codes make their rule speak."""
    rows = {row.kind: row for row in executed_notes(fy2026, every=40)}
    assert rows["excludes1"].share > 0.9
    assert rows["code_first"].share > 0.8
    assert all(row.executed + row.heads + row.without_codes <= row.notes for row in rows.values())


def test_enforced_sections_are_sections() -> None:
    """No rule cites a section that the guidelines do not have."""
    found = enforced_guidelines()
    assert found.unknown == ()
    assert {"I.B.13", "I.B.14", "I.A.13", "IV.H"} <= set(found.enforced)
    assert not set(found.enforced) & set(found.checkable_without_rule)


def test_only_sources_count_as_enforced(tmp_path: Path) -> None:
    """A docstring speaks of a section; a finding's source enforces it."""
    folder = tmp_path / "guardrails"
    folder.mkdir()
    (folder / "one.py").write_text('"""Speaks of I.B.13."""\n\nSOURCE = "I.B.14"\n', encoding="utf-8")
    assert enforced_guidelines(tmp_path).enforced == ("I.B.14",)


def test_speed_is_measured_over_twenty_codes(gold: list[GoldCase]) -> None:
    """Quantiles in order; the bar itself is held on a quiet machine by the command."""
    speed = rule_speed(gold, rounds=2)
    assert (speed.codes, speed.cases) == (20, len(gold))
    assert 0 < speed.p50_ms <= speed.p95_ms <= speed.max_ms
