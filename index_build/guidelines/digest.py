"""The shipped digest of the Official Guidelines, in our own words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from medcoding.guideline import GuidelineEntry
from medcoding.parsing import load_lines

DIGEST_FILE: Final = Path(__file__).parent / "digest.jsonl"


def guideline_entries(path: Path = DIGEST_FILE) -> tuple[GuidelineEntry, ...]:
    """Every entry, in guideline order; each section id stands once."""
    return load_lines(GuidelineEntry, path)
