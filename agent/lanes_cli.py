"""`chartwright lanes status | enable | disable | audit`: which specialties may be coded without a person, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from agent import show, show_lanes
from agent.calibrator import MEND, Calibrator, load_calibrator
from agent.cli import IndexOption, JsonOption
from agent.lanes import AuditOutcome, Lanes, append_events, audits, disabling, enabling, lane_name
from agent.settings import Settings, load_settings
from medcoding.codes import CodeSystem
from medcoding.errors import ConfigError, InputError
from medcoding.lane import LaneKey, LaneState, known_lanes
from medcoding.parsing import load_lines
from retrieval.index_folder import open_index

app = typer.Typer(no_args_is_help=True, help="The auto lanes: opened and closed by audited codes, off by default.")

SpecialtyArgument = Annotated[str, typer.Argument(help="Specialty as the encounters name it; case does not matter.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides: a user id of the installation.")]
EditionOption = Annotated[
    str | None, typer.Option("--edition", help="Edition of the lane; default: the one in force today.")
]


class _Desk(NamedTuple):
    """What every command begins with."""

    settings: Settings
    calibrator: Calibrator
    lanes: Lanes
    edition: str

    def state(self, specialty: str) -> LaneState:
        key = LaneKey(specialty=lane_name(specialty), edition=self.edition, calibrator=self.calibrator.digest)
        return self.lanes.state(key)


@app.command()
def status(
    specialty: Annotated[str | None, typer.Option("--specialty", help="Only this one.")] = None,
    edition: EditionOption = None,
    index_dir: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every lane: phase, audited codes, lower bound of the precision, the looks taken and to come.

    Example: chartwright lanes status
    """
    desk = _desk(edition, index_dir)
    names = (lane_name(specialty),) if specialty else known_lanes(desk.lanes.events())
    states = [desk.state(name) for name in names]
    if as_json:
        print("[" + ",".join(state.model_dump_json() for state in states) + "]")
        return
    show_lanes.lanes(states, desk.settings.routing.auto_assign)
    show_lanes.samples(desk.settings.lanes.plan)


@app.command()
def enable(
    specialty: SpecialtyArgument, by: ByOption, edition: EditionOption = None, index_dir: IndexOption = None
) -> None:
    """Begin to test a lane: from now on one sure code an encounter is drawn for audit; it opens by them alone.

    Example: chartwright lanes enable cardiology --by coder-7
    """
    desk = _desk(edition, index_dir)
    if desk.edition not in desk.calibrator.editions:
        raise ConfigError(f"The calibrator was not fitted for {desk.edition}; {MEND}.")
    event = enabling(desk.state(specialty), by, desk.settings.lanes.plan, datetime.now(UTC))
    append_events(desk.settings.lanes.file, (event,))
    if not desk.settings.routing.auto_assign:
        show.note("Nothing is assigned automatically until CHARTWRIGHT_ROUTING__AUTO_ASSIGN is true.")
    _said(desk, specialty)


@app.command()
def disable(
    specialty: SpecialtyArgument, by: ByOption, edition: EditionOption = None, index_dir: IndexOption = None
) -> None:
    """Close a lane at once. To open again it has to show its precision anew.

    Example: chartwright lanes disable cardiology --by coder-7
    """
    desk = _desk(edition, index_dir)
    append_events(desk.settings.lanes.file, (disabling(desk.state(specialty), by, datetime.now(UTC)),))
    _said(desk, specialty)


@app.command()
def audit(
    specialty: SpecialtyArgument,
    by: ByOption,
    case: Annotated[str | None, typer.Option("--case", help="Case id of the audited code.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="The audited code.")] = None,
    system: Annotated[CodeSystem, typer.Option("--system", help="Code system.")] = CodeSystem.ICD10CM,
    right: Annotated[bool | None, typer.Option("--right/--wrong", help="Whether the code stands as answered.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="JSON lines of {case_id, code, right} instead of a single code.")
    ] = None,
    edition: EditionOption = None,
    index_dir: IndexOption = None,
) -> None:
    """Enter what people said of codes that were drawn for audit: all that were drawn, in the order they were drawn.

    Example: chartwright lanes audit cardiology --case visit-17 --code I48.0 --right --by coder-7
    """
    desk = _desk(edition, index_dir)
    if file is not None:
        outcomes = load_lines(AuditOutcome, file)
    elif case is not None and code is not None and right is not None:
        outcomes = (AuditOutcome(case_id=case, code=code, system=system, right=right),)
    else:
        raise InputError("An audit names --case, --code and --right or --wrong, or a --file of them.")
    append_events(desk.settings.lanes.file, audits(desk.state(specialty), outcomes, by, datetime.now(UTC)))
    _said(desk, specialty)


def _desk(edition: str | None, index_dir: Path | None) -> _Desk:
    settings = load_settings(index_dir=index_dir)
    calibrator = load_calibrator(settings.calibrator)
    if calibrator is None:
        raise ConfigError(f"No calibrator is there, so no code could go to a lane; {MEND}.")
    codebooks = open_index(settings.index_dir).codebooks()
    names = [book.edition.name for book in codebooks.editions]
    if edition is not None and edition not in names:
        raise InputError(f"The edition {edition} is not loaded; name one of {', '.join(names)}.")
    today = codebooks.for_date(datetime.now(UTC).date()).codebook.edition.name
    return _Desk(settings, calibrator, Lanes(settings.lanes.file), edition or today)


def _said(desk: _Desk, specialty: str) -> None:
    state = desk.state(specialty)
    show.note(f"{state.lane.specialty}, {state.lane.edition}: {state.phase.value}. {state.why}")
