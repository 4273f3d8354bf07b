"""`chartwright eval run | report | compare | gate | baseline | check`, monthly validation; the parts are beside it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from agent.printable import printable
from agent.settings import Settings, load_settings
from evals import mini_cli, parts_cli, risk_cli, search_cli
from evals.baseline import BASELINES, baseline_of, store
from evals.changes import compared_runs
from evals.fast_path import cli as fast_path_cli
from evals.gate import faults, read_gate
from evals.gold_check import check_suite
from evals.loaders.gold_set import GoldForm, GoldOptions
from evals.model_path import cli as model_path_cli
from evals.monthly.page import as_markdown
from evals.monthly.report import measure_month
from evals.parts_cli import COLUMNS, IndexOption, JsonOption
from evals.report import terminal
from evals.report.page import report_page
from evals.report.shown import held_out_cases, show_run
from evals.robustness import EVERY_KIND, as_text, measure_robustness
from evals.run_record import read_run
from evals.runner import RunOutcome, RunPlan, run_suite
from evals.service import cli as service_cli
from evals.service_load import cli as load_cli
from evals.suite_choice import SuiteChoice, load_chosen
from medcoding.encounter import Setting
from medcoding.errors import InputError, IntegrityError

app = typer.Typer(no_args_is_help=True, help="Measure the product.")

RunFolder = Annotated[Path, typer.Argument(help="Folder of a run.", metavar="RUN")]
SuiteArgument = Annotated[str, typer.Argument(help="A shipped suite's name, or a file or folder of gold.")]
PartOption = Annotated[str | None, typer.Option("--part", help="One part of the suite: the name of one of its files.")]

_RUNS = Path("var/runs")
_output = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)


@app.command()
def run(
    suite: SuiteArgument,
    part: PartOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the run; by default one under var/runs named by suite.")
    ] = None,
    index_dir: IndexOption = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes; with a model server, encounters at once in one process."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many encounters.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model at the configured server; without a server `mini` or a folder.")
    ] = None,
    no_fallback: Annotated[
        bool, typer.Option("--no-fallback", help="Stop with exit code 3 when the model is down; go on later.")
    ] = False,
    form: Annotated[
        GoldForm | None,
        typer.Option("--form", help="How the gold is written; default: coded encounters, read strictly."),
    ] = None,
    setting: Annotated[Setting | None, typer.Option("--setting", help="For gold that names none.")] = None,
    dos: Annotated[
        datetime | None, typer.Option("--dos", formats=["%Y-%m-%d"], help="Date of service for gold that has none.")
    ] = None,
    spanish: Annotated[bool, typer.Option("--spanish", help="CodiEsp: the original text.")] = False,
    notes: Annotated[Path | None, typer.Option("--notes", help="MDACE: your NOTEEVENTS.csv or .csv.gz.")] = None,
) -> None:
    """Code a suite with the production pipeline and score it; run it again to go on where it stopped.

    Example: chartwright eval run rules --workers 2 --out var/runs/rules
    """
    given = {"setting": setting, "date_of_service": dos and dos.date(), "notes": notes}
    options = GoldOptions(language="es" if spanish else "en", **{n: v for n, v in given.items() if v is not None})
    choice = SuiteChoice(suite=suite, part=part, form=form, options=options)
    folder = out or _RUNS / "-".join(filter(None, (Path(suite).stem, part)))
    settings = _settings(model, index_dir, no_fallback=no_fallback)
    outcome = _run_with_progress(RunPlan(choice, folder, settings, workers, limit))
    shown = show_run(folder)
    _note(_what_it_did(outcome))
    print(terminal.summary_line(shown))


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.", metavar="RUN...")],
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write the page, with the text of the worst cases.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show runs: where codes are lost, what fails most, every figure with its interval, by group.

    The page holds text of the notes; keep it where the notes may be.
    """
    shown = [show_run(folder) for folder in runs]
    for one in shown:
        if as_json:
            print(one.run.record.model_dump_json())
        else:
            _output.print(terminal.report(one))
        if not one.encounters and not one.held_out:
            _note(f"The gold of {one.run.name} is not where it was or has changed, so its notes cannot be shown.")
    if html:
        _write(html, report_page(shown))


