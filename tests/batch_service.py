"""A batch service of a few lines: reads a file of requests and answers each as a script says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from openai.types.chat import ChatCompletion

from agent.llm import Message
from medcoding.errors import DependencyError
from tests.model_server import completion

Script = Callable[[Mapping[str, Any]], str]
"""What the model says (a JSON text) to the body of a request."""

QUESTION: Final = (
    Message(role="system", content="Choose."),
    Message(role="user", content="zephyrine gout of the hallux"),
)
"""A question whose words must show nowhere but in requests."""

_CHECKED: Final = "An earlier answer was checked"


def first_choice(body: Mapping[str, Any]) -> str:
    """Always the first candidate, resting on the first sentence that may be named."""
    allowed = body["response_format"]["json_schema"]["schema"]["properties"]["evidence"]["items"]
    return json.dumps({"evidence": allowed["enum"][:1], "reason": "documented", "missing": None, "choice": "1"})


def heeding(body: Mapping[str, Any]) -> str:
    """The first candidate; none of them when a check objected to that."""
    withdrawn = {"choice": "none"} if _CHECKED in body["messages"][-1]["content"] else {}
    return json.dumps(json.loads(first_choice(body)) | withdrawn)


def hasty(body: Mapping[str, Any]) -> str:
    """Nothing that fits at first; the first candidate when it is told so and asked again."""
    return first_choice(body) if len(body["messages"]) > len(QUESTION) else '{"choice": "the first"}'


def said(content: str, model: str = "coder", finish: str = "stop") -> dict[str, Any]:
    """A chat completion."""
    body: dict[str, Any] = json.loads(completion(content, model=model, finish=finish).body)
    return body


def good(custom_id: str, content: str, **more: Any) -> str:
    """The line of an answer."""
    response = {"status_code": 200, "request_id": "r", "body": said(content, **more)}
    return json.dumps({"id": "b", "custom_id": custom_id, "response": response, "error": None})


def bad(custom_id: str, status: int = 400) -> str:
    """The line of an error, as vLLM writes it."""
    response = {"status_code": status, "request_id": "r", "body": None}
    return json.dumps({"id": "b", "custom_id": custom_id, "response": response, "error": {"message": "too long"}})


def asked(requests: Path) -> list[dict[str, Any]]:
    """The requests of a file."""
    return [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]


def answered(requests: Path, script: Script = first_choice) -> list[str]:
    """One line of answer a request."""
    return [good(one["custom_id"], script(one["body"])) for one in asked(requests)]


def written(file: Path, lines: Sequence[str]) -> Path:
    """A file of lines."""
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


class ScriptedTransport:
    """The same script as a live model: what the offline way is compared with."""

    def __init__(self, script: Script = first_choice) -> None:
        self._script = script
        self.requests: list[dict[str, Any]] = []

    async def create(self, **request: Any) -> ChatCompletion:
        """Answer at once."""
        self.requests.append(request)
        return ChatCompletion.model_validate(said(self._script(request)))

    async def model_name(self) -> str:
        """The only model."""
        return "coder"

    def fault(self, error: BaseException) -> DependencyError | None:
        """There is nothing between the script and its caller."""
        return None

    async def aclose(self) -> None:
        """There is nothing to release."""
