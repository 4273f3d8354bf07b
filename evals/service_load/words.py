"""Words that nobody else writes: invented names, record numbers and dates, and where they came out."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from typing import Final

from medcoding.record import Record

_SYLLABLES: Final = "qua zor vex wym jup kiv xal fyr gub hov zep myx".split()
_NAME_LENGTH: Final = 5
"""Syllables of a name: fifteen letters, longer than any code, so that no answer is one by chance."""
_CENTURY: Final = 1500
"""Nobody is coded who was born then, so that no date in an answer is one by chance."""


class Escape(Record):
    """A planted word that came out where it must not."""

    where: str
    """`log`, `trace`, `metrics`, `error body`, `header`, `url`."""
    route: str
    kind: str
    """`name`, `number` or `date`: the word itself is not kept."""


def planted_words(count: int, seed: int) -> tuple[str, ...]:
    """So many different words: two fifths names, two fifths numbers, one fifth dates, mixed."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    names, numbers, dates = set[str](), set[str](), set[str]()
    while len(names) < 2 * count // 5:
        names.add("".join(rng.choices(_SYLLABLES, k=_NAME_LENGTH)).capitalize())
    while len(numbers) < 2 * count // 5:
        numbers.add(f"{rng.randrange(10**11, 10**12)}")
    while len(dates) < count - len(names) - len(numbers):
        dates.add(f"{_CENTURY + rng.randrange(100)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}")
    words = sorted(names | numbers | dates)
    rng.shuffle(words)
    return tuple(words)


def kind_of(word: str) -> str:
    """Which kind of word it is."""
    return "name" if word.isalpha() else "date" if "-" in word else "number"


class Sieve:
    """Finds planted words in a text, whatever their case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word.lower() for word in words)

    def found(self, text: str) -> set[str]:
        """The planted words in a text; percent-encoding hides none, because none holds what is encoded."""
        # Looking ahead, so that a word is found whatever letters or digits stand right before it.
        pieces = re.findall(r"(?=([a-z]{15}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{12}))", text.lower())
        return set(pieces) & self._words


def urls_of(value: object) -> Iterable[str]:
    """Every address in a JSON value: what stands under url, uri, reference, system or fullUrl."""
    if isinstance(value, list):
        for one in value:
            yield from urls_of(one)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, str) and key.lower() in {"url", "uri", "moduleuri", "reference", "system", "fullurl"}:
                yield one
            yield from urls_of(one)


def links_of(html: str) -> Iterable[str]:
    """Every address in a page."""
    return re.findall(r"""(?:href|src|action|formaction|hx-(?:get|post|delete))=["']([^"']*)""", html)
