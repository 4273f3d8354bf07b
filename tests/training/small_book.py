"""A book of two categories, small enough to check a split by hand."""

from __future__ import annotations

from medcoding.codebook import CodebookEntry
from medcoding.index_entries import IndexTerm
from medcoding.notes import InstructionalNotes


def entry(code: str, title: str, *terms: str, billable: bool = True) -> CodebookEntry:
    """One entry with its inclusion terms."""
    return CodebookEntry(
        code=code,
        parent=code[:-1].rstrip(".") if len(code) > 3 else "block",
        kind="subcategory" if len(code) > 3 else "category",
        title=title,
        billable=billable,
        status="official",
        notes=InstructionalNotes(inclusion_terms=terms),
    )


ENTRIES = (
    entry("I20", "Angina pectoris", billable=False),
    entry("I20.0", "Unstable angina", "Accelerated angina", "Preinfarction syndrome"),
    entry("I20.8", "Other forms of angina pectoris", "Coronary slow flow syndrome", billable=False),
    entry("I20.81", "Angina pectoris with coronary microvascular dysfunction", "Cardiac syndrome X"),
    entry("I20.89", "Other forms of angina pectoris", "Angina of effort", "Stenocardia"),
    entry("I20.9", "Angina pectoris, unspecified", "Angina NOS", "Cardiac angina"),
    entry("J02", "Acute pharyngitis", "Acute sore throat", billable=False),
    entry("J02.0", "Streptococcal pharyngitis", "Septic pharyngitis", "Streptococcal sore throat"),
    entry("J02.9", "Acute pharyngitis, unspecified", "Gangrenous pharyngitis (acute)", "Sore throat (acute) NOS"),
)


def term(number: int, path: tuple[str, ...], code: str) -> IndexTerm:
    """One index entry with a code."""
    return IndexTerm(id=number, parent=None, book="diseases", path=path, code=code)


INDEX = (
    term(1, ("Angina", "unstable"), "I20.0"),
    term(2, ("Angina", "effort"), "I20.89"),
    term(3, ("Pharyngitis", "streptococcal"), "J02.0"),
    term(4, ("Sore", "throat"), "J02.9"),
    term(5, ("Stenocardia",), "I20.89"),
)
