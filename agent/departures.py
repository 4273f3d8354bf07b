"""Departures: where the answer of a model or of the encoder leaves what rules choose, the record has to say why.

An order that no pattern knows can still make a model pick another of its candidates, or none. What it cannot do is
write the detail into the clinical sentences. So another code than that of the rules stands only where the words that
set its title or matched wording apart are said in sentences that speak of a condition; and a problem that an
assessment states in a term of the dictionary is not declined. Elsewhere the rules' choice stands, and a person is told
what the model wanted (guidelines I.B.2, III and IV.J: a code is as specific as the record, and no more).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from agent.choose import choose
from agent.questions import Offer
from agent.withheld import withheld_sentences
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.codebook import Codebook
from medcoding.finding import Finding, Severity
from medcoding.mention import Assertion, Mention
from medcoding.proposal import Choice, Source
from retrieval.likeness import implied, joined, roots
from retrieval.title_axes import content, title_axes
from retrieval.wording import forms

_SAID: Final = 0.5
"""Least share of a wording's telling words that the record has to say."""


def documented(choices: Iterable[Choice], offer: Offer, mentions: Sequence[Mention]) -> tuple[Choice, ...]:
    """The choices, those that the record does not bear out replaced by what rules choose.

    `mentions` are all of the record: a sentence without any is no clinical sentence.
    """
    chosen = tuple(choices)
    if not chosen:
        return ()
    by_id = {mention.id: mention for mention in offer.mentions}
    spoken = _spoken(offer, mentions)
    return tuple(_borne_out(choice, by_id[choice.mention_id], offer, spoken) for choice in chosen)


def overruled(chosen: Iterable[Choice], settled: Iterable[Choice], coded: frozenset[str]) -> tuple[Finding, ...]:
    """One finding for each choice of the model that the rules' choice replaced; `coded` are the proposed codes."""
    final = {choice.mention_id: choice for choice in settled}
    replaced = ((one, final[one.mention_id]) for one in chosen if one.source is Source.LLM)
    found = (_overruled(one, other, coded) for one, other in replaced if one.code != other.code)
    return tuple(dict.fromkeys(found))


def _borne_out(choice: Choice, mention: Mention, offer: Offer, spoken: frozenset[str]) -> Choice:
    candidates = offer.retrieved.of(mention.id)
    by_rules = choose(mention, candidates)
    if choice.source is Source.RULES or choice.code == by_rules.code:
        return choice
    if choice.code is None:
        return by_rules if _is_stated(mention, by_rules, candidates) else choice
    if not offer.codebook.is_billable(choice.code):
        return choice  # the guardrails remove it and name it
    said = spoken | _rooted(forms(mention.query))
    return choice if _is_documented(choice.code, by_rules, candidates, offer.codebook, said) else by_rules


def _is_documented(
    code: str, by_rules: Choice, candidates: Sequence[Candidate], codebook: Codebook, said: frozenset[str]
) -> bool:
    """True where the record bears out a code that is not the rules' choice."""
    title, *surfaces = _wordings(code, candidates, codebook)
    if by_rules.code is None:
        return any(_adds(words, frozenset(), said) for words in (title, *surfaces))
    usual = _telling(codebook.title(by_rules.code))
    if code[:3] == by_rules.code[:3] and title <= usual:
        return _is_vaguer_as_said(title, usual, said)
    if code[:3] != by_rules.code[:3] and _is_exact(by_rules.code, candidates) and title.isdisjoint(usual):
        return False  # what the record calls by name would be told by no code
    return any(_adds(words, usual, said) for words in (title, *surfaces))


def _is_stated(mention: Mention, by_rules: Choice, candidates: Sequence[Candidate]) -> bool:
    """True for a present condition that is a problem's own heading, in a term that leads to the rules' code."""
    exact = by_rules.code is not None and _is_exact(by_rules.code, candidates)
    return exact and mention.heads_problem and mention.assertion is Assertion.PRESENT


def _is_exact(code: str, candidates: Sequence[Candidate]) -> bool:
    """True where a term of the dictionary leads to the code."""
    return any(c.code == code and CandidateOrigin.DICTIONARY in c.origins for c in candidates)


def _wordings(code: str, candidates: Sequence[Candidate], codebook: Codebook) -> tuple[frozenset[str], ...]:
    """What the code's title says, and with its side the wording that brought it among the candidates."""
    title = codebook.title(code)
    surfaces = (candidate.surface for candidate in candidates if candidate.code == code)
    return (_telling(title), *(_telling(surface) | title_axes(title).sides for surface in surfaces))


def _adds(words: frozenset[str], usual: frozenset[str], said: frozenset[str]) -> bool:
    """True where the record says some of what a wording adds to the rules' code, and most of the wording."""
    added = words - usual
    return bool(added & said) and len(words & said) >= _SAID * len(words)


def _is_vaguer_as_said(words: frozenset[str], usual: frozenset[str], said: frozenset[str]) -> bool:
    """True where a title says less than that of the rules' code, and the record nothing of what it leaves out."""
    return bool(words) and words < usual and (usual - words).isdisjoint(said)


def _spoken(offer: Offer, mentions: Sequence[Mention]) -> frozenset[str]:
    """Roots of the words of every sentence that speaks of a condition and of no order."""
    numbers = {mention.sentence for mention in mentions} - withheld_sentences(offer.chart)
    texts = (offer.chart.text_of(sentence) for sentence in offer.chart.sentences if sentence.number in numbers)
    return frozenset(root for text in texts for root in _rooted(forms(text)))


def _rooted(words: Sequence[str]) -> frozenset[str]:
    return roots(words) | roots(joined(words)) | implied(words) | frozenset(words)


def _telling(text: str) -> frozenset[str]:
    """What a wording says that a record would have to say, its side included."""
    axes = title_axes(text)
    return content(axes.says) | axes.sides


def _overruled(chosen: Choice, kept: Choice, coded: frozenset[str]) -> Finding:
    """Pressing where the code that stands is on the answer; else only told."""
    stands = kept.code if kept.code in coded else None
    instead = f"rules choose {kept.code}" if kept.code else "rules choose none"
    wanted = f"The model chose {chosen.code}" if chosen.code else "The model declined a stated problem"
    return Finding(
        rule="choice.undocumented",
        severity=Severity.MUST_RESOLVE if stands else Severity.ADVISE,
        codes=(stands,) if stands else (),
        message=f"{wanted} where {instead}, and the record does not say what would bear it out.",
        source="I.B.2, III, IV.J",
        mend="Read the record and keep the code that its words support.",
        mend_codes=tuple(dict.fromkeys(code for code in (kept.code, chosen.code) if code)),
    )
