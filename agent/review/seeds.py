"""Known-wrong suggestions, put among the others to see whether suggestions are read before they are accepted.

Each is wrong by the record's own words: the other side of what is documented, or a condition that the record denies or
tells of a relative. A seed is marked in the store only; it never reaches the final set.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Final

from agent.explain import Explainer, Facts
from agent.review.checked import ReadChart
from guardrails.laterality import side_of, sided_twins
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole, CodeSystem
from medcoding.mention import Assertion, Mention
from medcoding.proposal import EvidenceQuote, NotCoded, NotCodedReason, ProposedCode, Source
from medcoding.record import Record
from medcoding.result import CodeLine, CodingResult, Rationale, Route

_WRONG: Final = (NotCodedReason.NEGATED, NotCodedReason.FAMILY)
_OTHER_SIDE: Final = {"right": "left", "left": "right"}
_CONFIDENCE: Final = 0.7


class Seed(Record):
    """A suggestion that is known to be wrong."""

    place: int
    """Where it stands among the suggestions, from 0."""
    line: CodeLine


def seed_for(result: CodingResult, codebook: Codebook, secret: bytes, share: float) -> Seed | None:
    """The seed of a case, or None: by lot, and by what the record offers. The same case draws the same lot."""
    drawn = hmac.new(secret, result.case_id.encode(), hashlib.sha256).digest()
    if int.from_bytes(drawn[:8]) >= share * 2**64 or not result.codes:
        return None
    candidates = [*_other_sides(result, codebook), *_denied(result, codebook)]
    if not candidates:
        return None
    line = candidates[drawn[8] % len(candidates)]
    return Seed(place=1 + drawn[9] % len(result.codes), line=line)


def dressed(seed: Seed, result: CodingResult, read: ReadChart, explainer: Explainer, codebook: Codebook) -> Seed:
    """The seed with reasons and measures like those of its neighbours, so that nothing but reading tells it apart."""
    line, quotes = seed.line, seed.line.evidence
    evidence = tuple(quote.model_copy(update={"assertion": Assertion.PRESENT}) for quote in quotes)
    beside = result.codes[seed.place % len(result.codes)]
    measures = ("confidence", "confidence_reasons", "documentation_score", "route", "source")
    changes = {name: getattr(beside, name) for name in measures}
    mention = next((m for m in read.mentions if any(_touches(m, quote) for quote in quotes)), None)
    if mention is not None:
        asserted = mention.model_copy(update={"assertion": Assertion.PRESENT, "experiencer": "patient"})
        changes["rationale"] = explainer.explain(_facts(line, asserted, result, read), codebook)
    return seed.model_copy(update={"line": line.model_copy(update={**changes, "evidence": evidence})})


def with_seed(codes: Sequence[CodeLine], seed: Seed | None) -> tuple[CodeLine, ...]:
    """The suggestions in order, the seed among them; it never leads."""
    ordered = sorted(codes, key=lambda line: line.sequence)
    if seed is None:
        return tuple(ordered)
    return (*ordered[: seed.place], seed.line, *ordered[seed.place :])


def unlisted(not_coded: tuple[NotCoded, ...], seed: Seed | None) -> tuple[NotCoded, ...]:
    """What was left out, without the very thing that the seed proposes: listed as left out it would give it away."""
    return tuple(item for item in not_coded if seed is None or item.code != seed.line.code)


def seeded_ids(seed: Seed | None) -> frozenset[str]:
    """Ids of the seeded lines in a review that starts from `with_seed`."""
    return frozenset({f"s{seed.place + 1}"}) if seed else frozenset()


def _facts(line: CodeLine, mention: Mention, result: CodingResult, read: ReadChart) -> Facts:
    proposed = ProposedCode(
        system=line.system,
        code=line.code,
        role=line.role,
        sequence=line.sequence,
        mention_ids=(mention.id,),
        evidence=line.evidence,
        source=Source.RULES,
        strength=_CONFIDENCE,
        reason=f"The record's wording is the clinical term “{mention.query}”, which leads here.",
    )
    codes = (*(other.code for other in result.codes), line.code)
    return Facts(read.chart, proposed, (mention,), (), codes, (), ())


def _touches(mention: Mention, quote: EvidenceQuote) -> bool:
    same = mention.document_id == quote.document_id
    return same and mention.span.start < quote.end and quote.start < mention.span.end


def _other_sides(result: CodingResult, codebook: Codebook) -> Iterator[CodeLine]:
    """The documented side's twin, with the same words for it."""
    coded = {line.code for line in result.codes}
    for line in result.codes:
        twins = sided_twins(codebook, line.code) if line.system is CodeSystem.ICD10CM else {}
        other = twins.get(_OTHER_SIDE.get(side_of(twins, line.code) or "", ""))  # type: ignore[call-overload]
        if other and other not in coded and not _says_both(line.evidence):
            yield _line(other, line.evidence, codebook)


def _denied(result: CodingResult, codebook: Codebook) -> Iterator[CodeLine]:
    coded = {line.code[:3] for line in result.codes}
    for item in result.not_coded:
        if _is_wrong(item, codebook) and item.code and item.code[:3] not in coded:
            yield _line(item.code, item.evidence, codebook)


def _is_wrong(item: NotCoded, codebook: Codebook) -> bool:
    return item.reason in _WRONG and bool(item.evidence) and codebook.is_billable(item.code or "")


def _says_both(evidence: Sequence[EvidenceQuote]) -> bool:
    words = " ".join(quote.text for quote in evidence).lower()
    return ("left" in words) == ("right" in words)


def _line(code: str, evidence: tuple[EvidenceQuote, ...], codebook: Codebook) -> CodeLine:
    """Looks like any other suggestion of the rules."""
    title = codebook.title(code)
    return CodeLine(
        system=CodeSystem.ICD10CM,
        code=code,
        title=title,
        role=CodeRole.SECONDARY,
        sequence=1,
        confidence=_CONFIDENCE,
        confidence_reasons=("Chosen by rules from the words of the record.",),
        documentation_score=_CONFIDENCE,
        route=Route.CODER,
        source=Source.RULES,
        evidence=evidence,
        rationale=Rationale(
            summary=f"{title} is coded from the words quoted.",
            index_path=(),
            characters=(),
            instructions=(),
            guidelines=(),
            alternatives=(),
            would_change="Other words of the provider.",
        ),
    )
