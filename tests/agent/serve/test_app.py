"""Behaviour of the HTTP service: its answers, its one shape of refusal, and what it never says."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agent.bootstrap import build_pipeline
from agent.ingest import InputLimits, VisitFacts, read_encounter
from agent.llm import LlmSettings
from agent.lookup import CodeAnswer, ProcedureAnswer
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.body import parsed
from agent.serve.health import Readiness
from agent.serve.problems import PROBLEM_JSON, Problem
from agent.settings import Settings
from medcoding.codebook import Codebook
from medcoding.encounter import Encounter
from medcoding.errors import (
    ConfigError,
    DependencyError,
    InputError,
    IntegrityError,
    ModelOutputError,
)
from medcoding.result import CodingResult
from retrieval.store import FloatVector
from tests.books import index_with_books
from tests.fakes import ScriptedLLM

SAID: Final = "Zebrafish"
"""A word of the note, to be found in no refusal and in no log line."""

ENCOUNTER: Final[dict[str, Any]] = {
    "case_id": "case-1",
    "setting": "outpatient",
    "date_of_service": "2026-11-02",
    "documents": [{"document_id": "note", "text": f"ASSESSMENT\n1. Hypertension. {SAID}.\n2. Type 2 diabetes."}],
}
JSON: Final = {"Content-Type": "application/json"}


class FailingPipeline(Pipeline):
    """Ends every encounter in the same error."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def code(self, encounter: Encounter) -> CodingResult:
        """Fail."""
        raise self.error


class CorePanicError(BaseException):
    """Stands for the search core's panic, which is no `Exception`."""


class FailingEncoder:
    """An encoder that cannot answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """Fail."""
        raise self.error


def client_of(pipeline: Pipeline, settings: Settings) -> httpx.AsyncClient:
    """A client of the application; an exception that gets through it fails the test."""
    transport = httpx.ASGITransport(create_app(pipeline, settings))
    return httpx.AsyncClient(transport=transport, base_url="http://chartwright.test")


@pytest.fixture
async def client(pipeline: Pipeline, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real thing."""
    async with client_of(pipeline, settings) as opened:
        yield opened


def problem(response: httpx.Response, status: int, kind: str) -> Problem:
    """Assert that a response is a problem of that kind, whole and silent about the note; return it."""
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM_JSON), response.text
    found = Problem.model_validate_json(response.content)
    assert (found.status, found.type) == (status, f"urn:chartwright:problem:{kind}")
    assert found.detail.endswith(".")
    assert SAID.lower() not in response.text.lower()
    return found


def changed(**changes: object) -> bytes:
    """The encounter's JSON with top-level changes."""
    return json.dumps({**ENCOUNTER, **changes}).encode()


def with_text(text: str) -> bytes:
    """The encounter's JSON with another note."""
    return changed(documents=[{"document_id": "note", "text": text}])


def within(old: str, new: str) -> bytes:
    """The encounter's JSON with a change that no JSON writer would make."""
    return json.dumps(ENCOUNTER).replace(old, new).encode("utf-8", "surrogatepass")


