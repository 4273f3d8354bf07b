"""The ground of a text that a model writes: what it was shown, what it may cite, and whether it kept to both.

A citation that was not offered cannot be expressed: the response model allows the ids of the offered quotes and
guideline sections only. What the text itself names (codes, sections, numbers, quoted words) is checked afterwards.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, Field, create_model

from agent.questions import Model, derived
from agent.withheld import plain, withheld_sentences
from medcoding.chart import Chart, Sentence
from medcoding.codebook import Codebook
from medcoding.guideline import GUIDELINE_ID
from medcoding.proposal import EvidenceQuote

CitingT = TypeVar("CitingT", bound=BaseModel)

MOST_WORDS: Final = 60
"""What a coder reads in ten seconds, and a little more."""
_LONGEST_QUOTE: Final = 300

_BOOK: Final = re.compile(r"\bICD[- ]?10(?:[- ]?CM)?\b", re.IGNORECASE)
_TERM: Final = re.compile(r"\w+(?:[./:%,-]\w+)*")
_WORD: Final = re.compile(r"\w+")
_PARTS: Final = re.compile(r"[/:%,-]")
_SECTION: Final = re.compile(GUIDELINE_ID.pattern, re.IGNORECASE)
_QUOTED: Final = re.compile(
    r"[“”„‟\"«»‹›「『]([^“”„‟\"«»‹›」』]*)(?:[“”„‟\"«»‹›」』]|$)|(?<!\w)[‘‚'`]([^’‘'`]+)(?:[’'`](?!\w)|$)"
)


class Shown(NamedTuple):
    """The facts as a model was shown them."""

    everything: str
    ours: str
    """The same without what stands between marks: the words of code book, guideline digest and rules."""

    @classmethod
    def of(cls, rendered: str, mark: str) -> Shown:
        """From a rendered prompt without its instructions; the marks themselves are no facts."""
        between = re.compile(rf"^NOTE {mark}\n.*?^END NOTE {mark}$", re.DOTALL | re.MULTILINE)
        return cls(rendered.replace(mark, ""), between.sub("", rendered).replace(mark, ""))


class Quote(NamedTuple):
    """A quote that may be cited: `q1`, and where it stands in the evidence it was taken from."""

    id: str
    position: int
    place: str
    """Section, how it was read, and what became of it, in words of ours."""
    text: str


def mark_of(chart: Chart, model: Model, beside: str = "") -> str:
    """The mark around words of a record and of a question: no note can know it; the same for the same input."""
    digest = hashlib.sha256((chart.encounter.model_dump_json() + "\0" + beside).encode()).digest()
    return derived(model.secret, "facts delimiter", digest)[:24]


def citing(base: type[CitingT], quotes: Sequence[str], guidelines: Sequence[str]) -> type[CitingT]:
    """`base` whose lists `quotes` and `guidelines` can hold the offered ids only. No string has a maximum length."""
    return create_model(
        base.__name__, __base__=base, quotes=(_some_of(quotes), ...), guidelines=(_some_of(guidelines), ...)
    )


def orders_in(chart: Chart) -> tuple[Sentence, ...]:
    """The sentences that speak to a coder or a machine: no quote from there is shown."""
    return tuple(chart.sentence(number) for number in sorted(withheld_sentences(chart)))


def clinical(quotes: Iterable[EvidenceQuote], orders: Sequence[Sentence]) -> list[tuple[int, EvidenceQuote]]:
    """The quotes with their places, without those that stand in one of the given sentences."""
    return [
        (position, quote)
        for position, quote in enumerate(quotes)
        if not any(
            s.document_id == quote.document_id and s.span.start < quote.end and quote.start < s.span.end for s in orders
        )
    ]


def shown_quote(number: int, position: int, quote: EvidenceQuote, became: str = "") -> Quote:
    """A quote under its number, on one line and of bounded length."""
    reading = f"read as {quote.assertion.value}" if quote.assertion else ""
    place = ", ".join(filter(None, ((quote.section or "").replace("_", " "), reading, became)))
    return Quote(f"q{number}", position, place, plain(quote.text)[:_LONGEST_QUOTE])


def refusal(text: str, shown: Shown, codebook: Codebook) -> str | None:
    """Why a text may not stand, as the end of a sentence that repeats nothing of it; None where it may.

    It must say something in at most `MOST_WORDS` words, and every code, guideline section, number and quoted word of it
    must be among the facts; a code or a section among those that are not words of the record.
    """
    written = unicodedata.normalize("NFKC", text)
    faults = (
        (not written.strip(), "says nothing"),
        (len(written.split()) > MOST_WORDS, f"takes more than {MOST_WORDS} words"),
        (bool(_sections(written) - _sections(shown.ours)), "names a guideline section that was not among its facts"),
        (
            bool(_codes(written, codebook) - {_code(term) for term in _terms(shown.ours)}),
            "names a code that was not among its facts",
        ),
        (bool(_numbers(written, codebook) - _terms(shown.everything)), "names a number that was not among its facts"),
        (not _is_verbatim(written, shown.everything), "quotes words that were not among its facts"),
    )
    return next((fault for is_so, fault in faults if is_so), None)


def _some_of(ids: Sequence[str]) -> Any:
    """A list of offered ids; without any, a list that must stay empty."""
    if not ids:
        return Annotated[list[str], Field(max_length=0)]
    offered: Any = Literal.__getitem__(tuple(ids))
    return Annotated[list[offered], Field(max_length=len(ids))]


def _sections(text: str) -> frozenset[str]:
    return frozenset(found.upper() for found in _SECTION.findall(text))


def _terms(text: str) -> frozenset[str]:
    """What holds a digit: codes, ids, numbers. A compound (`130/80`) counts as a whole where it has no parts."""
    found = _TERM.findall(unicodedata.normalize("NFKC", _BOOK.sub(" ", text)).casefold())
    parts = (part for term in found for part in _PARTS.split(term))
    return frozenset(part for part in parts if any(character.isnumeric() for character in part))


def _codes(text: str, codebook: Codebook) -> frozenset[str]:
    """The codes of the edition that a text names, with or without their dots."""
    return frozenset(code for term in _terms(text) if (code := _code(term)) in codebook)


def _numbers(text: str, codebook: Codebook) -> frozenset[str]:
    """What else holds a digit."""
    return frozenset(term for term in _terms(text) if _code(term) not in codebook)


def _code(term: str) -> str:
    bare = term.replace(".", "").upper()
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"


def _is_verbatim(text: str, facts: str) -> bool:
    """True when everything between quotation marks stands, word after word, in one line of the facts."""
    lines = [_spaced(line) for line in facts.splitlines()]
    quoted = (_spaced(double or single) for double, single in _QUOTED.findall(text))
    return all(any(words in line for line in lines) for words in quoted if words.strip())


def _spaced(text: str) -> str:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(words)} "
