"""What tells the candidates of one mention apart: the words of their titles, and the notes that speak to the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from medcoding.candidate import Candidate
from medcoding.codebook import Codebook
from medcoding.notes import NoteKind
from retrieval.likeness import roots
from retrieval.title_axes import content
from retrieval.wording import forms, tokens

_MOST_NOTES: Final = 2
_SAYS: Final[dict[NoteKind, str]] = {
    "excludes1": "not together with",
    "code_first": "only after",
    "use_additional_code": "asks to add",
}


def candidate_axes(candidates: Sequence[Candidate]) -> dict[int, str]:
    """Number of a candidate → the words that not every candidate of its category has, in the title's order.

    A candidate that stands alone in its category has none.
    """
    categories: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        categories[candidate.code[:3]].append(candidate)
    return {
        candidate.number: _own_words(candidate.title, shared)
        for group in categories.values()
        if len(group) > 1
        for shared in [frozenset.intersection(*(frozenset(forms(c.title)) for c in group))]
        for candidate in group
    }


def _own_words(title: str, shared: frozenset[str]) -> str:
    return " ".join(title[token.start : token.end] for token in tokens(title) if token.form not in shared)


def notes_that_speak(code: str, codebook: Codebook, words: frozenset[str]) -> tuple[str, ...]:
    """The instructional notes at the code and above it whose every telling word stands in the record.

    `words` are the normal forms of the record. A note that names nothing the record names decides nothing here.
    """
    record = roots(words)
    said = (
        f"{_SAYS[kind]} {note.note.text.rstrip(' .:')}"
        for note in codebook.notes_in_force(code)
        if (kind := note.kind) in _SAYS and _speaks_to(note.note.text, record)
    )
    return tuple(dict.fromkeys(said))[:_MOST_NOTES]


def _speaks_to(text: str, record: frozenset[str]) -> bool:
    """True when a record, as roots, has every telling word of a note; the codes in brackets count for nothing."""
    needed = content(roots(forms(text.partition("(")[0])))
    return bool(needed) and needed <= record
