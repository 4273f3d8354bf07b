"""Candidates for what was done, given or handed out: HCPCS Level II, and CPT where the licensee's file is loaded.

The same way as for diagnoses (lexical and dense search over wordings, fused), in a collection of its own: diagnoses are
never searched for among procedures, nor the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codes import CodeSystem
from medcoding.mention import Mention, MentionKind
from medcoding.procedures import ProcedureBook
from retrieval.encoder import TextEncoder
from retrieval.fusion import fused_hits
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Between, Hit, VectorQuery, VectorStore
from retrieval.wording import forms

_HITS: Final = 60
_MOST: Final = 12
_NAMED: Final = 1.15
"""Score of a code one of whose names is exactly what the record says; above anything else, whatever the context."""
_SAID: Final = 0.6
"""Least score where the record says all of a wording, in any order; the rest is for how much of the mention that is."""
_COVERED, _LEAN, _LIKE = 0.5, 0.15, 0.35
"""Weights: how much of the mention the wording says, how little it says besides, and the cosine."""
_CONTEXT: Final = 0.12
"""How much the words around the mention may add, by which near wordings are told apart."""

_LETTERS: Final[Mapping[MentionKind, str]] = {
    MentionKind.DRUG: "JQCSAPG",
    MentionKind.SUPPLY: "ABEKLVTSQJ",
    MentionKind.PROCEDURE: "GAQSTPMRHC",
}
"""First characters of the HCPCS codes that each kind of mention may lead to; most are the chapters of the book."""
_QUALITY: Final = ("G8", "G9", "M1")
"""Codes that report a quality measure and are no service."""

_LITTLE: Final = frozenset(
    (
        "with without and or for in on to by each any type per not otherwise specified used live injection infusion "
        "inj unit dose vial syringe solution sodium hydrochloride hcl acetonide sulfate phosphate citrate tartrate "
        "mesylate maleate tromethamine bromide hydrobromide disodium besylate human recombinant"
    ).split()
)
"""Words that tell no code from another, a drug's salt among them."""
_SUFFIX: Final = re.compile(r"-[a-z]{4}\b")
"""The four letters that tell one maker's antibody from another's; a record rarely writes them."""


@dataclass(frozen=True, slots=True)
class ProcedureSearch:
    """Everything the search reads: the collection of procedure wordings, both encoders, the loaded books."""

    wordings: VectorStore
    encoder: TextEncoder
    sparse: Bm25Encoder
    books: Mapping[CodeSystem, ProcedureBook]

    def candidates(self, mentions: Sequence[Mention], day: date) -> tuple[MentionCandidates, ...]:
        """Numbered candidates per mention, best first, of the codes that may be used on that day; at most 12 each.

        Without a loaded book nothing is offered.
        """
        if not self.books or not mentions:
            return ()
        hits = self._hits(tuple(dict.fromkeys(m.query for m in mentions)), day)
        return tuple(
            MentionCandidates(mention_id=m.id, candidates=self._numbered(m, hits[m.query], day)) for m in mentions
        )

    def _hits(self, texts: Sequence[str], day: date) -> dict[str, list[Hit]]:
        """Fused hits of each text among the wordings in force on a day."""
        conditions = (
            Between("effective_from", "effective_to", int(day.strftime("%Y%m%d"))),
            AnyOf("system", tuple(self.books)),
        )
        dense = [VectorQuery(vector, _HITS, conditions) for vector in self.encoder.encode(texts)]
        lexical = [VectorQuery(self.sparse.query(text), _HITS, conditions) for text in texts]
        answers = self.wordings.search([*dense, *lexical])
        return {
            text: fused_hits(answers[place], answers[len(texts) + place], 2 * _HITS) for place, text in enumerate(texts)
        }

    def _numbered(self, mention: Mention, hits: Iterable[Hit], day: date) -> tuple[Candidate, ...]:
        best: dict[tuple[CodeSystem, str], Candidate] = {}
        for hit in hits:
            system, code = CodeSystem(str(hit.payload["system"])), str(hit.payload["code"])
            entry = self.books[system].entry(code)
            if entry is None or not entry.in_force_on(day) or not _is_of(mention.kind, system, code):
                continue
            found = _candidate(mention, hit, system, entry.title)
            if (held := best.get((system, code))) is None or found.score > held.score:
                best[system, code] = found
        ranked = sorted(best.values(), key=lambda c: (-c.score, c.system, c.code))[:_MOST]
        return tuple(c.model_copy(update={"number": number}) for number, c in enumerate(ranked, start=1))


def _is_of(kind: MentionKind, system: CodeSystem, code: str) -> bool:
    """CPT holds services and vaccines; what HCPCS holds is told by the first letter."""
    if system is CodeSystem.CPT:
        return kind in {MentionKind.PROCEDURE, MentionKind.DRUG}
    if code.startswith(_QUALITY):
        return False
    return code[0] in _LETTERS.get(kind, _LETTERS[MentionKind.PROCEDURE])


def _candidate(mention: Mention, hit: Hit, system: CodeSystem, title: str) -> Candidate:
    wording = str(hit.payload["text"])
    score, exact = _score(mention, wording, hit.score, str(hit.payload["kind"]))
    return Candidate(
        number=1,
        system=system,
        code=str(hit.payload["code"]),
        title=title,
        surface=wording,
        score=score + _CONTEXT * _told_apart(title, mention),
        similarity=max(-1.0, min(1.0, hit.score)),
        origins=(CandidateOrigin.DICTIONARY if exact else CandidateOrigin.SEARCH,),
    )


def _score(mention: Mention, wording: str, cosine: float, kind: str) -> tuple[float, bool]:
    """Score from 0 to about 1, and whether the record says all of the wording.

    A short descriptor is cut off anywhere, so that all of it is said proves nothing.
    """
    said, named_as = forms(mention.query), forms(wording)
    if kind == "clinical" and said == named_as:
        return _NAMED, True
    told = {*said, *forms(mention.text), *mention.context}
    theirs = set(named_as) - _LITTLE
    if kind == "descriptor" and not theirs <= told:
        theirs = set(forms(_SUFFIX.sub("", wording))) - _LITTLE
    covered = max(_covered(words, theirs) for words in (said, forms(mention.text)))
    if covered and theirs <= told and (kind == "clinical" or (kind == "descriptor" and covered == 1)):
        return _SAID + (1 - _SAID) * covered, True
    lean = len(theirs.intersection(said)) / max(1, len(theirs))
    return _COVERED * covered + _LEAN * lean + _LIKE * max(cosine, 0.0), False


def _covered(said: Sequence[str], theirs: set[str]) -> float:
    """Share of what is said that a wording says too."""
    mine = set(said) - _LITTLE
    return len(mine & theirs) / max(1, len(mine))


def _told_apart(title: str, mention: Mention) -> float:
    """Share of the title's words that the mention and the words around it say."""
    words = set(forms(title)) - _LITTLE
    return len(words & {*mention.context, *forms(mention.query)}) / max(1, len(words))
