"""What the page says of a step, aloud and in writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from agent.review.on_desk import OnDesk
from agent.serve.pages.rendering import REASON_WORDS
from medcoding.review import Disposition, Step

_WORDS: Final[dict[str, Callable[[Any, str], str]]] = {
    "accept": lambda _, code: f"Accepted {code}.",
    "reject": lambda step, code: f"Rejected {code}: {REASON_WORDS[step.reason]}.",
    "modify": lambda step, code: f"Modified {code}{f' to {step.code}' if step.code else ''}.",
    "move": lambda step, code: f"Moved {code} to place {step.place}.",
    "add": lambda step, _: f"Added {step.code}.",
    "override": lambda *_: "The finding is answered.",
    "undo": lambda *_: "Undone.",
}


def said_of(step: Step, before: OnDesk) -> str:
    """What a screen reader says of a step."""
    lines = {line.id: line.code for line in before.now.lines}
    code = lines.get(getattr(step, "line", ""), "")
    return _WORDS[step.kind](step, code) if step.kind in _WORDS else ""


def control_of(found: OnDesk) -> str:
    """After attesting, the coder is told of a seed: that it was taken out, and whether it was caught."""
    seed = found.past.opening.seed
    if seed is None or found.attestation is None:
        return ""
    line = found.now.line(f"s{seed.place + 1}")
    caught = line.disposition is not Disposition.ACCEPTED
    outcome = "you caught it" if caught else "it was accepted, and was taken out of the set"
    return f"{seed.line.code} was a control, put in to see whether suggestions are read: {outcome}."
