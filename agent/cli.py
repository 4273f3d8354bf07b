"""`chartwright code | why | lookup | search | browse | batch | doctor | serve`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent import show, show_books
from agent.asked import LONGEST_QUESTION, CodeQuestion
from agent.batch import count_lines, finished_lines, run_batch
from agent.books import open_books
from agent.bootstrap import build_pipeline
from agent.browse import Shelf, walk
from agent.doctor import examine
from agent.escalation import parse_suggestion, suggesting
from agent.found_codes import find_codes
from agent.ingest import VisitFacts, read_encounter
from agent.lookup import CodeAnswer, LookupQuery, choose_edition, look_up
from agent.pipeline import Pipeline
from agent.settings import Settings, load_settings
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Encounter, Setting, Sex
from medcoding.errors import DependencyError, InputError
from medcoding.proposal import Source
from medcoding.result import CodingResult
from retrieval.index_folder import open_index

AnswerT = TypeVar("AnswerT")

app = typer.Typer()

SettingOption = Annotated[
    Setting | None, typer.Option("--setting", help="Where care was given; required for a plain text note.")
]
DosOption = Annotated[
    datetime | None,
    typer.Option("--dos", formats=["%Y-%m-%d"], help="Date of service, YYYY-MM-DD; it decides the code edition."),
]
SpecialtyOption = Annotated[str | None, typer.Option("--specialty", help="Specialty of the visit.")]
AgeOption = Annotated[int | None, typer.Option("--age", min=0, max=130, help="Patient's age in years.")]
SexOption = Annotated[Sex | None, typer.Option("--sex", help="Patient's administrative sex.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result contract and nothing else.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Model at the configured server; without a server `mini` or a folder.")
]
IndexOption = Annotated[
    Path | None, typer.Option("--index-dir", envvar="CHARTWRIGHT_INDEX_DIR", help="Folder of the index.")
]
NoFallback = Annotated[
    bool,
    typer.Option("--no-fallback", help="Fail with exit code 3 instead of answering by rules when the model is down."),
]
EditionDate = Annotated[
    datetime | None,
    typer.Option("--dos", formats=["%Y-%m-%d"], help="Use the edition in force on this day (default: the latest)."),
]
EditionOption = Annotated[str | None, typer.Option("--edition", help="Use this edition, for instance FY2026.")]


@app.command()
def code(
    files: Annotated[
        list[str], typer.Argument(help="Notes, JSON encounters, FHIR; - reads standard input.", metavar="FILE...")
    ],
    setting: SettingOption = None,
    dos: DosOption = None,
    specialty: SpecialtyOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    suggest: Annotated[
        list[str] | None,
        typer.Option("--suggest", help="A code another system came with, CODE or CODE:CONFIDENCE; may be repeated."),
    ] = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the page with evidence and codes.")] = None,
    fhir: Annotated[
        Path | None, typer.Option("--fhir", help="Also write a FHIR R4 Bundle: guidance, claim draft, provenance.")
    ] = None,
    index_dir: IndexOption = None,
    no_fallback: NoFallback = False,
) -> None:
    """Code an encounter: codes with quotes, rationale, and what was deliberately left uncoded.

    Example: chartwright code note.txt --setting outpatient --dos 2026-11-02
    """
    facts = VisitFacts(setting=setting, date_of_service=_day(dos), specialty=specialty, age=age, sex=sex)
    given = tuple(map(parse_suggestion, suggest or ()))
    settings = _settings(model, index_dir, no_fallback=no_fallback)
    encounters = [suggesting(opened(name, facts, settings), given) for name in files]
    for page in filter(None, (html, fhir)):
        _check_page(page)
    pipeline = build_pipeline(settings)
    answers = asyncio.run(closing(pipeline, _unfolded(pipeline, encounters, quiet=as_json)))
    if pipeline.parts.model and any(line.source is Source.RULES for answer in answers for line in answer.codes):
        show.note("The language model did not answer for every code; rules chose those marked so.")
    if html:
        _write_page(html, list(zip(encounters, answers, strict=True)))
    if fhir:
        _write_fhir(fhir, list(zip(encounters, answers, strict=True)))
    if as_json:
        for result in answers:
            print(result.model_dump_json())
    if html and not as_json:
        show.note(f"Page written to {html}")


@app.command()
def why(
    asked: Annotated[str, typer.Argument(help="The code in question, with or without its dot.", metavar="CODE")],
    file: Annotated[str, typer.Argument(help="Note or JSON encounter; - reads standard input.")],
    question: Annotated[
        str, typer.Option("--question", help="What you want to know about the code, in your own words.")
    ] = "",
    setting: SettingOption = None,
    dos: DosOption = None,
    specialty: SpecialtyOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
    index_dir: IndexOption = None,
    no_fallback: NoFallback = False,
) -> None:
    """Say why a code fits an encounter, why it does not, or that the record does not say."""
    parse_code(asked)
    if len(question) > LONGEST_QUESTION:
        raise InputError(f"The question is longer than {LONGEST_QUESTION} characters; shorten it.")
    facts = VisitFacts(setting=setting, date_of_service=_day(dos), specialty=specialty, age=age, sex=sex)
    settings = _settings(model, index_dir, no_fallback=no_fallback)
    encounter = opened(file, facts, settings)
    pipeline = build_pipeline(settings)
    answering = pipeline.why(encounter, CodeQuestion(code=asked, question=question))
    answer = asyncio.run(closing(pipeline, answering))
    if as_json:
        print(answer.model_dump_json())
    else:
        show.why(answer)


@app.command()
def lookup(
    asked: Annotated[str, typer.Argument(help="A code, with or without its dot; a HCPCS modifier.", metavar="CODE")],
    system: Annotated[CodeSystem, typer.Option("--system", help="Code system.")] = CodeSystem.ICD10CM,
    dos: EditionDate = None,
    edition: EditionOption = None,
    as_json: JsonOption = False,
    index_dir: IndexOption = None,
) -> None:
    """Show a code: title, place, index paths, notes, characters, dates. Exit code 2 when it does not exist.

    Example: chartwright lookup S82.10 or chartwright lookup J1885 --system hcpcs --dos 2026-11-02
    """
    books = open_books(open_index(load_settings(index_dir=index_dir).index_dir))
    query = LookupQuery(system=system, dos=_day(dos), edition=edition)
    answer = look_up(books, asked, query)
    if as_json:
        print(answer.model_dump_json())
    elif isinstance(answer, CodeAnswer):
        show_books.code(answer, _codebook(books.codebooks, query))
    else:
        show_books.procedure(answer)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="Clinical words, as a note would say them.")],
    dos: EditionDate = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many codes to show.")] = 10,
    as_json: JsonOption = False,
    index_dir: IndexOption = None,
) -> None:
    """Find codes for clinical words: what was found, by which wording and index path, with which scores.

    Example: chartwright search acute bronchitis
    """
    pipeline = build_pipeline(load_settings(index_dir=index_dir))
    _codebook(pipeline.parts.codebooks, LookupQuery(dos=_day(dos)))
    found = find_codes(pipeline.parts, " ".join(text), _day(dos), limit)
    if as_json:
        print("[" + ",".join(one.model_dump_json() for one in found) + "]")
    else:
        show_books.found_codes(found)


@app.command()
def browse(
    asked: Annotated[list[str] | None, typer.Argument(help="Words, or a code stem.", metavar="[TERM|STEM]")] = None,
    depth: Annotated[int, typer.Option("--depth", min=0, max=9, help="Levels shown below the place.")] = 2,
    dos: EditionDate = None,
    edition: EditionOption = None,
    as_json: JsonOption = False,
    index_dir: IndexOption = None,
) -> None:
    """Walk through the Alphabetic Index and its tables by words, through the tabular list by stem.

    Example: chartwright browse fracture tibia --depth 3
    """
    books = open_books(open_index(load_settings(index_dir=index_dir).index_dir))
    codebook = _codebook(books.codebooks, LookupQuery(dos=_day(dos), edition=edition))
    shelf = Shelf(codebook, books.alphabetic_indexes.get(codebook.edition.name), depth)
    answer = walk(shelf, " ".join(asked or ()))
    if as_json:
        print(answer.model_dump_json())
    else:
        show_books.browsed(answer)


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(help="JSON lines, one encounter a line.", metavar="IN.jsonl")],
    target: Annotated[Path, typer.Argument(help="JSON lines, one result a line, same order.", metavar="OUT.jsonl")],
    model: ModelOption = None,
    index_dir: IndexOption = None,
    no_fallback: NoFallback = False,
) -> None:
    """Code a file of encounters. Order is kept; a failed line stays in its place; run it again to resume."""
    settings = _settings(model, index_dir, no_fallback=no_fallback)
    total = count_lines(source)
    finished_lines(source, target)  # refuses the wrong output before anything is built or shown
    pipeline = build_pipeline(settings)
    concurrency = pipeline.parts.model.settings.concurrency if pipeline.parts.model else 1
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=show.errors) as progress:
        task = progress.add_task("Coding", total=total)
        run = run_batch(
            source, target, pipeline, settings.limits,
            concurrency=concurrency, advance=lambda n: progress.advance(task, n),
        )  # fmt: skip
        outcome = asyncio.run(closing(pipeline, run))
    resumed = f", {outcome.resumed_at} were there already" if outcome.resumed_at else ""
    show.note(f"{outcome.coded} coded, {outcome.failed} failed{resumed}; results in {target}")


@app.command()
def doctor(index_dir: IndexOption = None, as_json: JsonOption = False) -> None:
    """Examine the installation: packages, index, encoder, model server. Exit code 3 when something is missing."""
    checks = examine(load_settings(index_dir=index_dir))
    if as_json:
        print("[" + ",".join(c.model_dump_json() for c in checks) + "]")
    else:
        show.checks(checks)
    broken = [c for c in checks if c.state == "broken"]
    if broken:
        raise DependencyError(f"{broken[0].name}: {broken[0].detail}")


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8080,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; keep it on loopback behind a proxy.")
    ] = "127.0.0.1",
    index_dir: IndexOption = None,
) -> None:
    """Serve the API (OpenAPI at /docs) and the coder's page (/work); one local user until access is set up."""
    from agent.serve.app import run

    run(load_settings(index_dir=index_dir), host, port)


