"""Do damaged official files ever get half loaded, or end in anything but one sentence?

Excerpts of the real files (one chapter's blocks, their codes as an order file, the first lines of the HCPCS table) are
damaged in every way of `evals.mutations` and read by the readers of the index build.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import fromstring

from evals.mutations import mutations
from index_build.editions.listed import CodeListing, by_tabular, listed_entries
from index_build.editions.load import load_editions
from index_build.editions.packaged import packaged_release
from index_build.readers.hcpcs import read_hcpcs
from index_build.readers.order_file import read_order
from index_build.readers.tabular import read_tabular
from medcoding.errors import InputError
from medcoding.record import Record

_CHAPTER: Final = "19"
_BLOCKS: Final = ("S00-S09", "T36-T50")
"""Seventh characters, placeholders and long notes."""
_CATEGORIES: Final = 4
"""Of each block."""
_HCPCS_LINES: Final = 200
_LONGEST_SENTENCE: Final = 400
_CODE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(\.|$)")
_TABULAR_NAME: Final = "icd10cm-tabular-2026.xml"
_ORDER_NAME: Final = "icd10cm-order-2026.txt"


class DamagedKind(Record):
    """What became of the damaged copies of one kind of file."""

    kind: str
    copies: int
    refused: int
    """With one sentence."""
    whole: int
    """Loaded with every code as it was."""
    shorter: int
    """Loaded without some codes, each of the others as it was: a table cut at a line's end says nothing of it."""
    half_loaded: int
    """Loaded with a code that the file never had, or with other content than it had."""
    other_errors: int
    """Anything but a sentence: a traceback for the user."""


class DamagedFiles(Record):
    """All kinds."""

    kinds: tuple[DamagedKind, ...]

    @property
    def clean(self) -> bool:
        """True when nothing was half loaded and nothing ended in another error."""
        return not any(kind.half_loaded or kind.other_errors for kind in self.kinds)


class _Reader(NamedTuple):
    """A kind of file: an excerpt and how it is read, from bytes to what each code stands for."""

    data: bytes
    read: Callable[[bytes], Mapping[str, object]]


def measure_damage(hcpcs: Path, count: int, told: Callable[[int], None]) -> DamagedFiles:
    """Damage `count` copies in all, evenly over the kinds; `hcpcs` is a table of HCPCS Level II codes."""
    readers = _readers(hcpcs)
    each = -(-count // len(readers))
    return DamagedFiles(kinds=tuple(_measured(kind, reader, each, told) for kind, reader in readers.items()))


def _readers(hcpcs: Path) -> dict[str, _Reader]:
    release = packaged_release()
    if release.tabular is None:
        raise InputError("The packaged release has no tabular list; run 'make install'.")
    tabular = _excerpt(fromstring(release.tabular.read_bytes()))
    printed = read_tabular(tabular, _TABULAR_NAME).entries
    ours = [e for e in load_editions([])[0].entries if _CODE.match(e.code) and e.code[:3] in printed]
    order = "".join(
        f"{number:05d} {entry.code.replace('.', ''):7} {int(entry.billable)} {entry.title[:60]:60} {entry.title}\n"
        for number, entry in enumerate(sorted(ours, key=lambda e: e.code), start=1)
    ).encode()
    lines = hcpcs.read_bytes().splitlines(keepends=True)[:_HCPCS_LINES]
    return {
        "tabular": _Reader(tabular, lambda data: _edition(order, data)),
        "order": _Reader(order, lambda data: _edition(data, tabular)),
        "hcpcs": _Reader(b"".join(lines), _procedures),
    }


def _excerpt(book: Element) -> bytes:
    """One chapter with two of its blocks and a few categories of each, as XML of the official shape."""
    for chapter in book.findall("chapter"):
        if chapter.findtext("name") != _CHAPTER:
            book.remove(chapter)
            continue
        for block in chapter.findall("section"):
            if block.get("id") not in _BLOCKS:
                chapter.remove(block)
            for category in block.findall("diag")[_CATEGORIES:]:
                block.remove(category)
    excerpt: bytes = tostring(book, encoding="utf-8", xml_declaration=True)
    return excerpt


def _edition(order: bytes, tabular: bytes) -> Mapping[str, object]:
    listing = CodeListing(_ORDER_NAME, read_order(order, _ORDER_NAME))
    entries = listed_entries(listing, by_tabular(read_tabular(tabular, _TABULAR_NAME)))
    return {entry.code: entry.billable for entry in entries if _CODE.match(entry.code)}


def _procedures(data: bytes) -> Mapping[str, object]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hcpcs.tsv"
        path.write_bytes(data)
        return {code.code: (code.effective_from, code.effective_to) for code in read_hcpcs(path).codes}


def _measured(kind: str, reader: _Reader, copies: int, told: Callable[[int], None]) -> DamagedKind:
    whole = reader.read(reader.data)
    outcomes: Counter[str] = Counter()
    for damage in mutations(reader.data, copies):
        outcomes[_outcome(reader, damage.data, whole)] += 1
        told(1)
    return DamagedKind(
        kind=kind,
        copies=copies,
        **{outcome: outcomes[outcome] for outcome in ("refused", "whole", "shorter", "half_loaded", "other_errors")},
    )


def _outcome(reader: _Reader, data: bytes, whole: Mapping[str, object]) -> str:
    try:
        loaded = reader.read(data)
    except InputError as refusal:
        sentence = str(refusal)
        plain = sentence.endswith(".") and sentence.isprintable() and len(sentence) < _LONGEST_SENTENCE
        return "refused" if plain else "other_errors"
    except Exception:  # noqa: BLE001 - what is counted
        return "other_errors"
    if loaded == whole or data == reader.data:
        return "whole"
    return "shorter" if loaded.items() <= whole.items() else "half_loaded"
