"""Specificity: which attributes the chosen code leaves open although a more specific sibling exists."""

from __future__ import annotations

import re
from typing import Final

from medcoding.codebook import Codebook
from retrieval.wording import SIDES, forms

LEAVES_OPEN: Final = re.compile(r"(?<!\bor )\bunspecified\b", re.IGNORECASE)
"""`Heart failure, unspecified`; not `stage 1 through 4, or unspecified chronic kidney disease`."""

_SIBLING_LIMIT: Final = 40


def open_axes(code: str, codebook: Codebook) -> tuple[str, ...]:
    """Names of the attributes that the record would have to give for a more specific code."""
    entry = codebook.entry(code)
    if entry is None or not LEAVES_OPEN.search(entry.title):
        return ()
    words = _distinguishing(code, codebook)
    sided = bool(frozenset(forms(entry.title)) & SIDES)
    axes = ["laterality"] if words & SIDES and not sided else []
    if words - SIDES or not axes:
        axes.append("type, site or severity")
    return tuple(axes)


def siblings(code: str, codebook: Codebook) -> tuple[str, ...]:
    """Billable codes beside the given one: under the same parent, with the same seventh character where it has one."""
    entry = codebook.entry(code)
    if entry is None or entry.parent is None:
        return ()
    extended = len(code) == 8 and code[:7].rstrip("X.") != code
    above = codebook.entry(entry.parent)
    stem = above.parent if extended and above and above.parent else entry.parent
    found = codebook.billable_under(stem) if "-" not in stem else ()
    near = [c for c in found if c != code and (not extended or c[-1] == code[-1])]
    return tuple(near[:_SIBLING_LIMIT])


def _distinguishing(code: str, codebook: Codebook) -> frozenset[str]:
    """Words by which the more specific siblings differ from the code."""
    own = frozenset(forms(codebook.title(code)))
    others = [frozenset(forms(codebook.title(c))) - own for c in siblings(code, codebook)]
    return frozenset().union(*others) if others else frozenset()
