"""The doors of the service: who gets in, the pages behind them, and the review of cases over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from agent.access.identify import Identifier
from agent.access.key_book import KeyBook
from agent.access.key_set import KeySet
from agent.access.keys import AccessKey
from agent.access.sessions import Sessions
from agent.access.tokens import TokenReader
from agent.pipeline import Pipeline
from agent.review.desk import Desk
from agent.serve.login import GateKeeper, permitted_action
from agent.serve.pages.router import PageParts, page_router
from agent.serve.review import ReviewService, review_router
from agent.settings import Settings
from agent.store.case_store import CaseStore


def install(app: FastAPI, pipeline: Pipeline, settings: Settings, store: CaseStore | None) -> None:
    """Put the gate before everything, and the pages and review routes behind it where cases are kept.

    Raises `ConfigError` for keys of an issuer that may not be fetched, or a route that the table of permissions lacks.
    """
    identifier, sessions = _identifier(settings, store), _sessions(settings)
    if store is not None:
        desk = build_desk(pipeline, settings, store)
        app.include_router(review_router(ReviewService(desk, settings.limits)))
        app.include_router(page_router(PageParts(desk, pipeline, identifier, sessions)))
    app.add_middleware(
        GateKeeper, identifier=identifier, sessions=sessions, retry_after_s=settings.llm.breaker_s
    )  # fmt: skip


def build_desk(pipeline: Pipeline, settings: Settings, store: CaseStore) -> Desk:
    """The desk over a pipeline's parts and a store."""
    secret = settings.secret.get_secret_value().encode() if settings.secret else secrets.token_bytes(32)
    return Desk(pipeline.parts, store, settings.review, secret, settings.access.break_glass_s)


def check_table(routes: Sequence[BaseRoute]) -> None:
    """Raise `ConfigError` naming the first route that the table of permissions lacks."""
    for context in iter_route_contexts(routes):  # FastAPI keeps an included router as one object
        for method in (context.methods or set()) - {"HEAD"}:
            permitted_action(method, context.path or "")


def _identifier(settings: Settings, store: CaseStore | None) -> Identifier:
    tokens = TokenReader(settings.access, KeySet(settings.access)) if settings.access.issuer else None
    return Identifier(settings.access, KeyBook(store.ledger).find if store else _no_key, tokens)


def _sessions(settings: Settings) -> Sessions:
    """The local user, who has no log-in, is not logged off for being idle."""
    access = settings.access
    if access.mode == "local":
        access = access.model_copy(update={"idle_s": access.session_s})
    return Sessions(access)


def _no_key(_: str) -> AccessKey | None:
    return None