class TestEncounters:
    """POST /v1/encounters."""

    async def test_answers_as_the_pipeline_does(self, client: httpx.AsyncClient, pipeline: Pipeline) -> None:
        """The body is the pipeline's result, to the last field but the time it took."""
        response = await client.post("/v1/encounters", json=ENCOUNTER)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        expected = await pipeline.code(Encounter.model_validate_json(json.dumps(ENCOUNTER)))
        answered = CodingResult.model_validate_json(response.content)
        assert answered.model_copy(update={"cost": expected.cost}) == expected
        assert {line.code for line in answered.codes} >= {"I10", "E11.9"}

    async def test_many_at_once_answer_like_one_by_one(self, client: httpx.AsyncClient) -> None:
        """Concurrent encounters do not mix."""
        notes = ("Hypertension.", "Gout.", "Asthma.", "Type 2 diabetes.") * 2
        bodies = [with_text(f"ASSESSMENT\n1. {note}") for note in notes]
        alone = [await client.post("/v1/encounters", content=body, headers=JSON) for body in bodies]
        together = await asyncio.gather(*(client.post("/v1/encounters", content=b, headers=JSON) for b in bodies))
        assert [r.json()["codes"] for r in together] == [r.json()["codes"] for r in alone]

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"\xef\xbb\xbf" + changed(), id="byte order mark"),
            pytest.param(within("Zebra", "\\ud83d\\ude00 Zebra"), id="surrogate pair"),
            pytest.param(with_text("Gout \x00\x01\x7f\u202e\u2028 😀"), id="control characters"),
            pytest.param(with_text("\x00"), id="nothing but NUL"),
            pytest.param(with_text("ASSESSMENT\r\n1. Gout.\r\r\x0b\x0c\x85"), id="odd line ends"),
            pytest.param(with_text("x" * 200_000), id="one long word"),
            pytest.param(with_text("e\u0301" * 5_000), id="combining characters"),
            pytest.param(changed(tenant="\x00'; --", case_id="\x00"), id="odd identifiers"),
            pytest.param(changed(date_of_service="0001-01-01"), id="first day"),
            pytest.param(changed(date_of_service="9999-12-31"), id="last day"),
            pytest.param(
                changed(suggestions=[{"system": "icd10cm", "code": c} for c in ("", "\x00", ".")]), id="codes"
            ),
        ],
    )
    async def test_codes_what_is_odd_but_valid(self, client: httpx.AsyncClient, body: bytes) -> None:
        """Strange input that keeps to the format gets an answer, not an error."""
        response = await client.post("/v1/encounters", content=body, headers=JSON)
        assert response.status_code == 200, response.text
        CodingResult.model_validate_json(response.content)

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            pytest.param(b"", "empty", id="empty"),
            pytest.param(b" \n", "empty", id="blank"),
            pytest.param(changed()[:60], "not valid JSON", id="cut off"),
            pytest.param(changed() + changed(), "line 1", id="two objects"),
            pytest.param(changed().decode().encode("utf-16"), "not UTF-8", id="UTF-16"),
            pytest.param(within("Zebra", "\udcffZebra"), "not UTF-8", id="raw surrogate"),
            pytest.param(b"\xff" + changed(), "not UTF-8", id="invalid UTF-8"),
            pytest.param(within("Zebra", "\\ud800 Zebra"), "not valid JSON", id="lone leading surrogate"),
            pytest.param(within("Zebra", "\\udc00 Zebra"), "not valid JSON", id="lone trailing surrogate"),
            pytest.param(within("case_id", "\\ud800"), "not valid JSON", id="surrogate in a key"),
            pytest.param(within("Zebra", "\x00Zebra"), "not valid JSON", id="raw NUL"),
            pytest.param(b"\x00" * 100, "binary", id="binary"),
            pytest.param(changed(patient={"age": float("nan")}), "not valid JSON", id="NaN"),
            pytest.param(changed(patient={"age": float("-inf")}), "not valid JSON", id="Infinity"),
            pytest.param(within('"case-1"', "9" * 10_000), "out of range", id="huge integer"),
            pytest.param(b"[" * 1_000_000, "recursion", id="deep array"),
            pytest.param(b'{"a":' * 500_000, "recursion", id="deep object"),
        ],
    )
    async def test_refuses_what_is_not_json(self, client: httpx.AsyncClient, body: bytes, says: str) -> None:
        """What cannot be read as JSON is a 400 that says where."""
        response = await client.post("/v1/encounters", content=body, headers=JSON)
        assert says in problem(response, 400, "malformed").detail

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            pytest.param(b"null", "should be an object", id="null"),
            pytest.param(b"7", "should be an object", id="number"),
            pytest.param(f'"{SAID}"'.encode(), "should be an object", id="string"),
            pytest.param(b"[" + changed() + b"]", "should be an object", id="array"),
            pytest.param(b"{}", "case_id: Field required", id="nothing in it"),
            pytest.param(changed(setting=SAID), "setting: ", id="setting"),
            pytest.param(changed(date_of_service=SAID), "date_of_service: ", id="date"),
            pytest.param(changed(discharge_date="2020-01-01"), "discharge_date", id="discharge before the visit"),
            pytest.param(changed(patient={"age": -1}), "patient.age: ", id="age"),
            pytest.param(within('"case-1"', "9" * 4_000), "case_id: ", id="integer for a string"),
            pytest.param(changed(documents=[]), "documents: ", id="no document"),
            pytest.param(changed(documents={"text": SAID}), "documents: ", id="object for a list"),
            pytest.param(changed(documents=[{"document_id": "n", "text": 1}]), "documents.0.text: ", id="text"),
            pytest.param(changed(documents=ENCOUNTER["documents"] * 2), "document_id", id="same document twice"),
            pytest.param(changed(**{f"{SAID} speaks": 1}), "Extra inputs", id="note text as a key"),
            pytest.param(with_text(" \n"), "holds no text", id="no text"),
            pytest.param(with_text("x" * 1_000_001), "1,000,001 characters", id="too much text"),
            pytest.param(
                changed(documents=[{"document_id": str(n), "text": SAID} for n in range(201)]),
                "201 documents",
                id="too many documents",
            ),
        ],
    )
    async def test_refuses_what_is_no_encounter(self, client: httpx.AsyncClient, body: bytes, says: str) -> None:
        """JSON that is not a valid encounter is a 422 that names the field and never its content."""
        response = await client.post("/v1/encounters", content=body, headers=JSON)
        assert says in problem(response, 422, "invalid-input").detail

    async def test_says_what_the_command_line_says(self, client: httpx.AsyncClient) -> None:
        """The same fault has the same sentence on both ways."""
        body = changed(patient={"age": 200})
        with pytest.raises(InputError) as refusal:
            read_encounter(body, "The encounter", VisitFacts(), InputLimits())
        response = await client.post("/v1/encounters", content=body, headers=JSON)
        assert problem(response, 422, "invalid-input").detail == str(refusal.value)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/jsonx"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ],
    )
    async def test_refuses_other_media(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        """Only plain JSON is read, so that a web page elsewhere cannot post a form here."""
        response = await client.post("/v1/encounters", content=changed(), headers=headers)
        problem(response, 415, "unsupported-media-type")

    async def test_takes_a_content_type_with_parameters(self, client: httpx.AsyncClient) -> None:
        """A charset beside the media type is no reason to refuse."""
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await client.post("/v1/encounters", content=changed(), headers=headers)).status_code == 200

    @given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
    def test_any_bytes_are_an_encounter_or_a_refusal(self, body: bytes) -> None:
        """No sequence of bytes raises anything but our own refusal."""
        with pytest.raises(InputError):
            parsed(body, InputLimits())

    @given(
        st.dictionaries(
            st.sampled_from(sorted(Encounter.model_fields)),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            ),
        )
    )
    def test_any_values_are_an_encounter_or_a_refusal(self, changes: dict[str, Any]) -> None:
        """No value in any field raises anything but our own refusal."""
        try:
            assert isinstance(parsed(changed(**changes), InputLimits()), Encounter)
        except InputError as refusal:
            assert SAID not in str(refusal)  # noqa: PT017 - both outcomes are right


