"""Behaviour of submission: one case a visit, one version a change, whatever the sender repeats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.case_store import CaseStore
from agent.store.errors import ConflictError, NoSuchCaseError, QueueFullError
from agent.store.records import CaseState
from medcoding.errors import InputError
from tests.stores import CODER, ELSEWHERE, SAID, TERMS, coded, handed_in, opened_store, visit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store with room for three cases that wait."""
    with opened_store(tmp_path, max_queue=3) as opened:
        yield opened


def test_a_case_waits_under_an_id_that_says_nothing(store: CaseStore) -> None:
    """The sender's id of the visit is shown in the list, and is no part of the case's own id."""
    case = handed_in(store)
    summary = store.status(CODER, case)
    assert (summary.state, summary.version, summary.case_id) == (CaseState.QUEUED, 1, "visit-1")
    assert len(case) == 32
    assert "visit" not in case


def test_the_same_key_with_the_same_body_is_the_same_case(store: CaseStore) -> None:
    """A sender who never got the answer sends again and gets the case that was made."""
    first = store.submit(CODER, visit(), body=b"body", idempotency_key="key")
    again = store.submit(CODER, visit(), body=b"body", idempotency_key="key")
    assert first.created
    assert (again.case, again.created) == (first.case, False)


def test_the_same_key_with_another_body_is_refused(store: CaseStore) -> None:
    """A key that was used means the first encounter; the second is not taken for it."""
    store.submit(CODER, visit(), body=b"body", idempotency_key="key")
    with pytest.raises(ConflictError, match="fresh key"):
        store.submit(CODER, visit("visit-2"), body=b"other", idempotency_key="key")


def test_a_key_is_the_senders_own(store: CaseStore) -> None:
    """Two tenants may use the same key and the same visit id; neither sees the other's case."""
    ours = store.submit(CODER, visit(), body=b"body", idempotency_key="key").case
    theirs = store.submit(ELSEWHERE, visit(), body=b"other", idempotency_key="key").case
    assert ours.case != theirs.case
    with pytest.raises(NoSuchCaseError):
        store.status(ELSEWHERE, ours.case)


def test_a_changed_encounter_is_a_new_version(store: CaseStore) -> None:
    """An addendum makes version 2 of the same case; the list shows that one, version 1 can still be asked for."""
    case = handed_in(store)
    second = store.submit(CODER, visit(text="Gout. Addendum: resolved."), body=b"2").case
    assert second == (case, 2)
    assert store.status(CODER, case).version == 2
    assert store.status(CODER, case, 1).version == 1


def test_an_unchanged_encounter_is_no_new_version(store: CaseStore) -> None:
    """The nightly feed that sends everything again does not have everything coded again."""
    case = handed_in(store)
    again = store.submit(CODER, visit(), body=b"spelled otherwise")
    assert (again.case, again.created) == ((case, 1), False)


def test_an_encounter_that_was_given_up_is_coded_anew(store: CaseStore) -> None:
    """Sent again after its attempts were used up, it becomes a version that is worked on."""
    case = handed_in(store)
    lease = store.take("worker-1", TERMS)
    assert lease
    store.fail(lease, "invalid_input", TERMS, retry=False)
    assert store.submit(CODER, visit(), body=b"").case == (case, 2)


def test_another_tenants_encounter_is_refused(store: CaseStore) -> None:
    """Whose a case is, the sender's key decides; an encounter that says otherwise is not taken in."""
    with pytest.raises(InputError, match="another tenant"):
        handed_in(store, visit(tenant="county-hospital"))
    assert handed_in(store, visit(tenant=CODER.tenant))


async def test_a_full_queue_takes_no_more(store: CaseStore) -> None:
    """The fourth case is refused until one is done; what was taken in before is still confirmed to its sender."""
    for number in range(3):
        visit_n = visit(f"visit-{number}")
        store.submit(CODER, visit_n, body=b"", idempotency_key=str(number))
    with pytest.raises(QueueFullError, match="3 cases wait") as refusal:
        handed_in(store, visit("visit-9"))
    assert refusal.value.retryable
    assert not store.submit(CODER, visit("visit-0"), body=b"", idempotency_key="0").created
    await coded(store, visit("visit-0"))
    assert handed_in(store, visit("visit-9"))


def test_refusals_say_nothing_of_the_note(store: CaseStore) -> None:
    """No refusal of a submission holds a word of the note."""
    with pytest.raises(InputError) as refusal:
        handed_in(store, visit(tenant=SAID))
    assert SAID not in str(refusal.value)


def test_a_specialty_that_no_database_keeps_is_made_plain(store: CaseStore) -> None:
    """Control characters and endless words in a listing field do not reach the database."""
    case = handed_in(store, visit(specialty="Ortho\x00paedics " + "x" * 500))
    specialty = store.status(CODER, case).specialty
    assert specialty is not None
    assert specialty.startswith("Orthopaedics x")
    assert len(specialty) == 200
