"""Behaviour of the model client against a small HTTP server on loopback: what it sends, retries, refuses and hides."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from typing import Any, Literal

import pytest

from agent.llm import LlmSettings, Message, UnusableAnswerError, Usage
from agent.vllm import VllmLLM, server_url
from medcoding.errors import ConfigError, DependencyError
from medcoding.record import Record
from tests.model_server import GOOD, Reply, completion, serving

NOTE_WORDS = "zephyrine gout of the left hallux"
QUESTION = (Message(role="system", content="Choose."), Message(role="user", content=NOTE_WORDS))


class Choice(Record):
    """A small answer."""

    reason: str
    choice: Literal["1", "2", "none"]


ECHOING = completion(json.dumps({"reason": NOTE_WORDS, "choice": "77"}))


def settings(url: str, **changes: Any) -> LlmSettings:
    """Settings that retry almost at once."""
    values = {"base_url": url, "model": "m", "timeout_s": 5.0, "total_s": 10.0, "backoff_s": 0.01}
    return LlmSettings(**(values | changes))


async def ask(url: str, times: int = 1, **changes: Any) -> Any:
    """Ask the question through a fresh client; with `times`, concurrently, exceptions as values."""
    llm = VllmLLM(settings(url, **changes))
    try:
        if times == 1:
            return await llm.answer(QUESTION, Choice, cache_salt="salt")
        return await asyncio.gather(*(llm.answer(QUESTION, Choice) for _ in range(times)), return_exceptions=True)
    finally:
        await llm.aclose()


async def test_an_answer_comes_with_usage_and_token_scores() -> None:
    """A fitting answer is parsed and carries its tokens in, cached and out, and the logprobs."""
    with serving() as server:
        answer = await ask(server.url)
    assert answer.value.choice == "2"
    assert answer.usage == Usage(tokens_in=50, tokens_cached=32, tokens_out=7)
    assert answer.tokens[0].text == answer.content.encode()
    assert answer.tokens[0].logprob == -0.5


async def test_the_request_is_bounded_and_repeatable() -> None:
    """The request carries schema, temperature 0, seed, token limit, logprobs and the tenant's cache salt."""
    with serving() as server:
        await ask(server.url, max_tokens=99, seed=5)
    (request,) = server.requests
    schema = request["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["choice"]["enum"] == ["1", "2", "none"]
    assert (request["temperature"], request["seed"], request["max_tokens"]) == (0.0, 5, 99)
    assert request["logprobs"] is True
    assert request["cache_salt"] == "salt"
    assert [message["content"] for message in request["messages"]] == ["Choose.", NOTE_WORDS]


async def test_without_a_model_name_the_first_listed_model_is_asked() -> None:
    """With no model configured, the client takes the first one the server lists, and says so as its name."""
    with serving() as server:
        llm = VllmLLM(settings(server.url, model=None))
        assert llm.name == ""
        await llm.answer(QUESTION, Choice)
        await llm.aclose()
    assert server.requests[0]["model"] == llm.name == "listed-first"


async def test_a_server_without_models_is_a_dependency_error() -> None:
    """A server that lists no model is named as such."""
    with serving(models=()) as server, pytest.raises(DependencyError, match="serves no model"):
        await ask(server.url, model=None)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_transport_failure_is_retried(status: int) -> None:
    """One 429 or 5xx before a good answer is retried and not noticed by the caller."""
    with serving(Reply(status), GOOD) as server:
        answer = await ask(server.url)
    assert answer.value.choice == "2"
    assert len(server.requests) == 2


async def test_retries_are_not_multiplied_by_asking_again() -> None:
    """A server that stays down gets exactly `attempts` requests, however often answers may be asked for again."""
    with serving(Reply(500)) as server:
        with pytest.raises(DependencyError, match=r"HTTP 500.*CHARTWRIGHT_LLM__BASE_URL") as caught:
            await ask(server.url, attempts=3, reask=4)
        assert caught.value.retryable
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "mend"),
    [(401, "CHARTWRIGHT_LLM__API_KEY"), (404, "CHARTWRIGHT_LLM__MODEL"), (400, "context"), (413, "refused")],
)
async def test_a_refused_request_is_not_retried(status: int, mend: str) -> None:
    """A status that no retry mends is asked once and names the mend."""
    with serving(Reply(status)) as server:
        with pytest.raises(DependencyError, match=mend) as caught:
            await ask(server.url)
        assert not caught.value.retryable
    assert len(server.requests) == 1


