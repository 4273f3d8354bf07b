"""Behaviour of the code books over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from agent.browse import BrowseAnswer
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.books import SearchAnswer
from agent.serve.problems import PROBLEM_JSON
from agent.settings import Settings


@pytest.fixture
async def client(pipeline: Pipeline, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real thing."""
    transport = httpx.ASGITransport(create_app(pipeline, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test") as opened:
        yield opened


class TestSearch:
    """GET /v1/search."""

    async def test_finds_codes_for_words(self, client: httpx.AsyncClient) -> None:
        """As many as asked for, the best first."""
        response = await client.get("/v1/search", params={"q": "essential hypertension", "limit": 3})
        found = SearchAnswer.model_validate_json(response.content)
        assert len(found.codes) == 3
        assert found.codes[0].code == "I10"

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"q": ""},
            {"q": "x" * 501},
            {"q": "gout", "limit": 0},
            {"q": "gout", "dos": "1700000000"},
            {"q": "g", "x": 1},
        ],
    )
    async def test_refuses_what_does_not_fit(self, client: httpx.AsyncClient, params: dict[str, str]) -> None:
        """In the one shape."""
        response = await client.get("/v1/search", params=params)
        assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM_JSON)


class TestBrowse:
    """GET /v1/browse and /v1/browse/{place}."""

    async def test_begins_with_the_books(self, client: httpx.AsyncClient) -> None:
        """Letters of the index, or chapters where the edition has none."""
        answer = BrowseAnswer.model_validate_json((await client.get("/v1/browse")).content)
        assert answer.letters or answer.entries

    async def test_walks_by_stem(self, client: httpx.AsyncClient) -> None:
        """With as many levels as asked for, in the edition asked for."""
        response = await client.get("/v1/browse/E11", params={"depth": 1, "edition": "FY2026"})
        answer = BrowseAnswer.model_validate_json(response.content)
        (entry,) = answer.entries
        assert (answer.edition, entry.code) == ("FY2026", "E11")
        assert {below.code for below in entry.below} >= {"E11.2", "E11.9"}

    async def test_a_code_that_is_none(self, client: httpx.AsyncClient) -> None:
        """404 with the nearest one."""
        response = await client.get("/v1/browse/E99.999")
        assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM_JSON)

    @pytest.mark.parametrize("params", [{"depth": 9}, {"edition": "FY1066"}])
    async def test_refuses_what_does_not_fit(self, client: httpx.AsyncClient, params: dict[str, str]) -> None:
        """In the one shape."""
        response = await client.get("/v1/browse/E11", params=params)
        assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM_JSON)
