"""The settings page, made from `agent.settings.Settings` so that the two cannot part.

python -m agent.settings_page docs/settings.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from agent.settings import Settings

_TYPES: Final[dict[object, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}
_BOUNDS: Final = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
_INTRODUCTION: Final = """# Settings

Made from `agent/settings.py` by `python -m agent.settings_page docs/settings.md`; change the fields there and run it
again.

Each setting is an environment variable, or a line of the file `.env` in the working folder. The environment wins over
`.env`, and an option of the command line wins over both. A value that does not fit ends the command with exit code 2
and the name of the setting. *Not set* means that the setting may be left out; secrets are never shown.

Names are checked in `.env` and inside a group: an unknown one is refused. An unknown variable of the environment
outside the groups goes unnoticed, so copy names from here.
"""


class SettingLine(NamedTuple):
    """One setting as the page shows it."""

    variable: str
    """Name of the environment variable."""
    type: str
    default: str
    meaning: str


class SettingGroup(NamedTuple):
    """Settings that one class holds, and what the class says it is for."""

    title: str
    about: str
    lines: tuple[SettingLine, ...]


def setting_groups(settings: type[BaseModel], prefix: str, delimiter: str = "__") -> Iterator[SettingGroup]:
    """The settings of a class and of every class nested in it; `prefix` begins each variable's name."""
    defaults = {name: field.default for name, field in settings.model_fields.items()}
    yield from _groups("General", settings, defaults, prefix, delimiter)


def settings_page() -> str:
    """The whole page in Markdown."""
    config = Settings.model_config
    groups = setting_groups(Settings, config.get("env_prefix", ""), config.get("env_nested_delimiter") or "__")
    return "\n".join([_INTRODUCTION, *(_section(group) for group in groups)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page to the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m agent.settings_page", description="Write the settings page.")
    parser.add_argument("target", type=Path, help="file to write, for instance docs/settings.md")
    target: Path = parser.parse_args(arguments).target
    target.write_text(settings_page(), encoding="utf-8", newline="\n")


def _groups(
    title: str, settings: type[BaseModel], defaults: Mapping[str, object], prefix: str, delimiter: str
) -> Iterator[SettingGroup]:
    """The class's own group first, then those nested in it; `defaults` are what an installation starts from."""
    nested = {name: held for name, held in defaults.items() if isinstance(held, BaseModel)}
    fields = {name: field for name, field in settings.model_fields.items() if name not in nested}
    lines = tuple(_line(prefix + name.upper(), field, defaults[name]) for name, field in fields.items())
    yield SettingGroup(title, _first_sentence(settings), lines)
    for name, held in nested.items():
        inner = f"{prefix}{name.upper()}{delimiter}"
        yield from _groups(f"`{inner}…`", type(held), dict(held), inner, delimiter)


def _line(variable: str, field: FieldInfo, default: object) -> SettingLine:
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    listed = get_origin(field.annotation) is tuple
    names = "list of text, as JSON" if listed else " or ".join(_TYPES.get(kind) or _named(kind) for kind in kinds)
    bounds = filter(None, map(_bound, field.metadata))
    shown = "not shown" if SecretStr in kinds and default is not None else _value(default)
    return SettingLine(variable, ", ".join([names, *bounds]), shown, field.description or "")


def _named(kind: object) -> str:
    """A choice by its words; anything else as Python prints it."""
    return f"one of {', '.join(kind)}" if isinstance(kind, type) and issubclass(kind, StrEnum) else str(kind)


def _bound(bound: object) -> str:
    """A limit of pydantic's `Field` in words; empty for anything else it holds."""
    said = (f"{words} {getattr(bound, name)}" for name, words in _BOUNDS.items() if hasattr(bound, name))
    return next(said, "")


def _value(default: object) -> str:
    if default is None:
        return "not set"
    if isinstance(default, tuple):
        return f"`{json.dumps(default)}`"
    text = default.as_posix() if isinstance(default, Path) else str(default)
    return f"`{text.lower() if isinstance(default, bool) else text}`"


def _first_sentence(settings: type[BaseModel]) -> str:
    return " ".join((settings.__doc__ or "").split("\n\n", maxsplit=1)[0].split())


def _section(group: SettingGroup) -> str:
    rows = [f"| `{line.variable}` | {line.type} | {line.default} | {_cell(line.meaning)} |" for line in group.lines]
    header = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {group.title}", "", group.about, "", *header, *rows, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
