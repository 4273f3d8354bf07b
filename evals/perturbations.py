"""Ways of writing the same note differently: what was meant stays, so its codes stay.

Each way takes a text and a seeded chance and gives the pieces of the new text. `perturbed` applies one to a coded
encounter and carries its evidence over. Pure: the same seed does the same to the same encounter.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Final

from evals.rewriting import Edit, Piece, edited, followed, rewritten
from evals.safe_abbreviations import SAFE_ABBREVIATIONS
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.encounter import Document

CUES: Final = frozenset(
    """
    without denied denies denying negative negatives absence absent excluded excludes exclude unlikely possible possibly
    probable probably suspected suspect suspicious suspicion presumed presumptive consistent compatible concern
    concerning questionable question history historical previous previously resolved family father mother brother sister
    maternal paternal daughter grandmother grandfather cousin uncertain potential threatened impending prophylactic
    bilateral bilaterally unilateral unspecified initial subsequent sequela recurrent remission
    abduction adduction perineal peroneal arteritis arthritis ureteral urethral
    """.split()
)
"""Words that turn the meaning of what stands beside them, and pairs that one slip turns into each other."""

_LONG_WORD: Final = re.compile(r"(?<![\w'’-])[A-Za-z]{7,}(?![\w'’-])")
_ONE_WORD_IN: Final = 8
"""One long word in eight gets a slip: a hurried note, not a broken one."""
_NEIGHBOURS: Final = dict(
    pair.split(":")
    for pair in (
        "a:qsz b:vn c:xv d:sf e:wr f:dg g:fh h:gj i:uo j:hk k:jl l:k m:n n:bm o:ip p:o q:wa r:et s:ad t:ry u:yi v:cb "
        "w:qe x:zc y:tu z:xs"
    ).split()
)
"""Keys beside a key on the same or the next row of a QWERTY keyboard."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MOST_SHORT: Final = 6
"""Capitals up to this length may be an abbreviation that small letters would hide (ALL, AIDS)."""

_HEADINGS: Final = "|".join(
    re.escape(heading)
    for heading in """
    chief complaint|cc|reason for visit|reason for stay|reason for admission|history of present illness|hpi|subjective|
    objective|interval history|past medical history|pmh|past history|past surgical history|psh|surgical history|family
    history|fh|fhx|social history|sh|shx|medications|current medications|meds|home medications|allergies|review of
    systems|ros|vitals|vital signs|physical exam|physical examination|exam|examination|pe|labs|laboratory|laboratory
    data|imaging|studies|data|results|hospital course|course|procedure|procedures|assessment|assessment and
    plan|assessment/plan|a/p|a&p|impression|final impression|diagnosis|diagnoses|final diagnosis|final
    diagnoses|discharge diagnosis|discharge diagnoses|dx|dx at discharge|plan|disposition|recommendations|background
    """.replace("\n", " ").split("|")
    for heading in [" ".join(heading.split())]
)
_SECTION_START: Final = re.compile(rf"^[ \t]*(?:{_HEADINGS})[ \t]*(?::|$)", re.IGNORECASE | re.MULTILINE)

_BULLET: Final = re.compile(r"\n[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+")
_SENTENCE_GAP: Final = re.compile(r"(?<=[a-z0-9)%][a-z0-9)%][.;]) (?=[A-Z][a-z])")
_TITLES: Final = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|No|Pt|pt)\.$")
_MEASURE: Final = re.compile(r"(?<=\d) (?=(?:mg|mcg|g|kg|mL|ml|cm|mm|units|%|hours|days|weeks)\b|%)")
_GAP: Final = re.compile(r"(?<=[.,;:]) (?=\S)")
_INNER_SPACE: Final = re.compile(r"(?<=[a-z,]) (?=[a-z]{2})")
_LINE_WIDTH: Final = 60

COPIED_FROM: Final = "[Copied forward from an earlier note of this patient]"
COPIED_TO: Final = "[End of copied text. The note of this visit follows.]"


class Perturbation(StrEnum):
    """Ways of writing the same note differently."""

    ABBREVIATED = "abbreviated"
    EXPANDED = "expanded"
    TYPOS = "typos"
    REORDERED = "reordered sections"
    COPIED_FORWARD = "copied forward"
    CAPITALS = "capitals"
    SMALL_LETTERS = "small letters"
    BULLETS = "prose to bullets"
    PROSE = "bullets to prose"
    WRAPPED = "wrapped lines"
    SPACING = "spacing"


