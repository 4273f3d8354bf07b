"""The composition root: the one place where parts are made from settings."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from agent.abbreviations import Abbreviations
from agent.assertion import AssertionRules
from agent.books import Books, open_books
from agent.calibrator import load_calibrator
from agent.combine import CombinationTable
from agent.encoder_files import SHIPPED, open_encoder
from agent.explain import Explainer
from agent.fast_path import FastPath
from agent.lanes import Lanes
from agent.llm import LLM, LlmSettings
from agent.mentions import MentionRules
from agent.parts import Parts
from agent.payer_sources import load_payer_rules, payer_files, with_known_codes
from agent.pipeline import Pipeline
from agent.preflight import refuse_clashing_distributions
from agent.questions import Model
from agent.recorded import Recorded
from agent.routine import FastPathMode
from agent.routing import Routing
from agent.sections import HeadingTable
from agent.settings import Settings
from medcoding.errors import ConfigError
from medcoding.result import Stamp
from prompts.loader import load_prompt
from retrieval import index_folder as layout
from retrieval.dictionary import Dictionary
from retrieval.edge_store import EdgeStore
from retrieval.encoder import OnnxEncoder
from retrieval.guideline_rules import GuidelineRules
from retrieval.index_folder import IndexFolder, digest_of, file_digest, open_index
from retrieval.index_walk import open_walkers
from retrieval.knowledge import KnowledgeSearch
from retrieval.procedure_search import ProcedureSearch
from retrieval.rerank import LearnedReranker
from retrieval.search import CandidateSearch
from retrieval.similar import SimilarSearch
from retrieval.sparse import Bm25Encoder
from retrieval.store import VectorStore

if TYPE_CHECKING:
    from agent.operation.operation import Operation
    from agent.store.case_store import CaseStore

LIVE_PROMPT: Final = "v2"
"""The version of the verify prompt that a served model gets."""

_ANSWERED_FROM: Final = {"record", "replay"}
"""Settings of the model that change no answer."""
_ELSEWHERE: Final = ("index_dir", "secret", "store", "work", "access", "review", "operation")
"""Settings that change no answer: where things are kept, and who works on them."""
_ROOT: Final = Path(__file__).resolve().parent.parent
_OUR_PACKAGES: Final = ("medcoding", "prompts", "retrieval", "guardrails", "agent")


def build_pipeline(settings: Settings, llm: LLM | None = None) -> Pipeline:
    """The pipeline for these settings. A model given here (tests) takes the place of the configured server.

    Raises `ConfigError`, `DependencyError` (no index) or `IntegrityError` (damaged index).
    """
    refuse_clashing_distributions()
    index = open_index(settings.index_dir)
    books = open_books(index)
    searches = _searches(index, books, settings)
    digest = searches.knowledge.all_passages()
    model = _model(settings, llm)
    fast_path = _fast_path(settings, index, searches)
    return Pipeline(
        Parts(
            books=books,
            headings=HeadingTable(),
            mention_rules=MentionRules(Dictionary.load(index.dictionary), Abbreviations(), AssertionRules()),
            search=searches.candidates,
            knowledge=searches.knowledge,
            similar=searches.similar,
            guideline_rules=GuidelineRules(digest),
            procedures=searches.procedures,
            combinations=CombinationTable(),
            explainer=Explainer(digest, books.alphabetic_indexes),
            routing=_routing(settings, books),
            payer_rules=with_known_codes(load_payer_rules(payer_files(settings.payer_rules)), books),
            model=model,
            encoder=fast_path,
            fast_path=settings.fast_path,
            explain_prompt=load_prompt("explain", settings.explain_prompt),
            why_prompt=load_prompt("why", settings.why_prompt),
            stamp=_stamp(settings, index, model, fast_path),
        )
    )


def _routing(settings: Settings, books: Books) -> Routing:
    return Routing(
        settings=settings.routing,
        audit=settings.lanes.audit,
        calibrator=load_calibrator(settings.calibrator),
        lanes=Lanes(settings.lanes.file),
        codebooks=books.codebooks,
    )


def build_store(settings: Settings, told: Callable[[str], None]) -> CaseStore:
    """The case store of these settings. `told` gets one sentence for every key that is made.

    Raises `ConfigError` or `DependencyError`.
    """
    from agent.store.opening import open_store  # SQLAlchemy takes a third of a second to import

    return open_store(settings.store, told)


def build_operation(settings: Settings) -> Operation:
    """Metrics and traces of a process that serves or works. Raises `ConfigError` when the exporter is not installed."""
    # Only who serves or works waits for these imports.
    from agent.operation.health import ModelServer
    from agent.operation.metrics import ServiceMetrics
    from agent.operation.operation import Operation
    from agent.operation.tracing import Tracing, otlp_exporter

    asked, metrics = settings.operation, ServiceMetrics()
    exporter = otlp_exporter(asked.trace_endpoint, asked.probe_timeout_s) if asked.trace_endpoint else None
    model = ModelServer(settings.llm, asked)
    return Operation(metrics, Tracing(exporter, metrics.dropped), model, logs_requests=True)


class _Searches(NamedTuple):
    candidates: CandidateSearch
    knowledge: KnowledgeSearch
    similar: SimilarSearch
    procedures: ProcedureSearch


def _searches(index: IndexFolder, books: Books, settings: Settings) -> _Searches:
    encoder, sparse = OnnxEncoder(index.encoder), Bm25Encoder()
    names = (layout.SURFACES, layout.GUIDELINES, layout.PAST_ENCOUNTERS, layout.PROCEDURE_WORDINGS)
    surfaces, guidelines, past, procedures = (open_collection(index, name, settings) for name in names)
    walkers = open_walkers(index, (book.edition.name for book in books.codebooks.editions))
    return _Searches(
        CandidateSearch(surfaces, encoder, sparse, walkers, LearnedReranker(index.reranker)),
        KnowledgeSearch(guidelines, encoder, sparse),
        SimilarSearch(past, encoder, sparse),
        ProcedureSearch(procedures, encoder, sparse, books.procedures),
    )


def _fast_path(settings: Settings, index: IndexFolder, searches: _Searches) -> FastPath | None:
    """The fast encoder; where it was distilled from another backbone than the index holds, it reads without one."""
    if settings.fast_path.mode is FastPathMode.OFF:
        return None
    files = open_encoder(settings.fast_path.folder or SHIPPED)
    same = files.card.backbone == index.manifest.encoder
    return FastPath(files, searches.candidates.encoder if same else None)


def open_collection(index: IndexFolder, name: str, settings: Settings) -> VectorStore:
    """A collection of the Qdrant server when one is set, else the embedded one."""
    if settings.qdrant.url:
        from retrieval.client_store import ClientStore  # the client takes two seconds to import

        key = settings.qdrant.api_key.get_secret_value() if settings.qdrant.api_key else None
        return ClientStore.connect(settings.qdrant.url, name, api_key=key, timeout_s=settings.qdrant.timeout_s)
    return EdgeStore.open_copy(index.collection(name))


def _model(settings: Settings, llm: LLM | None) -> Model | None:
    """The language model: the one given, a server, one in this process, or none."""
    asked, wording = settings.llm, settings.verify_prompt
    if llm is None and asked.base_url is None and asked.model is None:
        return None
    if llm is None and asked.base_url is not None:
        from agent.vllm import VllmLLM  # openai and instructor take a second to import

        llm = _replaying(asked, asked.model) or VllmLLM(asked)
    if llm is None:
        from agent.local import LocalLLM, local_model

        card = local_model(asked)
        general = card.prompt is None  # a model trained to choose has learned no prose, and no second thoughts
        room = min(asked.note_tokens, card.note_tokens)
        # One encounter at a time, or the computed beginning of one would push out the other's.
        allowed = {"explain": asked.explain and general, "repair": asked.repair and general}
        asked = asked.model_copy(update={"note_tokens": room, "concurrency": 1, **allowed})
        wording = wording or card.prompt
        llm = _replaying(asked, card.name) or LocalLLM(asked, card)
    secret = settings.secret.get_secret_value().encode() if settings.secret else secrets.token_bytes(32)
    return Model(llm, load_prompt("verify", wording or LIVE_PROMPT), secret, asked, settings.fallback)


def _replaying(asked: LlmSettings, name: str | None) -> LLM | None:
    """Recorded answers in place of the model of that name; None where the model itself is to answer."""
    if asked.replay is None:
        return None
    if name is None:
        raise ConfigError("Recorded answers are found by their model's name; set CHARTWRIGHT_LLM__MODEL.")
    from agent.replay import ReplayLLM

    return ReplayLLM(asked, Recorded([asked.replay]), name)


def _stamp(settings: Settings, index: IndexFolder, model: Model | None, fast_path: FastPath | None) -> Stamp:
    calibrator = load_calibrator(settings.calibrator)
    return Stamp(
        code=_code_digest(),
        prompt=model.prompt.digest[:16] if model else "none",
        model=model.llm.name if model else "none",
        encoder=fast_path.files.digest[:16] if fast_path else "none",
        codebook=index.manifest.digest_under(layout.CODEBOOKS),
        index=index.manifest.digest,
        settings=digest_of(
            settings.model_dump_json(exclude={**dict.fromkeys(_ELSEWHERE, True), "llm": _ANSWERED_FROM}),
            *map(file_digest, payer_files(settings.payer_rules)),
            calibrator.digest if calibrator else "no calibrator",
        ),
    )


@cache
def _code_digest() -> str:
    """Digest of our own sources and tables, so that a changed rule shows in the stamp."""
    files = sorted(
        path for package in _OUR_PACKAGES for path in (_ROOT / package).rglob("*") if path.suffix in {".py", ".tsv"}
    )
    return digest_of(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
