"""Reviews on a real PostgreSQL: the same day as on the embedded store, and steps that race for one case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.access.key_book import KeyBook
from agent.pipeline import Pipeline
from agent.review.desk import Desk
from agent.review.settings import ReviewSettings
from agent.store.case_store import CaseStore
from agent.store.engine import open_engine
from agent.store.errors import ConflictError
from agent.store.opening import open_store
from agent.store.upgrade import upgrade
from medcoding.review import Accept, Undo
from tests.desks import ANNA, BERT, all_accepted, coded_by, did, seat
from tests.real.postgres import binaries, running_postgres
from tests.stores import store_settings

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store on a server of the test's own."""
    programs = binaries()
    if programs is None:
        reason = "PostgreSQL is not installed; run tests/real/install.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_postgres(programs) as server:
        settings = store_settings(tmp_path, url=SecretStr(server.new_database("reviews")))
        engine = open_engine(settings)
        upgrade(engine)
        engine.dispose()
        opened = open_store(settings, told=lambda _: None)
        yield opened
        opened.close()


async def test_a_review_and_its_races(store: CaseStore, pipeline: Pipeline) -> None:
    """Attested, voided and attested again; of eight who take the same step at once one does; the trail holds."""
    desk = Desk(pipeline.parts, store, ReviewSettings(seed_share=1.0), b"secret", glass_s=60)
    case = await coded_by(pipeline, store)
    with ThreadPoolExecutor(8) as crowd:
        opened = list(crowd.map(lambda _: desk.open(ANNA, case), range(8)))
    found = opened[0]
    assert len({tuple(line.code for line in one.now.lines) for one in opened}) == 1, "one beginning for all"

    def raced(_: int) -> bool:
        try:
            desk.act(seat(found), Accept(line="s1"))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(raced, range(8))) == 1
    with pytest.raises(ConflictError):
        did(desk, desk.again(ANNA, case), Accept(line="s2"), actor=BERT)
    found = all_accepted(desk, desk.again(ANNA, case))
    found = desk.attest(seat(found), found.final.digest)
    assert found.attestation is not None
    found = did(desk, found, Undo())
    assert found.attestation is None
    found = all_accepted(desk, found)
    assert desk.attest(seat(found), found.final.digest).attestation is not None
    key = KeyBook(store.ledger).add(ANNA, BERT).kept
    assert KeyBook(store.ledger).find(key.id) == key
    assert all(checked.bad is None for checked in store.verify().values())
