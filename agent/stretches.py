"""Stretches: the words of a line that belong to a mention, as commas and other mentions part them.

Its own words, the words before it up to the last comma or mention, and behind it the words up to the next mention that
do nothing but qualify (`asthma, moderate, persistent`; `fracture of the left wrist`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.lines import Line, Spotted
from retrieval.wording import LATERALITY_WORDS, Token

QUALIFIERS: Final = frozenset(
    (
        "mild moderate severe acute chronic subacute recurrent single first second third fourth stage grade "
        "type primary secondary intractable refractory controlled uncontrolled remission partial full early "
        "sustained displaced nondisplaced open closed comminuted transverse oblique spiral medial lateral "
        "anterior posterior upper lower proximal distal hyperglycemia hypoglycemia exacerbation hemorrhage "
        "perforation obstruction bleeding neuropathy nephropathy retinopathy gangrene ulcer angina failure "
        "systolic diastolic combined paroxysmal persistent permanent trimester psychotic anxious manic "
        "depressed mixed episode initial ambulatory class complication foreign body aura migrainosus status "
        "tear rupture delayed nonunion malunion radiculopathy myelopathy cervical thoracic lumbar lumbosacral "
        "sacral unilateral tophus tophaceous idiopathic allergic obesity morbid calorie excess dependence "
        "abuse use withdrawal cigarette nicotine alcohol opioid cannabis cocaine insulin intermittent complete "
        "incomplete traumatic nontraumatic profound bipolar unstageable relapsing remitting mod degree smokeless"
    ).split()
)
"""Words that siblings differ by."""

_FILLERS: Final = frozenset(
    (
        "is was are were remain remains appear appears in of to at on with the very quite currently now still well "
        "since stable controlled uncontrolled improving improved unchanged worse worsening known longstanding nyha "
        "gold child pugh stage class grade type eye ear side degree and visit encounter today form symptoms feature "
        "pattern disease healing routine thickness w non not i ii iii iv right-sided left-sided rt lt bilat"
    ).split()
)
_LEADS_ON: Final = frozenset({"with", "and", "in", "on", "to", "at"})
"""Behind these the words before the next mention are that one's: `dementia with severe constipation`."""

_BREAK: Final = re.compile(r"[,;:()|\n]|\s[-–—]\s|\.\s")


class Beside(NamedTuple):
    """The words that belong to a mention, as tokens and as written."""

    tokens: list[Token]
    text: str


def beside(line: Line, found: Spotted, every: Sequence[Spotted]) -> Beside:
    """What belongs to one mention of a line; `every` are all the line's mentions."""
    before, after = _bounds(line, found, every)
    start = max((m.end() for m in _BREAK.finditer(line.text, before, found.start)), default=before)
    stretches = [(start, found.start), *_qualifying(line, found, after)]
    tokens = [t for t in line.words if any(a <= t.start and t.end <= b for a, b in stretches)]
    return Beside(tokens, " ; ".join(line.text[a:b] for a, b in stretches))


def behind(line: Line, found: Spotted, every: Sequence[Spotted]) -> Iterator[list[Token]]:
    """The words behind a mention, stretch by stretch; behind a comma those right before the next mention are its."""
    _, after = _bounds(line, found, every)
    for place, (start, end) in enumerate(_stretches(line, found, after)):
        if place and end == after < len(line.text):
            return
        yield [t for t in line.words if start <= t.start and t.end <= end]


def _bounds(line: Line, found: Spotted, every: Sequence[Spotted]) -> tuple[int, int]:
    """Where the mention before ends and the one behind begins."""
    others = [f for f in every if f.part_of is None and not (f.start < found.end and found.start < f.end)]
    before = max((f.end for f in others if f.end <= found.start), default=0)
    return before, min((f.start for f in others if f.start >= found.end), default=len(line.text))


def _stretches(line: Line, found: Spotted, after: int) -> Iterator[tuple[int, int]]:
    breaks = [m.span() for m in _BREAK.finditer(line.text, found.end, after)]
    begins = [found.end, *(end for _, end in breaks)]
    yield from zip(begins, [*(start for start, _ in breaks), after], strict=True)


def _qualifying(line: Line, found: Spotted, after: int) -> Iterator[tuple[int, int]]:
    """The words that directly go on, and every later stretch that does nothing but qualify."""
    for place, (start, end) in enumerate(_stretches(line, found, after)):
        words = [t for t in line.words if start <= t.start and t.end <= end]
        run = next((i for i, token in enumerate(words) if not _qualifies(token.form)), len(words))
        if place == 0 and run == len(words) and end == after < len(line.text):
            run = max((i for i, token in enumerate(words) if token.form in _LEADS_ON), default=0)
        if place == 0 and run:
            yield start, words[run - 1].end
        elif place and words and run == len(words) and (end < after or after == len(line.text)):
            yield start, end


def _qualifies(form: str) -> bool:
    return form in QUALIFIERS or form in _FILLERS or form in LATERALITY_WORDS or form[:1].isdigit()
