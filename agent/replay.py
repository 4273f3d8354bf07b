"""Recorded answers in place of a model; `agent.recording` records them.

A recorded answer passes the same Instructor as a live one, so one that does not fit is refused, and asked for again,
in the same way. A question without an answer is an error like a server's that is down: rules choose for its mention,
and the question is kept for the next batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.instructed import InstructedLLM
from agent.llm import LlmSettings
from agent.recorded import BatchRequest, Recorded, RefusedAnswerError
from medcoding.errors import DependencyError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


class ReplayLLM(InstructedLLM):
    """Answers with what was recorded of the model `name`, and remembers what it was asked."""

    def __init__(self, settings: LlmSettings, answers: Recorded, name: str) -> None:
        self._replay = _Replay(answers)
        super().__init__(settings.model_copy(update={"model": name}), self._replay)

    @property
    def answered(self) -> tuple[str, ...]:
        """Ids of the questions that had an answer, in the order they were asked, each once."""
        return tuple(self._replay.answered)

    @property
    def unanswered(self) -> tuple[BatchRequest, ...]:
        """The questions that had none, or an error only, in the order they were asked, each once."""
        return tuple(self._replay.unanswered.values())


class _NoAnswerError(Exception):
    """Nothing usable was recorded for a question; `status` is that of the error that was."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class _Replay:
    """Implements `agent.instructed.Transport`."""

    def __init__(self, answers: Recorded) -> None:
        self._answers = answers
        self.answered: dict[str, None] = {}
        self.unanswered: dict[str, BatchRequest] = {}

    async def create(self, **request: Any) -> ChatCompletion:
        """The recorded completion of a request, read as leniently as openai's client reads a live one."""
        from openai.types.chat import ChatCompletion

        asked = BatchRequest.of(request)
        status = None
        try:
            completion = self._answers.find(asked.custom_id)
        except RefusedAnswerError as refusal:
            completion, status = None, refusal.status
        if completion is None:
            self.unanswered[asked.custom_id] = asked
            raise _NoAnswerError(status)
        self.answered[asked.custom_id] = None
        return ChatCompletion.construct(**completion)

    async def model_name(self) -> str:
        """Never asked: the name is given with the answers."""
        raise DependencyError("The recorded answers have no model's name; set CHARTWRIGHT_LLM__MODEL.")

    def fault(self, error: BaseException) -> DependencyError | None:
        """See `Transport.fault`. Never retryable: the breaker must not keep later questions from being collected."""
        if not isinstance(error, _NoAnswerError):
            return None
        if error.status is None:
            return DependencyError("No answer to this question is recorded; have it answered and import again.")
        said = f"HTTP {error.status}" if error.status else "an error"
        return DependencyError(f"The batch service answered with {said}; have the question answered and import again.")

    async def aclose(self) -> None:
        """There is nothing to release."""