async def test_a_redirect_is_not_followed() -> None:
    """A server cannot send a note on to another address."""
    with serving() as other, serving(Reply(307, location=f"{other.url}/chat/completions")) as server:
        with pytest.raises(DependencyError, match="HTTP 307"):
            await ask(server.url)
        assert other.requests == []


async def test_a_dead_port_is_a_dependency_error_that_names_the_setting() -> None:
    """With nothing listening, the error names the base URL setting and comes within the bounded time."""
    with serving() as server:
        url = server.url
    begun = time.monotonic()
    with pytest.raises(DependencyError, match=r"no connection.*CHARTWRIGHT_LLM__BASE_URL"):
        await ask(url, attempts=2)
    assert time.monotonic() - begun < 20


async def test_a_slow_server_runs_into_the_request_limit() -> None:
    """A request that outlives `timeout_s` is given up and tried again, `attempts` times in all."""
    with serving(Reply(delay_s=30.0)) as server:
        with pytest.raises(DependencyError, match="time-out"):
            await ask(server.url, timeout_s=1.0, attempts=2)
        assert len(server.requests) == 2


async def test_a_question_never_takes_longer_than_its_total() -> None:
    """`total_s` ends a question even in the middle of a request that its own limit would still allow."""
    with serving(Reply(delay_s=30.0)) as server:
        begun = time.monotonic()
        with pytest.raises(DependencyError, match="time-out"):
            await ask(server.url, timeout_s=30.0, total_s=0.4)
        assert time.monotonic() - begun < 15


async def test_cancelling_a_question_is_not_swallowed() -> None:
    """A caller that cancels gets its cancellation, not an answer or one of our errors."""
    with serving(Reply(delay_s=30.0)) as server, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ask(server.url)


async def test_an_id_that_was_not_offered_is_asked_for_again() -> None:
    """An answer outside the allowed ids is asked for once more, and both answers are counted."""
    with serving(ECHOING, GOOD) as server:
        answer = await ask(server.url)
    assert answer.value.choice == "2"
    assert answer.usage == Usage(tokens_in=100, tokens_cached=64, tokens_out=14)


@pytest.mark.parametrize("content", ['{"reason":"x","choice":"77"}', "no JSON at all", "", '{"choice":"1"}'])
async def test_an_unusable_answer_is_given_up_after_asking_again(content: str) -> None:
    """A model that keeps answering outside the schema is asked twice, then it is an error that says what it cost."""
    with serving(completion(content)) as server, pytest.raises(UnusableAnswerError) as caught:
        await ask(server.url)
    assert len(server.requests) == 2
    assert caught.value.usage.tokens_out == 14


async def test_an_answer_cut_off_by_the_token_limit_is_unusable() -> None:
    """An answer that ran into `max_tokens` is not asked for again; the error names the setting."""
    cut_off = completion('{"reason":"and so', finish="length")
    with serving(cut_off) as server, pytest.raises(UnusableAnswerError, match="CHARTWRIGHT_LLM__MAX_TOKENS") as caught:
        await ask(server.url)
    assert len(server.requests) == 1
    assert caught.value.usage.tokens_out == 7


@pytest.mark.parametrize("body", [b"<html>gateway</html>", b"", b"[]", b'{"choices": []}'])
async def test_a_body_that_is_no_completion_is_unusable(body: bytes) -> None:
    """A 200 whose body is garbage is an unusable answer, not a crash."""
    with serving(Reply(body=body)) as server, pytest.raises(UnusableAnswerError):
        await ask(server.url)


