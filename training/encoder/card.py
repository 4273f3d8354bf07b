"""The model card: `card.json`, which the product reads too, and README.md for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from agent.code_signs import SIGNS
from agent.encoder_files import CARD, FILES, EncoderCard, Thresholds
from retrieval.index_folder import file_digest

NAME: Final = "chartwright-encoder"
_README: Final = "README.md"
_ABOUT: Final = """# {name}

The fast encoder of Chartwright: it chooses, for each problem that a record states, one of the codes that retrieval
offers, or none, with a probability and the sentences that carried it. It runs on onnxruntime and numpy on one core.

What it is for: routine encounters, and standing in for a language model that is down. A coder reviews what it answers.
What it is not for: answering without review; notes in other languages than it learned from.
"""


class CardFacts(NamedTuple):
    """What the card tells beside digests."""

    edition: str
    backbone: str
    labels: tuple[str, ...]
    thresholds: Thresholds
    distances: tuple[float, ...]
    report: dict[str, Any]


def write_card(folder: Path, facts: CardFacts) -> None:
    """Write both, with the digests of the files that lie in the folder."""
    card = EncoderCard(
        name=NAME,
        signs=tuple(sign.name for sign in SIGNS),
        files={name: file_digest(folder / name) for name in FILES},
        **facts._asdict(),
    )
    (folder / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / _README).write_text(_page(card), encoding="utf-8")


def _page(card: EncoderCard) -> str:
    report = card.report
    told = {name: value for name, value in report.items() if not isinstance(value, dict) or name == "encounters"}
    lines = [
        _ABOUT.format(name=card.name),
        "## How it was made\n",
        f"- {len(card.labels)} codes of {card.edition} had enough examples to become labels",
        "- every other code is reached through the candidates that retrieval offers",
        *(f"- {name.replace('_', ' ')}: {_said(value)}" for name, value in told.items()),
        "",
        *(line for name in ("encoder", "rules") if name in report for line in _figures(name, report[name])),
    ]
    return "\n".join(lines) + "\n"


def _figures(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Test part, answered by the {name}\n"
    yield f"{figures['encounters']} encounters, macro F1 {_number(figures['macro_f1'])}.\n"
    yield "| | codes | precision | recall | F1 |"
    yield "|---|---|---|---|---|"
    yield _row("all", figures["all"])
    for title, group in (("seen in training", "by_band"), ("specialty", "by_specialty")):
        yield from (_row(f"{title}: {key}", scores) for key, scores in figures[group].items() if scores["gold"])
    yield ""


def _row(name: str, scores: Mapping[str, Any]) -> str:
    numbers = " | ".join(_number(scores[key]) for key in ("precision", "recall", "f1"))
    return f"| {name} | {scores['gold']} | {numbers} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _said(value: object) -> str:
    return ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else json.dumps(value)
