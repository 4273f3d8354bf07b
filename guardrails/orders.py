"""Orders: words that tell a coder or a machine what to answer, as far as patterns know them.

Patterns find what is written plainly, in some fifteen languages; whoever knows them can write around them.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from guardrails.order_patterns import GROUPS
from guardrails.orders_abroad import FOREIGN, MIXED, TOLD_ABROAD

_GROUPS: Final = (*GROUPS, TOLD_ABROAD)
_ORDERS: Final = tuple(order for group in _GROUPS for order in group.orders)
_START: Final = 3
_FIRST_WORD: Final = re.compile(r"\W?(\w+)")
_WORD: Final = re.compile(r"\w+")


def _start_of(telling: str) -> str:
    """The first letters of the word with which it begins; empty where it may stand inside one."""
    found = _FIRST_WORD.match(telling)
    return found.group(1)[:_START] if found and telling[0] in f" {found.group(1)[0]}" else ""


def _by_start() -> dict[str, tuple[str, ...]]:
    """What patterns need, by its first letters."""
    telling = sorted({word for order in _ORDERS for words in order.needs for word in words})
    return {start: tuple(word for word in telling if _start_of(word) == start) for start in map(_start_of, telling)}


_TELLING: Final = _by_start()
_CLAUSE_END: Final = re.compile(r"[;)\]}>\n]|[.!?](?=\s|$)")
_ANSWERED: Final = re.compile(r"(?<![\w.])(?:none|\d)(?=,)")
_SPACED: Final = re.compile(r"(?:\b[a-z]\b[ ,.]+){9,}[a-z]\b")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_MOST_LETTERS_ALONE: Final = 10
_NAMED_SPACED: Final = re.compile(r"ignore|answer|choose|select|reply|none")
_TURNED: Final = frozenset("rewsna erongi tceles esoohc ylper nafjre vtaber pubbfr fryrpg ercyl".split())
"""Answer, ignore, select, choose, reply: backwards, and each letter thirteen places on."""

_READABLE: Final = re.compile(rb"[\w .,:;!?'\"-]{12,}")
_LEET: Final = str.maketrans("013457@$", "oieastas")
_LEET_WORD: Final = re.compile(r"\b(?=[a-z0-9@$]*\d[a-z])(?=[a-z0-9@$]*[a-z]{2})[a-z0-9@$]{4,}\b")
_SOFT: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def legible(text: str) -> str:
    """Text in lower case as a reader takes it: without invisible characters, escapes and look-alike forms resolved."""
    shown = _SOFT.sub("", text) if not text.isascii() else text
    if not shown.isascii():
        shown = unicodedata.normalize("NFKC", shown)
    if "&" in shown or "%" in shown:
        shown = unquote(html.unescape(shown))
    return shown.lower()


def holds_order(text: str) -> bool:
    """True where a pattern finds an order, or text that has to be decoded."""
    shown = legible(text)
    words = _WORD.findall(shown)
    return _is_order(shown, words) or _is_cipher(text, shown, words)


def order_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where orders stand in `legible(text)`, each to the end of its clause; all of it where it must be decoded."""
    shown = legible(text)
    words = _WORD.findall(shown)
    if _is_cipher(text, shown, words):
        return ((0, len(shown)),)
    present = _present(shown, words)
    groups = [group.pattern for group in _GROUPS if any(order.may_match(present) for order in group.orders)]
    found = (match for pattern in (*groups, *_strange(shown)) for match in pattern.finditer(shown))
    return tuple((match.start(), _clause_end(shown, match.start(), match.end())) for match in found)


def _clause_end(shown: str, start: int, after: int) -> int:
    """The end of the clause; behind its answer where a comma follows it: what comes then is no part of the order."""
    found = _CLAUSE_END.search(shown, max(after - 1, 0))
    end = found.end() if found else len(shown)
    answered = _ANSWERED.search(shown, start, end)
    return answered.end() if answered else end


def _is_order(shown: str, words: list[str]) -> bool:
    """True where a pattern finds an order in text that is legible as it stands."""
    present = _present(shown, words)
    likely = (order.pattern for order in _ORDERS if order.may_match(present))
    return any(pattern.search(shown) for pattern in (*_strange(shown), *likely))


def _present(shown: str, words: list[str]) -> frozenset[str]:
    """What patterns need of that which stands in the text."""
    starts = {"", *[word[:_START] for word in words]}
    return frozenset(
        word for start in starts & _TELLING.keys() for word in _TELLING[start] if word.lstrip("*") in shown
    )


def _strange(shown: str) -> tuple[re.Pattern[str], ...]:
    """The patterns for other scripts, where there is one."""
    return () if shown.isascii() else (FOREIGN, MIXED)


def _is_cipher(text: str, shown: str, words: list[str]) -> bool:
    """True for text that has to be decoded: spaced out, digits for letters, base64, hex."""
    return (
        not _TURNED.isdisjoint(words)
        or _is_spaced(shown, words)
        or _is_leet(shown)
        or any(map(_decodes, _TOKEN.findall(text)))
    )


def _is_spaced(shown: str, words: list[str]) -> bool:
    if sum(len(word) == 1 for word in words) < _MOST_LETTERS_ALONE:
        return False
    spaced = _SPACED.search(shown)
    return bool(spaced and _NAMED_SPACED.search(re.sub(r"\W", "", spaced.group())))


def _is_leet(shown: str) -> bool:
    """True where a word that an order needs is written with digits for letters."""
    written = [word.translate(_LEET) for word in _LEET_WORD.findall(shown)]
    if not _present(" ".join(written), written):
        return False
    plain = _LEET_WORD.sub(lambda word: word.group().translate(_LEET), shown)
    return _is_order(plain, _WORD.findall(plain))


def _decodes(token: str) -> bool:
    try:
        plain = bytes.fromhex(token) if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", token) else base64.b64decode(token + "==")
    except (ValueError, binascii.Error):
        return False
    return bool(_READABLE.fullmatch(plain)) and b" " in plain
