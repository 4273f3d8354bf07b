"""Behaviour of log lines: JSON, listed keys only, and no words of other packages."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from agent.operation.logs import ALLOWED_KEYS, json_logging

SAID = "Zebrafish"


class Written:
    """A handler's lines, and how many keys it dropped."""

    def __init__(self, level: str = "debug") -> None:
        self.stream = io.StringIO()
        self.lost = 0
        self.handler = json_logging(level, self._count, self.stream)

    def _count(self, keys: int) -> None:
        self.lost += keys

    def by(self, name: str, message: str, **extra: object) -> dict[str, Any]:
        """The line that a logger of that name makes."""
        logger = logging.Logger(name)
        logger.addHandler(self.handler)
        logger.error(message, extra=extra)
        line: dict[str, Any] = json.loads(self.stream.getvalue().splitlines()[-1])
        return line


@pytest.fixture
def written() -> Written:
    """A handler of the test's own."""
    return Written()


def test_a_line_of_ours_is_json_with_its_facts(written: Written) -> None:
    """Level, logger, moment, words and listed keys."""
    line = written.by("agent.work.worker", "taken up", case="f" * 32, attempt=2)
    assert line["event"] == "taken up"
    assert (line["level"], line["logger"], line["case"], line["attempt"]) == ("error", "agent.work.worker", "f" * 32, 2)
    assert line["timestamp"].endswith("Z")
    assert written.lost == 0


def test_keys_beyond_the_list_are_dropped_and_counted(written: Written) -> None:
    """Whatever they are called."""
    line = written.by("agent.serve", "request", patient=SAID, note=SAID, status=200)
    assert SAID not in json.dumps(line)
    assert line["status"] == 200
    assert written.lost == 2


def test_the_words_of_other_packages_are_withheld(written: Written) -> None:
    """A driver's message may quote a statement's values; that it spoke is kept."""
    line = written.by("sqlalchemy.engine", f"INSERT … ('{SAID}')")
    assert SAID not in json.dumps(line)
    assert (line["level"], line["logger"]) == ("error", "sqlalchemy.engine")


def test_of_an_error_only_the_type_is_kept(written: Written) -> None:
    """Neither its message nor its traceback."""
    logger = logging.Logger("agent.serve")
    logger.addHandler(written.handler)
    try:
        int(SAID)
    except ValueError:
        logger.exception("failed")
    text = written.stream.getvalue()
    assert json.loads(text)["error"] == "ValueError"
    assert SAID not in text
    assert "Traceback" not in text


def test_the_request_id_stands_on_every_line_of_a_request(written: Written) -> None:
    """Whoever writes it."""
    with bound_contextvars(request_id="abc"):
        assert written.by("agent.pipeline", "coded")["request_id"] == "abc"


def test_less_important_lines_are_not_written() -> None:
    """As the level says."""
    written = Written("warning")
    logger = logging.Logger("agent.serve")
    logger.addHandler(written.handler)
    logger.info("request")
    assert written.stream.getvalue() == ""


@given(st.dictionaries(st.text(min_size=1, max_size=12).map(lambda key: f"x_{key}"), st.text(max_size=12), max_size=4))
def test_no_key_is_written_that_is_not_listed(extra: dict[str, str]) -> None:
    """For any names and values."""
    written = Written()
    line = written.by("agent.x", "event", **extra)
    assert set(line) <= ALLOWED_KEYS
    assert written.lost == len(extra)
