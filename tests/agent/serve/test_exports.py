"""Behaviour of FHIR over HTTP: Bundles in, GuidanceResponse out, finished cases taken out in every form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.claim import Claim
from fhir.resources.R4B.guidanceresponse import GuidanceResponse
from fhir.resources.R4B.provenance import Provenance
from pydantic import BaseModel

from agent.exchange.incoming import encounter_of
from agent.exchange.vocabulary import FHIR_JSON
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.problems import PROBLEM_JSON
from agent.settings import Settings
from agent.store.case_store import CaseStore
from medcoding.result import CodingResult
from tests.agent.exchange.bundles import add, bundle, resource, task
from tests.stores import TERMS, coded, handed_in, opened_store, visit

FORMS: Final[dict[str, type[BaseModel]]] = {
    "guidance": GuidanceResponse,
    "claim": Claim,
    "provenance": Provenance,
    "auditevents": Bundle,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """An empty case store."""
    with opened_store(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(pipeline: Pipeline, settings: Settings, store: CaseStore) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over that store; no worker is at work."""
    transport = httpx.ASGITransport(create_app(pipeline, settings, store))
    async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test") as opened:
        yield opened


class TestFhirIn:
    """POST /v1/encounters with FHIR."""

    @pytest.mark.parametrize("media", [FHIR_JSON, "application/json", f"{FHIR_JSON}; charset=utf-8"])
    async def test_a_bundle_is_answered_in_fhir(
        self, client: httpx.AsyncClient, pipeline: Pipeline, media: str
    ) -> None:
        """Known by its resource type, whatever the media type calls it; the codes are the pipeline's."""
        response = await client.post("/v1/encounters", json=bundle(), headers={"Content-Type": media})
        assert (response.status_code, response.headers["content-type"]) == (200, FHIR_JSON)
        answered = response.json()
        GuidanceResponse.model_validate(answered)
        (parameters,) = (one for one in answered["contained"] if one["resourceType"] == "Parameters")
        told = [one["part"][0]["valueCoding"]["code"] for one in parameters["parameter"] if one["name"] == "code"]
        assert told == [line.code for line in (await pipeline.code(encounter_of(bundle()))).codes]

    async def test_a_task_too(self, client: httpx.AsyncClient) -> None:
        """With the Bundle inside."""
        response = await client.post("/v1/encounters", json=task([bundle() | {"id": "b"}], "#b"))
        assert response.json()["resourceType"] == "GuidanceResponse"

    async def test_a_refusal_is_the_one_shape(self, client: httpx.AsyncClient) -> None:
        """A problem document that names the element."""
        sent = bundle()
        resource("DocumentReference", sent)["content"][0]["attachment"] = {
            "contentType": "text/plain", "url": "https://ehr.example.org/note",
        }  # fmt: skip
        response = await client.post("/v1/encounters", json=sent, headers={"Content-Type": FHIR_JSON})
        assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM_JSON)
        assert "attachment.url is never fetched" in response.json()["detail"]
        assert "ehr.example.org" not in response.text

    async def test_a_key_twice_is_refused(self, client: httpx.AsyncClient) -> None:
        """Which one was meant cannot be known, on this way as on the command line."""
        response = await client.post(
            "/v1/encounters", content=b'{"resourceType":"Bundle","resourceType":"Task"}',
            headers={"Content-Type": FHIR_JSON},
        )  # fmt: skip
        assert response.status_code == 422
        assert "a key twice" in response.json()["detail"]

    async def test_a_case_can_be_handed_in_as_fhir(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """It is the same case as in the product's own format."""
        response = await client.post("/v1/cases", json=add(bundle()), headers={"Content-Type": FHIR_JSON})
        assert response.status_code == 202
        assert response.json()["case_id"] == "V-20261102-7"


class TestExports:
    """GET /v1/cases/{case}/exports/{form}."""

    @pytest.mark.parametrize("form", FORMS)
    async def test_fhir_forms(self, client: httpx.AsyncClient, store: CaseStore, form: str) -> None:
        """Each is a resource of its type."""
        case = await coded(store)
        response = await client.get(f"/v1/cases/{case}/exports/{form}")
        assert (response.status_code, response.headers["content-type"]) == (200, FHIR_JSON), response.text
        FORMS[form].model_validate(response.json())

    async def test_json_is_the_result(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """To the letter what the result route gives."""
        case = await coded(store)
        exported = await client.get(f"/v1/cases/{case}/exports/json")
        CodingResult.model_validate_json(exported.content)
        assert exported.content == (await client.get(f"/v1/cases/{case}/result")).content

    async def test_who_takes_it_out_is_in_the_trail(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """Last of all, by the form."""
        case = await coded(store)
        await client.get(f"/v1/cases/{case}/exports/claim")
        events = (await client.get(f"/v1/cases/{case}/exports/auditevents")).json()["entry"]
        actions = [one["resource"]["subtype"][0]["code"] for one in events]
        assert actions[-1] == "case.exported"

    async def test_an_attested_case_is_claimed_as_attested(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """The coder's set and name in the Claim and the Provenance, not the suggestion's."""
        case = await coded(store, visit(text="ASSESSMENT\n1. Gout.\n2. Hypertension."))
        await client.post(f"/v1/cases/{case}/lock")
        view = (await client.get(f"/v1/cases/{case}/review")).json()
        rejected, kept = view["lines"][0], view["lines"][1]
        for step in (
            {"kind": "reject", "line": rejected["id"], "reason": "not_documented"},
            {"kind": "accept", "line": kept["id"]},
        ):
            body = {"version": 1, "seen": view["seen"], "step": step}
            view = (await client.post(f"/v1/cases/{case}/review", json=body)).json()
        body = {"version": 1, "seen": view["seen"], "digest": view["digest"]}
        signed = await client.post(f"/v1/cases/{case}/attestation", json=body)
        assert signed.status_code == 200, signed.text
        claim = (await client.get(f"/v1/cases/{case}/exports/claim")).json()
        codes = [one["diagnosisCodeableConcept"]["coding"][0]["code"] for one in claim["diagnosis"]]
        assert codes == [kept["code"]]
        made = (await client.get(f"/v1/cases/{case}/exports/provenance")).json()
        assert made["agent"][1]["who"]["identifier"]["value"] == "local"
        assert made["entity"][-1]["what"]["identifier"]["value"] == view["digest"]

    async def test_a_case_without_a_result(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """Nothing to take out yet, except its trail."""
        case = handed_in(store, visit())
        assert (await client.get(f"/v1/cases/{case}/exports/claim")).status_code == 404
        assert (await client.get(f"/v1/cases/{case}/exports/auditevents")).status_code == 200

    async def test_guidance_says_how_far_a_case_is(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """In progress while it waits, failed when it was given up."""
        case = handed_in(store, visit())
        waiting = (await client.get(f"/v1/cases/{case}/exports/guidance")).json()
        assert waiting["status"] == "in-progress"
        lease = store.take("worker-1", TERMS)
        assert lease is not None
        store.fail(lease, "invalid_input", TERMS, retry=False)
        failed = (await client.get(f"/v1/cases/{case}/exports/guidance")).json()
        GuidanceResponse.model_validate(failed)
        assert failed["status"] == "failure"

    @pytest.mark.parametrize(("path", "status"), [(f"{'0' * 32}/exports/claim", 404), ("x/exports/claim", 404)])
    async def test_a_case_that_is_none(self, client: httpx.AsyncClient, path: str, status: int) -> None:
        """Said as every route says it."""
        assert (await client.get(f"/v1/cases/{path}")).status_code == status

    async def test_a_form_that_is_none(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """Refused by name."""
        response = await client.get(f"/v1/cases/{await coded(store)}/exports/pdf")
        assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM_JSON)

    async def test_the_provenance_names_what_the_trail_names(self, client: httpx.AsyncClient, store: CaseStore) -> None:
        """The encounter's digest is the one of the row that took it in."""
        case = await coded(store)
        made: dict[str, Any] = (await client.get(f"/v1/cases/{case}/exports/provenance")).json()
        named = {one["what"]["identifier"]["value"] for one in made["entity"]}
        details = [str(event.detail) for event in store.timeline(client_actor(), case)]
        assert all(any(digest in detail for detail in details) for digest in named)


def client_actor() -> Any:
    """The local user that the routes act for."""
    from agent.serve.actors import LOCAL_ACTOR

    return LOCAL_ACTOR
