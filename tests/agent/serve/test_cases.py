"""Behaviour of the case routes: handed in once, followed, fetched, listed; refusals silent about the note."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from agent.pipeline import Pipeline
from agent.serve.actors import LOCAL_ACTOR
from agent.serve.app import create_app
from agent.serve.problems import PROBLEM_JSON, Problem
from agent.settings import Settings
from agent.store.case_store import CaseStore
from agent.store.records import CaseState, CaseSummary, Worklist
from agent.work.crew import working
from agent.work.settings import WorkSettings
from evals.service.quick_coder import QuickCoder
from medcoding.result import CodingResult
from tests.stores import ELSEWHERE, SAID, coded, handed_in, opened_store, visit

JSON: Final = {"Content-Type": "application/json"}
BODY: Final = visit().model_dump_json()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """A store with room for two cases that wait."""
    with opened_store(tmp_path, max_queue=2) as opened:
        yield opened


@pytest.fixture
async def client(pipeline: Pipeline, settings: Settings, store: CaseStore) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose workers are not started."""
    app = create_app(pipeline, settings, store)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test", headers=JSON) as opened:
        yield opened


def problem(response: httpx.Response, status: int, kind: str) -> Problem:
    """Assert that a response is a problem of that kind, whole and silent about the note; return it."""
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM_JSON), response.text
    found = Problem.model_validate_json(response.content)
    assert found.type == f"urn:chartwright:problem:{kind}"
    assert SAID.lower() not in response.text.lower()
    return found


async def work_until_done(store: CaseStore, client: httpx.AsyncClient, location: str) -> list[tuple[str, Any]]:
    """Follow a case while a worker codes it; its events."""
    async with working(store, QuickCoder(), WorkSettings(), 1), asyncio.timeout(20):
        response = await client.get(f"{location}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [block.split("\n") for block in response.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in events]


async def test_the_server_itself_works_on_cases(pipeline: Pipeline, settings: Settings, store: CaseStore) -> None:
    """While the application lives its workers code what is handed in, by the real pipeline; with none it waits."""
    idle = settings.model_copy(update={"work": WorkSettings(workers=0)})
    case = handed_in(store, visit(text="ASSESSMENT\n1. Hypertension.\n"), LOCAL_ACTOR)
    app = create_app(pipeline, idle, store)
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.2)
    assert store.status(LOCAL_ACTOR, case).state is CaseState.QUEUED
    app = create_app(pipeline, settings, store)
    async with app.router.lifespan_context(app), asyncio.timeout(60):
        while store.status(LOCAL_ACTOR, case).state is not CaseState.DONE:
            await asyncio.sleep(0.05)
    result = store.chart(LOCAL_ACTOR, case).result
    assert result is not None
    assert [line.code for line in result.codes] == ["I10"]


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/encounters?async=1"])
async def test_an_encounter_becomes_a_case_that_can_be_followed(
    store: CaseStore, client: httpx.AsyncClient, path: str
) -> None:
    """202 with its Location; events to the last one, `done`; then the result under it."""
    answer = await client.post(path, content=BODY)
    location = answer.headers["location"]
    summary = CaseSummary.model_validate_json(answer.content)
    assert (answer.status_code, location, summary.state) == (202, f"/v1/cases/{summary.id}", CaseState.QUEUED)
    problem(await client.get(f"{location}/result"), 404, "no-such-case")
    events = await work_until_done(store, client, location)
    assert (events[-1][0], events[-1][1]["lane"]) == ("done", "coder")
    result = CodingResult.model_validate_json((await client.get(f"{location}/result")).content)
    assert [line.code for line in result.codes] == ["I10", "M10.9"]
    assert (await client.get(location)).json()["codes"] == 2


async def test_repeating_a_submission_is_safe(client: httpx.AsyncClient) -> None:
    """The same key and body lead to the same case; the same key with another body is 409."""
    key = {"Idempotency-Key": "key-1"}
    first, again = [await client.post("/v1/cases", content=BODY, headers=key) for _ in range(2)]
    assert (again.status_code, again.headers["location"]) == (202, first.headers["location"])
    other = await client.post("/v1/cases", content=visit("visit-2").model_dump_json(), headers=key)
    problem(other, 409, "conflict")
    problem(await client.post("/v1/cases", content=BODY, headers={"Idempotency-Key": "x" * 256}), 422, "invalid-input")


async def test_a_full_queue_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    """429 with Retry-After; reading goes on."""
    for number in range(2):
        await client.post("/v1/cases", content=visit(f"visit-{number}").model_dump_json())
    refused = await client.post("/v1/cases", content=visit("visit-9").model_dump_json())
    problem(refused, 429, "queue-full")
    assert int(refused.headers["retry-after"]) >= 1
    assert len(Worklist.model_validate_json((await client.get("/v1/cases")).content).cases) == 2


async def test_another_tenants_cases_are_no_cases(store: CaseStore, client: httpx.AsyncClient) -> None:
    """Nothing tells them from ids that never were."""
    theirs = await coded(store, actor=ELSEWHERE)
    for path in ("", "/result", "/events"):
        found = problem(await client.get(f"/v1/cases/{theirs}{path}"), 404, "no-such-case")
        assert found == problem(await client.get(f"/v1/cases/{'0' * 32}{path}"), 404, "no-such-case")
    assert (await client.get("/v1/cases")).json() == {"cases": [], "cursor": None}


