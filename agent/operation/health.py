"""What the service depends on and whether it answers: database, Qdrant, model, index, worker.

A dependency that is down makes the service unready only where it then cannot answer: rules answer when the model is
down, unless the operator forbade that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import httpx

from agent.llm import LlmSettings
from agent.operation.settings import OperationSettings
from medcoding.errors import ChartwrightError
from medcoding.record import Record

Name = Literal["index", "qdrant", "model", "database", "worker"]

_log = logging.getLogger(__name__)
_SILENT: Final = "does not answer"


class Dependency(Record):
    """One thing that the service depends on."""

    name: Name
    state: Literal["ok", "absent", "down"]
    """`absent`: not configured, and not needed to answer."""
    needed: bool
    """True where the service cannot answer without it."""
    detail: str = ""
    """One sentence on what is wrong and what would mend it."""


class Probe(NamedTuple):
    """How a dependency is asked; `ask` raises when it is down and returns False when there is none."""

    name: Name
    ask: Callable[[], bool]
    needed: bool
    mend: str
    """What the operator should look at."""


def asked(probes: tuple[Probe, ...]) -> tuple[Dependency, ...]:
    """The state of each, in order; an exception's words are only our own."""
    return tuple(_asked(probe) for probe in probes)


def _asked(probe: Probe) -> Dependency:
    try:
        there = probe.ask()
    except ChartwrightError as error:
        return Dependency(name=probe.name, state="down", needed=probe.needed, detail=str(error))
    except Exception as error:  # noqa: BLE001 - drivers and clients raise exceptions of their own
        _log.error("dependency down", extra={"dependency": probe.name, "error": type(error).__name__})
        detail = f"The {probe.name} {_SILENT}; {probe.mend}."
        return Dependency(name=probe.name, state="down", needed=probe.needed, detail=detail)
    return Dependency(name=probe.name, state="ok" if there else "absent", needed=probe.needed and there)


class ModelServer:
    """Asks a model server whether it answers, at most once in a while."""

    def __init__(self, llm: LlmSettings, operation: OperationSettings) -> None:
        self._llm = llm
        self._operation = operation
        self._asked_at = float("-inf")
        self._failed: httpx.HTTPError | None = None

    def answers(self) -> bool:
        """False where no server is configured. Raises `httpx.HTTPError` when it does not answer."""
        if self._llm.base_url is None:
            return self._llm.model is not None
        if time.monotonic() - self._asked_at >= self._operation.probe_every_s:
            self._failed = self._fault(self._llm.base_url)
            self._asked_at = time.monotonic()
        if self._failed is not None:
            raise self._failed
        return True

    def _fault(self, base_url: str) -> httpx.HTTPError | None:
        key = self._llm.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        try:
            url = f"{base_url.rstrip('/')}/models"
            # Only this server is asked, whatever proxy the environment names.
            with httpx.Client(timeout=self._operation.probe_timeout_s, trust_env=False) as client:
                client.get(url, headers=headers).raise_for_status()
        except httpx.HTTPError as error:
            return error
        return None
