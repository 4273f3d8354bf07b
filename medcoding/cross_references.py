"""How "see" and "see also" of the Alphabetic Index are read, and how the words of a path are compared.

A reference names a main term and subterms (`Fracture, pathological, due to, neoplastic disease`). It is printed for
people: subterms may be left out, inverted or joined, and endings differ. So an entry answers when its path covers
every word of the reference, each level adding at least one of them, and the path with the fewest further words wins.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from medcoding.index_entries import Book

ReferenceKind = Literal["entry", "codes", "table", "condition"]

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_POSSESSIVE: Final = re.compile(r"['’]s\b")
_PARENTHESES: Final = re.compile(r"\([^()]*\)")
_SILENT: Final = frozenset({"nec", "nos", "or", "and", "of", "the", "a", "an", "to", "code"})
_JOINING: Final = frozenset({"with", "due", "in", "by", "from", "caused", "associated"})
_DENYING: Final = frozenset({"without", "not"})
"""Said by a title or not at all: a modifier that holds one denies nothing of what is asked."""
_ENDINGS: Final = (("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("ies", "y"))
_KEPT_S: Final = ("ss", "us", "is", "as", "os")
_SHARED_LETTERS: Final = 3
_LONG_WORD: Final = 5
_LONGEST_ENDING: Final = 3

_CODES: Final = re.compile(r"(sub)?categor(y|ies)\b|[A-Z]\d[0-9A-Z]\b", re.IGNORECASE)
_NAMED_CODE: Final = re.compile(r"\s+[A-Z]\d[0-9A-Z](\.[0-9A-Z]+)?-?(?=$|,)")
_TABLE: Final = re.compile(r"table of (drugs|neoplasms)[^,]*,?\s*", re.IGNORECASE)
_OTHER_INDEX: Final = re.compile(r"(?:the )?index to (external|disease)[^,]*,?\s*", re.IGNORECASE)
_CHOICE: Final = re.compile(
    r"(?<!complicated )(?<!affected )\bby (?:specific |specified )?"
    r"((?:sites?|types?|region|agent|drug|substance|insect|histology|trimester|organism|animal|vehicle|chemical)\b"
    r"(?:(?: and| of| or) \w+)*)"
)
_BEHAVIORS: Final = (
    ("uncertain behavior", "uncertain"),
    ("unspecified behavior", "unspecified"),
    ("in situ", "ca_in_situ"),
    ("secondary", "malignant_secondary"),
    ("metastatic", "malignant_secondary"),
    ("benign", "benign"),
    ("malignant", "malignant_primary"),
)
_INTENTS: Final = (
    ("underdosing", "underdosing"),
    ("adverse effect", "adverse_effect"),
    ("accident", "accidental"),
    ("poisoning", "accidental"),
)


class Reference(NamedTuple):
    """A printed reference, read."""

    kind: ReferenceKind
    book: Book
    parts: tuple[str, ...] = ()
    """Main term and subterms, without nonessential words."""
    choose_by: str = ""
    """What the coder has to choose by at the place named: `site`, `type`."""
    column: str = ""
    """The column of a table that the reference names."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Words in the form they are compared in: lower case, singular, no accents, possessives or filling words.

    A capital `A` is a type, not an article.
    """
    plain = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text)).encode("ascii", "ignore").decode()
    said = (word for word in _WORD.findall(plain) if word == "A" or word.lower() not in _SILENT)
    return tuple(_singular(word.lower()) for word in said)


def key_of(text: str) -> str:
    """The normalised form under which a main term is looked up."""
    return " ".join(words(text))


def main_keys(title: str) -> frozenset[str]:
    """Every form of a main term: whole, its first form, and inflections (`Abnormal, abnormality, abnormalities`).

    In `Fracture, pathological` the second part is no form of the first, so it is not looked up alone.
    """
    return frozenset(filter(None, (key_of(title), *(key_of(form) for form in inflections(title)))))


def inflections(title: str) -> tuple[str, ...]:
    """The parts of a title that are forms of its first word; always the first part."""
    first, *others = (part.strip() for part in title.split(","))
    stem = key_of(first)[:_SHARED_LETTERS]
    return (first, *(other for other in others if stem and key_of(other).startswith(stem)))


def read_reference(text: str, book: Book) -> Reference:
    """Read one reference printed in `book`."""
    if words(text)[:1] == ("condition",):
        return Reference("condition", book)
    if other := _OTHER_INDEX.match(text):
        book = "external_causes" if other.group(1).lower() == "external" else "diseases"
        text = text[other.end() :]
    if table := _TABLE.match(text):
        book = "neoplasms" if table.group(1).lower() == "neoplasms" else "drugs"
        text = text[table.end() :]
        if not _CODES.match(text):
            return _into_table(text, book)
    if _CODES.match(text.strip()):
        return Reference("codes", book)
    return _entry(_NAMED_CODE.sub("", text), book)


def _into_table(text: str, book: Book) -> Reference:
    if book == "neoplasms":
        return into_neoplasm_table(_entry(text, book))
    column = next((column for words_, column in _INTENTS if words_ in text), "")
    for said, _ in _INTENTS:
        text = text.replace(said, "")
    entry = _entry(text, book)
    return entry._replace(kind="entry" if entry.parts else "table", column=column)


def _entry(text: str, book: Book) -> Reference:
    text = _PARENTHESES.sub("", " ".join(text.split()))
    choices = [match.group(1) for match in _CHOICE.finditer(text)]
    parts = [part.strip() for part in _CHOICE.sub("", text).split(",")]
    choices += [part.removeprefix("by ") for part in parts if part.startswith("by ")]
    kept = tuple(part for part in parts if words(part) and not part.startswith("by "))
    return Reference("entry", book, kept, " and ".join(choices))


def into_neoplasm_table(reference: Reference) -> Reference:
    """`Neoplasm, skin, benign` as a site and a column of the neoplasm table."""
    said = ", ".join(reference.parts)
    columns = [column for behavior, column in _BEHAVIORS if behavior in said]
    for behavior, _ in _BEHAVIORS:
        said = said.replace(behavior, "")
    parts = tuple(part.strip() for part in said.split(",") if words(part) and words(part) != ("primary",))
    return reference._replace(book="neoplasms", parts=parts, column=next(iter(columns), ""))


class PrintedLine(NamedTuple):
    """One entry of a subtree as it is stored."""

    id: int
    parent: int | None
    title: str
    nonessential: str


class Way(NamedTuple):
    """An entry below one that the reference leaves out, and the entry where it does."""

    id: int
    omitted_below: int


class Match(NamedTuple):
    """An entry that covers words of a reference. Fewer missing words win, then fewer further words, then book order."""

    missing: int
    further: int
    id: int


class _Line(NamedTuple):
    id: int
    forms: tuple[frozenset[str], ...]
    qualifiers: frozenset[str]
    said: frozenset[str]
    modifiers: frozenset[str]
    connector: frozenset[str]


class Subtree:
    """A main term with everything below it, ready to be searched by the words of a reference."""

    def __init__(self, lines: Iterable[PrintedLine]) -> None:
        self._children: dict[int | None, list[_Line]] = defaultdict(list)
        self._main: _Line | None = None
        vocabulary: set[str] = set()
        for line in lines:
            prepared = _prepared(line)
            self._main = self._main or prepared
            self._children[line.parent].append(prepared)
            vocabulary |= prepared.said | prepared.modifiers
        self._vocabulary = frozenset(vocabulary)
        self.size = sum(map(len, self._children.values()))
        """Entries, the main term included."""

    def best(self, text: str, *, choosing: bool = False) -> Match | None:
        """The entry that covers the text best; None for an empty subtree.

        A reference may leave out one level: with `choosing` the coder chooses there (`Bite, by site, superficial`)
        and the entry is the one above that level; without, only one entry may be meant.
        """
        if self._main is None:
            return None
        asked = self._in_these_words(text)
        rest = asked - _JOINING - self._main.said - self._main.modifiers
        found = min(self._matches(self._main, rest, asked, _further(self._main, asked)))
        ways = list(self._ways(self._main, rest, asked)) if found.missing else []
        if ways and choosing:
            return Match(0, found.further, ways[0].omitted_below)
        return Match(0, found.further, ways[0].id) if len(ways) == 1 else found

    def _in_these_words(self, text: str) -> frozenset[str]:
        """The words asked for, each in the ending that is printed below this main term (`retina`, `retinal`)."""
        return frozenset(self._printed_form(word) for word in words(text))

    def _printed_form(self, word: str) -> str:
        if word in self._vocabulary or len(word) < _LONG_WORD:
            return word
        kin = (
            w
            for w in self._vocabulary
            if min(len(w), len(word)) >= _LONG_WORD
            and abs(len(w) - len(word)) <= _LONGEST_ENDING
            and (w.startswith(word) or word.startswith(w))
        )
        return min(kin, key=lambda w: (abs(len(w) - len(word)), w), default=word)

    def _matches(self, line: _Line, rest: frozenset[str], asked: frozenset[str], further: int) -> Iterator[Match]:
        """The entry itself, or the branch that is asked for below it, and every way on that covers more."""
        branch = None if rest else self._branch(line, asked)
        yield Match(len(rest), further + bool(line.connector), branch.id if branch else line.id)
        for child in self._children[line.id] if rest else ():
            added = rest & (child.said | child.modifiers)
            if added:
                cost = further + _further(child, asked) + (not rest & child.said)
                yield from self._matches(child, rest - added, asked, cost)
            elif child.connector:
                cost = further + (not child.connector & asked)
                yield from self._matches(child, rest, asked, cost)

    def _ways(self, line: _Line, rest: frozenset[str], asked: frozenset[str]) -> Iterator[Way]:
        """Entries that cover what is left when one level is left out: below `line`, or further down."""
        for child in self._children[line.id]:
            if added := rest & (child.said | child.modifiers):
                yield from self._ways(child, rest - added, asked)
            elif child.connector:
                yield from self._ways(child, rest, asked)
            elif (below := min(self._matches(child, rest, asked, 0))).missing == 0:
                yield Way(below.id, line.id)

    def _branch(self, line: _Line, asked: frozenset[str]) -> _Line | None:
        """`Pneumonia, in` asks for the branch itself."""
        wanted = asked & _JOINING
        return next((c for c in self._children[line.id] if wanted and wanted <= c.connector), None)


def _prepared(line: PrintedLine) -> _Line:
    said = frozenset(words(line.title))
    forms = tuple(frozenset(words(form)) - _JOINING for form in inflections(line.title))
    qualifiers = said - _JOINING - frozenset().union(*forms)
    connector = frozenset() if said - _JOINING else said or frozenset({line.title})
    modifiers = frozenset(words(line.nonessential)) - _JOINING - _DENYING
    return _Line(line.id, forms, qualifiers, said - _JOINING, modifiers, connector)


def _further(line: _Line, asked: frozenset[str]) -> int:
    """Words that the title has beyond those asked for, its first word in the form that fits best."""
    return min(len(form - asked) for form in line.forms) + len(line.qualifiers - asked)


def _singular(word: str) -> str:
    for ending, single in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + single
    plural = word.endswith("s") and len(word) > _SHARED_LETTERS and not word.endswith(_KEPT_S)
    return word[:-1] if plural else word
