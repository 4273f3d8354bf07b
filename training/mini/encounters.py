"""Made-up encounters: sections, statements about one concept each, and everything that may mislead a reader.

Each statement keeps where its words stand and what a coder would answer about it, so that the gold never depends on
what the product reads.
"""

from __future__ import annotations

import csv
import datetime
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from medcoding.chart import Span
from medcoding.encounter import Document, Encounter, Patient, Setting, Sex
from training.mini.concepts import Concept, Concepts, Shape

Kind = Literal["present", "negated", "history", "family", "uncertain", "feared"]

_FOLDER: Final = Path(__file__).parent
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "outpatient": ("hpi", "pmh", "fh", "social", "ros", "meds", "exam", "results", "ap", "plan"),
    "inpatient": ("hpi", "pmh", "fh", "meds", "exam", "results", "course", "ap", "dx", "plan"),
    "ed": ("hpi", "pmh", "ros", "exam", "results", "course", "ap", "plan"),
}
"""Sections in the order in which a record of a setting has them."""
_SHAPES: Final[tuple[Shape, ...]] = ("plain", "side", "type")
_KINDS: Final[dict[Kind, float]] = {
    "present": 0.74, "negated": 0.07, "history": 0.05, "family": 0.045, "uncertain": 0.075, "feared": 0.02,
}  # fmt: skip


class Template(NamedTuple):
    """One sentence with a gap `{x}` (`{X}` at a beginning), and the section it belongs to."""

    kind: str
    family: str
    place: str
    text: str


class Told(NamedTuple):
    """A statement as it stands in the record, and the answer it deserves."""

    kind: Kind
    concept: Concept
    codes: tuple[str, ...]
    """Right codes, the best first: the first that is offered is the answer. Empty where none is right."""
    reason: str
    missing: str | None
    span: Span
    """Of the concept's words."""
    also: tuple[Span, ...] = ()
    """Where the detail stands, if elsewhere."""


class Story(NamedTuple):
    """An encounter of one document, and what is said in it."""

    encounter: Encounter
    told: tuple[Told, ...]


class _Line(NamedTuple):
    place: str
    text: str
    statement: int
    """Which statement's words or detail it holds, -1 for none."""
    words: str
    """The statement's own words inside the text; empty where the line holds its detail."""


class _Planned(NamedTuple):
    kind: Kind
    concept: Concept
    is_detailed: bool
    """False where the record leaves the side or type open."""


class Writer:
    """Writes encounters out of the templates of one part, for the concepts of one side of the split."""

    def __init__(self, concepts: Concepts, part: str) -> None:
        self._concepts = concepts
        self._templates = _templates(part)

    def story(self, number: int, seed: str) -> Story:
        """The encounter of that number; the same number and seed always give the same one."""
        dice = random.Random(f"{seed}:{number}")  # noqa: S311 - made-up notes, no secrets
        setting = dice.choices(list(Setting), (5, 3, 2))[0]
        planned = self._planned(dice)
        apart = all(plan.is_detailed for plan in planned)
        lines = [line for at, plan in enumerate(planned) for line in self._lines(dice, at, (plan, apart), setting)]
        lines += self._padding(dice, setting)
        text, places = _composed(dice, lines, setting)
        encounter = Encounter(
            case_id=f"{seed}-{number}",
            setting=setting,
            date_of_service=datetime.date(2025, 10, 1) + datetime.timedelta(days=dice.randrange(360)),
            patient=Patient(age=dice.randint(19, 88), sex=dice.choice(list(Sex))),
            documents=(Document(document_id="d1", text=text),),
        )
        told = (_told(plan, setting, places[at]) for at, plan in enumerate(planned) if places[at])
        return Story(encounter, tuple(told))

    def _planned(self, dice: random.Random) -> list[_Planned]:
        planned: list[_Planned] = []
        leaves_open = dice.random() < 0.4
        for _ in range(dice.randint(3, 8)):
            kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0]
            concept = self._concept(dice, kind, planned)
            can_be_open = bool(concept.detail and concept.fallback) or (concept.shape != "plain" and not concept.detail)
            is_open = can_be_open and (leaves_open and (not concept.detail or dice.random() < 0.4))
            if is_open or concept.shape == "plain" or concept.detail:
                planned.append(_Planned(kind, concept, not is_open))
        return planned

    def _concept(self, dice: random.Random, kind: Kind, before: Sequence[_Planned]) -> Concept:
        """One to speak of: now and then a sibling of what was spoken of already, so that a note misleads."""
        while True:
            if before and dice.random() < 0.2:
                concept = self._concepts.sibling(dice, before[-1].concept)
            elif kind in {"history", "family"}:
                concept = self._concepts.draw(dice, "plain")
            else:
                concept = self._concepts.draw(dice, dice.choices(_SHAPES, (5, 3, 2))[0])
            if kind != "history" or not concept.chronic:
                return concept

    def _lines(self, dice: random.Random, at: int, planned: tuple[_Planned, bool], setting: Setting) -> Iterable[_Line]:
        """Its sentence, perhaps a second one, and its detail; apart only where no other statement leaves one open."""
        plan, apart = planned
        words, detail = self._words(dice, plan, apart=apart)
        template = _one(dice, self._templates[plan.kind], setting)
        yield _Line(template.place, _filled(dice, template.text, words), at, words)
        if plan.kind == "present" and dice.random() < 0.25:
            again = _one(dice, self._templates["present"], setting)
            yield _Line(again.place, _filled(dice, again.text, words), -1, "")
        if detail:
            kind = "detail" if plan.concept.shape == "side" else "detail_type"
            told = _one(dice, self._templates[kind], setting)
            yield _Line(template.place if told.place == "any" else told.place, told.text.replace("{d}", detail), at, "")

    def _words(self, dice: random.Random, plan: _Planned, *, apart: bool) -> tuple[str, str]:
        """The statement's words and, where it stands in a sentence of its own, the detail."""
        concept = plan.concept
        if not concept.detail or not plan.is_detailed:
            return concept.wording, ""
        if apart and plan.kind == "present" and dice.random() < 0.45:
            return concept.wording, concept.detail
        if concept.shape == "type":
            return dice.choice((f"{concept.wording}, {concept.detail}", f"{concept.detail} {concept.wording}")), ""
        return dice.choice((f"{concept.detail} {concept.wording}", f"{concept.wording}, {concept.detail}")), ""

    def _padding(self, dice: random.Random, setting: Setting) -> Iterable[_Line]:
        places = _PLACES[setting]
        for _ in range(dice.randint(3, 14)):
            template = _one(dice, self._templates["filler"], setting)
            yield _Line(template.place, _filled(dice, template.text, ""), -1, "")
        if dice.random() < 0.06:
            text = dice.choice(self._templates["order"]).text
            yield _Line(dice.choice(places), _filled(dice, text, ""), -1, "")


