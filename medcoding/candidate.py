"""What retrieval offers: candidate codes, guideline sections, similar past encounters."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from medcoding.codes import CodeSystem
from medcoding.guideline import GuidelineEntry, PolicyPassage
from medcoding.record import Record


class CandidateOrigin(StrEnum):
    """How a candidate came to be offered."""

    DICTIONARY = "dictionary"
    SEARCH = "search"
    INDEX = "index"
    """Looked up in the Alphabetic Index by main term and subterms."""
    PAIR = "pair"
    """Two conditions of the record that the code book joins (“with”, “due to”, “in”)."""
    PARTNER = "partner"
    """Asked for by an instructional note at another candidate: code first, use additional code, code also."""
    SIMILAR = "similar"
    """Attested on past encounters with like problems."""
    SUGGESTION = "suggestion"


class Candidate(Record):
    """A billable code offered for one mention."""

    number: int
    """1-based within its mention; the id the model answers with."""
    system: CodeSystem
    code: str
    title: str
    surface: str
    """The wording that matched: a title, an inclusion term, a clinical term."""
    score: float = Field(ge=0)
    """Fused retrieval score, higher is better; comparable within one mention only."""
    similarity: float = Field(default=0.0, ge=-1.0, le=1.0)
    """Cosine between the mention and the surface, 1.0 for a dictionary hit."""
    origins: tuple[CandidateOrigin, ...]
    index_path: tuple[str, ...] = ()
    """Main term and subterms of the Alphabetic Index that were walked to the code, where it was looked up there."""


class MentionCandidates(Record):
    """The numbered candidates of one mention, best first."""

    mention_id: int
    candidates: tuple[Candidate, ...]


class SimilarEncounter(Record):
    """A coded past encounter that resembles this one."""

    case_id: str
    score: float
    codes: tuple[str, ...]
    specialty: str | None = None
    attested: bool = True
    """False for an example that ships with the product: nobody stands behind its codes, and it suggests none."""


class Retrieved(Record):
    """Everything found for one encounter. Record of the *retrieve* step."""

    candidates: tuple[MentionCandidates, ...] = ()
    passages: tuple[GuidelineEntry, ...] = ()
    policies: tuple[PolicyPassage, ...] = ()
    """Of the user's own payer policies; shown apart from guidelines, never given to the model."""
    similar: tuple[SimilarEncounter, ...] = ()

    def of(self, mention_id: int) -> tuple[Candidate, ...]:
        """Candidates of one mention, empty when it was not searched."""
        for entry in self.candidates:
            if entry.mention_id == mention_id:
                return entry.candidates
        return ()
