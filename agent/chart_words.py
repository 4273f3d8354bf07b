"""Words of charts that no code set names: signs, findings, circumstances, organisms; from our own tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agent.tables import rows
from medcoding.chart import SectionKind
from retrieval.dictionary import Dictionary, Term, TermMatch, TermSource
from retrieval.wording import Token

_SOURCES: Final[Mapping[str, TermSource]] = {"problem": "clinical", "procedure": "procedure", "supply": "supply"}
_INJURIES: Final = ("S", "T0", "T1", "T2", "T30", "T31", "T32", "T33", "T34", "T5", "T6", "T7")
"""What an external cause explains; the codes of drugs and of complications say it themselves (I.C.20.a.1, a.8)."""

_LOCAL_INFECTIONS: Final = (
    "D57", "E08.62", "E11.62", "G00", "G03", "G04", "G06", "H05", "H10", "H44", "H60", "H66", "H70", "I30", "I33",
    "I38", "J01", "J02", "J03", "J04", "J05", "J06", "J20", "J21", "J32", "J36", "J39", "J44.0", "J85", "J86",
    "J98.5", "K04", "K25", "K26", "K27", "K29", "K35", "K57", "K61", "K63.0", "K65", "K68", "K75.0", "K81", "K83",
    "L00", "L01", "L02", "L03", "L04", "L05", "L08", "L73.2", "L97", "L98.4", "M00", "M46", "M60.0", "M65.0", "M71.1",
    "M86", "N10", "N11", "N12", "N13.6", "N15", "N30", "N34", "N39.0", "N41", "N45", "N48", "N49", "N61", "N70",
    "N71", "N73", "N76", "O23", "O41.1", "O75.3", "O85", "O86", "O91", "P36", "P38", "P39", "R78.81", "T80.2",
    "T81.4", "T82.6", "T82.7", "T83.5", "T83.6", "T84.5", "T84.6", "T84.7", "T85.7", "T87.4", "T88.0",
)  # fmt: skip
"""Infections that B95–B97 name the organism of; where a code names its own, none is added (I.C.1.b)."""


class ChartWords:
    """The tables `chart_words`, `organisms`, `allergens`, `mechanisms` and `circumstances`, ready to find."""

    def __init__(self) -> None:
        self._sections: dict[str, frozenset[SectionKind]] = {}
        self._everywhere = Dictionary([*self._general(), *_organisms()])
        self._around_injuries = Dictionary([*_external("mechanisms.tsv"), *_external("circumstances.tsv")])
        self._allergens = Dictionary(_coded("allergens.tsv"))

    def find(self, run: Sequence[Token], section: SectionKind, *, eventful: bool) -> Iterator[TermMatch]:
        """Words of a run that speak of something in this section; those of accidents only where one is told."""
        for match in self._everywhere.find(run):
            if section in self._sections.get(match.term.text, frozenset({section})):
                yield match
        if section is SectionKind.ALLERGIES:
            yield from self._allergens.find(run)
        if eventful:
            yield from self._around_injuries.find(run)

    def _general(self) -> Iterator[Term]:
        for row in rows("chart_words.tsv"):
            sections = frozenset(SectionKind(name) for name in row["sections"].split("|") if name)
            for text in row["words"].split("|"):
                if sections:
                    self._sections[text] = sections
                stems = (row["code"],) if row["code"] else ()
                yield Term(text=text, stems=stems, source=_SOURCES[row["kind"]])


def _organisms() -> Iterator[Term]:
    for row in rows("organisms.tsv"):
        for text in row["words"].split("|"):
            yield Term(text=text, stems=(row["code"],), source="clinical", needs=_LOCAL_INFECTIONS)


def _coded(table: str) -> Iterator[Term]:
    for row in rows(table):
        for text in row["words"].split("|"):
            yield Term(
                text=text, stems=(row["code"],) if row["code"] else (), source="clinical", chronic=bool(row["code"])
            )


def _external(table: str) -> Iterator[Term]:
    for row in rows(table):
        for text in row["words"].split("|"):
            stems = (row["code"],) if row["code"] else ()
            yield Term(text=text, stems=stems, source="clinical", needs=_INJURIES if stems else ())
