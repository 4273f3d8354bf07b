"""`chartwright requests export | import`: the model's questions as OpenAI batch files, and results from the answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent import show
from agent.batch import count_lines
from agent.bootstrap import build_pipeline
from agent.cli import IndexOption, closing
from agent.recorded import Recorded
from agent.replay import ReplayLLM
from agent.requests import Outcome, Targets, Work, run
from agent.settings import Settings, load_settings
from medcoding.errors import ConfigError, InputError

app = typer.Typer(no_args_is_help=True, help="The model's questions as batch files that a service answers offline.")

SourceArgument = Annotated[Path, typer.Argument(help="JSON lines, one encounter a line.", metavar="IN.jsonl")]
NameOption = Annotated[
    str | None, typer.Option("--model", help="Name by which the service knows the model (or CHARTWRIGHT_LLM__MODEL).")
]


@app.command("export")
def export_requests(
    source: SourceArgument,
    target: Annotated[Path, typer.Argument(help="OpenAI batch file to write.", metavar="REQUESTS.jsonl")],
    model: NameOption = None,
    index_dir: IndexOption = None,
) -> None:
    """Write the model's questions about many encounters, one a line. Run it again to resume.

    Example: chartwright requests export visits.jsonl requests.jsonl --model coder
    """
    settings = _settings(model, index_dir)
    targets = Targets(requests=target)
    targets.refuse_misplaced([source])
    outcome = _run("Asking", source, Recorded(), targets, settings)
    failed = outcome.batch.failed
    unread = f"; of the encounters {failed} cannot be coded, the import will say why" if failed else ""
    show.note(f"{outcome.open} questions written to {target}{unread}")


@app.command("import")
def import_answers(
    source: SourceArgument,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Files of answers in any order; last, where the results go.", metavar="ANSWERS... OUT.jsonl"
        ),
    ],
    next_file: Annotated[
        Path | None, typer.Option("--next", help="Write the questions that are still open to this OpenAI batch file.")
    ] = None,
    model: NameOption = None,
    index_dir: IndexOption = None,
) -> None:
    """Code many encounters with the answers to their questions; order is kept. Run it again to resume.

    Example: chartwright requests import visits.jsonl answers.jsonl results.jsonl --next more.jsonl --model coder
    """
    *answers, target = files
    if not answers:
        raise InputError("Name the files of answers and, after them, the file that the results go to.")
    settings = _settings(model, index_dir)
    targets = Targets(results=target, requests=next_file)
    targets.refuse_misplaced([source, *answers])
    recorded = Recorded(answers)
    outcome = _run("Coding", source, recorded, targets, settings)
    show.note(_told(outcome, recorded, targets))
    if outcome.open and recorded.ids and not outcome.answered:
        show.note("No answer fits a question; import with the secret, the model and the settings of the export.")


def _run(task: str, source: Path, recorded: Recorded, targets: Targets, settings: Settings) -> Outcome:
    """The run, behind a progress bar."""
    total = count_lines(source)
    pipeline = build_pipeline(settings, ReplayLLM(settings.llm, Recorded(), settings.llm.model or ""))
    work = Work(source, pipeline, recorded, settings.limits)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=show.errors) as progress:
        bar = progress.add_task(task, total=total)
        return asyncio.run(closing(pipeline, run(work, targets, lambda n: progress.advance(bar, n))))


def _told(outcome: Outcome, recorded: Recorded, targets: Targets) -> str:
    """What the import did, in one sentence."""
    batch = outcome.batch
    resumed = f", {batch.resumed_at} were there already" if batch.resumed_at else ""
    where = f" (in {targets.requests})" if targets.requests and outcome.open else ""
    odd = (
        (recorded.errors, "with an error"),
        (recorded.broken, "broken"),
        (recorded.doubled, "doubled"),
        (outcome.foreign, "to other questions"),
    )
    seen = ", ".join(f"{count} {what}" for count, what in odd if count)
    return (
        f"{batch.coded} coded, {batch.failed} failed{resumed}; results in {targets.results};"
        f" questions: {outcome.answered} answered, {outcome.open} open{where}{'; answers: ' if seen else ''}{seen}"
    )


def _settings(model: str | None, index_dir: Path | None) -> Settings:
    """Raises `ConfigError` where another run could not ask the very same questions."""
    settings = load_settings(index_dir=index_dir)
    if model is not None:
        settings = settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": model})})
    if not settings.llm.model:
        raise ConfigError("The requests must name a model; give --model with the name by which the service knows it.")
    if settings.secret is None or not settings.secret.get_secret_value():
        raise ConfigError(
            "The marks around a note differ from run to run without a secret; set CHARTWRIGHT_SECRET, and keep it until"
            " the answers are imported."
        )
    return settings
