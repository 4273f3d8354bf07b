"""The lists of the Medicare Code Editor, for comparison with what titles and notes say. Dated: version 37, FY2020."""

from __future__ import annotations

from pathlib import Path

from medcoding.codebook import Codebook
from medcoding.codes import parse_code


def editor_list(shared_data: Path, edit: str, codebook: Codebook) -> tuple[str, ...]:
    """The diagnoses of one edit that may still be billed."""
    lines = (shared_data / "edits" / "MCE_Simple_Code_Edits_v37.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines[1:])
    codes = (parse_code(row[6]) for row in rows if row[4] == edit and row[5] == "D")
    return tuple(code for code in codes if codebook.is_billable(code))
