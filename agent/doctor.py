"""Examine an installation: what is there, what is missing, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal
from urllib.parse import urlsplit

from agent.bootstrap import build_pipeline, open_collection
from agent.calibrator import MEND, Answering, load_calibrator, why_not
from agent.lanes import UNNAMED
from agent.preflight import refuse_clashing_distributions
from agent.settings import Settings
from medcoding.errors import ChartwrightError
from medcoding.proposal import Source
from medcoding.record import Record
from retrieval.encoder import OnnxEncoder
from retrieval.index_folder import SURFACES, open_index, verify_index

_DISTRIBUTIONS: Final = (
    "qdrant-edge-py", "qdrant-client", "llama-index", "sentence-transformers", "instructor", "pydantic", "fastapi",
    "tenacity", "onnxruntime", "simple-icd-10-cm",
)  # fmt: skip


class Check(Record):
    """One thing that was examined."""

    name: str
    state: Literal["ok", "absent", "broken"]
    """`absent`: optional and not there."""
    detail: str


def examine(settings: Settings) -> tuple[Check, ...]:
    """Every check, each independent of the others."""
    steps: tuple[tuple[str, Callable[[Settings], Check]], ...] = (
        ("packages", _packages),
        ("index", _index),
        ("search", _search),
        ("model", _model),
        ("calibrator", _calibrator),
    )
    return tuple(_guarded(name, step, settings) for name, step in steps)


def _guarded(name: str, step: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return step(settings)
    except ChartwrightError as error:
        return Check(name=name, state="broken", detail=str(error))


def _packages(settings: Settings) -> Check:  # noqa: ARG001 - one signature for all checks
    refuse_clashing_distributions()
    missing = [name for name in _DISTRIBUTIONS if not _version(name)]
    if missing:
        return Check(name="packages", state="broken", detail=f"{', '.join(missing)} missing; run 'make install'.")
    shown = ", ".join(f"{name} {_version(name)}" for name in _DISTRIBUTIONS)
    return Check(name="packages", state="ok", detail=shown)


def _index(settings: Settings) -> Check:
    index = open_index(settings.index_dir)
    verify_index(index)
    editions = ", ".join(
        f"{c.edition.name} ({c.edition.status}, {c.edition.effective_from} to {c.edition.effective_to})"
        for c in index.codebooks().editions
    )
    return Check(name="index", state="ok", detail=f"{index.manifest.digest}, every byte as built; {editions}")


def _search(settings: Settings) -> Check:
    index = open_index(settings.index_dir)
    (vector,) = OnnxEncoder(index.encoder).encode(["hypertension"])
    store = open_collection(index, SURFACES, settings)
    count = store.count()
    store.close()
    where = "on the Qdrant server" if settings.qdrant.url else "embedded"
    words = f"{count:,} surfaces {where}, encoder answers with {len(vector)} dimensions"
    return Check(name="search", state="ok", detail=words)


def _model(settings: Settings) -> Check:
    """Which model answers, whether within the schema, and what to change. The address is shown without credentials."""
    if settings.llm.base_url is None and settings.llm.model is None:
        words = "none configured, rules answer; set CHARTWRIGHT_LLM__BASE_URL to a vLLM server's /v1 address"
        return Check(name="model", state="absent", detail=words)
    from agent.model_check import check_model

    found = check_model(settings.llm)
    where = f"at {urlsplit(settings.llm.base_url).hostname}" if settings.llm.base_url else "in this process"
    length = f", context {found.context_tokens:,} tokens" if found.context_tokens else ""
    kept = "keeps to the schema" if found.honours_schema else "does not keep to the schema"
    advice = f"; {'; '.join(found.advice)}" if found.advice else ""
    words = f"{found.name} answers {where} in {found.seconds:.2f} s and {kept}{length}{advice}"
    return Check(name="model", state="ok" if found.honours_schema else "broken", detail=words)


def _calibrator(settings: Settings) -> Check:
    """Whether confidences are calibrated for every loaded edition and for whoever answers; if not, what mends it."""
    calibrator = load_calibrator(settings.calibrator)
    if calibrator is None:
        return Check(name="calibrator", state="absent", detail=f"none, confidences are not calibrated; {MEND}")
    parts = build_pipeline(settings).parts
    sources = [Source.RULES, *([Source.LLM] if parts.model else []), *([Source.ENCODER] if parts.encoder else [])]
    editions = [book.edition.name for book in parts.codebooks.editions]
    stale = dict.fromkeys(
        why for edition in editions for source in sources
        if (why := why_not(calibrator, source, Answering(parts.stamp, edition, UNNAMED)))
    )  # fmt: skip
    if stale:
        return Check(name="calibrator", state="absent", detail=f"stale, {'; '.join(stale)}")
    fitted = ", ".join(f"{scale.answers:,} answers by {scale.source.value}" for scale in calibrator.scales)
    detail = f"{calibrator.digest} for {' and '.join(calibrator.editions)}, fitted on {fitted}"
    return Check(name="calibrator", state="ok", detail=detail)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
