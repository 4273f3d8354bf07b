"""How a long command tells where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Reporter(Protocol):
    """Told how the work goes."""

    def step(self, description: str, total: int | None = None) -> Callable[[int], None]:
        """A new step begins; the returned function advances it."""
