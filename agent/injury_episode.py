"""The encounter of an external cause is that of the injury it explains (guideline I.C.20.a.2)."""

from __future__ import annotations

import re
from typing import Final

from agent.code_set import CodeSet
from medcoding.codebook import Codebook

_INJURY: Final = re.compile(r"(?:S\d\d|T(?:0\d|1\d|2\d|3[0-4]|6[6-9]|7\d))\.\w{2,3}([ADS])$")
_CAUSE: Final = re.compile(r"(?:[VWX]\d\d|Y[0-3]\d)\.\w{3}[ADS]$")


def settle_episodes(settled: CodeSet, codebook: Codebook) -> None:
    """Where all injuries are of one encounter, so is every cause."""
    told = {match.group(1) for code in settled.lines if (match := _INJURY.fullmatch(code))}
    if len(told) != 1:
        return
    seventh = told.pop()
    for code in [code for code in settled.lines if _CAUSE.fullmatch(code) and not code.endswith(seventh)]:
        found = f"{code[:-1]}{seventh}"
        if codebook.is_billable(found):
            settled.rename(code, found, "I.C.20.a.2: the seventh character of the injury.")
