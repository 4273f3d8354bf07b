"""What of a note a model may read: printable text without control tokens, and no sentence that speaks to a machine."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from guardrails.hidden_text import addresses_a_machine, is_ordered, speaks_to_machines
from medcoding.chart import Chart, Sentence
from medcoding.mention import Mention

_MEMO: Final = 1 / 3
"""Share of orders among its sentences from which a document is no clinical document."""

_CONTROL_TOKEN: Final = re.compile(r"<(?=[^\s\d=.,<-])|\[(?=/?[A-Z_]{3,}\])")
"""Where a chat template's control token could begin (`<|im_end|>`, `</s>`, `[INST]`); `<5` and `<= 5` are left."""


def withheld_sentences(chart: Chart) -> frozenset[int]:
    """Sentences that speak to a coder or a machine, and what follows them on the same line.

    They are no clinical text, so the model does not see them; the guardrails name the record for it. This rests on
    patterns and is one more hurdle, not the control: that only offered codes can be chosen.
    """
    withheld: set[int] = set()
    previous: Sentence | None = None
    for sentence in chart.sentences:
        follows = previous is not None and previous.number in withheld and _on_one_line(chart, previous, sentence)
        if follows or addresses_a_machine(plain(chart.text_of(sentence))):
            withheld.add(sentence.number)
        previous = sentence
    return frozenset(withheld)


def _on_one_line(chart: Chart, first: Sentence, second: Sentence) -> bool:
    text = chart.encounter.document(first.document_id).text
    return first.document_id == second.document_id and "\n" not in text[first.span.end : second.span.start]


def outside_orders(chart: Chart, mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """The mentions without those that an order names ("code sepsis" documents no sepsis, and asks for none), and
    without those of a document that is mostly orders: a memo to coders is no part of the record."""
    told = {s.number: chart.text_of(s) for s in chart.sentences if addresses_a_machine(chart.text_of(s))}
    memos = _memos(chart, frozenset(told)) if told else frozenset()
    return tuple(
        m
        for m in mentions
        if m.document_id not in memos and (m.sentence not in told or not is_ordered(m.text, told[m.sentence]))
    )


def _memos(chart: Chart, told: frozenset[int]) -> frozenset[str]:
    """Documents of which so many sentences are orders that the rest is part of them; never the whole record."""
    sentences = Counter(s.document_id for s in chart.sentences)
    orders = Counter(s.document_id for s in chart.sentences if s.number in told)
    memos = frozenset(name for name, number in orders.items() if number >= _MEMO * sentences[name])
    return memos if len(memos) < len(chart.encounter.documents) else frozenset()


def is_tampered(chart: Chart) -> bool:
    """True where a document holds hidden characters or an order to a machine: then no model is asked."""
    return any(speaks_to_machines(document.text) for document in chart.encounter.documents)


def plain(text: str) -> str:
    """Text on one line, without invisible characters and without anything a chat template reads as control."""
    visible = "".join(character for character in text if character.isprintable() or character.isspace())
    return _CONTROL_TOKEN.sub(r"\g<0> ", " ".join(visible.split()))
