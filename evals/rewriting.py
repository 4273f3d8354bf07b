"""Texts put together anew from their own pieces, so that every quote can be found again.

A rewritten text is a row of pieces. Each piece takes the place of one stretch of the old text, as it was or in other
words; an inserted one takes the place of none. Quotes follow their stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from medcoding.proposal import EvidenceQuote


class Edit(NamedTuple):
    """Other words for one stretch of a text, half open, in code points."""

    start: int
    end: int
    text: str


class Piece(NamedTuple):
    """What stands in the new text for `old[start:end]`; `text` is None where it stays as it was."""

    start: int
    end: int
    text: str | None = None

    def words(self, old: str) -> str:
        """What the new text says here."""
        return old[self.start : self.end] if self.text is None else self.text


class _Placed(NamedTuple):
    """Where a stretch of a quote went: half open in the new text."""

    start: int
    end: int


def edited(text: str, edits: Iterable[Edit]) -> tuple[Piece, ...]:
    """The whole text with edits made, in order of place; an edit that overlaps an earlier one is left out."""
    pieces: list[Piece] = []
    position = 0
    for edit in sorted(edits):
        if edit.start < position:
            continue
        pieces += [Piece(position, edit.start), Piece(edit.start, edit.end, edit.text)]
        position = edit.end
    return (*pieces, Piece(position, len(text)))


def rewritten(old: str, pieces: Sequence[Piece]) -> str:
    """The new text."""
    return "".join(piece.words(old) for piece in pieces)


def followed(quote: EvidenceQuote, old: str, pieces: Sequence[Piece]) -> tuple[EvidenceQuote, ...]:
    """The quote in the new text, cut in two where its words no longer stand together.

    A piece in other words is quoted whole where the quote touches it. Nothing is left of a quote whose words are gone.
    """
    new = rewritten(old, pieces)
    runs: list[_Placed] = []
    for placed in _places(quote, old, pieces):
        if runs and runs[-1].end == placed.start:
            runs[-1] = _Placed(runs[-1].start, placed.end)
        else:
            runs.append(placed)
    held = [run for run in runs if new[run.start : run.end].strip()]
    return tuple(
        quote.model_copy(update={"start": run.start, "end": run.end, "text": new[run.start : run.end]}) for run in held
    )


def _places(quote: EvidenceQuote, old: str, pieces: Sequence[Piece]) -> Iterator[_Placed]:
    """Where each piece that the quote touches put the quote's share of it, in order of the new text."""
    position = 0
    for piece in pieces:
        length = len(piece.words(old))
        start, end = max(quote.start, piece.start), min(quote.end, piece.end)
        if start < end:
            inside = (0, length) if piece.text is not None else (start - piece.start, end - piece.start)
            yield _Placed(position + inside[0], position + inside[1])
        position += length
