"""`chartwright eval candidates | past-encounters | guardrails`: what is offered, what may steer it, what refuses it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from evals.guardrail_suite import guardrails
from evals.parts_cli import COLUMNS, IndexOption
from evals.past_encounters import cost_of_growth, isolation, poisoning
from evals.retrieval_bench.cli import candidates
from evals.suites import load_suite

app = typer.Typer()
app.command()(candidates)
app.command()(guardrails)

_SIZES = (75_000, 150_000, 300_000)
_AMONG = 10_000
_QUESTIONS = 2_000


@app.command("past-encounters")
def past_encounters(
    what: Annotated[Literal["growth", "poisoning", "tenants"], typer.Argument(help="What to measure.")],
    index_dir: IndexOption = None,
    sizes: Annotated[str, typer.Option("--sizes", help="For growth: numbers of points.")] = ",".join(map(str, _SIZES)),
) -> None:
    """Cost of past encounters as they grow, whether planted ones steer, whether tenants stay apart."""
    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
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
