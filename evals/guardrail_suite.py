"""The figures of the guardrails: what gets past them, what they say to gold, what they execute, what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from agent.bootstrap import build_pipeline
from agent.parts import Parts
from agent.pipeline import Pipeline
from agent.settings import load_settings
from evals.enforced_guidelines import EnforcedGuidelines, enforced_guidelines
from evals.executed_notes import ExecutedNotes, executed_notes
from evals.false_alarms import FalseAlarms, GoldCase, false_alarms, gold_case, named_by
from evals.false_quotes import FalseQuotes, measure_false_quotes
from evals.phantoms import PhantomReport, measure_phantoms
from evals.rule_speed import RuleSpeed, rule_speed
from evals.suites import load_suite
from medcoding.encounter import Encounter
from medcoding.record import Record

_SUITES: Final = (("rules", None), ("encounters", "development"), ("encounters", "held_out"))
_READABLE: Final = _SUITES[:2]
"""The held-out part shows in totals only."""


class GuardrailReport(Record):
    """Every figure of the guardrails."""

    phantoms: PhantomReport
    false_quotes: FalseQuotes
    false_alarms: dict[str, FalseAlarms]
    """By suite."""
    notes: tuple[ExecutedNotes, ...]
    guidelines: EnforcedGuidelines
    speed: RuleSpeed


def measure_guardrails(
    index_dir: Path | None = None, *, phantoms: int = 10_000, quotes: int = 1_000
) -> GuardrailReport:
    """All figures on an index, from the settings of the machine."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    suites = {_name(suite, part): _cases(suite, part, pipeline.parts) for suite, part in _SUITES}
    development = suites[_name(*_READABLE[1])]
    return GuardrailReport(
        phantoms=measure_phantoms(pipeline, _encounters(pipeline), phantoms),
        false_quotes=measure_false_quotes(pipeline.parts, quotes),
        false_alarms={name: false_alarms(cases) for name, cases in suites.items()},
        notes=executed_notes(pipeline.parts.codebooks.editions[0]),
        guidelines=enforced_guidelines(),
        speed=rule_speed(development),
    )


def guardrails(
    index_dir: Annotated[
        Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", help="Only show what this rule says to the gold that may be read.")
    ] = None,
    phantoms: Annotated[int, typer.Option("--phantoms", min=1, help="Codes that may not be billed.")] = 10_000,
    quotes: Annotated[int, typer.Option("--quotes", min=1, help="False quotes.")] = 1_000,
) -> None:
    """Figures of the guardrails: phantom codes, false quotes, false alarms on gold, executed notes, speed."""
    if rule is None:
        report = measure_guardrails(index_dir, phantoms=phantoms, quotes=quotes)
        typer.echo(report.model_dump_json(indent=1))
        return
    parts = build_pipeline(load_settings(index_dir=index_dir)).parts
    for suite, part in _READABLE:
        for case_id, finding in named_by(rule, _cases(suite, part, parts)):
            typer.echo(f"{case_id}: {', '.join(finding.codes)}: {finding.message} {finding.mend}")


def _name(suite: str, part: str | None) -> str:
    return f"{suite}/{part}" if part else suite


def _cases(suite: str, part: str | None, parts: Parts) -> list[GoldCase]:
    return [gold_case(one, parts) for one in load_suite(suite, part).encounters]


def _encounters(pipeline: Pipeline) -> list[Encounter]:
    return [case.case.chart.encounter for case in _cases("rules", None, pipeline.parts)]


if __name__ == "__main__":
    typer.run(guardrails)
