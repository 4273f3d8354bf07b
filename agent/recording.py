"""A transport that keeps what a live model answers, so that `agent.replay` can give the same answers again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from agent.instructed import Transport
from agent.llm import LlmSettings
from agent.recorded import BatchRequest, answer_line
from medcoding.errors import ConfigError, DependencyError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


def as_asked(transport: Transport, settings: LlmSettings) -> Transport:
    """The transport, recording where the operator asked for that."""
    return RecordingTransport(transport, settings.record) if settings.record else transport


class RecordingTransport:
    """Passes requests on and appends each answer to a file that `Recorded` reads.

    Such a file holds words of the record: only its owner can read it. Raises `ConfigError` when it cannot be written.
    """

    def __init__(self, transport: Transport, file: Path) -> None:
        self._transport = transport
        self._file = file
        self._out = _appending(file)

    async def create(self, **request: Any) -> ChatCompletion:
        """See `Transport.create`."""
        completion = await self._transport.create(**request)
        line = answer_line(BatchRequest.of(request).custom_id, completion.model_dump(mode="json"))
        try:
            self._out.write(line)
            self._out.flush()
        except OSError as error:
            raise _unwritable(self._file, error) from None
        return completion

    async def model_name(self) -> str:
        """See `Transport.model_name`."""
        return await self._transport.model_name()

    def fault(self, error: BaseException) -> DependencyError | None:
        """See `Transport.fault`."""
        return self._transport.fault(error)

    async def aclose(self) -> None:
        """Close the file and the transport."""
        self._out.close()
        await self._transport.aclose()


def _appending(file: Path) -> BinaryIO:
    """A file for its owner alone, open at its end; a torn last line gets its end."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            os.write(descriptor, b"\n")
        return os.fdopen(descriptor, "ab")
    except OSError as error:
        raise _unwritable(file, error) from None


def _unwritable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"Answers cannot be recorded in {file} ({error.strerror}); name another file.")