class TestBodyLimit:
    """Bodies over the limit, before anything is parsed."""

    @pytest.fixture
    def small(self, pipeline: Pipeline, settings: Settings) -> httpx.AsyncClient:
        """A client of an application that reads no more than this encounter's bytes."""
        limits = InputLimits(max_bytes=len(changed()))
        return client_of(pipeline, settings.model_copy(update={"limits": limits}))

    async def test_takes_exactly_the_limit(self, small: httpx.AsyncClient) -> None:
        """The limit itself is still allowed."""
        async with small:
            assert (await small.post("/v1/encounters", content=changed(), headers=JSON)).status_code == 200

    async def test_refuses_a_declared_length(self, small: httpx.AsyncClient) -> None:
        """One byte more is a 413 that names the limit and its setting."""
        async with small:
            response = await small.post("/v1/encounters", content=changed() + b" ", headers=JSON)
        detail = problem(response, 413, "too-large").detail
        assert f"{len(changed()):,} bytes" in detail
        assert "CHARTWRIGHT_LIMITS__MAX_BYTES" in detail

    @pytest.mark.parametrize("declared", [{}, {"Content-Length": "10"}, {"Content-Length": "9" * 40}])
    async def test_stops_reading_at_the_limit(self, small: httpx.AsyncClient, declared: dict[str, str]) -> None:
        """Whatever length is declared, if any, reading stops with the chunk that crosses the limit."""
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            for sent in range(1_000):  # noqa: B007 - counts what was asked for
                yield b" " * 100

        async with small:
            response = await small.post("/v1/encounters", content=endless(), headers=JSON | declared)
        problem(response, 413, "too-large")
        assert sent < 10


