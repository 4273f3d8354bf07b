"""Organisms and the parts of terms that join two conditions: they stand only where a code asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.code_set import CodeSet
from medcoding.codebook import Codebook
from medcoding.mention import Mention
from medcoding.proposal import Choice, NotCodedReason, Source
from retrieval.expand import expand
from retrieval.wording import forms

_ORGANISMS: Final = ("B95", "B96", "B97")
_CHAPTER_15: Final = "O"
_SEPSIS: Final = ("A40", "A41", "R65")
"""Sepsis and the localized infection behind it are both reported (guideline I.C.1.d.4)."""


def drop_unasked_organisms(settled: CodeSet, codebook: Codebook) -> None:
    """B95–B97 only where a note of a code of the set asks for the organism, and the code does not name it (I.C.1.b)."""
    others = [code for code in settled.lines if not code.startswith(_ORGANISMS)]
    for code in [code for code in settled.lines if code.startswith(_ORGANISMS)]:
        if not any(codebook.asks_for(other, code) for other in others):
            settled.drop(code, NotCodedReason.DUPLICATE, "No code of the set asks for its organism (I.C.1.b).")


def wholes_restored(choices: Sequence[Choice], mentions: Sequence[Mention], codebook: Codebook) -> tuple[Choice, ...]:
    """A term that joins two conditions keeps its own code where the rules chose its second half's for both.

    `HTN with CKD 3b` names I12.9 and holds N18.32; chosen twice, N18.32 would hide the hypertension (I.C.9.a.2).
    """
    by_id = {mention.id: mention for mention in mentions}
    of_part = {by_id[c.mention_id].part_of: c.code for c in choices if by_id[c.mention_id].part_of is not None}
    return tuple(
        _own_code(choice, by_id[choice.mention_id], codebook)
        if choice.code and choice.source is Source.RULES and of_part.get(choice.mention_id) == choice.code
        else choice
        for choice in choices
    )


def _own_code(choice: Choice, whole: Mention, codebook: Codebook) -> Choice:
    own = expand(whole.stems, codebook, whole.axes, forms(whole.query), 1)
    reason = f"The record's wording is the clinical term “{whole.term}”, which leads here."
    return choice.model_copy(update={"code": own[0], "reason": reason}) if own else choice


def drop_unasked_parts(settled: CodeSet, codebook: Codebook) -> None:
    """The second half of a term that joins two conditions stands only where a note asks for it (I.A.17, I.B.9)."""
    wholes = {i: code for code, line in settled.lines.items() for i in line.mention_ids}
    for code in list(settled.lines):
        parts = [m.part_of for m in settled.mentions_of(settled.lines[code])]
        holders = [wholes.get(part) for part in parts if part is not None]
        if len(holders) < len(parts) or not all(holders):
            continue
        named = [h for h in holders if h and (codebook.asks_for(h, code) or codebook.asks_for(code, h))]
        both = any(h and (h.startswith(_SEPSIS) or _asks_which(h, codebook)) for h in holders)
        if not named and code not in holders and not both:
            settled.drop(code, NotCodedReason.DUPLICATE, f"{holders[0]} reports the two together (I.B.9).")


def _asks_which(code: str, codebook: Codebook) -> bool:
    """True in chapter 15 for a kind of disease of the mother whose note asks for the specific one without naming codes.

    O99.5 is any disease of the airways; the pneumonia's own code says which (guideline I.C.15.a.1).
    """
    notes = codebook.notes_in_force(code) if code.startswith(_CHAPTER_15) else ()
    return any(n.kind == "use_additional_code" and not n.note.targets for n in notes)
