"""Loads prompts: `prompts/<name>/vN.md.j2` is the text, `vN.toml` beside it says what it is for.

A template is one file of jinja blocks, its parts (`system`, `shared`, `mention`, …), so that a caller can lay them
out for a server's prefix cache. Every value must be given. A version listed in `prompts/released.toml` is checked
against its digest each time it is loaded.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template
from pydantic import Field

from medcoding.errors import ConfigError, IntegrityError
from medcoding.record import Record

PROMPTS_FOLDER: Final = Path(__file__).parent
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_VERSION: Final = re.compile(r"v[1-9][0-9]*")


class Prompt(Record):
    """One version of one prompt."""

    name: str
    version: str
    """`v1`, `v2`, …"""
    digest: str
    """Hexadecimal SHA-256 of the template and its toml."""
    description: str
    parts: tuple[str, ...]
    """Names of the template's blocks, in order."""
    template: str = Field(repr=False)

    def render(self, **values: object) -> str:
        """The whole text, all parts in order. `jinja2.UndefinedError` when a value is missing."""
        return "".join(self.render_part(part, **values) for part in self.parts)

    def render_part(self, part: str, /, **values: object) -> str:
        """One part; it needs only the values it names. `KeyError` when the prompt has no such part."""
        block = self._compiled.blocks[part]
        return "".join(block(self._compiled.new_context(dict(values))))

    @cached_property
    def _compiled(self) -> Template:
        return _environment().from_string(self.template)


def load_prompt(name: str, version: str, folder: Path = PROMPTS_FOLDER) -> Prompt:
    """Load one version. `ConfigError` when there is none; `IntegrityError` when a released one was changed."""
    text = _read(folder, name, version, "md.j2")
    description = _read(folder, name, version, "toml")
    digest = hashlib.sha256(text + b"\0" + description).hexdigest()
    if released_digests(folder).get(name, {}).get(version, digest) != digest:
        raise IntegrityError(
            f"The released prompt {name} {version} was changed; restore its files and write a new version instead."
        )
    about: dict[str, Any] = tomllib.loads(description.decode())
    return Prompt(name=name, version=version, digest=digest, template=text.decode(), **about)


def released_digests(folder: Path = PROMPTS_FOLDER) -> dict[str, dict[str, str]]:
    """Name → version → digest of every released prompt. `IntegrityError` when the list is missing."""
    try:
        return tomllib.loads((folder / "released.toml").read_text(encoding="utf-8"))
    except OSError:
        raise IntegrityError("The list of released prompts, prompts/released.toml, is missing; reinstall.") from None


def _read(folder: Path, name: str, version: str, ending: str) -> bytes:
    """Read one file of a prompt; names come from settings, so they are checked before they become a path."""
    path = folder / name / f"{version}.{ending}"
    if not (_NAME.fullmatch(name) and _VERSION.fullmatch(version) and path.is_file()):
        raise ConfigError(f"There is no prompt '{name}' in version '{version}'; correct the prompt's setting.")
    return path.read_bytes()


def _environment() -> Environment:
    return Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the text goes to a model as it is, never into a page
    )
