"""What the flow is built from."""

from __future__ import annotations

from dataclasses import dataclass

from agent.books import Books
from agent.combine import CombinationTable
from agent.explain import Explainer
from agent.fast_path import FastPath
from agent.mentions import MentionRules
from agent.questions import Model
from agent.routine import FastPathSettings
from agent.routing import Routing
from agent.sections import HeadingTable
from medcoding.codebook import Codebooks
from medcoding.payer_rule import PayerRule
from medcoding.result import Stamp
from prompts.loader import Prompt
from retrieval.guideline_rules import GuidelineRules
from retrieval.knowledge import KnowledgeSearch
from retrieval.procedure_search import ProcedureSearch
from retrieval.search import CandidateSearch
from retrieval.similar import SimilarSearch


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the flow is built from; made in `agent.bootstrap` only."""

    books: Books
    headings: HeadingTable
    mention_rules: MentionRules
    search: CandidateSearch
    knowledge: KnowledgeSearch
    similar: SimilarSearch
    guideline_rules: GuidelineRules
    procedures: ProcedureSearch
    combinations: CombinationTable
    explainer: Explainer
    routing: Routing
    payer_rules: tuple[PayerRule, ...]
    model: Model | None
    encoder: FastPath | None
    """None where the fast path is off."""
    fast_path: FastPathSettings
    explain_prompt: Prompt
    why_prompt: Prompt
    stamp: Stamp

    @property
    def codebooks(self) -> Codebooks:
        """The loaded editions of ICD-10-CM."""
        return self.books.codebooks