def perturbed(encounter: CodedEncounter, kind: Perturbation, seed: int) -> CodedEncounter:
    """The encounter written differently, its codes and their evidence kept.

    Where there is nothing to change (no abbreviation, one section) it is the same encounter.
    """
    pieces = {d.document_id: tuple(_WAYS[kind](d.text, _chance(d, kind, seed))) for d in encounter.documents}
    texts = {d.document_id: d.text for d in encounter.documents}
    documents = tuple(
        d.model_copy(update={"text": rewritten(d.text, pieces[d.document_id])}) for d in encounter.documents
    )
    if documents == encounter.documents:
        return encounter
    codes = tuple(_followed(line, texts, pieces) for line in encounter.codes)
    return encounter.model_copy(update={"documents": documents, "codes": codes})


def _followed(line: FinalCode, texts: dict[str, str], pieces: dict[str, tuple[Piece, ...]]) -> FinalCode:
    moved = (part for q in line.evidence for part in followed(q, texts[q.document_id], pieces[q.document_id]))
    return line.model_copy(update={"evidence": tuple(moved)})


def _chance(document: Document, kind: Perturbation, seed: int) -> random.Random:
    """Its own for each document, whatever the order of the suite."""
    told = f"{seed}\0{kind}\0{document.document_id}\0{document.text}".encode(errors="surrogatepass")
    return random.Random(hashlib.sha256(told).digest())  # noqa: S311 - reproducible, no secret


def _abbreviated(text: str, _: random.Random) -> Iterable[Piece]:
    """Every wording of the table in its short form, the longest wording first."""
    return edited(text, _longest_first(text, _WORDINGS, {a.words.lower(): a.short for a in SAFE_ABBREVIATIONS}))


def _expanded(text: str, _: random.Random) -> Iterable[Piece]:
    """Every short form of the table, written exactly so, in words; with a capital where a line or sentence begins."""
    words = {a.short: a.words for a in SAFE_ABBREVIATIONS}
    found = ((m, words[m.group()]) for m in _SHORT_FORMS.finditer(text))
    return edited(
        text, (Edit(m.start(), m.end(), said[0].upper() + said[1:] if _begins(text, m) else said) for m, said in found)
    )


def _begins(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()].rstrip(" \t")
    return not before or before[-1] in ".!?\n"


def _longest_first(text: str, pattern: re.Pattern[str], said: dict[str, str]) -> Iterator[Edit]:
    for match in pattern.finditer(text):
        yield Edit(match.start(), match.end(), said[" ".join(match.group().lower().split())])


