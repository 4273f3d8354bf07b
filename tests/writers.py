"""Doubles that write: what a scripted model answers to each kind of question, and a note that leads to two codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from agent.bootstrap import LIVE_PROMPT
from agent.pipeline import Pipeline
from agent.questions import Model
from agent.settings import Settings
from prompts.loader import load_prompt
from tests.fakes import ScriptedLLM

NOTE: Final = (
    "HPI: Denies chest pain.\nA/P:\n1. Hypertension with chronic systolic heart failure - continue lisinopril.\n"
    "2. Possible pneumonia."
)
"""Outpatient: I11.0 and I50.22 are reported, J18.9 and R07.9 are left out."""

Reply = Mapping[str, object] | Exception
Writer = Callable[[str], Reply]

_EXPLAINED: Final = re.compile(r"^Explain (\S+) ", re.MULTILINE)
_QUESTIONED: Final = re.compile(r"^The code in question: (\S+) ", re.MULTILINE)


def summary(text: str = "The provider documents “Hypertension”.", **cited: list[str]) -> dict[str, object]:
    """A fitting explanation."""
    return {"summary": text, "quotes": ["q1"], "guidelines": [], **cited}


def reply(text: str = "It is uncertain here.", says: str = "against", **cited: list[str]) -> dict[str, object]:
    """A fitting answer to a coder's question."""
    return {"answer": text, "quotes": [], "guidelines": [], "says": says, **cited}


def writing(explain: Writer = lambda _: summary(), answer: Writer = lambda _: reply()) -> ScriptedLLM:
    """A model that chooses the first candidate, and writes what it is told; both are given the code."""

    def script(prompt: str) -> Reply:
        if found := _EXPLAINED.search(prompt):
            return explain(found.group(1))
        if found := _QUESTIONED.search(prompt):
            return answer(found.group(1))
        return {"evidence": [1], "reason": "as the record says", "missing": None, "choice": "1"}

    return ScriptedLLM(script)


def with_writer(pipeline: Pipeline, settings: Settings, llm: Any, **changes: Any) -> Pipeline:
    """The same pipeline with this model."""
    asked = settings.llm.model_copy(update=changes)
    model = Model(llm, load_prompt("verify", LIVE_PROMPT), b"secret of the tests", asked)
    return Pipeline(replace(pipeline.parts, model=model))


def prose_prompts(llm: ScriptedLLM) -> list[str]:
    """What it was asked to write, without what it was asked to choose."""
    asked = (messages[-1].content for messages in llm.asked)
    return [prompt for prompt in asked if _EXPLAINED.search(prompt) or _QUESTIONED.search(prompt)]