def _told(plan: _Planned, setting: Setting, spans: Sequence[Span]) -> Told:
    codes, reason = _answer(plan, setting)
    missing = plan.concept.shape if codes and not plan.is_detailed else None
    return Told(plan.kind, plan.concept, codes, reason, missing, spans[0], tuple(spans[1:]))


def _answer(plan: _Planned, setting: Setting) -> tuple[tuple[str, ...], str]:
    """What a coder takes, the best first, and why in a few words (guidelines II.H, III.C, IV.H; I.C.21.c.4)."""
    concept = plan.concept
    codes = (concept.code, concept.fallback) if plan.is_detailed else (concept.fallback or concept.code,)
    match plan.kind:
        case "present":
            return tuple(filter(None, codes)), "documented"
        case "uncertain" if setting.codes_uncertain_diagnoses:
            return tuple(filter(None, codes)), "uncertain, counts here"
        case "history":
            return tuple(filter(None, (concept.history_code,))), "past"
        case "family":
            return tuple(filter(None, (concept.family_code,))), "of another person"
    reasons = {"uncertain": "uncertain, does not count here", "negated": "denied", "feared": "only feared"}
    return (), reasons[plan.kind]


def _composed(dice: random.Random, lines: Sequence[_Line], setting: Setting) -> tuple[str, Mapping[int, list[Span]]]:
    """The text, and for each statement the places of its words and of its details, in that order."""
    by_place: dict[str, list[_Line]] = defaultdict(list)
    order = _PLACES[setting]
    for line in lines:
        by_place[line.place if line.place in order else "hpi"].append(line)
    text, places = "", defaultdict[int, list[Span]](list)
    style = dice.choice(("lines", "lines", "numbers", "dashes", "flowing"))
    for place in order:
        rows = _shuffled(dice, by_place[place])
        if rows:
            text += dice.choice(_headings()[place]) + dice.choice((":\n", ":\n", ":", ": "))
        for at, line in enumerate(rows, start=1):
            text += _bullet(style, place, at)
            start = len(text)
            text += line.text
            if line.statement >= 0:
                within = line.text.lower().find(line.words.lower()) if line.words else 0
                length = len(line.words) or len(line.text)
                span = Span(start=start + within, end=start + within + length)
                places[line.statement].insert(0, span) if line.words else places[line.statement].append(span)
            text += " " if style == "flowing" and line.text.endswith(".") else "\n"
        text = text.rstrip() + "\n" if rows else text
    return text, places


def _shuffled(dice: random.Random, lines: Sequence[_Line]) -> list[_Line]:
    """In any order, but a detail right behind or somewhere after the words it belongs to."""
    rows = [line for line in lines if line.words or line.statement < 0]
    dice.shuffle(rows)
    for line in lines:
        if line.statement >= 0 and not line.words:
            at = next((n for n, row in enumerate(rows) if row.statement == line.statement), -1)
            rows.insert(at + 1 if at >= 0 else len(rows), line)
    return rows


def _bullet(style: str, place: str, at: int) -> str:
    listed = place in {"ap", "dx", "pmh", "meds"}
    return {"numbers": f"{at}. ", "dashes": "- "}.get(style, "") if listed else ""


def _filled(dice: random.Random, text: str, words: str) -> str:
    values = {"{n}": str(dice.randint(2, 9)), "{a}": str(dice.randint(40, 88)), "{y}": str(dice.randint(1990, 2023))}
    for gap, value in values.items():
        text = text.replace(gap, value)
    return text.replace("{x}", words).replace("{X}", words[:1].upper() + words[1:])


def _one(dice: random.Random, templates: Sequence[Template], setting: Setting) -> Template:
    """A family first, then one of its sentences; only sections that records of the setting have."""
    fitting = [t for t in templates if t.place == "any" or t.place in _PLACES[setting]] or list(templates)
    family = dice.choice(sorted({t.family for t in fitting}))
    return dice.choice([t for t in fitting if t.family == family])


@cache
def _templates(part: str) -> dict[str, list[Template]]:
    """By kind, those of one part (`train` or `held`); what has no held-out sentences is shared."""
    rows = _table("templates.tsv")
    found: dict[str, list[Template]] = defaultdict(list)
    for row in rows:
        if row["part"] == part or row["kind"] == "filler":
            found[row["kind"]].append(Template(row["kind"], row["family"], row["place"], row["text"]))
    return found


@cache
def _headings() -> dict[str, list[str]]:
    return {row["place"]: row["headings"].split("|") for row in _table("headings.tsv")}


def _table(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
