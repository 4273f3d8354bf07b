"""What a person sees of the lanes in the terminal: where each stands, its looks, and what a sample would show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from agent.show import escape, output
from medcoding.lane import LanePhase, LanePlan, LaneState
from medcoding.lane_bound import LEVEL, sample_size

_STYLES: Final = {
    LanePhase.OPEN: "green",
    LanePhase.COLLECTING: "yellow",
    LanePhase.CLOSED: "red",
    LanePhase.EXPIRED: "red",
    LanePhase.OFF: "dim",
}
_MOST_ERRORS: Final = 6


def lanes(states: Sequence[LaneState], allowed: bool) -> None:
    """Every lane with its audits and looks. `allowed` is the master switch."""
    if not allowed:
        output.print("Auto-assignment is off for the installation (CHARTWRIGHT_ROUTING__AUTO_ASSIGN).")
    if not states:
        output.print("No lane was ever enabled; 'chartwright lanes enable SPECIALTY --by WHO' begins to test one.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("specialty", "edition", "phase", "audited", "wrong", "precision", "bound"):
        table.add_column(heading, no_wrap=heading != "specialty", overflow="fold")
    for state in states:
        table.add_row(
            escape(state.lane.specialty),
            escape(state.lane.edition),
            Text(state.phase.value, style=_STYLES[state.phase]),
            str(state.audited),
            str(state.errors),
            _share(state.precision),
            _share(state.lower_bound),
        )
    output.print(table)
    for state in states:
        looks = f" Wrong at each look: {_looks(state)}." if state.looks else ""
        output.print(f"{escape(state.lane.specialty)}: {escape(state.why)}{looks}")


def samples(plan: LanePlan) -> None:
    """How many audited codes show the target with so many errors: in a single look, and in a look of the plan."""
    level = plan.level(1)
    table = Table(box=None, pad_edge=False, title=f"Audited codes that show {plan.target:.0%}", title_justify="left")
    for heading in ("wrong", f"single look, {LEVEL:.0%}", f"look of the plan, {level:.1%}"):
        table.add_column(heading, justify="right")
    for errors in range(_MOST_ERRORS + 1):
        table.add_row(
            str(errors), str(sample_size(errors, plan.target, LEVEL)), str(sample_size(errors, plan.target, level))
        )
    output.print(table)
    output.print(f"Planned looks at {', '.join(map(str, plan.looks))} codes share an error of {plan.error:.0%}.")


def _looks(state: LaneState) -> str:
    """`2 of 130 (allowed 1), ? of 250 (allowed 4)`: one look taken, one to come."""
    return ", ".join(
        f"{'?' if look.errors is None else look.errors} of {look.codes} (allowed "
        f"{'not even 0' if look.allowed is None else look.allowed})"
        for look in state.looks
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
