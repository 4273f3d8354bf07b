"""A code set while it is being settled: codes in order of appearance, what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.combine import Combined
from agent.reportable import quote_of
from medcoding.codes import CodeRole, CodeSystem
from medcoding.mention import Mention
from medcoding.proposal import Choice, NotCoded, NotCodedReason, ProposedCode, Source


class CodeSet:
    """The set while it is being settled: codes in order of appearance, what was left out and why."""

    def __init__(self, choices: Iterable[Choice], mentions: Sequence[Mention]) -> None:
        self._mentions = {m.id: m for m in mentions}
        self.lines: dict[str, ProposedCode] = {}
        self.not_coded: list[NotCoded] = []
        for choice in choices:
            self._take(choice)

    def drop(self, code: str, reason: NotCodedReason, detail: str) -> None:
        """Leave a code out and say why."""
        line = self.lines.pop(code)
        self.not_coded.append(
            NotCoded(text=line.evidence[0].text, evidence=line.evidence, code=code, reason=reason, detail=detail)
        )

    def combine(self, found: Combined) -> None:
        """Put the combination in the place of its parts; it takes over their evidence."""
        result, guideline = found.rule.result, found.rule.guideline
        held = [self.lines[result]] if result in self.lines else []
        parts = [self.lines[code] for code in dict.fromkeys((*found.firsts, *found.seconds)) if code != result]
        merged = _merged(result, [*held, *parts], f"{guideline}: the two are reported together.")
        place = min(list(self.lines).index(part.code) for part in [*held, *parts])
        for part in parts:
            if part.code.startswith(found.rule.drops):
                self.drop(part.code, NotCodedReason.DUPLICATE, f"Reported as {result} ({guideline}).")
        others = [(code, line) for code, line in self.lines.items() if code != result]
        self.lines = dict([*others[:place], (result, merged), *others[place:]])

    def add_before(self, code: str, other: str, reason: str) -> None:
        """Report another code on the same evidence as well, in front."""
        if other in self.lines:
            return
        added = self.lines[code].model_copy(update={"code": other, "reason": reason})
        held = [(c, line) for c, line in self.lines.items()]
        place = [c for c, _ in held].index(code)
        self.lines = dict([*held[:place], (other, added), *held[place:]])

    def add_beside(self, code: str, other: str) -> None:
        """Report another code on the same evidence as well."""
        if other not in self.lines:
            self.lines[other] = self.lines[code].model_copy(update={"code": other})

    def rename(self, code: str, other: str, reason: str) -> None:
        """Report another code on the same evidence, in the same place."""
        renamed = self.lines[code].model_copy(update={"code": other, "reason": reason})
        held = self.lines.get(other)
        joined = _joined(held, renamed) if held else renamed
        self.lines = {(other if c == code else c): (joined if c in {code, other} else x) for c, x in self.lines.items()}

    def add_joined(self, code: str, parts: Sequence[str], reason: str) -> None:
        """Report a code that some of the set lead to together, right behind the first of them, on their evidence."""
        if code in self.lines:
            return
        merged = _merged(code, [self.lines[part] for part in parts], reason)
        place = min(list(self.lines).index(part) for part in parts) + 1
        held = list(self.lines.items())
        self.lines = dict([*held[:place], (code, merged), *held[place:]])

    @property
    def mentions(self) -> list[Mention]:
        """Every mention that carries some code of the set."""
        return [m for line in self.lines.values() for m in self.mentions_of(line)]

    def mentions_of(self, line: ProposedCode) -> list[Mention]:
        """The mentions that carry a code."""
        return [self._mentions[i] for i in line.mention_ids]

    def _take(self, choice: Choice) -> None:
        mention = self._mentions[choice.mention_id]
        if choice.code is None:
            if choice.declined_as:
                self.not_coded.append(_uncoded(mention, choice))
            return
        line = _line(choice.code, mention, choice)
        held = self.lines.get(choice.code)
        self.lines[choice.code] = _joined(held, line) if held else line


def _line(code: str, mention: Mention, choice: Choice) -> ProposedCode:
    return ProposedCode(
        system=choice.system,
        code=code,
        role=CodeRole.SECONDARY,
        sequence=1,
        mention_ids=(mention.id,),
        evidence=(quote_of(mention),),
        source=choice.source,
        strength=choice.strength,
        reason=choice.reason,
        missing=choice.missing,
        signals=choice.signals,
    )


def _joined(held: ProposedCode, line: ProposedCode) -> ProposedCode:
    """The same code from another mention: evidence adds up, the stronger choice speaks."""
    lead = held if held.strength >= line.strength else line
    return lead.model_copy(
        update={
            "mention_ids": (*held.mention_ids, *line.mention_ids),
            "evidence": tuple(dict.fromkeys((*held.evidence, *line.evidence))),
        }
    )


def _merged(code: str, parts: Sequence[ProposedCode], reason: str) -> ProposedCode:
    """A combination is only as certain as its weakest part."""
    weakest = min(parts, key=lambda p: p.strength)
    return ProposedCode(
        system=CodeSystem.ICD10CM,
        code=code,
        role=CodeRole.SECONDARY,
        sequence=1,
        mention_ids=tuple(dict.fromkeys(i for p in parts for i in p.mention_ids)),
        evidence=tuple(dict.fromkeys(q for p in parts for q in p.evidence)),
        source=weakest.source if all(p.source is weakest.source for p in parts) else Source.RULES,
        strength=weakest.strength,
        reason=reason,
        signals=weakest.signals,
    )


def _uncoded(mention: Mention, choice: Choice) -> NotCoded:
    reason = choice.declined_as or NotCodedReason.NO_CANDIDATE
    return NotCoded(text=mention.text, evidence=(quote_of(mention),), reason=reason, detail=choice.reason)
