"""The named steps at which a process is killed, and what must be going on for each to be reached."""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from typing import Final, NamedTuple


class Scene(StrEnum):
    """What the doomed process does."""

    SUBMITS = "submits"
    WORKS = "works"
    WORKS_SLOWLY = "works slowly"
    """So that it renews its lease."""
    MEETS_AN_OUTAGE = "meets an outage"
    """So that its attempt fails."""
    IS_STOPPED = "is stopped"
    """So that it gives its case back."""


class Step(NamedTuple):
    """One named step."""

    name: str
    scene: Scene


_OF_EVERY_CHANGE: Final = ("begun", "written", "closed", "committed")
_CHANGES: Final = (
    ("submit", ("begun", "case", "written", "closed", "committed"), Scene.SUBMITS),
    ("lease", _OF_EVERY_CHANGE, Scene.WORKS),
    ("work", ("opened", "coded"), Scene.WORKS),
    ("renew", ("begun", "closed", "committed"), Scene.WORKS_SLOWLY),
    ("finish", ("begun", "moved", "written", "closed", "committed"), Scene.WORKS),
    ("fail", _OF_EVERY_CHANGE, Scene.MEETS_AN_OUTAGE),
    ("return", _OF_EVERY_CHANGE, Scene.IS_STOPPED),
)
STEPS: Final = tuple(Step(f"{change}.{step}", scene) for change, steps, scene in _CHANGES for step in steps)
"""`begun`: the transaction is open; `written`: its rows are; `closed`: its rows of the trail are; `committed`."""


class KillAt:
    """Ends this process, as `kill -9` does, when a step is taken for the n-th time."""

    def __init__(self, step: str, times: int) -> None:
        self._step = step
        self._left = times

    def __call__(self, step: str) -> None:
        """Take note of a step; at the fatal one nothing comes after this."""
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()
