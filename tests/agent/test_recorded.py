"""Files of requests and answers: ids that say nothing, answers found in any order and whatever lies between."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.recorded import BatchRequest, Recorded, RefusedAnswerError, answer_line
from medcoding.errors import InputError
from tests.batch_service import bad, good, said, written

NOTE_WORDS = "zephyrine gout of the hallux"
REQUEST: dict[str, Any] = {
    "messages": [{"role": "user", "content": NOTE_WORDS}],
    "model": "coder",
    "max_tokens": 400,
    "temperature": 0.0,
    "seed": 0,
    "logprobs": True,
    "top_logprobs": 20,
    "extra_body": {"cache_salt": "north"},
    "response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": {"reason": {}, "choice": {}}}}},
}
ANSWERS = {f"chartwright-{number}": f'{{"choice":"{number}"}}' for number in range(6)}
JUNK = ("", "   ", "{", "[]", "7", "null", '"x"', "\x00", '{"custom_id": "a"}', '{"custom_id": 7, "response": {}}')


def asked(**changes: Any) -> str:
    """The id of the request with changes."""
    return BatchRequest.of(REQUEST | changes).custom_id


def content(recorded: Recorded, custom_id: str) -> str | None:
    """What was answered to a question."""
    body = recorded.find(custom_id)
    return body["choices"][0]["message"]["content"] if body else None


@pytest.mark.parametrize(
    "change",
    [
        {"messages": [{"role": "user", "content": f"{NOTE_WORDS}."}]},
        {"model": "coder-7b"},
        {"max_tokens": 401},
        {"temperature": 0.7},
        {"seed": 1},
        {"response_format": {"json_schema": {"schema": {"properties": {"choice": {}, "reason": {}}}}}},
    ],
)
def test_what_decides_an_answer_decides_the_id(change: dict[str, Any]) -> None:
    """Another note, model, limit, sample, or order of the answer's fields is another question."""
    assert asked(**change) != asked()


@pytest.mark.parametrize(
    "change", [{"extra_body": {"cache_salt": "south"}}, {"extra_body": None}, {"logprobs": False}, {"top_logprobs": 5}]
)
def test_what_changes_no_answer_leaves_the_id(change: dict[str, Any]) -> None:
    """The cache salt and the log-probabilities asked for."""
    assert asked(**change) == asked()


def test_an_id_holds_no_word_of_the_note() -> None:
    """Services log ids: this one is a name and a digest."""
    name, digest = asked().split("-")
    assert name == "chartwright"
    assert len(digest) == 40
    assert int(digest, 16)


def test_a_request_line_is_one_of_an_openai_batch_file() -> None:
    """Id, method, URL and the body, extras beside the rest."""
    line = BatchRequest.of(REQUEST).line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    body = {name: value for name, value in REQUEST.items() if name != "extra_body"} | {"cache_salt": "north"}
    assert json.loads(line) == {
        "custom_id": asked(),
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body,
    }


@settings(max_examples=60, deadline=None)
@given(
    junk=st.lists(st.sampled_from(JUNK), max_size=6),
    doubles=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=6),
    files=st.integers(1, 3),
    chance=st.randoms(use_true_random=False),
)
def test_every_answer_is_found_in_any_order(
    junk: list[str], doubles: list[str], files: int, chance: random.Random
) -> None:
    """Law: shuffle the lines over files, put broken, doubled and error lines between: each question has its answer."""
    lines = [good(one, content) for one, content in ANSWERS.items()]
    lines += [*junk, *(bad(one, 500) for one in doubles)]
    chance.shuffle(lines)
    with tempfile.TemporaryDirectory() as folder:
        parts = [written(Path(folder) / f"{n}.jsonl", lines[n::files]) for n in range(files)]
        recorded = Recorded(parts)
        assert {one: content(recorded, one) for one in ANSWERS} == ANSWERS
        assert recorded.broken == sum(bool(line.strip()) for line in junk)
        assert recorded.doubled == len(doubles)
        assert recorded.errors == 0
        assert recorded.digest == Recorded(parts[::-1]).digest


@pytest.mark.parametrize("turned", [1, -1])
def test_of_two_answers_the_same_one_is_taken_in_any_order(turned: int, tmp_path: Path) -> None:
    """Two runs of a service may answer differently: which one counts is not left to the order of the lines."""
    lines = [good("a", '{"choice":"1"}'), good("a", '{"choice":"2"}')]
    recorded = Recorded([written(tmp_path / "a.jsonl", lines[::turned])])
    assert recorded.doubled == 1
    assert content(recorded, "a") == content(Recorded([written(tmp_path / "b.jsonl", lines)]), "a")


def test_an_error_is_no_answer(tmp_path: Path) -> None:
    """The service's status comes with the refusal, and the question counts as an error."""
    recorded = Recorded([written(tmp_path / "a.jsonl", [bad("a", 413), bad("a", 413)])])
    assert (recorded.errors, recorded.doubled) == (1, 1)
    with pytest.raises(RefusedAnswerError) as caught:
        recorded.find("a")
    assert caught.value.status == 413


@pytest.mark.parametrize(
    "line",
    [
        {"custom_id": "a", "response": None, "error": {"code": "batch_expired", "message": "expired"}},
        {"custom_id": "a", "response": None, "error": None},
    ],
)
def test_a_line_without_a_response_is_an_error(line: dict[str, Any], tmp_path: Path) -> None:
    """As a service writes it for a request it never came to."""
    recorded = Recorded([written(tmp_path / "a.jsonl", [json.dumps(line)])])
    assert (recorded.errors, recorded.broken) == (1, 0)


@pytest.mark.parametrize(
    "body", [None, {}, [], {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "gout"}]}, {"choices": 7}]
)
def test_a_response_without_a_completion_is_broken(body: Any, tmp_path: Path) -> None:
    """It neither answers nor stands in the way of another file's answer."""
    line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None})
    torn, whole = written(tmp_path / "a.jsonl", [line]), written(tmp_path / "b.jsonl", [good("a", "{}")])
    recorded = Recorded([torn, whole])
    assert recorded.broken == 1
    assert content(recorded, "a") == "{}"
    assert Recorded([torn]).find("a") is None


def test_a_torn_last_line_is_broken_and_the_others_count(tmp_path: Path) -> None:
    """A copy that stopped on the way."""
    file = written(tmp_path / "a.jsonl", [good("a", "{}"), good("b", "{}")])
    file.write_bytes(file.read_bytes()[:-20])
    recorded = Recorded([file])
    assert recorded.broken == 1
    assert recorded.ids == {"a"}


def test_a_kept_completion_is_found_again(tmp_path: Path) -> None:
    """What is recorded and what a service writes is one format."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(answer_line("a", said('{"choice":"ü"}')))
    assert content(Recorded([file]), "a") == '{"choice":"ü"}'


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """One sentence with the path."""
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        Recorded([tmp_path / "none.jsonl"])