@pytest.mark.parametrize("case", ["x", "0" * 31, "A" * 32, "%00", "' OR 1=1 --", "0" * 33])
async def test_ids_that_are_none_are_refused(client: httpx.AsyncClient, case: str) -> None:
    """Whatever stands in the URL, no database is asked."""
    assert (await client.get(f"/v1/cases/{case}")).status_code == 404


async def test_lists_take_filters_and_pages(store: CaseStore, client: httpx.AsyncClient) -> None:
    """By lane, by state, page by page; an unknown filter is refused."""
    done = await coded(store, visit("visit-1"), LOCAL_ACTOR)
    waits = handed_in(store, visit("visit-2"), LOCAL_ACTOR)
    for query, expected in (("lane=coder", [done]), ("state=queued", [waits]), ("limit=1", [done])):
        page = (await client.get(f"/v1/cases?{query}")).json()
        assert [case["id"] for case in page["cases"]] == expected
    following = (await client.get("/v1/cases", params={"limit": 1, "cursor": page["cursor"]})).json()
    assert [case["id"] for case in following["cases"]] == [waits]
    for query in ("lane=x", "limit=0", "limit=201", "cursor=x", "patient=x", "specialty=%00"):
        problem(await client.get(f"/v1/cases?{query}"), 422, "invalid-input")


async def test_erased_cases_are_gone(store: CaseStore, client: httpx.AsyncClient) -> None:
    """410 for what was erased, and nothing of it in the list; another tenant's case cannot be erased."""
    case, theirs = await coded(store, actor=LOCAL_ACTOR), await coded(store, actor=ELSEWHERE)
    assert (await client.delete(f"/v1/cases/{case}")).status_code == 204
    problem(await client.delete(f"/v1/cases/{theirs}"), 404, "no-such-case")
    problem(await client.get(f"/v1/cases/{case}/result"), 410, "erased")
    assert (await client.get(f"/v1/cases/{case}")).json()["case_id"] is None


async def test_whoever_fetches_a_result_is_in_the_trail(store: CaseStore, client: httpx.AsyncClient) -> None:
    """Seeing the status shows no text and leaves no row; the result does."""
    case = await coded(store, actor=LOCAL_ACTOR)
    before = len(store.trail(LOCAL_ACTOR))
    await client.get(f"/v1/cases/{case}")
    await client.get("/v1/cases")
    assert len(store.trail(LOCAL_ACTOR)) == before
    await client.get(f"/v1/cases/{case}/result")
    (row,) = store.trail(LOCAL_ACTOR)[before:]
    assert (row.action, row.actor, row.case, row.version) == ("chart.viewed", LOCAL_ACTOR.id, case, 1)


async def test_the_trail_is_read_page_by_page(store: CaseStore, client: httpx.AsyncClient) -> None:
    """In its order, the tenant's own rows only."""
    await coded(store, actor=LOCAL_ACTOR)
    handed_in(store, actor=ELSEWHERE)
    pages = [(await client.get("/v1/trail", params={"after": n, "limit": 2})).json()["events"] for n in (0, 2, 4)]
    actions = [[event["action"] for event in page] for page in pages]
    assert actions == [["tenant.opened", "case.submitted"], ["case.leased", "case.coded"], []]
    problem(await client.get("/v1/trail?limit=0"), 422, "invalid-input")


async def test_versions_are_fetched_by_their_number(store: CaseStore, client: httpx.AsyncClient) -> None:
    """The latest unless one is named; a number that no version has is no case."""
    case = await coded(store, actor=LOCAL_ACTOR)
    await coded(store, visit(text="Gout only."), LOCAL_ACTOR)
    first, latest = [
        CodingResult.model_validate_json((await client.get(f"/v1/cases/{case}/result{query}")).content)
        for query in ("?version=1", "")
    ]
    assert (len(first.codes), len(latest.codes)) == (2, 1)
    problem(await client.get(f"/v1/cases/{case}?version=3"), 404, "no-such-case")
    problem(await client.get(f"/v1/cases/{case}?version=0"), 422, "invalid-input")


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (b"{", JSON, 400, "malformed"),
        (BODY.encode(), {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        (b" " * 5_000_001, JSON, 413, "too-large"),
        (visit(tenant="county-hospital").model_dump_json().encode(), JSON, 422, "invalid-input"),
        (b"[" * 100_000, JSON, 400, "malformed"),
    ],
    ids=["no JSON", "not declared", "too large", "another tenant's", "too deep"],
)
async def test_what_is_refused_leaves_nothing_behind(
    store: CaseStore, client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    """The limits of the synchronous route hold here too, before anything is stored."""
    problem(await client.post("/v1/cases", content=body, headers=headers), status, kind)
    assert store.tenants() == ()


async def test_without_a_store_there_are_no_cases(pipeline: Pipeline, settings: Settings) -> None:
    """An application over a pipeline alone refuses the asynchronous way and has no case routes."""
    app = create_app(pipeline, settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chartwright.test") as client:
        assert (await client.get("/v1/cases")).status_code == 404
        refused = await client.post("/v1/encounters?async=1", content=BODY, headers=JSON)
        problem(refused, 422, "invalid-input")
