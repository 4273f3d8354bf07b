"""Escalations in: what the answer says to each code that another system came with.

A suggestion is never evidence. It is offered beside other candidates where a mention of the record leads near it
(`retrieval.search.Hint`), and here it gets its answer: agreed, another code stands for the same words, or not supported
and why. Everything is read from the finished result, as `agent.why` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.why import WhyAnswer, why
from medcoding.codebook import Codebook, Codebooks
from medcoding.codes import CodeSystem, parse_code
from medcoding.encounter import Encounter, Suggestion
from medcoding.errors import InputError
from medcoding.result import CodeLine, CodingResult, SuggestionAnswer

_UNWRITTEN: Final = "It is not written like a code of its system; the sender should correct it."
_NO_PROCEDURE: Final = "Nothing in the record, as it was read, leads to this procedure, drug or supply."


class _Shelf(NamedTuple):
    codebook: Codebook
    codebooks: Codebooks


def answered_suggestions(
    suggestions: Sequence[Suggestion], result: CodingResult, codebook: Codebook, codebooks: Codebooks
) -> tuple[SuggestionAnswer, ...]:
    """One answer each, in order; `codebooks` tell what became of a code that the edition does not hold."""
    shelf = _Shelf(codebook, codebooks)
    return tuple(_answer(one, result, shelf) for one in suggestions)


def parse_suggestion(text: str) -> Suggestion:
    """`E11.9`, `E11.9:0.83`, `hcpcs:J1885:0.4` as a person types it. Raises `InputError`."""
    parts = [part.strip() for part in text.split(":")]
    system = CodeSystem.ICD10CM
    if parts[0].lower() in set(CodeSystem):
        system = CodeSystem(parts.pop(0).lower())
    if not 1 <= len(parts) <= 2:
        raise InputError("A suggestion is CODE or CODE:CONFIDENCE, for instance E11.9:0.83; correct --suggest.")
    return Suggestion(
        system=system,
        code=parse_code(parts[0], system),
        confidence=_confidence(parts[1]) if len(parts) == 2 else None,
        source="command line",
    )


def suggesting(encounter: Encounter, given: tuple[Suggestion, ...]) -> Encounter:
    """The encounter with further suggestions behind its own."""
    return encounter.model_copy(update={"suggestions": (*encounter.suggestions, *given)}) if given else encounter


def _confidence(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError("The confidence of a suggestion is a number from 0 to 1; correct --suggest.")
    return value


def _answer(suggestion: Suggestion, result: CodingResult, shelf: _Shelf) -> SuggestionAnswer:
    try:
        code = parse_code(suggestion.code, suggestion.system)
    except InputError:
        return _said(suggestion, None, "not_supported", _UNWRITTEN)
    line = _line_of(result, suggestion.system, code)
    if line is not None:
        agreed = _said(suggestion, code, "agree", line.rationale.summary)
        return agreed.model_copy(update={"title": line.title, "evidence": line.evidence, "ours": line.confidence})
    if suggestion.system is not CodeSystem.ICD10CM:
        return _said(suggestion, code, "not_supported", _NO_PROCEDURE)
    if code not in shelf.codebook and (gone := _elsewhere(code, shelf)):
        return _said(suggestion, code, "not_supported", gone)
    return _judged(suggestion, why(code, result, shelf.codebook), result, shelf.codebook)


def _judged(suggestion: Suggestion, found: WhyAnswer, result: CodingResult, codebook: Codebook) -> SuggestionAnswer:
    """The answer of `why` as an answer to the sender."""
    instead = _line_of(result, CodeSystem.ICD10CM, found.instead) if found.instead else None
    header = found.code in codebook and not codebook.is_billable(found.code)
    words = f"{found.code} is a header and cannot be billed. {found.answer}" if header and not instead else found.answer
    return _said(suggestion, found.code, "differ" if instead else "not_supported", words).model_copy(
        update={
            "title": found.title,
            "instead": found.instead,
            "evidence": found.evidence,
            "ours": instead.confidence if instead else None,
        }
    )


def _elsewhere(code: str, shelf: _Shelf) -> str:
    """What became of a code that another loaded edition holds; empty where none does."""
    own = shelf.codebook.edition
    others = [book for book in shelf.codebooks.editions if code in book]
    if not others:
        return ""
    first, last = others[0].edition, others[-1].edition
    if first.effective_from > own.effective_from:
        return f"{code} begins with {first.name} on {first.effective_from} and is not in force in {own.name}."
    later = [book for book in shelf.codebooks.editions if book.edition.effective_from >= own.effective_from]
    instead = dict.fromkeys(new for book in later for new in book.successors(code))
    mend = (
        f" Its successor is {' or '.join(f'{new} {shelf.codebook.title(new)}' for new in instead)}." if instead else ""
    )
    return f"{code} is retired: it ended with {last.name} on {last.effective_to}.{mend}"


def _line_of(result: CodingResult, system: CodeSystem, code: str | None) -> CodeLine | None:
    return next((line for line in result.codes if (line.system, line.code) == (system, code)), None)


def _said(suggestion: Suggestion, code: str | None, verdict: str, words: str) -> SuggestionAnswer:
    return SuggestionAnswer.model_validate(
        {
            "system": suggestion.system,
            "code": code,
            "title": "",
            "verdict": verdict,
            "why": words,
            "confidence": suggestion.confidence,
            "source": suggestion.source,
        }
    )