class TestErrors:
    """What the pipeline raises, as the caller sees it."""

    @pytest.mark.parametrize(
        ("error", "status", "kind", "retry_after"),
        [
            (InputError("Give another setting."), 422, "invalid-input", None),
            (DependencyError("The model is down.", retryable=True), 503, "unavailable", "13"),
            (DependencyError("The index is missing."), 503, "unavailable", None),
            (ModelOutputError("The model gave no usable answer."), 502, "unusable-model-answer", None),
        ],
    )
    async def test_errors_of_ours_say_their_sentence(
        self, settings: Settings, error: Exception, status: int, kind: str, retry_after: str | None
    ) -> None:
        """Each error has its status; a retryable one says when to come back."""
        llm = LlmSettings(breaker_s=12.3)
        async with client_of(FailingPipeline(error), settings.model_copy(update={"llm": llm})) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER)
        assert problem(response, status, kind).detail == str(error)
        assert response.headers.get("Retry-After") == retry_after

    @pytest.mark.parametrize("error", [ConfigError("/srv/x is missing."), IntegrityError("The part '/srv/x' changed.")])
    async def test_the_operators_errors_stay_in_the_log(
        self, settings: Settings, caplog: pytest.LogCaptureFixture, error: Exception
    ) -> None:
        """The caller learns that the operator must act; what about is for the log."""
        async with client_of(FailingPipeline(error), settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER)
        assert "chartwright doctor" in problem(response, 500, "internal-error").detail
        assert "/srv/x" not in response.text
        assert caplog.messages == [str(error)]

    @pytest.mark.parametrize("error", [ValueError(SAID), RecursionError(SAID), CorePanicError(SAID)])
    async def test_an_unforeseen_error_keeps_its_message(
        self, settings: Settings, caplog: pytest.LogCaptureFixture, error: BaseException
    ) -> None:
        """Neither the answer nor the log quotes an error that may quote the note; the log has its type and place."""
        async with client_of(FailingPipeline(error), settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER)
        problem(response, 500, "internal-error")
        (line,) = caplog.messages
        assert re.fullmatch(rf"Request [0-9a-f]{{32}} met {type(error).__name__} at [\w.]+:\d+", line)
        assert response.headers["X-Request-ID"] in line
        assert not any(record.exc_info for record in caplog.records)

    @pytest.mark.parametrize("path", ["/", "/nowhere", "/v1/encounters/", f"/v1/{SAID}"])
    async def test_unknown_routes(self, client: httpx.AsyncClient, path: str) -> None:
        """A route that does not exist is a 404 problem without the path."""
        problem(await client.get(path), 404, "no-such-route")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
    async def test_wrong_methods(self, client: httpx.AsyncClient, method: str) -> None:
        """A 405 problem names the method that would do."""
        response = await client.request(method, "/v1/encounters")
        assert "use POST" in problem(response, 405, "method-not-allowed").detail
        assert response.headers["Allow"] == "POST"


