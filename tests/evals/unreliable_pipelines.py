"""Pipelines that fail in one way each, for the tests of the runner. The building functions can be imported anew."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Final

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.settings import Settings
from agent.stages import Trace
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError

ILL_FATED: Final = "ill-fated"
"""The case on which they fail."""


class PanicError(BaseException):
    """What a native library raises outside `Exception`."""


class Crashing(Pipeline):
    """Crashes on one case with whatever it is given."""

    def __init__(self, inner: Pipeline, crash: Callable[[], BaseException]) -> None:
        super().__init__(inner.parts)
        self._crash = crash

    async def trace(self, encounter: Encounter) -> Trace:
        """The answer, but for one case."""
        if encounter.case_id == ILL_FATED:
            raise self._crash()
        return await super().trace(encounter)


class Down(Pipeline):
    """Answers so many encounters; then its neighbour is down."""

    def __init__(self, inner: Pipeline, answers: int) -> None:
        super().__init__(inner.parts)
        self._left = answers

    async def trace(self, encounter: Encounter) -> Trace:
        """The answer, as long as the neighbour is there."""
        self._left -= 1
        if self._left < 0:
            raise DependencyError("The model server is down; start it.", retryable=True)
        return await super().trace(encounter)


class Crowded(Pipeline):
    """Counts how many encounters are in flight at once."""

    def __init__(self, inner: Pipeline) -> None:
        super().__init__(inner.parts)
        self.in_flight = self.most = 0

    async def trace(self, encounter: Encounter) -> Trace:
        """The answer, after others had the time to come in."""
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0.02)
        try:
            return await super().trace(encounter)
        finally:
            self.in_flight -= 1


class Suicidal(Pipeline):
    """Its whole process ends on one case, as the kernel ends one that needs too much memory."""

    async def trace(self, encounter: Encounter) -> Trace:
        """The answer, but for one case."""
        if encounter.case_id == ILL_FATED:
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().trace(encounter)


def build_suicidal(settings: Settings) -> Pipeline:
    """For the processes of a crew."""
    return Suicidal(build_pipeline(settings).parts)
