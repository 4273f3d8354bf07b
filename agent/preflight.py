"""Refuses to start when another distribution owns one of our import names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from typing import Final

from medcoding.errors import ConfigError

OUR_DISTRIBUTION: Final = "chartwright"
OUR_NAMES: Final = (
    "agent", "chartwright", "evals", "guardrails", "index_build", "medcoding", "prompts", "retrieval", "training",
)  # fmt: skip


def refuse_clashing_distributions(owners: Mapping[str, Sequence[str]] | None = None) -> None:
    """Raise `ConfigError` when `owners` (import name -> distributions; the installed ones by default) clash with us."""
    installed = packages_distributions() if owners is None else owners
    for name in OUR_NAMES:
        others = sorted({d for d in installed.get(name, ()) if d.lower() != OUR_DISTRIBUTION})
        if others:
            raise ConfigError(
                f"The distribution '{others[0]}' also provides the package '{name}'; uninstall it or use an"
                " environment of its own."
            )
