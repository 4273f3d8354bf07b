"""Open the case store: its database in the form this code reads, its keys, and nothing made in silence."""

from __future__ import annotations

from agent.store.case_store import CaseStore
from agent.store.engine import is_embedded, open_engine
from agent.store.key_files import Told, store_keys
from agent.store.ledger import Ledger
from agent.store.settings import StoreSettings
from agent.store.upgrade import check_form, upgrade
from medcoding.errors import ChartwrightError


def open_store(settings: StoreSettings, told: Told) -> CaseStore:
    """The store of these settings. An embedded one is made, and brought to its form, when it is opened.

    `told` is called with one sentence when keys are made. Raises `ConfigError` or `DependencyError`.
    """
    engine = open_engine(settings)
    embedded = is_embedded(engine)
    try:
        if embedded:
            upgrade(engine)
        else:
            check_form(engine)
        return CaseStore(Ledger(engine, store_keys(settings, told, may_make=embedded)), settings)
    except ChartwrightError:
        engine.dispose()
        raise