class TestCodes:
    """GET /v1/codes/{code}."""

    async def test_shows_the_entry_in_its_place(self, client: httpx.AsyncClient) -> None:
        """The dot may be left out; notes, ancestors and the edition stand beside the entry."""
        answer = CodeAnswer.model_validate_json((await client.get("/v1/codes/e119")).content)
        assert (answer.code, answer.billable, answer.billable_children) == ("E11.9", True, 0)
        assert [a.code for a in answer.lineage][:2] == ["E11", "E08-E13"]
        assert (answer.edition.name, answer.in_force) == ("FY2027", True)

    async def test_counts_billable_children(self, client: httpx.AsyncClient, pipeline: Pipeline) -> None:
        """A category says how many billable codes stand below it."""
        answer = CodeAnswer.model_validate_json((await client.get("/v1/codes/E11")).content)
        assert answer.billable_children == len(pipeline.parts.codebooks.latest.billable_under("E11")) > 50
        assert answer.notes.excludes1

    async def test_shows_inherited_seventh_characters(self, client: httpx.AsyncClient) -> None:
        """A code below a category with a seventh-character table shows that table."""
        answer = CodeAnswer.model_validate_json((await client.get("/v1/codes/S52.501")).content)
        assert answer.seventh_characters["A"].startswith("initial encounter")

    @pytest.mark.parametrize(
        ("dos", "edition", "in_force"),
        [("2026-09-30", "FY2026", True), ("2026-10-01", "FY2027", True), ("1999-01-01", "FY2026", False)],
    )
    async def test_the_day_decides_the_edition(
        self, client: httpx.AsyncClient, dos: str, edition: str, in_force: bool
    ) -> None:
        """The edition in force on the day answers; the nearest one says that it is not in force."""
        response = await client.get("/v1/codes/E11.9", params={"dos": dos})
        answer = CodeAnswer.model_validate_json(response.content)
        assert (answer.edition.name, answer.in_force) == (edition, in_force)

    async def test_an_unknown_code_names_the_nearest(self, client: httpx.AsyncClient) -> None:
        """A code that does not exist is a 404 with the nearest entry that does."""
        detail = problem(await client.get("/v1/codes/E11.999"), 404, "no-such-code").detail
        assert detail.startswith("E11.999 does not exist in FY2027; the nearest entry is E11.9 Type 2 diabetes")

    async def test_an_unknown_category(self, client: httpx.AsyncClient) -> None:
        """Where nothing is near, the spelling is in question."""
        detail = problem(await client.get("/v1/codes/X99.9XXX"), 404, "no-such-code").detail
        assert "nearest entry is X99" in detail
        detail = problem(await client.get("/v1/codes/U99"), 404, "no-such-code").detail
        assert detail.endswith("check the spelling.")

    async def test_an_edition_may_be_named(self, client: httpx.AsyncClient) -> None:
        """In place of a day; one that is not loaded is refused with those that are."""
        response = await client.get("/v1/codes/M72.2", params={"edition": "FY2026"})
        assert CodeAnswer.model_validate_json(response.content).billable
        refused = await client.get("/v1/codes/M72.2", params={"edition": "FY1999"})
        assert "FY2026, FY2027" in problem(refused, 422, "invalid-input").detail

    async def test_says_what_is_not_loaded(self, client: httpx.AsyncClient) -> None:
        """Without official files there is no Alphabetic Index and no list of codes exempt from POA reporting."""
        answer = CodeAnswer.model_validate_json((await client.get("/v1/codes/E11.22")).content)
        assert (answer.index_loaded, answer.poa_exempt) == (False, None)
        assert {note.at for note in answer.notes_in_force} >= {"E11.22", "E11"}

    @pytest.mark.parametrize(
        ("code", "system", "status", "kind"),
        [
            ("J1885", "hcpcs", 503, "unavailable"),
            ("9ZZZ1", "cpt", 503, "unavailable"),
            ("D2740", "hcpcs", 422, "invalid-input"),
            ("I10", "snomed", 422, "invalid-input"),
        ],
    )
    async def test_other_systems_need_their_book(
        self, client: httpx.AsyncClient, code: str, system: str, status: int, kind: str
    ) -> None:
        """No book is the operator's to mend; a dental code and an unknown system are the caller's."""
        problem(await client.get(f"/v1/codes/{code}", params={"system": system}), status, kind)

    async def test_a_hcpcs_code_is_looked_up_in_its_book(
        self, settings: Settings, index_dir: Path, fy2027: Codebook, tmp_path: Path
    ) -> None:
        """The system is named, since 6,761 undotted diagnosis codes look like HCPCS."""
        root = index_with_books(tmp_path, index_dir, fy2027)
        pipeline = build_pipeline(settings.model_copy(update={"index_dir": root}))
        async with client_of(pipeline, settings) as client:
            response = await client.get("/v1/codes/J1885", params={"system": "hcpcs", "dos": "2030-07-01"})
            paths = CodeAnswer.model_validate_json((await client.get("/v1/codes/R52")).content).index_paths
        answer = ProcedureAnswer.model_validate_json(response.content)
        assert (answer.short_descriptor, answer.in_force) == ("Ketorolac inj", True)
        assert paths[0].titles == ("Sore, soreness",)

    @pytest.mark.parametrize("code", ["hello there", "1", "%00", "%FF", "E11.99999", "😀"])
    async def test_what_is_no_code(self, client: httpx.AsyncClient, code: str) -> None:
        """Text that cannot be a code is a 422."""
        problem(await client.get(f"/v1/codes/{code}"), 422, "invalid-input")

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("dos=0", "dos: write the day as YYYY-MM-DD"),
            ("dos=", "dos: write the day as YYYY-MM-DD"),
            ("dos=2026-13-01", "dos: "),
            (f"dos={SAID}", "dos: "),
            (f"{SAID}=2026-11-02", "unknown parameter"),
        ],
    )
    async def test_wrong_parameters(self, client: httpx.AsyncClient, query: str, says: str) -> None:
        """A day that is none, a timestamp and a misspelled parameter are refused, not guessed or ignored."""
        response = await client.get(f"/v1/codes/E11.9?{query}")
        assert says in problem(response, 422, "invalid-input").detail


