"""Behaviour of leases: one worker at a time, one answer a version, whoever fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.case_store import CaseStore
from agent.store.errors import LeaseLostError
from agent.store.leases import EXHAUSTED, Lease
from agent.store.records import CaseState, ReviewState
from medcoding.result import CodingResult, Route
from tests.stores import CODER, TERMS, MovedClock, handed_in, opened_store, result_of, visit


@pytest.fixture
def clock() -> MovedClock:
    """A clock that the test moves."""
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovedClock) -> Iterator[CaseStore]:
    """A store on that clock."""
    with opened_store(tmp_path, clock) as opened:
        yield opened


def taken(store: CaseStore, worker: str = "worker-1") -> Lease:
    """The case that is due."""
    lease = store.take(worker, TERMS)
    assert lease is not None
    return lease


def actions(store: CaseStore, case: str) -> list[str]:
    """What the trail says happened to a case."""
    return [event.action for event in store.timeline(CODER, case)]


async def test_a_case_goes_to_one_worker_and_is_answered_once(store: CaseStore) -> None:
    """Nobody else gets it meanwhile; the result is kept with its lane, its edition and how many codes it has."""
    case = handed_in(store)
    lease = taken(store)
    assert store.take("worker-2", TERMS) is None
    encounter = store.opened(lease)
    result = await result_of(encounter)
    store.finish(lease, encounter, result)
    summary = store.status(CODER, case)
    assert (summary.state, summary.lane, summary.codes) == (CaseState.DONE, Route.CODER, 2)
    assert (summary.edition, summary.review) == ("FY2027", ReviewState.OPEN)
    assert CodingResult.model_validate_json(store.result_json(CODER, case)) == result
    with pytest.raises(LeaseLostError):
        store.finish(lease, encounter, result)
    assert actions(store, case) == ["case.submitted", "case.leased", "case.coded", "chart.viewed"]


async def test_a_silent_worker_loses_its_case(store: CaseStore, clock: MovedClock) -> None:
    """After the lease another takes it up; the first one's late answer is thrown away, the second's counts."""
    case = handed_in(store)
    first = taken(store)
    clock.move(TERMS.seconds + 1)
    second = taken(store, "worker-2")
    assert (second.case, second.attempt) == (first.case, 2)
    encounter = store.opened(second)
    with pytest.raises(LeaseLostError):
        store.finish(first, encounter, await result_of(encounter))
    with pytest.raises(LeaseLostError):
        store.opened(first)
    assert not store.renew(first, TERMS)
    store.finish(second, encounter, await result_of(encounter))
    assert actions(store, case).count("case.coded") == 1


def test_a_sign_of_life_keeps_the_case(store: CaseStore, clock: MovedClock) -> None:
    """Renewed before its end, a lease runs on."""
    handed_in(store)
    lease = taken(store)
    clock.move(TERMS.seconds - 1)
    assert store.renew(lease, TERMS)
    clock.move(TERMS.seconds - 1)
    assert store.take("worker-2", TERMS) is None


def test_the_longest_waiting_comes_first(store: CaseStore, clock: MovedClock) -> None:
    """Cases are taken up in the order in which they came."""
    cases = []
    for number in range(3):
        cases.append(handed_in(store, visit(f"visit-{number}")))
        clock.move(1)
    assert [taken(store).case.case for _ in cases] == cases


def test_a_failed_attempt_is_tried_again_later_and_then_given_up(store: CaseStore, clock: MovedClock) -> None:
    """Each wait is twice the one before; after the last allowed attempt the case is a dead letter with its code."""
    case = handed_in(store)
    for wait in (TERMS.retry_s, 2 * TERMS.retry_s):
        store.fail(taken(store), "dependency_down", TERMS, retry=True)
        clock.move(wait - 1)
        assert store.take("worker-1", TERMS) is None
        clock.move(1)
    store.fail(taken(store), "dependency_down", TERMS, retry=True)
    clock.move(1_000_000)
    assert store.take("worker-1", TERMS) is None
    summary = store.status(CODER, case)
    assert (summary.state, summary.error, summary.attempts) == (CaseState.FAILED, "dependency_down", 3)
    assert actions(store, case).count("case.failed") == 1


def test_a_case_that_every_worker_dies_of_is_given_up(store: CaseStore, clock: MovedClock) -> None:
    """It is not taken up for ever; the next in the queue gets its turn in the same look."""
    deadly = handed_in(store, visit("visit-1"))
    for _ in range(TERMS.max_attempts):
        assert taken(store).case.case == deadly
        clock.move(TERMS.seconds + 1)
    harmless = handed_in(store, visit("visit-2"))
    assert taken(store).case.case == harmless
    assert store.status(CODER, deadly).error == EXHAUSTED
    assert actions(store, deadly)[-1] == "case.failed"


def test_a_case_given_back_is_as_if_it_had_not_been_taken(store: CaseStore) -> None:
    """A worker that stops uses up no attempt."""
    case = handed_in(store)
    store.give_back(taken(store))
    summary = store.status(CODER, case)
    assert (summary.state, summary.attempts) == (CaseState.QUEUED, 0)
    assert taken(store).attempt == 1


async def test_every_suggestion_stands_in_the_trail(store: CaseStore) -> None:
    """Code, confidence and the place of the evidence, documents by digest: no word of the note."""
    case = handed_in(store)
    lease = taken(store)
    encounter = store.opened(lease)
    store.finish(lease, encounter, await result_of(encounter))
    submitted, _, row = store.timeline(CODER, case)
    suggestions = row.detail["suggestions"]
    assert isinstance(suggestions, list)
    assert [s["code"] for s in suggestions if isinstance(s, dict)] == ["I10", "M10.9"]
    assert suggestions[1] == {
        "line": "s2",
        "system": "icd10cm",
        "code": "M10.9",
        "role": "secondary",
        "sequence": 2,
        "confidence": 0.5,
        "route": "coder",
        "source": "rules",
        "evidence": [{"document": 0, "start": 0, "end": 4}],
    }
    assert row.detail["documents"] == submitted.detail["documents"]
