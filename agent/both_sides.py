"""One condition on both sides: one code where the book has one, else a code for each side (guideline I.B.13)."""

from __future__ import annotations

from agent.code_set import CodeSet
from agent.specificity import siblings
from medcoding.codebook import Codebook


def settle_sides(settled: CodeSet, codebook: Codebook) -> None:
    """Bilateral conditions get both codes or the one for both; two codes for the two sides become that one."""
    for code in list(settled.lines):
        if code not in settled.lines:
            continue
        twins = _twins(code, codebook)
        both = twins.get("bilateral")
        sides = [twins[side] for side in ("right", "left") if side in twins]
        if both and both != code and all(side in settled.lines for side in sides) and len(sides) == 2:
            for side in sides:
                settled.rename(side, both, "I.B.13: the condition is on both sides.")
        elif not both and len(sides) == 2 and _is_bilateral(code, settled):
            _one_each(code, sides, settled)


def _is_bilateral(code: str, settled: CodeSet) -> bool:
    return all(m.axes.laterality == "bilateral" for m in settled.mentions_of(settled.lines[code]))


def _one_each(code: str, sides: list[str], settled: CodeSet) -> None:
    for side in sides:
        settled.add_beside(code, side)
    if code not in sides:
        settled.lines.pop(code)


def _twins(code: str, codebook: Codebook) -> dict[str, str]:
    """The right, the left and the bilateral twin of a code that says a side or leaves it open, by side."""
    entry = codebook.entry(code)
    title = entry.title.lower() if entry else ""
    side = next((w for w in ("right", "left", "unspecified") if f" {w} " in f" {title} "), "")
    if not side:
        return {}
    wanted = {_plain(title.replace(side, s, 1)): s for s in ("right", "left", "bilateral")}
    found = {wanted[t]: c for c in (*siblings(code, codebook), code) if (t := _plain(codebook.title(c))) in wanted}
    return found | _bilateral_beside(code, title, side, codebook) if "bilateral" not in found else found


def _bilateral_beside(code: str, title: str, side: str, codebook: Codebook) -> dict[str, str]:
    """`Bilateral primary osteoarthritis of knee` for `Unilateral primary osteoarthritis, right knee`."""
    if not title.startswith("unilateral "):
        return {}
    words = _words(title.replace("unilateral", "bilateral", 1), side)
    both = [c for c in codebook.billable_under(code[:3]) if _words(codebook.title(c).lower(), side) == words]
    return {"bilateral": both[0]} if both else {}


def _words(title: str, side: str) -> frozenset[str]:
    return frozenset(_plain(title).replace(",", "").split()) - {side, "of"}


def _plain(title: str) -> str:
    """Without the plural of `eyes`: a bilateral code may say `both eyes` where the others say `right eye`."""
    return title.lower().removesuffix("s")
