"""Endings: operations and drugs that no table holds, known by how such words end.

Operations end in Greek (`-ectomy`, `-plasty`, `-centesis`), drugs in the stems of their nonproprietary names (USAN and
INN: `-gliptin`, `-sartan`, `-mab`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.naming import Match
from retrieval.dictionary import Term, TermSource

_WORD: Final = re.compile(r"[A-Za-z]{7,}")
_OPERATIONS: Final = (
    "ectomy", "ectomies", "otomy", "otomies", "ostomy", "ostomies", "scopy", "scopies", "plasty", "plasties",
    "centesis", "pexy", "rrhaphy", "desis", "tripsy", "embolization",
)  # fmt: skip
_STUDIES: Final = ("microscopy", "spectroscopy", "fluoroscopy", "fundoscopy", "funduscopy", "otoscopy", "moscopy")
_DRUGS: Final = (
    "umab", "imab", "zumab", "ximab", "tinib", "ciclib", "parib", "rafenib", "zomib", "degib", "lisib", "sidenib",
    "metinib", "rolimus", "platin", "rubicin", "taxel", "tecan", "citabine", "ribulin", "mustine", "vastatin", "april",
    "opril", "sartan", "olol", "dipine", "semide", "thiazide", "vaptan", "zosin", "fibrate", "xaban", "gatran", "parin",
    "dogrel", "grelor", "gliptin", "gliflozin", "glutide", "glitazone", "glinide", "prazole", "prazan", "conazole",
    "fungin", "cillin", "mycin", "floxacin", "cycline", "penem", "bactam", "nidazole", "ciclovir", "tegravir", "navir",
    "previr", "buvir", "asvir", "tamivir", "fovir", "triptan", "gepant", "setron", "tidine", "lukast", "meterol",
    "moterol", "metasone", "nisolone", "nisone", "sonide", "azepam", "azolam", "barbital", "caine", "curonium",
    "dronate", "oxetine", "ipramine", "triptyline", "peridone", "piprazole", "tiapine", "zapine", "racetam", "gabalin",
    "orexant", "profen", "fenac", "oxicam", "denafil", "dalafil", "lutamide", "relix", "relin", "poetin", "grastim",
    "teplase", "tropium", "ratadine", "oprost", "nersen", "siran", "kinra", "tacept", "nercept",
)  # fmt: skip
_NO_DRUGS: Final = ("cocaine",)
_BY_ENDING: Final[tuple[tuple[tuple[str, ...], tuple[str, ...], TermSource], ...]] = (
    (_OPERATIONS, _STUDIES, "procedure"),
    (_DRUGS, _NO_DRUGS, "drug"),
)


def named_by_ending(text: str) -> Iterator[Match]:
    """Words of a text that end like the name of an operation or of a drug; they lead to no code."""
    for found in _WORD.finditer(text):
        word = found.group().lower()
        for endings, others, source in _BY_ENDING:
            if word.endswith(endings) and not word.endswith(others):
                yield Match(found.start(), found.end(), Term(text=word, stems=(), source=source))
