"""What is no clinical text: characters that nobody sees, and sentences that speak to a machine or a coder.

The patterns (`guardrails.orders`) are a signal for a person and keep such words from being evidence. They are no
control: whatever a note says, only offered codes can be chosen, and evidence is checked against the record.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from guardrails.case import Case, Rule
from guardrails.orders import holds_order, legible, order_spans
from medcoding.finding import Finding, Severity
from medcoding.proposal import EvidenceQuote, ProposedCode

_HARMLESS: Final = frozenset("\u00ad\ufeff")
"""Soft hyphens and byte-order marks come from converters."""

_HIDDEN: Final = re.compile("[\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\U000e0000-\U000e007f]")
"""Zero-width characters, direction controls and tags: text shows differently, or not at all, from what it says."""


def evidence_is_visible(case: Case) -> tuple[Finding, ...]:
    """Words with hidden characters among them are not what a reader of the record sees."""
    return tuple(
        _refused(line, "evidence.hidden", "hidden characters", "Quote words that a reader of the record can see.")
        for line in case.lines
        if line.evidence and all(_is_hidden(q.text) for q in line.evidence)
    )


def evidence_is_clinical(case: Case) -> tuple[Finding, ...]:
    """Words that tell a coder or a machine what to do document nothing; a diagnosis beside them still does."""
    if not case.holds_order:
        return ()
    return tuple(
        _refused(line, "evidence.instruction", "an instruction", "Quote clinical words of the provider.")
        for line in case.lines
        if line.evidence and all(_is_instruction(case, q) for q in line.evidence)
    )


def record_is_clinical(case: Case) -> tuple[Finding, ...]:
    """Hidden characters or instruction-like sentences anywhere in the record: a person looks at them first."""
    if not case.holds_order and not any(_is_hidden(d.text) for d in case.chart.encounter.documents):
        return ()
    return (
        Finding(
            rule="evidence.tampered_record",
            severity=Severity.MUST_RESOLVE,
            message="The record holds hidden characters or words addressed to a coder or a machine.",
            source="III, IV.J",
            mend="Read the documents as they are stored; have what is no clinical text corrected at its source.",
        ),
    )


def addresses_a_machine(text: str) -> bool:
    """True for words that tell a coder or a machine what to do, as far as the patterns know."""
    return holds_order(text)


def speaks_to_machines(text: str) -> bool:
    """True for a document with hidden characters or an order to a coder or a machine, as far as the patterns know."""
    return _is_hidden(text) or addresses_a_machine(text)


def is_ordered(words: str, sentence: str) -> bool:
    """True where the sentence says these words in an order only; a diagnosis beside an order is said on its own."""
    spans = order_spans(sentence)
    places = [found.span() for found in re.finditer(re.escape(legible(words)), legible(sentence))]
    return bool(spans) and all(any(s < end and start < e for s, e in spans) for start, end in places)


def _refused(line: ProposedCode, rule: str, what: str, mend: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.REJECT,
        codes=(line.code,),
        message=f"The evidence for {line.code} is {what}, not clinical text.",
        source="III, IV.J",
        mend=mend,
    )


def _is_hidden(text: str) -> bool:
    return not text.isascii() and (bool(_HIDDEN.search(text)) or any(map(_is_control, set(text) - _HARMLESS)))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Co", "Cn"}


def _is_instruction(case: Case, quote: EvidenceQuote) -> bool:
    return is_ordered(quote.text, case.sentence_text(quote))


RULES: Final[tuple[Rule, ...]] = (evidence_is_visible, evidence_is_clinical, record_is_clinical)