@pytest.mark.parametrize("reply", [ECHOING, completion(NOTE_WORDS), Reply(500, NOTE_WORDS.encode())])
async def test_no_note_text_in_errors_or_logs(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """What the model or the server echoes of the note reaches neither the message, nor the chain, nor the log."""
    caplog.set_level(logging.DEBUG)
    with serving(reply) as server, pytest.raises((DependencyError, UnusableAnswerError)) as caught:
        await ask(server.url, attempts=1)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "zephyrine" not in "".join(traceback.format_exception(caught.value)) + caplog.text


async def test_the_key_is_sent_but_not_shown() -> None:
    """The API key does not show in the settings' representation."""
    assert "hush" not in repr(settings("http://localhost:1/v1", api_key="hush"))


async def test_the_environment_cannot_divert_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and base URLs of the environment are not followed: only the setting says where notes go."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with serving() as server:
        answer = await ask(server.url, attempts=1)
    assert answer.value.choice == "2"


async def test_questions_in_flight_are_limited() -> None:
    """No more than `concurrency` requests are open at once."""
    with serving(Reply(body=GOOD.body, delay_s=0.1)) as server:
        answers = await ask(server.url, times=6, concurrency=2)
    assert [answer.value.choice for answer in answers] == ["2"] * 6
    assert server.most_in_flight == 2


async def test_a_server_that_keeps_failing_is_left_alone() -> None:
    """After `breaker_failures` lost questions the rest fail at once, without a request."""
    with serving(Reply(503)) as server:
        errors = await ask(server.url, times=6, concurrency=1, attempts=1, breaker_failures=2)
    assert len(server.requests) == 2
    assert all(isinstance(error, DependencyError) for error in errors)
    assert "left alone" in str(errors[-1])


async def test_a_server_left_alone_gets_another_chance() -> None:
    """When the rest is over, the next question is asked, and an answer closes the matter."""
    with serving(Reply(503), GOOD) as server:
        llm = VllmLLM(settings(server.url, attempts=1, breaker_failures=1, breaker_s=2.0))
        for expected in ("HTTP 503", "left alone"):
            with pytest.raises(DependencyError, match=expected):
                await llm.answer(QUESTION, Choice)
        await asyncio.sleep(2.1)
        assert (await llm.answer(QUESTION, Choice)).value.choice == "2"
        await llm.aclose()


async def test_unusable_answers_do_not_open_the_breaker() -> None:
    """A model that talks nonsense is still a server that answers."""
    with serving(ECHOING) as server:
        errors = await ask(server.url, times=4, concurrency=1, reask=0, breaker_failures=2)
    assert len(server.requests) == 4
    assert all(isinstance(error, UnusableAnswerError) for error in errors)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "http://host:99999",
        "http://user:pw@host/v1",
        "http://h/v1?a=1",
    ],
)
def test_a_malformed_base_url_is_refused_when_the_client_is_built(url: str | None) -> None:
    """Anything but a plain http(s) address is the operator's error, named by its setting."""
    with pytest.raises(ConfigError, match="CHARTWRIGHT_LLM__BASE_URL"):
        VllmLLM(LlmSettings(base_url=url))


def test_a_bare_host_gets_the_usual_path() -> None:
    """`http://host:8000` means `http://host:8000/v1`."""
    assert server_url(LlmSettings(base_url="http://host:8000")) == "http://host:8000/v1"


@pytest.mark.parametrize(
    ("host", "allowed", "inside"),
    [
        ("localhost", (), True),
        ("10.1.2.3", (), True),
        ("[::1]", (), True),
        ("vllm", (), True),
        ("models.hospital.lan", (), True),
        ("api.example.com", (), False),
        ("8.8.8.8", (), False),
        ("0.0.0.0", (), False),
        ("api.example.com", ("api.example.com",), True),
        ("localhost", ("api.example.com",), False),
    ],
)
def test_a_chart_goes_to_allowed_hosts_only(host: str, allowed: tuple[str, ...], inside: bool) -> None:
    """Without a list only hosts inside are allowed; with one, only the hosts it names."""
    settings = LlmSettings(base_url=f"http://{host}:8000/v1", allowed_hosts=allowed)
    if inside:
        assert server_url(settings) == f"http://{host}:8000/v1"
    else:
        with pytest.raises(ConfigError, match="CHARTWRIGHT_LLM__ALLOWED_HOSTS"):
            server_url(settings)


def test_money_is_tokens_at_the_configured_rate() -> None:
    """Both directions are priced per thousand tokens."""
    rates = LlmSettings(cost_per_1k_tokens_in=0.5, cost_per_1k_tokens_out=2.0)
    assert rates.money(Usage(tokens_in=4000, tokens_out=500)) == pytest.approx(3.0)
