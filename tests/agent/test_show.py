"""What a person sees while an answer comes in pieces."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from agent.pipeline import Pipeline
from agent.settings import Settings
from agent.show import Unfolding
from agent.told import Step
from tests.flow.notes import encounter
from tests.writers import NOTE, summary, with_writer, writing

_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
async def steps(pipeline: Pipeline, settings: Settings) -> list[Step]:
    """An answer of two codes, one of whose explanations was refused."""
    said = {"I11.0": summary("[bold]Documented[/] \x1b[K."), "I50.22": summary("C34.90")}
    writer = with_writer(pipeline, settings, writing(lambda code: said[code]))
    return [step async for step in writer.stream(encounter(NOTE))]


def shown(steps: list[Step], *, terminal: bool) -> str:
    """Everything that is written."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=600, highlight=False)
    with Unfolding(encounter(NOTE), console) as unfolding:
        for step in steps:
            unfolding.show(step)
    return out.getvalue()


def test_outside_a_terminal_each_is_a_line(steps: list[Step]) -> None:
    """After the codes; a refused one with the rules' summary and why; nothing steers a screen."""
    codes, _, words = shown(steps, terminal=False).rpartition("╯")
    assert "I50.22" in codes
    first, second = sorted(words.strip().splitlines())
    assert first == "I11.0 [bold]Documented[/] [K. [quote 1]"
    assert second.startswith("I50.22 Chronic systolic")
    assert second.endswith("[The model's explanation names a code that was not among its facts.]")


def test_in_a_terminal_they_are_filled_in_where_they_belong(steps: list[Step]) -> None:
    """While one is there the other is still waited for; at the end all stand, in the codes' order."""
    plain = _STEERING.sub("", shown(steps, terminal=True)).rpartition("╯")[2]
    assert " …" in plain
    last = plain.rindex("I11.0 [bold]")
    assert plain.index("I50.22 ", last) > last


def test_an_answer_without_words_shows_the_codes_only(steps: list[Step]) -> None:
    """The complete result is not shown a second time."""
    out = shown([steps[0], steps[-1]], terminal=False)
    assert out.count("Hypertensive heart disease with heart failure\n") <= out.count("╭") == 1
