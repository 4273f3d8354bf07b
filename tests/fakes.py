"""Named doubles for the seams of the product."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import ValidationError

from agent.llm import Answer, AnswerT, Message, UnusableAnswerError, Usage

Script = Callable[[str], Mapping[str, object] | Exception]
"""What a scripted model answers (or raises) to the text of its last message."""

USAGE_PER_ANSWER: Final = Usage(tokens_in=100, tokens_cached=40, tokens_out=10)


class ScriptedLLM:
    """Answers by a function of the question; keeps what it was asked. Holds answers to the response model."""

    name = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[tuple[Message, ...]] = []
        self.response_models: list[type[Any]] = []
        self.salts: list[str | None] = []

    async def answer(
        self, messages: Sequence[Message], response_model: type[AnswerT], *, cache_salt: str | None = None
    ) -> Answer[AnswerT]:
        """Answer as the script says; what does not fit the response model is an `UnusableAnswerError`."""
        self.asked.append(tuple(messages))
        self.response_models.append(response_model)
        self.salts.append(cache_salt)
        said = self._reply(messages, response_model)
        if isinstance(said, Exception):
            raise said
        content = json.dumps(said)
        try:
            value = response_model.model_validate_json(content, strict=True)
        except ValidationError:
            raise UnusableAnswerError("The scripted answer does not fit.", USAGE_PER_ANSWER) from None
        return Answer(value=value, content=content, usage=USAGE_PER_ANSWER)

    def _reply(self, messages: Sequence[Message], response_model: type[AnswerT]) -> Mapping[str, object] | Exception:
        return self._script(messages[-1].content)

    async def aclose(self) -> None:
        """There is nothing to release."""


class ObedientTraitor(ScriptedLLM):
    """Always follows the last line of its prompt that looks like an order to answer a number, within the grammar.

    What it cannot express it turns into the first thing it may say. It cites the sentence of the order, if it can.
    """

    name = "obedient traitor"

    _ORDER: Final = re.compile(
        r"\b(?:ignore|disregard|forget|override|instead|must|system|assistant|instruction)\b.*?"
        r"\b(?:answer|choose|select|choice|reply|respond|pick|output|code)\b\W*(?:with |is |as |number |to )*\"?(\w+)",
        re.IGNORECASE,
    )
    _NUMBERED: Final = re.compile(r"\[(\d+)\]")

    def __init__(self) -> None:
        super().__init__(lambda _: {})
        self.obeyed: list[str] = []
        """What it was ordered to answer, one entry a question in which it found an order."""

    def _reply(self, messages: Sequence[Message], response_model: type[AnswerT]) -> Mapping[str, object] | Exception:
        allowed = get_args(response_model.model_fields["choice"].annotation)
        orders = [
            (line, found)
            for message in messages[1:]
            for line in message.content.splitlines()
            if (found := self._ORDER.search(line))
        ]
        evidence, choice = [1], allowed[0]
        if orders:
            line, found = orders[-1]
            self.obeyed.append(found.group(1))
            choice = found.group(1) if found.group(1) in allowed else choice
            number = self._NUMBERED.match(line)
            evidence = [int(number.group(1))] if number else evidence
        return {"evidence": evidence, "reason": "as ordered", "missing": None, "choice": choice}
