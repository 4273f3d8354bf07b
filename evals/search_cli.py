"""`chartwright eval candidates | shorthand | index-walk | search-speed | past-encounters | guardrails`.

What is offered, what may steer it, what it costs, what refuses it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from agent.bootstrap import build_pipeline
from agent.settings import load_settings
from evals.guardrail_suite import guardrails
from evals.index_walk_check import measure_index_walk
from evals.parts_cli import COLUMNS, IndexOption
from evals.past_encounters import cost_of_growth, isolation, poisoning
from evals.retrieval_bench.cli import candidates
from evals.retrieval_bench.shorthand import measure_shorthand
from evals.retrieval_suite import load_queries
from evals.search_speed import measure_search
from evals.suites import SUITES, load_suite

app = typer.Typer()
app.command()(candidates)
app.command()(guardrails)

_errors = Console(stderr=True, highlight=False)

_SIZES = (75_000, 150_000, 300_000)
_AMONG = 10_000
_QUESTIONS = 2_000


@app.command()
def shorthand(
    part: Annotated[Literal["development", "held_out"], typer.Option("--part", help="Which queries.")] = "development",
    index_dir: IndexOption = None,
) -> None:
    """Recall over wordings as they are typed into problem lists: by the store, by the whole search, as offered."""
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task("Ways", total=None)
        queries = load_queries(SUITES / "shorthand" / f"{part}.jsonl")
        report = measure_shorthand(pipeline, queries, lambda n, of: progress.update(task, completed=n, total=of))
    print(report.model_dump_json(indent=1))


@app.command("index-walk")
def index_walk(
    index_dir: IndexOption = None,
    edition: Annotated[str, typer.Option("--edition", help="For instance FY2026; the latest by default.")] = "",
    sample: Annotated[int, typer.Option("--sample", min=0, help="Only so many entries; 0 for every one.")] = 0,
) -> None:
    """Ask for every entry of the Alphabetic Index by its own words: how many a walk finds at the first place."""
    with Progress(*COLUMNS, console=_errors) as progress:
        task = progress.add_task("Entries", total=None)
        report = measure_index_walk(
            index_dir, edition, sample, lambda n, of: progress.update(task, completed=n, total=of)
        )
    print(report.model_dump_json(indent=1))


@app.command("search-speed")
def search_speed(
    index_dir: IndexOption = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How often; the best of each figure is told.")] = 3,
) -> None:
    """Cost of the search in a process of its own: one mention, the mentions of a note, memory, the start."""
    report = measure_search(index_dir, repeats)
    print(report.model_dump_json(indent=1))
    for sentence in report.missed():
        _errors.print(sentence)


@app.command("past-encounters")
def past_encounters(
    what: Annotated[Literal["growth", "poisoning", "tenants"], typer.Argument(help="What to measure.")],
    index_dir: IndexOption = None,
    sizes: Annotated[str, typer.Option("--sizes", help="For growth: numbers of points.")] = ",".join(map(str, _SIZES)),
) -> None:
    """Cost of past encounters as they grow, whether planted ones steer, whether tenants stay apart."""
    with Progress(*COLUMNS, console=_errors) as progress:
        if what == "growth":
            wanted = tuple(int(size) for size in sizes.split(","))
            task = progress.add_task("Past encounters", total=sum(wanted))
            for cost in cost_of_growth(wanted, lambda n: progress.advance(task, n), index_dir):
                print(cost.model_dump_json())
        elif what == "poisoning":
            task = progress.add_task("Past encounters", total=_AMONG)
            victims = load_suite("encounters", "development").encounters
            print(poisoning(_AMONG, victims, lambda n: progress.advance(task, n), index_dir).model_dump_json(indent=1))
        else:
            task = progress.add_task("Questions", total=_QUESTIONS)
            print(isolation(_QUESTIONS, lambda n: progress.advance(task, n), index_dir).model_dump_json(indent=1))