class TestHealth:
    """GET /healthz and GET /readyz."""

    async def test_lives_whatever_is_broken(self, settings: Settings) -> None:
        """Liveness asks nothing of the pipeline."""
        async with client_of(FailingPipeline(ValueError()), settings) as client:
            assert (await client.get("/healthz")).json() == {"status": "alive"}

    async def test_ready_without_a_model(self, client: httpx.AsyncClient, pipeline: Pipeline) -> None:
        """Ready says what it is ready with: the editions, the index, and that rules answer alone."""
        ready = Readiness.model_validate_json((await client.get("/readyz")).content)
        assert (ready.editions, ready.index) == (("FY2026", "FY2027"), pipeline.parts.stamp.index)
        assert (ready.model_configured, ready.model_name) == (False, None)

    async def test_ready_with_a_model(self, settings: Settings) -> None:
        """A configured model is named."""
        pipeline = build_pipeline(settings, ScriptedLLM(lambda _: {}))
        async with client_of(pipeline, settings) as client:
            ready = Readiness.model_validate_json((await client.get("/readyz")).content)
        assert (ready.model_configured, ready.model_name) == (True, "scripted")

    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (DependencyError("The search server is down; start it."), "The search server is down; start it."),
            (IntegrityError("The index part 'surfaces' is damaged; build it."), "'surfaces' is damaged"),
            (RuntimeError(SAID), "chartwright doctor"),
        ],
    )
    async def test_not_ready(self, pipeline: Pipeline, settings: Settings, error: Exception, says: str) -> None:
        """An index or an encoder that does not answer is a 503 problem that names the mend."""
        search = replace(pipeline.parts.search, encoder=FailingEncoder(error))
        async with client_of(Pipeline(replace(pipeline.parts, search=search)), settings) as client:
            assert says in problem(await client.get("/readyz"), 503, "unavailable").detail


