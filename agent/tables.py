"""Reads the tab-separated language tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LANGUAGE: Final = Path(__file__).parent / "language"


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of one table by column name; no quoting, so quotation marks are ordinary characters."""
    with (LANGUAGE / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", restval="", quoting=csv.QUOTE_NONE)