def _with_typos(text: str, chance: random.Random) -> Iterable[Piece]:
    """One long word in eight, at least one: two letters exchanged, a neighbouring key, a letter lost or doubled."""
    words = [m for m in _LONG_WORD.finditer(text) if m.group().lower() not in CUES and not m.group().isupper()]
    chosen = chance.sample(words, min(len(words), max(1, len(words) // _ONE_WORD_IN)))
    return edited(text, (Edit(m.start(), m.end(), _slipped(m.group(), chance)) for m in chosen))


def _slipped(word: str, chance: random.Random) -> str:
    """First and last letter stay, and so does the length but for one letter."""
    at = chance.randrange(1, len(word) - 2)
    here, after = word[at], word[at + 1]
    return word[:at] + chance.choice(
        (
            after + here + word[at + 2 :],
            chance.choice(_NEIGHBOURS.get(here.lower(), here)) + word[at + 1 :],
            word[at + 1 :],
            here + word[at:],
        )
    )


def _reordered(text: str, chance: random.Random) -> Iterable[Piece]:
    """Sections in another order; what stands before the first heading stays first."""
    starts = [m.start() for m in _SECTION_START.finditer(text)]
    sections = list(pairwise([*starts, len(text)]))
    order = chance.sample(sections, len(sections))
    if order == sections:
        return (Piece(0, len(text)),)
    pieces = [Piece(0, starts[0])]
    for start, end in order:
        pieces += [Piece(start, end), Piece(end, end, "" if text[end - 1] == "\n" else "\n")]
    return pieces


def _copied_forward(text: str, _: random.Random) -> Iterable[Piece]:
    """The same words once more before the note, marked as an earlier one: nothing is said that was not said."""
    return (Piece(0, 0, f"{COPIED_FROM}\n{text.strip()}\n{COPIED_TO}\n\n"), Piece(0, len(text)))


def _in_capitals(text: str, _: random.Random) -> Iterable[Piece]:
    return edited(text, (Edit(m.start(), m.end(), m.group().upper()) for m in _WORD.finditer(text)))


def _in_small_letters(text: str, _: random.Random) -> Iterable[Piece]:
    """Capitals at the beginning of words go; short words that are all capitals stay."""
    words = (m for m in _WORD.finditer(text) if not (m.group()[1:].upper() == m.group()[1:] and _is_short(m.group())))
    return edited(text, (Edit(m.start(), m.end(), m.group().lower()) for m in words))


def _is_short(word: str) -> bool:
    return 1 < len(word) <= _MOST_SHORT and word[:1].isupper()


def _as_bullets(text: str, _: random.Random) -> Iterable[Piece]:
    gaps = (m for m in _SENTENCE_GAP.finditer(text) if not _TITLES.search(text[max(0, m.start() - 4) : m.start()]))
    return edited(text, (Edit(m.start(), m.end(), "\n- ") for m in gaps))


def _as_prose(text: str, _: random.Random) -> Iterable[Piece]:
    """List items run on in one line, behind the heading where one announces them with a colon."""
    return edited(text, (Edit(m.start(), m.end(), _run_on(text, m.start())) for m in _BULLET.finditer(text)))


def _run_on(text: str, end: int) -> str:
    """What stands between a line that ends there and the item after it; a heading without a colon keeps its line."""
    line = text[text.rfind("\n", 0, end) : end]
    if not _BULLET.match(line) and not line.rstrip().endswith(":"):
        return "\n"
    return " " if line.rstrip()[-1:] in tuple(".:;!?") else "; "


def _wrapped(text: str, _: random.Random) -> Iterable[Piece]:
    """Long lines broken before a small letter, as a fixed width breaks them."""
    edits: list[Edit] = []
    begun = 0
    for match in _INNER_SPACE.finditer(text):
        begun = max(begun, text.rfind("\n", 0, match.start()) + 1)
        if match.start() - begun >= _LINE_WIDTH:
            edits.append(Edit(match.start(), match.end(), "\n"))
            begun = match.end()
    return edited(text, edits)


def _spaced(text: str, chance: random.Random) -> Iterable[Piece]:
    """No blank between number and unit, and here and there two behind a punctuation mark."""
    joined = [Edit(m.start(), m.end(), "") for m in _MEASURE.finditer(text)]
    widened = [Edit(m.start(), m.end(), "  ") for m in _GAP.finditer(text) if chance.random() < 0.5]
    return edited(text, [*joined, *widened])


_NO_HEADING: Final = r"(?!\s+(?:the\s+)?present)"
"""`History of present illness` is a heading, not a history of something."""


def _any_of(phrases: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    ordered = sorted(phrases, key=lambda p: (-len(p), p))
    patterns = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in ordered)
    return re.compile(rf"(?<![\w/-])(?:{patterns})(?![\w/-]){_NO_HEADING}", flags)


_WORDINGS: Final = _any_of((a.words for a in SAFE_ABBREVIATIONS), re.IGNORECASE)
_SHORT_FORMS: Final = _any_of(a.short for a in SAFE_ABBREVIATIONS)

_WAYS: Final[dict[Perturbation, Callable[[str, random.Random], Iterable[Piece]]]] = {
    Perturbation.ABBREVIATED: _abbreviated,
    Perturbation.EXPANDED: _expanded,
    Perturbation.TYPOS: _with_typos,
    Perturbation.REORDERED: _reordered,
    Perturbation.COPIED_FORWARD: _copied_forward,
    Perturbation.CAPITALS: _in_capitals,
    Perturbation.SMALL_LETTERS: _in_small_letters,
    Perturbation.BULLETS: _as_bullets,
    Perturbation.PROSE: _as_prose,
    Perturbation.WRAPPED: _wrapped,
    Perturbation.SPACING: _spaced,
}
