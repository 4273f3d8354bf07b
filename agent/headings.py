"""Headings: what opens a section, alone on its line, before a colon, within a line, or above a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.tables import rows
from medcoding.chart import SectionKind

_DRESS: Final = re.compile(r"^[\s#*_=•\-]*(?:[IVX]+\.|\d{1,2}[.)])?[\s*_]*|[\s*_=#:]+$")
_INLINE: Final = re.compile(r"^[\s*#_]*([A-Za-z][A-Za-z &/()'.,-]{0,60}?)\s*\**:\**(?=\s|$)")
_WITHIN: Final = re.compile(
    r"(?:^|(?<=[.;!?\])]\s)|(?<=\s[-–]\s)|(?<=\s{2}))[ \t*]*([A-Za-z][A-Za-z&/'() -]{0,48}?)\**\s?(?::\**|->|→|"
    r"=>)(?=\s|$)",
    re.MULTILINE,
)
_SENTENCE: Final = re.compile(r"(?:^|(?<=[.;!?]\s))[ \t]*([A-Z][A-Za-z&/ -]{2,40})\.(?=\s|$)", re.MULTILINE)
_BARE: Final = re.compile(
    r"(?:^|(?<=[.;!?]\s))[ \t]*((?:(?:final|discharge|clinical|ed|working|admission|admitting) )?(?:dx|imp)"
    r"|a/p|final impression|final diagnos[ie]s)[ \t]+(?=[A-Za-z?])",
    re.IGNORECASE | re.MULTILINE,
)
"""`Dx acute bronchitis.`: short forms that nobody follows by anything but a diagnosis."""

_AROUND: Final = re.compile(
    r"^(?:my|our|the|overall|clinical|provider|attending|physician|today's) |"
    r" (?:at|on|of) (?:this (?:visit|time)|discharge|admission|arrival|departure|the time of discharge)$"
    r"| (?:today|now|this (?:visit|admission|encounter))$",
    re.IGNORECASE,
)
"""What may stand around a heading's words: `Assessment at discharge`, `My impression today`."""

_CELLS: Final = re.compile(r"\s*\|\s*|\t+")
_CODE: Final = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?")
_COLUMNS: Final = {
    "problem": SectionKind.PROBLEM_LIST,
    "problems": SectionKind.PROBLEM_LIST,
    "diagnosis": SectionKind.PROBLEM_LIST,
    "diagnoses": SectionKind.PROBLEM_LIST,
    "dx": SectionKind.PROBLEM_LIST,
    "condition": SectionKind.PROBLEM_LIST,
    "issue": SectionKind.PROBLEM_LIST,
    "medication": SectionKind.MEDICATIONS,
    "drug": SectionKind.MEDICATIONS,
    "med": SectionKind.MEDICATIONS,
    "allergen": SectionKind.ALLERGIES,
    "allergy": SectionKind.ALLERGIES,
    "relative": SectionKind.FAMILY_HISTORY,
    "relation": SectionKind.FAMILY_HISTORY,
    "family member": SectionKind.FAMILY_HISTORY,
    "test": SectionKind.RESULTS,
    "lab": SectionKind.RESULTS,
    "component": SectionKind.RESULTS,
    "study": SectionKind.RESULTS,
    "surgery": SectionKind.PAST_SURGICAL_HISTORY,
    "operation": SectionKind.PAST_SURGICAL_HISTORY,
    "system": SectionKind.PHYSICAL_EXAM,
    "vital": SectionKind.VITALS,
}
"""First column of a table's heading row; `plan` beside `problem` makes it an assessment and plan."""

_SHORT: Final = 2


class Heading(NamedTuple):
    """Where a heading begins and where its content does, what it opens, its words as written."""

    start: int
    body: int
    kind: SectionKind
    title: str


class HeadingTable:
    """Which headings open which kind of section."""

    def __init__(self) -> None:
        self._kinds = {row["heading"]: SectionKind(row["section"]) for row in rows("headings.tsv")}

    def kind(self, heading: str) -> SectionKind | None:
        """Kind of section a heading opens, None for words that are no heading."""
        return self._kinds.get(" ".join(heading.lower().split()))

    def opened_by(self, line: str, start: int) -> Heading | None:
        """The heading a line is or begins with. Short headings (`PE`, `S`) need a colon or capitals.

        `start` is where the line stands in its document.
        """
        bare = _DRESS.sub("", _DRESS.sub("", line.strip()))
        if (kind := self.kind(bare)) and (len(bare) > _SHORT or bare.isupper()):
            return Heading(start, start + len(line), kind, bare)
        inline = _INLINE.match(line)
        if inline and (kind := self._near(inline.group(1))):
            return Heading(start, start + inline.end(), kind, inline.group(1))
        return None

    def within(self, line: str, start: int) -> Iterator[Heading]:
        """Headings inside a line: `… lungs clear. Dx: gout. Plan: rest.`, `Impression. Gout.`, `Dx acute gout.`"""
        found = [*self._labels(line, start), *self._sentences(line, start), *self._bare(line, start)]
        yield from sorted(found)

    def of_table(self, line: str) -> SectionKind | None:
        """Kind of the section a table's heading row opens, None for other lines."""
        cells = [cell.strip().lower() for cell in _CELLS.split(line.strip().strip("|")) if cell.strip()]
        if len(cells) < _SHORT or any(char.isdigit() for char in line):
            return None
        kind = _COLUMNS.get(cells[0].removesuffix(" list"))
        if kind is SectionKind.PROBLEM_LIST and any(cell.startswith(("plan", "assessment")) for cell in cells[1:]):
            return SectionKind.ASSESSMENT_PLAN
        return kind

    @staticmethod
    def is_row_of_diagnoses(line: str) -> bool:
        """True for a table's row with a code of the classification in a cell: `| COPD | J44.9 | active |`."""
        cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
        return len(cells) > _SHORT and any(_CODE.fullmatch(cell) for cell in cells)

    def _labels(self, line: str, start: int) -> Iterator[Heading]:
        for match in _WITHIN.finditer(line):
            if kind := self._near(match.group(1)):
                yield Heading(start + match.start(1), start + match.end(), kind, match.group(1))

    def _sentences(self, line: str, start: int) -> Iterator[Heading]:
        for match in _SENTENCE.finditer(line):
            if len(match.group(1)) > _SHORT + 1 and (kind := self._near(match.group(1))):
                yield Heading(start + match.start(1), start + match.end(), kind, match.group(1))

    def _bare(self, line: str, start: int) -> Iterator[Heading]:
        for match in _BARE.finditer(line):
            kind = self._near(match.group(1)) or SectionKind.ASSESSMENT
            yield Heading(start + match.start(1), start + match.end(1), kind, match.group(1))

    def _near(self, words: str) -> SectionKind | None:
        """The kind of the words, or of what is left of them without what may stand around a heading."""
        return self.kind(words) or self.kind(_AROUND.sub("", words.strip()))
