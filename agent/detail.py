"""Detail that stands elsewhere in the record: another sentence, another mention of the condition, the whole pregnancy.

A code is assigned from the whole record (guideline I.B.14): the stage of an ulcer may stand in the nurse's line, the
side in the complaint, the weeks of gestation in the heading. What the record says of a condition anywhere chooses among
the siblings of the code that its mention led to; what it says nowhere stays unspecified (guideline I.B.18).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from agent.code_set import CodeSet
from agent.specificity import LEAVES_OPEN
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.encounter import Setting
from medcoding.mention import Axes, Laterality, Mention
from medcoding.proposal import ProposedCode, Source
from retrieval.likeness import implied, joined, root, roots
from retrieval.refine import affirmed, spelled_out
from retrieval.title_axes import Phase, Said, Trimester, dominance_in, said_in, trimester_in
from retrieval.wording import SIDES, forms

_CLAUSES: Final = re.compile(r"[,;:.()\n]|\b(?:but|although|however)\b", re.IGNORECASE)
_DENIAL: Final = re.compile(
    r"\b(?:no|not|without|denie[sd]|negative for|never|r/o|ruled out|free of|declined|if|avoid|risk of|screen\w*"
    r"|likely|possibl[ey]"
    r"|probabl[ey]|suspect\w*)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_DENIED_BEFORE: Final = re.compile(
    r"\b(?:absent|none|negative|neg|excluded|ruled out|not present|denied|0)\W*$", re.IGNORECASE
)
_WEEKS: Final = re.compile(
    r"\b(\d{1,2})\s?(?:w(?:ee)?ks?|w(?=\s?\d\s?d|\b))[^.\n]{0,40}|\b(?:first|second|third|1st|2nd|3rd) trimester",
    re.IGNORECASE,
)
_HANDED: Final = re.compile(
    r"\b(right|left)[- ]hand(?:ed|er)|\b(ambidextrous)|\b([RL])HD\b|\b(non-?dominant|dominant)\b", re.IGNORECASE
)
_DELIVERED: Final = re.compile(
    r"\b(?:vaginal|spontaneous|cesarean|c-section|forceps|vacuum)[\w\s,-]{0,20}(?:birth|delivery|section)\b|\bdelivered\b"
    r"|\bliveborn\b|\bliving (?:boy|girl|male|female|infant|child)\b|\blow transverse cesarean\b"
    r"|\b(?:induction|augmentation) of labor\b|\b(?:NSVD|SVD|LTCS)\b|\bplacenta (?:delivered|intact)\b",
    re.IGNORECASE,
)
_AFTER_BIRTH: Final = re.compile(r"\bpost[- ]?partum|\bpuerper\w+|\bPPD\s?#?\d", re.IGNORECASE)
_GESTATION: Final = "Z3A."
_OBSTETRIC: Final = ("O", "Z34")
_NEAR: Final = 10
"""Words on either side of a condition's name that may speak of it."""

_SENTENCES: Final = 400
"""Sentences of one encounter that are looked through; longer records are mostly copies."""