@app.command()
def compare(
    first: RunFolder,
    second: RunFolder,
    most: Annotated[int, typer.Option("--cases", min=0, help="Cases shown that got better, and that got worse.")] = 15,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs over the same encounters: paired differences with intervals, cases that changed."""
    before = read_run(first)
    hidden = held_out_cases(before.record.dataset.choice)
    found = compared_runs(before, read_run(second), hidden)
    if as_json:
        print(found.model_dump_json())
    else:
        _output.print(terminal.compared(found, most))


@app.command()
def gate(
    folder: RunFolder,
    thresholds: Annotated[
        Path, typer.Option("--thresholds", help="TOML file of thresholds, or a shipped one: ci, go_live.")
    ],
) -> None:
    """Hold a run against thresholds. Exit code 0 when it clears them all, 4 with a sentence for each it does not.

    Example: chartwright eval gate var/runs/rules --thresholds go_live
    """
    asked, found = read_gate(thresholds), read_run(folder)
    missed = faults(found, asked)
    for sentence in missed:
        _note(sentence)
    if missed:
        raise typer.Exit(IntegrityError.exit_code)
    print(f"{found.name} clears {asked.name}: all {len(asked.thresholds)} thresholds.")


@app.command()
def baseline(
    folder: RunFolder,
    out: Annotated[Path, typer.Option("--out", help="Folder of baselines.")] = BASELINES,
) -> None:
    """Store the leading figures of a whole run with commit and date; reports show them beside later runs."""
    print(store(baseline_of(read_run(folder)), out))


@app.command()
def check(
    suite: SuiteArgument, part: PartOption = None, index_dir: IndexOption = None, as_json: JsonOption = False
) -> None:
    """Check gold against the books: codes billable on the day, quotes verbatim, order, POA. Exit code 4 for faults."""
    gold, found = check_suite(suite, index_dir, part)
    if as_json:
        print(found.model_dump_json(indent=1))
    else:
        for fault in found.faults:
            print(printable(f"{fault.case_id}: {fault.code} {fault.message}"))
        print(f"{gold.name}: {found.encounters} encounters, {found.codes} codes, {len(found.faults)} faults.")
    if not found.clean:
        raise typer.Exit(IntegrityError.exit_code)


@app.command()
def monthly(
    findings: Annotated[Path, typer.Argument(help="Findings of an external audit: JSON lines or CSV.")],
    index_dir: IndexOption = None,
    drg_weights: Annotated[
        Path | None, typer.Option("--drg-weights", help="Table with the columns ms_drg and weight.")
    ] = None,
    case_mix: Annotated[bool, typer.Option("--case-mix/--no-case-mix", help="HCC and MS-DRG shift.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Agreement with an audit by specialty, its drift, and the shift of case mix in both directions."""
    report = measure_month(findings, index_dir, drg_weights, with_case_mix=case_mix)
    print(report.model_dump_json(indent=1) if as_json else printable(as_markdown(report)))


@app.command()
def robustness(
    suite: SuiteArgument,
    part: PartOption = None,
    index_dir: IndexOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="How many encounters.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Rewrite a suite without changing its meaning (typos, abbreviations, order, copies) and show what that costs."""
    encounters = load_chosen(SuiteChoice(suite=suite, part=part)).encounters[:limit]
    with Progress(console=_errors) as progress:
        task = progress.add_task("Ways of rewriting", total=len(EVERY_KIND))
        report = measure_robustness(encounters, index_dir, told=lambda _: progress.advance(task))
    print(report.model_dump_json(indent=1) if as_json else as_text(report))


for part in (parts_cli, search_cli, model_path_cli, mini_cli, service_cli, load_cli, risk_cli, fast_path_cli):
    app.registered_commands += part.app.registered_commands


def _settings(model: str | None, index_dir: Path | None, *, no_fallback: bool) -> Settings:
    settings = load_settings(index_dir=index_dir, fallback=False if no_fallback else None)
    if model is None:
        return settings
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": model})})


def _run_with_progress(plan: RunPlan) -> RunOutcome:
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task("Coding", total=None)
        return run_suite(plan, lambda done, wanted: progress.update(task, completed=done, total=wanted))


def _what_it_did(outcome: RunOutcome) -> str:
    rate = f", {outcome.answered / outcome.seconds:.1f} a second" if outcome.seconds and outcome.answered else ""
    there = f", {outcome.resumed_at} were there already" if outcome.resumed_at else ""
    return f"{outcome.answered} encounters coded{rate}{there}; {outcome.record.failed} without an answer."


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); name another file.") from None
    _note(f"Page written to {path}")


def _note(words: str) -> None:
    _errors.print(printable(words), markup=False, soft_wrap=True)