class TestEveryAnswer:
    """What all answers share."""

    @pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/codes/I10", "/docs"])
    async def test_headers(self, client: httpx.AsyncClient, path: str) -> None:
        """Each answer has an id of its own, never the caller's, and is stored nowhere."""
        first, second = [await client.get(path, headers={"X-Request-ID": SAID}) for _ in range(2)]
        ids = {first.headers["X-Request-ID"], second.headers["X-Request-ID"]}
        assert len(ids) == 2
        assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
        assert first.headers["Cache-Control"] == "no-store"
        assert first.headers["X-Content-Type-Options"] == "nosniff"

    async def test_requests_are_not_logged(self, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
        """Neither an answer nor a refusal leaves a line in a log of ours."""
        with caplog.at_level(logging.DEBUG):
            await client.post("/v1/encounters", json=ENCOUNTER)
            await client.post("/v1/encounters", content=changed(setting=SAID), headers=JSON)
            await client.get("/v1/codes/I10")
        assert [r.name for r in caplog.records if not r.name.startswith(("httpx", "httpcore", "asyncio"))] == []


class TestDocumentation:
    """The OpenAPI document and the page that lists it."""

    async def test_lists_every_route(self, client: httpx.AsyncClient) -> None:
        """The routes of an installation without a case store; each refusal of each is a problem document."""
        openapi = (await client.get("/openapi.json")).json()
        books = {"/v1/codes/{code}", "/v1/search", "/v1/browse", "/v1/browse/{place}"}
        paths = {"/v1/encounters", "/v1/questions", "/healthz", "/readyz", "/metrics"} | books
        assert set(openapi["paths"]) == paths
        refusals = [
            set(response["content"])
            for operations in openapi["paths"].values()
            for operation in operations.values()
            for status, response in operation["responses"].items()
            if status != "200"
        ]
        assert refusals
        assert all(media == {PROBLEM_JSON} for media in refusals)

    async def test_its_references_resolve(self, client: httpx.AsyncClient) -> None:
        """Every shape that is referred to is there."""
        text = (await client.get("/openapi.json")).text
        schemas = json.loads(text)["components"]["schemas"]
        assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) <= set(schemas)
        assert "HTTPValidationError" not in schemas

    @pytest.mark.parametrize(
        ("shape", "ask"),
        [
            ("CodingResult", lambda client: client.post("/v1/encounters", json=ENCOUNTER)),
            ("CodeAnswer", lambda client: client.get("/v1/codes/E11.9")),
            ("Readiness", lambda client: client.get("/readyz")),
            ("Problem", lambda client: client.get("/nowhere")),
        ],
    )
    async def test_answers_keep_to_it(
        self, client: httpx.AsyncClient, shape: str, ask: Callable[[httpx.AsyncClient], Any]
    ) -> None:
        """A real answer fits its published shape, and so does the encounter that was asked about."""
        openapi = (await client.get("/openapi.json")).json()
        response = await ask(client)
        for name, value in ((shape, response.json()), ("Encounter", ENCOUNTER)):
            schema = {"$ref": f"#/components/schemas/{name}", "components": openapi["components"]}
            Draft202012Validator(schema).validate(value)

    async def test_the_page_needs_nothing_from_elsewhere(self, client: httpx.AsyncClient) -> None:
        """No script, no address of another host, and a policy that would refuse both."""
        response = await client.get("/docs")
        assert response.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert not re.search(r"<script|https?://|src=|@import|url\(", response.text)

    async def test_the_page_lists_routes_and_shapes(self, client: httpx.AsyncClient) -> None:
        """Each route and each shape of the OpenAPI document is on the page, and every link has its target."""
        openapi, page = (await client.get("/openapi.json")).json(), (await client.get("/docs")).text
        assert all(path in page for path in openapi["paths"])
        assert all(f'id="{name}"' in page for name in openapi["components"]["schemas"])
        assert {target for target in re.findall(r'href="#(\w+)"', page) if f'id="{target}"' not in page} == set()
