"""What every rule reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from guardrails.documented import Documented, documented
from guardrails.laterality import Side, sided_twins
from guardrails.noted import Noted, noted
from guardrails.orders import holds_order
from guardrails.quotes import Quotes
from guardrails.reading import Readings
from medcoding.chart import Chart
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.encounter import Setting
from medcoding.finding import Finding
from medcoding.mention import Assertion, Mention
from medcoding.ncci import NcciBook
from medcoding.payer_rule import PayerRule
from medcoding.procedures import ProcedureBook
from medcoding.proposal import EvidenceQuote, Proposal, ProposedCode


@dataclass(frozen=True)
class Case:
    """A proposal with the chart it was made from and the books it is held against.

    What many rules ask (the diagnoses, the words around a code's evidence) is worked out once and kept.
    """

    chart: Chart
    proposal: Proposal
    codebook: Codebook
    edition_in_force: bool
    """False when no loaded edition covers the date of service and the nearest one stands in."""
    mentions: tuple[Mention, ...] = ()
    """What the record speaks of, coded or not."""
    procedures: Mapping[CodeSystem, ProcedureBook] = field(default_factory=dict)
    """HCPCS Level II and CPT, where their files are loaded."""
    ncci: NcciBook | None = None
    """Pairs and units, where their tables are loaded."""
    editions: tuple[Codebook, ...] = ()
    """Every loaded edition: a code that is not in force on the day may be in force on another."""
    payer_rules: tuple[PayerRule, ...] = ()
    """The installation's payer rules, of every payer."""

    @property
    def setting(self) -> Setting:
        """Where care was given."""
        return self.chart.encounter.setting

    @property
    def day(self) -> dt.date:
        """The date whose code set applies."""
        return self.chart.encounter.coding_date

    @cached_property
    def lines(self) -> tuple[ProposedCode, ...]:
        """Every proposed code of every system, in order of sequence."""
        return tuple(sorted(self.proposal.codes, key=lambda line: line.sequence))

    @cached_property
    def diagnoses(self) -> tuple[ProposedCode, ...]:
        """The ICD-10-CM lines in order of sequence."""
        return tuple(line for line in self.lines if line.system is CodeSystem.ICD10CM)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The ICD-10-CM codes in order of sequence, each once."""
        return tuple(dict.fromkeys(line.code for line in self.diagnoses))

    @cached_property
    def documented(self) -> Mapping[str, Documented]:
        """Conditions the record states as current, of whose category no code is proposed or left out on purpose."""
        ways = (
            {Assertion.PRESENT, Assertion.POSSIBLE} if self.setting.codes_uncertain_diagnoses else {Assertion.PRESENT}
        )
        left_out = {item.code[:3] for item in self.proposal.not_coded if item.code}
        taken = frozenset({code[:3] for code in self.codes} | left_out)
        return documented(self.mentions, frozenset(ways), taken, self.codebook)

    @cached_property
    def notes(self) -> tuple[Noted, ...]:
        """The instructional notes in force at the diagnoses, with the codes and conditions that each names."""
        return noted(self.codebook, self.codes, tuple(self.documented))

    @cached_property
    def twins(self) -> Mapping[str, Mapping[Side, str]]:
        """By diagnosis: the codes that differ from it in the side alone, itself among them; none without a side."""
        return {code: sided_twins(self.codebook, code) for code in self.codes}

    @property
    def first(self) -> ProposedCode | None:
        """The first-listed or principal diagnosis; None where none is proposed."""
        return self.diagnoses[0] if self.diagnoses else None

    def coded(self, *beginnings: str) -> tuple[str, ...]:
        """The ICD-10-CM codes that begin with one of these, in order of sequence."""
        found = {place for beginning in beginnings for place in self._beginnings.get(beginning, ())}
        return tuple(self.codes[place] for place in sorted(found)) if found else ()

    def mentioned(self, *beginnings: str, said: frozenset[Assertion] | None = None) -> tuple[Mention, ...]:
        """Mentions whose concept begins with one of these; with `said`, only those asserted in one of these ways."""
        return tuple(
            m
            for m in self.mentions
            if m.concept and m.concept.startswith(beginnings) and (said is None or m.assertion in said)
        )

    def mentions_in(self, line: ProposedCode) -> tuple[Mention, ...]:
        """The mentions that a code's quotes touch."""
        return tuple(m for quote in line.evidence for m in self.quotes.touched_by(quote))

    @cached_property
    def record(self) -> str:
        """The text of all documents in lower case."""
        return "\n".join(d.text for d in self.chart.encounter.documents).lower()

    def text_of(self, document_id: str) -> str:
        """A document's text, empty when the encounter has no such document."""
        return self.quotes.text_of(document_id)

    def role_of(self, document_id: str) -> str:
        """What a document says of its author's profession, in lower case; empty where it says nothing."""
        return self._roles.get(document_id, "")

    @cached_property
    def _roles(self) -> Mapping[str, str]:
        return {d.document_id: (d.author_role or "").lower() for d in self.chart.encounter.documents}

    @cached_property
    def holds_order(self) -> bool:
        """Whether anything in the record looks like words to a coder or a machine."""
        return any(holds_order(document.text) for document in self.chart.encounter.documents)

    def words_of(self, line: ProposedCode) -> str:
        """The sentences in which a code's evidence stands, in lower case."""
        return " ".join(self.sentence_text(quote) for quote in line.evidence)

    def share_a_sentence(self, one: ProposedCode, other: ProposedCode) -> bool:
        """True where some sentence holds words of the evidence of both codes."""
        return any(self.quotes.in_one_sentence(q, r) for q in one.evidence for r in other.evidence)

    def sentence_text(self, quote: EvidenceQuote) -> str:
        """The sentences a quote touches, in lower case; the quote itself where the chart is not cut up."""
        return self.quotes.sentence_text(quote)

    @cached_property
    def quotes(self) -> Quotes:
        """The words around the evidence."""
        return Quotes(self.chart, self.mentions)

    @cached_property
    def readings(self) -> Readings:
        """How the evidence is said, by the record itself."""
        return Readings(self.quotes)

    @cached_property
    def _beginnings(self) -> Mapping[str, list[int]]:
        """Places of the codes by everything that they begin with."""
        places: dict[str, list[int]] = {}
        for place, code in enumerate(self.codes):
            for end in range(len(code) + 1):
                places.setdefault(code[:end], []).append(place)
        return places


Rule = Callable[[Case], tuple[Finding, ...]]
"""A pure function; adding one never removes another's finding."""
