"""Mentions: the places where the record speaks of a problem, a drug or a status."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from medcoding.chart import SectionKind, Span
from medcoding.record import Record


class MentionKind(StrEnum):
    """What is being spoken of."""

    PROBLEM = "problem"
    PROCEDURE = "procedure"
    DRUG = "drug"
    SUPPLY = "supply"


class Assertion(StrEnum):
    """How the author stands to what is mentioned."""

    PRESENT = "present"
    NEGATED = "negated"
    POSSIBLE = "possible"
    HISTORICAL = "historical"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"


Laterality = Literal["right", "left", "bilateral"]
Episode = Literal["initial", "subsequent", "sequela"]


class Axes(Record):
    """Attributes of a mention that choose among sibling codes."""

    laterality: Laterality | None = None
    episode: Episode | None = None
    """Episode of care, for seventh characters (guideline I.C.19.a)."""
    severity: str | None = None
    """`mild`, `moderate`, `severe`, … as the record has it, in lower case; so the other words below."""
    acuity: str | None = None
    """`acute`, `chronic`, `acute on chronic`."""
    stage: str | None = None
    """Stage, class, grade or degree without that word: `3b`, `iv`, `unstageable`, `2nd`."""
    type: str | None = None
    """What kind of its kind: `2` of diabetes, `persistent`, `displaced`, `without aura`."""
    trimester: Literal["first", "second", "third"] | None = None
    """Of a pregnancy: as written, or from its weeks."""
    weeks: int | None = None
    """Completed weeks of gestation, where the mention tells them."""
    time: str | None = None
    """When it was, as written: `2015`, `3 weeks ago`."""
    qualifiers: tuple[str, ...] = ()
    """Other documented words that siblings differ by: severity, acuity, stage, trimester, type."""


class Mention(Record):
    """One span that speaks of something codable. Record of the *find* step."""

    id: int
    """1-based, in reading order."""
    kind: MentionKind = MentionKind.PROBLEM
    document_id: str
    span: Span
    text: str
    """Exactly `document.text[span.start:span.end]`."""
    sentence: int
    section: SectionKind
    assertion: Assertion
    cue: str | None = None
    """The words that decided the assertion, when there were any."""
    experiencer: Literal["patient", "family"] = "patient"
    axes: Axes = Axes()
    query: str
    """What is looked up: the mention with its abbreviations expanded."""
    clause: str = ""
    """For a stated problem the words between the commas around it, abbreviations written out; else as `query`."""
    context: tuple[str, ...] = ()
    """Normal forms of the words of its clause, from which more specific siblings are recognised."""
    term: str | None = None
    """The dictionary term that matched, if one did."""
    concept: str | None = None
    """Code or stem of the term when it is current, whatever the assertion here: the same for all its synonyms."""
    history_code: str | None = None
    """Code the condition leads to once it is past."""
    stems: tuple[str, ...] = ()
    """Codes or stems the dictionary gives for that term under this assertion (a past condition leads to its history
    code); later steps expand and check them."""
    chronic: bool = False
    """True for a lasting condition or status, reported whenever it is documented as current."""
    needs: tuple[str, ...] = ()
    """Beginnings of codes of which one must be coded for this mention to count: the condition a drug is for, the injury
    an external cause explains, the obesity a body mass index belongs to."""
    part_of: int | None = None
    """Id of the mention whose words hold this one's (`CKD stage 3a` in `diabetes with CKD stage 3a`)."""
    heads_problem: bool = False
    """True when the mention stands as a problem's own heading in an assessment or diagnosis list."""