def add_detail(chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
    """Codes chosen by rules give way to the sibling that the whole record spells out."""
    record = WholeRecord(chart, settled, codebook)
    for code in [code for code, line in settled.lines.items() if line.source is Source.RULES]:
        line = settled.lines.get(code)
        finer = spelled_out(code, codebook, record.said_of(line, settled.mentions_of(line))) if line else None
        if finer:
            settled.rename(code, finer, "The record gives the detail elsewhere (I.B.2, I.B.14).")


class WholeRecord:
    """What the sentences of one encounter say, read once and only when asked."""

    def __init__(self, chart: Chart, settled: CodeSet, codebook: Codebook) -> None:
        self._chart = chart
        self._lines = dict(settled.lines)
        self._codebook = codebook
        self._mentions = settled.mentions
        self._by_id = {m.id: m for m in self._mentions}

    def said_of(self, line: ProposedCode, mentions: Sequence[Mention]) -> Said:
        """What the record says of the condition behind one code."""
        doubts_count = self._chart.encounter.setting.codes_uncertain_diagnoses
        words, denied = _clauses(mentions, doubts_count=doubts_count)
        near = [w for clause in (*self._about(mentions), *self._alike(line)) for w in clause]
        axes = mentions[0].axes.model_copy(update={"qualifiers": (), "laterality": self._side(mentions, words, near)})
        said = said_in(words, axes, denied)
        return said._replace(
            implied=(said.implied | roots(joined(near)) | implied(near)) - said.denied,
            trimester=self._trimester if line.code.startswith(_OBSTETRIC) else None,
            phase=self._phase if line.code.startswith(_OBSTETRIC) else None,
            fetus=said.fetus or said_in(near, axes).fetus,
            dominant=self._dominant(axes),
        )

    def of_pregnancy(self, line: ProposedCode, mentions: Sequence[Mention]) -> Said:
        """The same for a code that chapter 15 takes the place of: it is the pregnancy's time that counts."""
        said = self.said_of(line, mentions)
        return said._replace(trimester=self._trimester, phase=self._phase or "pregnancy")

    def _about(self, mentions: Sequence[Mention]) -> Iterator[tuple[str, ...]]:
        """Affirmed words of every sentence that names the condition."""
        named = [roots(forms(m.term or m.query)) - SIDES for m in mentions]
        for words, spoken in self._sentences:
            for name in named:
                if name and name <= words:
                    yield _around(spoken, name)

    def _alike(self, line: ProposedCode) -> Iterator[tuple[str, ...]]:
        """Clauses of other mentions that lead to the same category: `status migrainosus` beside `chronic migraine`."""
        for code, other in self._lines.items():
            if code[:3] == line.code[:3] and code != line.code and LEAVES_OPEN.search(self._codebook.title(code)):
                yield from (tuple(affirmed(self._by_id[i].context)) for i in other.mention_ids)

    def _side(self, mentions: Sequence[Mention], words: Sequence[str], near: Sequence[str]) -> Laterality | None:
        """The mention's own side, else the only one that its clause or the sentences about it name."""
        own: list[Laterality] = [m.axes.laterality for m in mentions if m.axes.laterality]
        if own:
            return own[0] if len(set(own)) == 1 else "bilateral" if {"right", "left"} <= set(own) else own[0]
        for spoken in (words, near):
            sides: list[Laterality] = [side for side in _SIDED if side in spoken]
            if len(sides) == 1:
                return sides[0]
        return None

    def _dominant(self, axes: Axes) -> bool | None:
        return dominance_in(self._handed, axes)

    @cached_property
    def _handed(self) -> tuple[str, ...]:
        found = [m for document in self._chart.encounter.documents for m in _HANDED.finditer(document.text)]
        return _hand(found[0]) if found else ()

    @cached_property
    def _trimester(self) -> Trimester | None:
        """The trimester that most of the record speaks of; weeks of gestation before words."""
        measured = [m.stems[0] for m in self._mentions if m.stems and m.stems[0].startswith(_GESTATION)]
        weeks = Counter(code.removeprefix(_GESTATION) for code in measured if code[-2:].isdigit())
        if weeks:
            return trimester_in((f"{weeks.most_common(1)[0][0]}w",))
        texts = (match.group() for d in self._chart.encounter.documents for match in _WEEKS.finditer(d.text))
        named = Counter(found for text in texts if (found := trimester_in(_weeks(text))))
        return named.most_common(1)[0][0] if named else None

    @cached_property
    def _phase(self) -> Phase | None:
        """The stay of the birth, or the weeks behind it."""
        text = "\n".join(d.text for d in self._chart.encounter.documents)
        if self._chart.encounter.setting is Setting.INPATIENT and _DELIVERED.search(text):
            return "childbirth"
        return "puerperium" if self._trimester is None and _AFTER_BIRTH.search(text) else None

    @cached_property
    def _sentences(self) -> list[tuple[frozenset[str], tuple[str, ...]]]:
        texts = map(self._chart.text_of, self._chart.sentences[:_SENTENCES])
        return [(roots(forms(text)), tuple(affirmed_words(text))) for text in texts]


def _around(words: Sequence[str], name: frozenset[str]) -> tuple[str, ...]:
    """The words near a name; in a long dictated sentence the others speak of something else."""
    places = [place for place, word in enumerate(words) if root(word) in name]
    near = {i for place in places for i in range(place - _NEAR, place + _NEAR + 1)}
    return tuple(word for place, word in enumerate(words) if place in near)


_SIDED: Final[tuple[Laterality, ...]] = ("right", "left", "bilateral")


def affirmed_words(text: str) -> Iterator[str]:
    """Words of a sentence without the clauses, or the ends of clauses, that deny."""
    for clause in _CLAUSES.split(text):
        if not _DENIED_BEFORE.search(clause):
            yield from forms(_DENIAL.sub("", clause))


def _clauses(mentions: Iterable[Mention], *, doubts_count: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of the mentions' own clauses, and those among them that are denied."""
    contexts = [m.context or forms(m.query) for m in mentions]
    stated = frozenset().union(*(affirmed(context, doubts_count=doubts_count) for context in contexts))
    words = tuple(word for context in contexts for word in (*context, ";"))
    return words, frozenset(words) - stated


def _hand(match: re.Match[str]) -> tuple[str, ...]:
    side, both, letter, dominant = match.groups()
    if both or dominant:
        return ((both or dominant).lower().replace("-", ""),)
    return ("right" if (side or letter).lower().startswith("r") else "left", "handed")


def _weeks(text: str) -> tuple[str, ...]:
    number = re.match(r"\d{1,2}", text)
    return (f"{number.group()}w",) if number else forms(text)
