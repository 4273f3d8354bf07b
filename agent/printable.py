"""Text from outside made harmless to look at: one visible character for each that would steer a screen."""

from __future__ import annotations

from typing import Final

_CONTROLS: Final = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_UNSHOWABLE: Final = dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD)
_SURROGATES: Final = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_VISIBLE: Final = _CONTROLS | _UNSHOWABLE | _SURROGATES


def printable(text: str) -> str:
    """Control characters become their pictures, what reorders or breaks a line is blocked out; one for one."""
    return text.translate(_VISIBLE)
