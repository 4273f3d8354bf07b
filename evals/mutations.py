"""Damage of the kinds that files meet on their way: cut, doubled, flipped, recoded, out of order.

Pure: bytes and a seed in, bytes out. The same seed does the same damage to the same bytes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_TAG: Final = re.compile(rb"</?[A-Za-z][^<>]*>")
_CELLS: Final = re.compile(rb"\t|,| {2,}")
_HUGE: Final = 200_000
_LONGEST_STRETCH: Final = 400
_PROLOGUE: Final = (
    b'<!DOCTYPE a [<!ENTITY b "c">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/hostname">',
    b"<?xml version='1.0' encoding='utf-7'?>",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"PK\x03\x04",
)
_ENCODINGS: Final = ("utf-16", "utf-16-le", "utf-32", "utf-7", "cp500", "utf-8-sig")


class Mutation(NamedTuple):
    """Damaged bytes and the name of what was done to them."""

    kind: str
    seed: int
    data: bytes


def mutated(data: bytes, seed: int) -> Mutation:
    """One piece of damage, chosen and placed by the seed. It may leave the bytes as they were."""
    chance = random.Random(seed)  # noqa: S311 - reproducible damage, no secret
    kind = chance.choice(KINDS)
    return Mutation(kind.__name__, seed, kind(data, chance))


def mutations(data: bytes, count: int, first_seed: int = 0) -> Iterator[Mutation]:
    """So many pieces of damage, each done to the whole bytes."""
    return (mutated(data, seed) for seed in range(first_seed, first_seed + count))


def cut(data: bytes, chance: random.Random) -> bytes:
    """The rest never arrived."""
    return data[: chance.randrange(len(data) + 1)]


def cut_lines(data: bytes, chance: random.Random) -> bytes:
    """The rest never arrived, from the beginning of a line on."""
    lines = data.splitlines(keepends=True)
    return b"".join(lines[: chance.randrange(len(lines) + 1)])


def drop_stretch(data: bytes, chance: random.Random) -> bytes:
    """A hole."""
    start, end = _stretch(data, chance)
    return data[:start] + data[end:]


def double_stretch(data: bytes, chance: random.Random) -> bytes:
    """A piece arrived twice."""
    start, end = _stretch(data, chance)
    return data[:end] + data[start:]


def swap_stretches(data: bytes, chance: random.Random) -> bytes:
    """Two pieces changed places."""
    a, b, c, d = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    """Single bits turned over."""
    flipped = bytearray(data)
    for _ in range(chance.randint(1, 4) if data else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def insert_nul(data: bytes, chance: random.Random) -> bytes:
    """Zero bytes in the middle."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + b"\0" * chance.randint(1, 3) + data[at:]


def insert_noise(data: bytes, chance: random.Random) -> bytes:
    """Random bytes in the middle."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randint(1, 40)) + data[at:]


def drop_tag(data: bytes, chance: random.Random) -> bytes:
    """A tag is missing; files without tags lose a stretch."""
    tags = list(_TAG.finditer(data))
    if not tags:
        return drop_stretch(data, chance)
    tag = chance.choice(tags)
    return data[: tag.start()] + data[tag.end() :]


def swap_tags(data: bytes, chance: random.Random) -> bytes:
    """An element is called as another is; files without tags change two stretches."""
    names = sorted(set(re.findall(rb"</?([A-Za-z][\w.]*)", data)))
    if len(names) < 2:
        return swap_stretches(data, chance)
    old, new = chance.sample(names, 2)
    return re.sub(rb"(</?)" + re.escape(old) + rb"\b", rb"\g<1>" + new, data)


def empty_element(data: bytes, chance: random.Random) -> bytes:
    """An element without its text; files without elements lose a stretch."""
    texts = list(re.finditer(rb">([^<>]*\S[^<>]*)<", data))
    if not texts:
        return drop_stretch(data, chance)
    text = chance.choice(texts)
    return data[: text.start(1)] + data[text.end(1) :]


def recode(data: bytes, chance: random.Random) -> bytes:
    """Saved in another encoding."""
    return data.decode("latin-1").encode(chance.choice(_ENCODINGS), errors="replace")


def prepend(data: bytes, chance: random.Random) -> bytes:
    """Something stands before the beginning: a document type, a byte order mark, the head of a zip."""
    return chance.choice(_PROLOGUE) + data


def drop_line(data: bytes, chance: random.Random) -> bytes:
    """A line is missing."""
    lines = data.splitlines(keepends=True)
    if lines:
        del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def double_line(data: bytes, chance: random.Random) -> bytes:
    """A line stands twice."""
    lines = data.splitlines(keepends=True)
    if lines:
        at = chance.randrange(len(lines))
        lines.insert(at, lines[at])
    return b"".join(lines)


def swap_lines(data: bytes, chance: random.Random) -> bytes:
    """Two lines changed places."""
    lines = data.splitlines(keepends=True)
    if lines:
        a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def swap_columns(data: bytes, chance: random.Random) -> bytes:
    """Two cells of one line changed places."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = chance.randrange(len(lines))
    cells = _CELLS.split(lines[at])
    if len(cells) < 2:
        cells = list(filter(None, re.split(rb"( )", lines[at])))
    a, b = chance.randrange(len(cells)), chance.randrange(len(cells))
    cells[a], cells[b] = cells[b], cells[a]
    lines[at] = (b"\t" if b"\t" in lines[at] else b" ").join(cells)
    return b"".join(lines)


def shift_line(data: bytes, chance: random.Random) -> bytes:
    """A line moved by some columns."""
    lines = data.splitlines(keepends=True)
    if lines:
        lines[chance.randrange(len(lines))] = b" " * chance.randint(1, 9) + chance.choice(lines)
    return b"".join(lines)


def huge_line(data: bytes, chance: random.Random) -> bytes:
    """A line without an end."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice((b"A", b" ", b"<a>", b"&#65;", b"0")) * _HUGE + data[at:]


def change_line_ends(data: bytes, chance: random.Random) -> bytes:
    """Saved under another system; no damage to a careful reader."""
    return re.sub(rb"\r\n|\n|\r", chance.choice((b"\r\n", b"\r", b"\n\n", b"\n")), data)


KINDS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    cut,
    cut_lines,
    drop_stretch,
    double_stretch,
    swap_stretches,
    flip_bits,
    insert_nul,
    insert_noise,
    drop_tag,
    swap_tags,
    empty_element,
    recode,
    prepend,
    drop_line,
    double_line,
    swap_lines,
    swap_columns,
    shift_line,
    huge_line,
    change_line_ends,
)
"""Every kind of damage."""


def _stretch(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.randint(1, _LONGEST_STRETCH))
