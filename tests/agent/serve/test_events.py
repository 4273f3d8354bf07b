"""Behaviour of answers in pieces, and of questions: their order, their refusals, and callers who leave."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.requests import ClientDisconnect, Request

from agent.asked import CodeQuestion
from agent.bootstrap import build_pipeline
from agent.llm import Answer, AnswerT, Message
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.events import EVENT_STREAM, while_there
from agent.serve.problems import PROBLEM_JSON, Problem
from agent.settings import Settings
from agent.told import Explained, Step
from agent.why import WhyAnswer
from medcoding.encounter import Encounter
from medcoding.errors import DependencyError, InputError
from medcoding.result import CodingResult
from tests.agent.serve.test_server import serving
from tests.fakes import ScriptedLLM
from tests.model_server import completion
from tests.model_server import serving as model_serving
from tests.writers import NOTE, reply, summary, with_writer, writing

SAID: Final = "Zebrafish"
ENCOUNTER: Final[dict[str, Any]] = {
    "case_id": "case-1",
    "setting": "outpatient",
    "date_of_service": "2026-11-02",
    "documents": [{"document_id": "note", "text": f"{NOTE}\n3. {SAID}."}],
}
EVENTS: Final = {"Accept": EVENT_STREAM}


@asynccontextmanager
async def client_of(pipeline: Pipeline, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application; an exception that gets through it fails the test."""
    transport = httpx.ASGITransport(create_app(pipeline, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://chartwright.test") as client:
        yield client


def events(response: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    """Names and contents of the events of an answer, by the rules of the format."""
    assert response.headers["content-type"].startswith(EVENT_STREAM)
    *blocks, end = response.text.split("\n\n")
    assert end == ""
    named = [block.split("\n") for block in blocks]
    assert all(len(lines) == 2 for lines in named)
    return [(a.removeprefix("event: "), json.loads(b.removeprefix("data: "))) for a, b in named]


class Breaking(Pipeline):
    """Ends an answer in an error, before or after the codes."""

    def __init__(self, honest: Pipeline, error: Exception, *, after_codes: bool) -> None:
        super().__init__(honest.parts)
        self._error = error
        self._after_codes = after_codes

    async def stream(self, encounter: Encounter) -> AsyncGenerator[Step, None]:
        """Fail."""
        if self._after_codes:
            yield Step("codes", await self.code(encounter))
        raise self._error

    async def why(self, encounter: Encounter, question: CodeQuestion) -> WhyAnswer:
        """Fail."""
        raise self._error


class TestEventStream:
    """POST /v1/encounters with `Accept: text/event-stream`."""

    async def test_codes_explanations_done(self, pipeline: Pipeline, settings: Settings) -> None:
        """In this order, each a record of its own; the last one is complete."""
        async with client_of(with_writer(pipeline, settings, writing()), settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS)
        (_, codes), *told, (_, done) = found = events(response)
        assert [name for name, _ in found] == ["codes", "explanation", "explanation", "done"]
        first, last = CodingResult.model_validate(codes), CodingResult.model_validate(done)
        explained = {one.code: one.explanation for one in (Explained.model_validate(data) for _, data in told)}
        assert [line.code for line in first.codes] == ["I11.0", "I50.22"]
        assert {line.code: line.rationale.explanation for line in last.codes} == explained
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Request-ID"]

    async def test_without_a_model_two_events(self, pipeline: Pipeline, settings: Settings) -> None:
        """A caller need not know whether there is one."""
        async with client_of(pipeline, settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS)
        assert [name for name, _ in events(response)] == ["codes", "done"]

    async def test_a_refused_explanation_does_not_end_the_answer(self, pipeline: Pipeline, settings: Settings) -> None:
        """The rules' summary is in its place, and says so."""
        llm = writing(lambda code: summary("C34.90") if code == "I11.0" else summary())
        async with client_of(with_writer(pipeline, settings, llm), settings) as client:
            found = events(await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS))
        sources = {data["code"]: data["explanation"]["source"] for name, data in found if name == "explanation"}
        assert sources == {"I11.0": "rules", "I50.22": "llm"}

    @pytest.mark.parametrize(
        ("accept", "in_pieces"),
        [
            ("text/event-stream", True),
            ("application/json;q=0.5, Text/Event-Stream ; q=0.9", True),
            ("*/*", False),
            ("application/json", False),
            ("text/*", False),
            ("text/event-streams", False),
        ],
    )
    async def test_only_who_names_it_gets_it(
        self, accept: str, in_pieces: bool, pipeline: Pipeline, settings: Settings
    ) -> None:
        """Everyone else gets one JSON document, as before, and no model writes for it."""
        llm = writing()
        async with client_of(with_writer(pipeline, settings, llm), settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER, headers={"Accept": accept})
        assert response.headers["content-type"].startswith(EVENT_STREAM if in_pieces else "application/json")
        if not in_pieces:
            assert all(
                line.rationale.explanation is None for line in CodingResult.model_validate_json(response.text).codes
            )

    @pytest.mark.parametrize(
        ("error", "status"),
        [(DependencyError("The model is down.", retryable=True), 503), (InputError("Give another setting."), 422)],
    )
    async def test_an_error_before_the_codes_is_an_answer_of_its_own(
        self, error: Exception, status: int, pipeline: Pipeline, settings: Settings
    ) -> None:
        """A problem document with its status, not an event."""
        async with client_of(Breaking(pipeline, error, after_codes=False), settings) as client:
            response = await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS)
        assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM_JSON)

    @pytest.mark.parametrize(
        ("error", "status"), [(DependencyError("The model is down.", retryable=True), 503), (ValueError(SAID), 500)]
    )
    async def test_an_error_after_the_codes_is_the_last_event(
        self, error: Exception, status: int, pipeline: Pipeline, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The same problem document as data; neither it nor the log quotes anything."""
        async with client_of(Breaking(pipeline, error, after_codes=True), settings) as client:
            found = events(await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS))
        assert [name for name, _ in found] == ["codes", "error"]
        problem = Problem.model_validate(found[-1][1])
        assert problem.status == status
        assert SAID not in problem.model_dump_json() + caplog.text
        assert type(error).__name__ in caplog.text

    async def test_a_body_that_is_none_is_refused_as_ever(self, pipeline: Pipeline, settings: Settings) -> None:
        """Accepting events changes nothing about what is read."""
        async with client_of(pipeline, settings) as client:
            response = await client.post("/v1/encounters", json={"case_id": SAID}, headers=EVENTS)
        assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM_JSON)
        assert SAID not in response.text

    async def test_a_real_server_sends_codes_before_words(self, settings: Settings, pipeline: Pipeline) -> None:
        """Over two sockets: the codes are there while the model is still writing."""
        llm, names = Waiting(), []
        with serving(with_writer(pipeline, settings, llm), settings) as port:
            url = f"http://127.0.0.1:{port}/v1/encounters"
            async with (
                httpx.AsyncClient(timeout=30) as client,
                client.stream("POST", url, json=ENCOUNTER, headers=EVENTS) as response,
            ):
                async for line in response.aiter_lines():
                    names += [line.removeprefix("event: ")] if line.startswith("event: ") else []
                    llm.may_write = names == ["codes"] or llm.may_write
        assert names == ["codes", "explanation", "explanation", "done"]


class Waiting(ScriptedLLM):
    """Writes nothing until it is let; in whatever event loop it is asked."""

    def __init__(self) -> None:
        super().__init__(writing()._script)
        self.asked_for_words = asyncio.Event()
        self.may_write = False
        self.cancelled = 0

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """Wait where words are asked for."""
        if "summary" in response_model.model_fields or "answer" in response_model.model_fields:
            self.asked_for_words.set()
            try:
                while not self.may_write:
                    await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return await super().answer(messages, response_model, cache_salt=cache_salt, sample=sample)


def asgi_request(path: str, body: bytes, gone: asyncio.Event) -> tuple[dict[str, Any], Any]:
    """Scope and receiver of a request whose caller leaves when `gone` is set."""
    headers = [(b"content-type", b"application/json"), (b"accept", EVENT_STREAM.encode())]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    return scope, receive


class TestCallersWhoLeave:
    """Work ends with the interest in it."""

    @pytest.mark.parametrize("path", ["/v1/encounters", "/v1/questions"])
    async def test_leaving_while_words_are_written(
        self, path: str, pipeline: Pipeline, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Every question to the model is cancelled, and it is no error in the log."""
        llm, gone, sent = Waiting(), asyncio.Event(), []
        app = create_app(with_writer(pipeline, settings, llm), settings)
        asked = ENCOUNTER if path.endswith("encounters") else {"encounter": ENCOUNTER, "code": "I11.0"}
        scope, receive = asgi_request(path, json.dumps(asked).encode(), gone)

        async def send(message: Any) -> None:
            sent.append(message)

        async with asyncio.timeout(20):
            answering = asyncio.create_task(app(scope, receive, send))
            await llm.asked_for_words.wait()
            gone.set()
            await answering
        assert llm.cancelled == (2 if path.endswith("encounters") else 1)
        assert b"event: done" not in b"".join(message.get("body", b"") for message in sent)
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

    async def test_leaving_before_the_codes(self) -> None:
        """The work is cancelled at once."""
        gone, cancelled = asyncio.Event(), asyncio.Event()
        scope, receive = asgi_request("/", b"", gone)
        request = Request(scope, receive)
        await request.body()

        async def work() -> None:
            gone.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with asyncio.timeout(20):
            with pytest.raises(ClientDisconnect):
                await while_there(request, work())
        assert cancelled.is_set()

    async def test_who_stays_gets_the_outcome(self) -> None:
        """Its value, or its error."""
        scope, receive = asgi_request("/", b"", asyncio.Event())
        request = Request(scope, receive)
        await request.body()

        async def fails() -> None:
            raise InputError("Give another setting.")

        async def answers() -> int:
            return 7

        assert await while_there(request, answers()) == 7
        with pytest.raises(InputError):
            await while_there(request, fails())

    async def test_a_slow_reader_holds_back_the_work(self, pipeline: Pipeline, settings: Settings) -> None:
        """The next piece is made when the connection has taken the last one."""
        ready, gone, made = asyncio.Event(), asyncio.Event(), []

        class Counting(Pipeline):
            async def stream(self, encounter: Encounter) -> AsyncGenerator[Step, None]:
                for number in range(5):
                    made.append(number)
                    yield Step("codes", await self.code(encounter))

        async def send(message: Any) -> None:
            if message.get("body"):
                await ready.wait()

        scope, receive = asgi_request("/v1/encounters", json.dumps(ENCOUNTER).encode(), gone)
        answering = asyncio.create_task(create_app(Counting(pipeline.parts), settings)(scope, receive, send))
        async with asyncio.timeout(20):
            while not made:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert made == [0]
            ready.set()
            await answering
        assert made == [0, 1, 2, 3, 4]


class TestQuestions:
    """POST /v1/questions."""

    async def test_answers_as_the_pipeline_does(self, pipeline: Pipeline, settings: Settings) -> None:
        """Verdict, evidence, and the model's words with what they cite."""
        said = reply("“pneumonia” is only possible.", quotes=["q1"], guidelines=["IV.H"])
        writer = with_writer(pipeline, settings, writing(answer=lambda _: said))
        body = {"encounter": ENCOUNTER, "code": "j189", "question": "Why is it left out?"}
        async with client_of(writer, settings) as client:
            response = await client.post("/v1/questions", json=body)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        answer = WhyAnswer.model_validate_json(response.content)
        expected = await writer.why(
            Encounter.model_validate_json(json.dumps(ENCOUNTER)), CodeQuestion(code="j189", question=body["question"])
        )
        assert answer.model_copy(update={"cost": None}) == expected.model_copy(update={"cost": None})
        assert (answer.verdict, answer.case_id) == ("not_coded", "case-1")
        assert answer.prose
        assert answer.prose.guidelines[0].id == "IV.H"

    async def test_keeps_to_its_published_shape(self, pipeline: Pipeline, settings: Settings) -> None:
        """Question and answer fit the OpenAPI document."""
        body = {"encounter": ENCOUNTER, "code": "I11.0"}
        async with client_of(with_writer(pipeline, settings, writing()), settings) as client:
            components = (await client.get("/openapi.json")).json()["components"]
            answer = (await client.post("/v1/questions", json=body)).json()
        for name, value in (("EncounterQuestion", body), ("WhyAnswer", answer)):
            schema = {"$ref": f"#/components/schemas/{name}", "components": components}
            Draft202012Validator(schema).validate(value)

    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            ({"encounter": ENCOUNTER}, 422, "code: "),
            ({"code": "I10"}, 422, "encounter: "),
            ({"encounter": ENCOUNTER, "code": "hypertension"}, 422, "not written like"),
            ({"encounter": ENCOUNTER, "code": "I10", "question": SAID * 60}, 422, "question: "),
            ({"encounter": ENCOUNTER, "code": "I10", SAID: 1}, 422, "Extra inputs"),
            ({"encounter": ENCOUNTER | {"setting": SAID}, "code": "I10"}, 422, "setting: "),
            (
                {"encounter": ENCOUNTER | {"documents": [{"document_id": "n", "text": " "}]}, "code": "I10"},
                422,
                "no text",
            ),
            ([], 422, "should be an object"),
        ],
    )
    async def test_refuses_what_is_no_question(
        self, body: Any, status: int, says: str, pipeline: Pipeline, settings: Settings
    ) -> None:
        """One problem document that names the field and never its content."""
        async with client_of(pipeline, settings) as client:
            response = await client.post("/v1/questions", json=body)
        assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM_JSON), response.text
        assert says in response.json()["detail"]
        assert SAID not in response.text

    @pytest.mark.parametrize(("content", "says"), [(b"", "empty"), (b"{", "not valid JSON"), (b"\xff{}", "UTF-8")])
    async def test_refuses_what_is_not_json(
        self, content: bytes, says: str, pipeline: Pipeline, settings: Settings
    ) -> None:
        """A 400 that speaks of a question."""
        async with client_of(pipeline, settings) as client:
            headers = {"Content-Type": "application/json"}
            response = await client.post("/v1/questions", content=content, headers=headers)
            parameters = await client.post("/v1/questions?mrn=1", json={"encounter": ENCOUNTER, "code": "I10"})
        assert response.status_code == 400
        assert says in response.json()["detail"]
        assert "question" in response.json()["detail"]
        assert parameters.status_code == 422

    async def test_errors_are_problems(self, pipeline: Pipeline, settings: Settings) -> None:
        """As everywhere."""
        error = DependencyError("The model is down.", retryable=True)
        async with client_of(Breaking(pipeline, error, after_codes=False), settings) as client:
            response = await client.post("/v1/questions", json={"encounter": ENCOUNTER, "code": "I10"})
        assert (response.status_code, response.json()["detail"]) == (503, "The model is down.")

    async def test_through_a_model_server(self, settings: Settings) -> None:
        """Over HTTP to a model that answers everything with the same JSON: unusable words, a labelled answer."""
        answer = completion('{"evidence":[1],"reason":"it fits","missing":null,"choice":"1"}')
        with model_serving(answer) as server:
            asked = settings.llm.model_copy(update={"base_url": server.url})
            served = build_pipeline(settings.model_copy(update={"llm": asked}))
            async with client_of(served, settings) as client:
                response = await client.post("/v1/questions", json={"encounter": ENCOUNTER, "code": "I11.0"})
            await served.aclose()
        found = WhyAnswer.model_validate_json(response.content)
        assert found.verdict == "supported"
        assert found.prose
        assert found.prose.source == "rules"
        assert "does not fit what it was asked" in found.prose.why_rules
        schemas = [request["response_format"]["json_schema"]["schema"] for request in server.requests]
        assert any("says" in schema["properties"] for schema in schemas)
        assert "maxLength" not in json.dumps(schemas)


async def test_neither_notes_nor_questions_are_logged(
    pipeline: Pipeline, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an answer in pieces nor a question leaves a line in a log of ours."""
    async with client_of(with_writer(pipeline, settings, writing()), settings) as client:
        with caplog.at_level(logging.DEBUG):
            await client.post("/v1/encounters", json=ENCOUNTER, headers=EVENTS)
            await client.post("/v1/questions", json={"encounter": ENCOUNTER, "code": "I10", "question": SAID})
            await client.post("/v1/questions", json={"encounter": ENCOUNTER, "code": SAID})
    assert [r.name for r in caplog.records if not r.name.startswith(("httpx", "httpcore", "asyncio"))] == []
