"""Where each character of a code comes from: said by the record, left open by it, a default, or given by the visit."""

from __future__ import annotations

from typing import Final

from agent.specificity import LEAVES_OPEN
from medcoding.characters import CharacterMeaning, character_meanings
from medcoding.codebook import Codebook
from medcoding.result import CharacterOrigin
from retrieval.wording import forms

_CATEGORY_LENGTH: Final = 3


def character_origins(codebook: Codebook, code: str, said: frozenset[str]) -> tuple[CharacterOrigin, ...]:
    """The category and each character behind it, placeholders passed over.

    `said` holds the words, in normal form, that the record says of the code.
    """
    category = code[:_CATEGORY_LENGTH]
    title = codebook.title(category)
    origin = "documented" if said.intersection(forms(title)) else "default"
    origins = [CharacterOrigin(characters=category, meaning=title, origin=origin)]
    for meaning in character_meanings(codebook, code):
        if meaning.axis == "placeholder":
            continue
        characters = _so_far(code, meaning.position)
        origin = _origin(meaning, frozenset(forms(title)), said)
        origins.append(
            CharacterOrigin(characters=characters, meaning=meaning.meaning, origin=origin, axis=meaning.axis)
        )
        title = codebook.title(characters) or title
    return tuple(origins)


def _origin(meaning: CharacterMeaning, above: frozenset[str], said: frozenset[str]) -> str:
    """Words that stand above already need no saying again; whether a visit is the first is for the visit to say."""
    if meaning.axis == "encounter":
        return "setting"
    if LEAVES_OPEN.search(meaning.meaning):
        return "not documented"
    added = frozenset(forms(meaning.meaning)) - above
    return "documented" if added & said or not added else "default"


def _so_far(code: str, position: int) -> str:
    """The code up to a character; positions do not count the dot."""
    return code[: position + (position > _CATEGORY_LENGTH)]
