"""Our own table of clinical terms and drugs, and the terms that titles and inclusion terms give."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from index_build.findable.surfaces import Surface
from medcoding.errors import IntegrityError
from retrieval.dictionary import Term, TermSource
from retrieval.wording import forms

TERMS_FOLDER: Final = Path(__file__).parents[1] / "knowledge" / "terms"
_DRUGS: Final = "drugs.tsv"
_NAMED_ONLY: Final[dict[TermSource, str]] = {
    "drug": "drug_names.tsv", "procedure": "procedures.tsv", "supply": "supplies.tsv",
}  # fmt: skip
"""Tables of words that lead to no diagnosis: what was given, done or handed out, and is looked up in HCPCS or CPT."""
_SHORTEST_SINGLE_WORD: Final = 9
"""A title of one short word (`Activity`, `Shot`) is everyday language; clinical ones stand in our own table."""

_EXTERNAL_CAUSES: Final = ("V", "W", "X", "Y")
_INJURIES: Final = ("S", "T")
_LITERAL: Final = frozenset({"title", "inclusion", "index", "crosswalk"})
"""Kinds of surface that read like a note; those of the tables are made up of a column's name and a row's."""

_TOO_GENERAL: Final = frozenset({"other", "unspecified", "not", "elsewhere", "nec", "nos"})


def clinical_terms(folder: Path = TERMS_FOLDER) -> Iterator[Term]:
    """Terms of the tables `ch*.tsv`: one concept a row, synonyms separated by a bar."""
    for path in sorted(folder.glob("ch*.tsv")):
        for row in table_rows(path):
            for text in row["term"].split("|"):
                yield Term(
                    text=text.strip(),
                    stems=tuple(row["code"].split("|")),
                    source="clinical",
                    needs=_INJURIES if row["code"].startswith(_EXTERNAL_CAUSES) else (),
                    history_code=row["history_code"],
                    family_code=row["family_code"],
                    chronic=row["chronic"] == "y",
                )


def drug_terms(folder: Path = TERMS_FOLDER) -> Iterator[Term]:
    """Drugs whose long-term use has a Z79 code (guideline I.C.21.c.3)."""
    for row in table_rows(folder / _DRUGS):
        needs = tuple(filter(None, row["condition_codes"].split("|")))
        for text in row["drug"].split("|"):
            yield Term(text=text.strip(), stems=(row["code"],), source="drug", needs=needs)


def named_terms(folder: Path = TERMS_FOLDER) -> Iterator[Term]:
    """Drugs, procedures and supplies by name: mentions of their own kind, without an ICD-10-CM stem."""
    for source, table in _NAMED_ONLY.items():
        for row in table_rows(folder / table):
            yield from (Term(text=text.strip(), stems=(), source=source) for text in row["term"].split("|"))


def surface_terms(surfaces: Iterable[Surface]) -> Iterator[Term]:
    """Wordings that a note could hold word for word; external causes only from our own table."""
    for surface in surfaces:
        words = forms(surface.text)
        telling = len(words) > 1 or len(surface.text) >= _SHORTEST_SINGLE_WORD
        external = surface.codes[0].startswith(_EXTERNAL_CAUSES)
        if surface.kind in _LITERAL and telling and not external and not _TOO_GENERAL.intersection(words):
            yield Term(text=surface.text, stems=surface.codes, source=surface.kind)


def table_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a shipped table by the names of its columns. Raises `IntegrityError` when it is not there."""
    if not path.is_file():
        raise IntegrityError(f"The table {path.name} is missing from the installation; install Chartwright again.")
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", restval="", quoting=csv.QUOTE_NONE)
