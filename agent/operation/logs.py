"""Log lines as JSON with allow-listed keys. What is not on the list is dropped and counted.

Our own modules write ids, offsets, types and places; what any other package writes may quote what it was given, so of
its lines only level, logger and the type of an error are kept.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, WrappedLogger

ALLOWED_KEYS: Final = frozenset(
    "event level logger timestamp error request_id method route status ms case version tenant worker stage attempt"
    " state dependency codes count".split()
)

_OURS: Final = (
    "agent",
    "chartwright",
    "evals",
    "guardrails",
    "index_build",
    "medcoding",
    "prompts",
    "retrieval",
    "training",
)
_WITHHELD: Final = "withheld: not a line of this product"


def json_logging(level: str, dropped: Callable[[int], None], stream: TextIO | None = None) -> logging.Handler:
    """A handler that writes allow-listed JSON lines; `dropped` learns how many keys each line lost."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setLevel(level.upper())
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                add_log_level,
                add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                ExtraAdder(),
            ],
            processors=[
                _without_foreign_words,
                ProcessorFormatter.remove_processors_meta,
                AllowList(dropped),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    return handler


def install(handler: logging.Handler) -> None:
    """Make the handler the only one of the process. Called once, when a server or a worker starts."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(handler.level)


class AllowList:
    """A processor that lets only listed keys through."""

    def __init__(self, dropped: Callable[[int], None]) -> None:
        self._dropped = dropped

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """The line without what is not on the list."""
        kept = {key: value for key, value in line.items() if key in ALLOWED_KEYS}
        if len(kept) < len(line):
            self._dropped(len(line) - len(kept))
        return kept


def _without_foreign_words(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Only the type of an error is kept, and no words but our own."""
    record: logging.LogRecord = line["_record"]
    raised = line.get("exc_info")
    if isinstance(raised, tuple) and raised[0] is not None:
        line["error"] = raised[0].__name__
    if record.name.partition(".")[0] not in _OURS:
        line["event"] = _WITHHELD
    for name in ("exc_info", "exception", "stack_info", "stack"):
        line.pop(name, None)
    return line
