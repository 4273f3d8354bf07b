"""Behaviour of reviews over HTTP: the same desk for systems that bring a page of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest
from jsonschema import Draft202012Validator

from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.review import ReviewView
from agent.settings import Settings
from medcoding.access import LOCAL_TENANT, Actor, Role
from tests.desks import coded_by
from tests.stores import opened_store

LOCAL: Final = Actor(id="local", tenant=LOCAL_TENANT, roles=frozenset(Role))


class Api(NamedTuple):
    """A local installation with one coded case."""

    client: httpx.AsyncClient
    at: str

    async def view(self) -> ReviewView:
        """The case as it stands."""
        answer = await self.client.get(f"{self.at}/review")
        assert answer.status_code == 200, answer.text
        return ReviewView.model_validate_json(answer.content)

    async def send(self, path: str, seen: int, **body: Any) -> httpx.Response:
        """A change, when so many had been made."""
        return await self.client.post(f"{self.at}/{path}", json={"version": 1, "seen": seen, **body})


@pytest.fixture
async def api(pipeline: Pipeline, settings: Settings, tmp_path: Path) -> AsyncIterator[Api]:
    """One case over HTTP."""
    with opened_store(tmp_path) as store:
        case = await coded_by(pipeline, store, actor=LOCAL)
        transport = httpx.ASGITransport(create_app(pipeline, settings, store))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Api(client, f"/v1/cases/{case}")


async def test_from_the_first_step_to_the_attested_set(api: Api) -> None:
    """Steps, the obstacles that are left, the attestation and the set it speaks of."""
    view = await api.view()
    assert len(view.obstacles) == len(view.lines)
    assert (await api.client.get(f"{api.at}/attestation")).status_code == 404
    for number, line in enumerate(view.lines):
        answer = await api.send("review", number, step={"kind": "accept", "line": line.id})
        assert answer.status_code == 200, answer.text
    view = await api.view()
    assert view.obstacles == ()
    done = await api.send("attestation", view.seen, digest=view.digest)
    assert done.json()["attestation"]["digest"] == view.digest
    kept = (await api.client.get(f"{api.at}/attestation")).json()
    assert [line["code"] for line in kept["final"]["lines"]] == [line.code for line in view.lines]
    actions = [event["action"] for event in (await api.client.get(f"{api.at}/timeline")).json()["events"]]
    assert actions[-1] == "attested"


async def test_a_passed_state_is_a_conflict(api: Api) -> None:
    """What was decided meanwhile is not overwritten."""
    await api.view()
    assert (await api.send("review", 0, step={"kind": "accept", "line": "s1"})).status_code == 200
    again = await api.send("review", 0, step={"kind": "accept", "line": "s2"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:chartwright:problem:conflict")


@pytest.mark.parametrize(
    "step",
    [{}, {"kind": "dance"}, {"kind": "accept"}, {"kind": "accept", "line": 1}, None, [], "accept",
     {"kind": "move", "line": "s1", "place": 0}, {"kind": "accept", "line": "s1", "more": 1},
     {"kind": "reject", "line": "s1", "reason": "other"}],
)  # fmt: skip
async def test_a_wrong_step_is_refused(api: Api, step: object) -> None:
    """One problem document, whatever was sent."""
    await api.view()
    answer = await api.send("review", 0, step=step)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


async def test_queries_are_linted_sent_and_answered(api: Api) -> None:
    """A leading one is refused with its mends; an open one goes out, and its answer comes in once."""
    view = await api.view()
    quote = view.lines[0].evidence[0].model_dump(mode="json")
    fine = {"to": "Dr. Lee", "about": "Knee", "question": "What is the cause of the pain?", "indicators": [quote]}
    leading = await api.send("queries", 0, **{**fine, "question": "Please document gout for the DRG."})
    assert leading.status_code == 422
    assert "payment" in leading.json()["detail"]
    sent = (await api.send("queries", 0, **fine, options=["Wear", "Injury"])).json()
    assert [option["text"] for option in sent["options"]][2:] == ["Other (please specify)", "Unable to determine"]
    answered = await api.send(f"queries/{sent['id']}", 0, answer="Wear.")
    assert answered.json()["state"] == "answered"
    assert (await api.send(f"queries/{sent['id']}", 0)).status_code == 422
    assert [one["state"] for one in (await api.client.get(f"{api.at}/queries")).json()] == ["answered"]


async def test_locks_and_the_page_of_figures(api: Api) -> None:
    """A case is taken and given back; without the lock nothing is changed."""
    await api.view()
    assert (await api.client.delete(f"{api.at}/lock")).json()["locked_by"] is None
    assert (await api.send("review", 0, step={"kind": "accept", "line": "s1"})).status_code == 409
    assert (await api.client.post(f"{api.at}/lock")).json()["locked_by"] == "local"
    assert (await api.send("review", 0, step={"kind": "accept", "line": "s1"})).status_code == 200
    figures = (await api.client.get("/v1/supervision")).json()
    assert (figures["cases"], figures["agreement"]) == (0, None)


async def test_the_openapi_document_describes_every_body(api: Api) -> None:
    """Every reference leads to a shape, and a step that was taken fits its own."""
    openapi = (await api.client.get("/openapi.json")).json()
    shapes = openapi["components"]["schemas"]
    Draft202012Validator.check_schema({"$defs": shapes})
    text = str(openapi)
    named = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(shapes)
    step = shapes["StepBody"] | {"components": {"schemas": shapes}}
    body = {"version": 1, "seen": 0, "step": {"kind": "accept", "line": "s1"}}
    assert Draft202012Validator(step).is_valid(body)
    assert not Draft202012Validator(step).is_valid({**body, "step": {"kind": "dance"}})