def opened(name: str, facts: VisitFacts, settings: Settings) -> Encounter:
    """The encounter in a file, or on standard input for `-`. Raises `InputError`."""
    if name == "-":
        return read_encounter(sys.stdin.buffer.read(settings.limits.max_bytes + 1), "stdin", facts, settings.limits)
    path = Path(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}); check the path.") from None
    return read_encounter(data, path.name, facts, settings.limits)


async def closing(pipeline: Pipeline, work: Coroutine[None, None, AnswerT]) -> AnswerT:
    """Do the work, then close what the pipeline holds open."""
    try:
        return await work
    finally:
        await pipeline.aclose()


async def _unfolded(pipeline: Pipeline, encounters: Sequence[Encounter], *, quiet: bool) -> list[CodingResult]:
    """The complete results in turn, each shown while it comes unless `quiet`."""
    results = []
    for encounter in encounters:
        async with aclosing(pipeline.stream(encounter)) as arriving:
            with show.Unfolding(encounter) as unfolding:
                async for step in arriving:
                    if not quiet:
                        unfolding.show(step)
                    if step.name == "done" and isinstance(step.record, CodingResult):
                        results.append(step.record)
    return results


def _check_page(path: Path) -> None:
    """Refuse a page that cannot be written before anything is coded or shown."""
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a folder" if path.is_dir() else "its folder does not exist"
        raise InputError(f"{path} cannot be written ({why}); name another file.")


def _write_page(path: Path, answers: list[tuple[Encounter, CodingResult]]) -> None:
    from agent.page import render_page

    _write(path, render_page(answers))


def _write_fhir(path: Path, answers: list[tuple[Encounter, CodingResult]]) -> None:
    from agent.exchange.collection import answers_bundle

    _write(path, json.dumps(answers_bundle(answers, datetime.now(UTC)), ensure_ascii=False, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); name another file.") from None


def _settings(model: str | None, index_dir: Path | None, *, no_fallback: bool) -> Settings:
    settings = load_settings(index_dir=index_dir, fallback=False if no_fallback else None)
    if model is None:
        return settings
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": model})})


def _codebook(codebooks: Codebooks, query: LookupQuery) -> Codebook:
    """The edition asked for; a stand-in is announced."""
    choice = choose_edition(codebooks, query)
    if not choice.in_force:
        show.note(f"No loaded edition covers {query.dos}; {choice.codebook.edition.name} is the nearest and is shown.")
    return choice.codebook


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
