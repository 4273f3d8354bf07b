"""`chartwright parallel`: the same encounters under two editions or by two answerers, and what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent import show, show_parallel
from agent.answerers import answering_as
from agent.bootstrap import build_pipeline
from agent.cli import (
    AgeOption,
    DosOption,
    IndexOption,
    JsonOption,
    SettingOption,
    SexOption,
    SpecialtyOption,
    opened,
)
from agent.ingest import InputLimits, VisitFacts, checked
from agent.parallel import EncounterDifference, NotCompared, ParallelReport, Side, compared, in_total, under_edition
from agent.settings import Settings, load_settings
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.parsing import load_lines

app = typer.Typer()

_LINES = ".jsonl"


@app.command()
def parallel(
    file: Annotated[str, typer.Argument(help="A note, a JSON encounter, or JSON lines of encounters (.jsonl).")],
    editions: Annotated[str | None, typer.Option("--editions", help="Two loaded editions: FY2026,FY2027.")] = None,
    models: Annotated[
        str | None, typer.Option("--models", help="Two answerers: rules, encoder, mini, a folder, a served model.")
    ] = None,
    setting: SettingOption = None,
    dos: DosOption = None,
    specialty: SpecialtyOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the differences as a page.")] = None,
    index_dir: IndexOption = None,
) -> None:
    """Answer encounters twice at once and report what differs: codes, roles, confidences, routes, findings.

    Example: chartwright parallel visits.jsonl --editions FY2026,FY2027
    """
    names = _pair(editions, models)
    settings = load_settings(index_dir=index_dir)
    facts = VisitFacts(
        setting=setting, date_of_service=dos.date() if dos else None, specialty=specialty, age=age, sex=sex
    )
    encounters = _encounters(file, facts, settings)
    left, right = _sides(names, settings, by_edition=editions is not None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=show.errors, disable=len(encounters) == 1) as progress:
        task = progress.add_task("Coding twice", total=len(encounters))
        report = asyncio.run(_run(encounters, left, right, lambda: progress.advance(task)))
    if html:
        _write(html, report)
    if as_json:
        print(report.model_dump_json())
    else:
        show_parallel.parallel(report)


async def _run(encounters: Sequence[Encounter], left: Side, right: Side, advance: Callable[[], None]) -> ParallelReport:
    outcomes: list[EncounterDifference | NotCompared] = []
    try:
        for encounter in encounters:
            outcomes.append(await compared(encounter, left, right))
            advance()
    finally:
        await asyncio.gather(left.pipeline.aclose(), right.pipeline.aclose())
    return in_total((left.name, right.name), outcomes)


def _pair(editions: str | None, models: str | None) -> tuple[str, str]:
    if (editions is None) == (models is None):
        raise InputError("A parallel run compares two editions or two models; give --editions or --models.")
    names = [name.strip() for name in (editions or models or "").split(",") if name.strip()]
    if len(names) != 2 or names[0] == names[1]:
        raise InputError("A parallel run compares two; name them with a comma between, for instance FY2026,FY2027.")
    return names[0], names[1]


def _encounters(file: str, facts: VisitFacts, settings: Settings) -> tuple[Encounter, ...]:
    if not file.endswith(_LINES):
        return (opened(file, facts, settings),)
    limits: InputLimits = settings.limits
    found = tuple(checked(one, limits, one.case_id) for one in load_lines(Encounter, Path(file)))
    if not found:
        raise InputError(f"{file} holds no encounter; give one on each line.")
    return found


def _sides(names: tuple[str, str], settings: Settings, *, by_edition: bool) -> tuple[Side, Side]:
    if by_edition:
        pipeline = build_pipeline(settings)
        left, right = (under_edition(pipeline, name) for name in names)
    else:
        left, right = (build_pipeline(answering_as(settings, name)) for name in names)
    return Side(names[0], left), Side(names[1], right)


def _write(path: Path, report: ParallelReport) -> None:
    try:
        path.write_text(show_parallel.parallel_page(report), encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); name another file.") from None
    show.note(f"Page written to {path}")
