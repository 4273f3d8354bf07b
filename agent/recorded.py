"""Questions and answers as the lines of OpenAI batch files: a request's line and id, and answers found by that id.

A question's id is a digest of all that decides its answer: messages, the answer's JSON schema, model, temperature,
seed, token limit. It holds no note text, and cannot be guessed from a note, because the marks around the note cannot.
The id says nothing of the cache salt or of the log-probabilities, which change no answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from medcoding.errors import InputError

_URL: Final = "/v1/chat/completions"
_WITHOUT_EFFECT: Final = frozenset({"cache_salt", "logprobs", "top_logprobs"})
"""Parts of a request that do not change what is answered."""
_BLOCK_BYTES: Final = 1 << 20
_OK: Final = 200
_UNKNOWN_STATUS: Final = 0
"""An error of the batch service that has no HTTP status."""


class BatchRequest(NamedTuple):
    """One chat completion to be asked for."""

    custom_id: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> BatchRequest:
        """From the keywords of openai's `chat.completions.create`; the body is what that client would send."""
        body = {name: value for name, value in request.items() if name != "extra_body"}
        body |= request.get("extra_body") or {}
        return cls(_custom_id(body), body)

    def line(self) -> bytes:
        """The line of a batch file, with its end."""
        return json_line({"custom_id": self.custom_id, "method": "POST", "url": _URL, "body": dict(self.body)})


def answer_line(custom_id: str, completion: Mapping[str, Any]) -> bytes:
    """A completion as the line of a file of answers, with its end."""
    response = {"status_code": _OK, "request_id": custom_id, "body": completion}
    return json_line({"id": custom_id, "custom_id": custom_id, "response": response, "error": None})


def json_line(value: Mapping[str, Any]) -> bytes:
    """A value as one line of compact JSON, with its end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class RefusedAnswerError(Exception):
    """The service answered a question with an error; `status` is 0 where it named no HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Place(NamedTuple):
    """Where an answer stands. The least of several is taken: usable ones first, then by digest, not by order."""

    is_error: bool
    digest: bytes
    status: int
    file: Path
    offset: int
    length: int


class Recorded:
    """Answers in files of OpenAI batch output, in any order; each is read when it is asked for.

    Raises `InputError` for a file that cannot be read. A line that is no answer is counted and left alone.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self._places: dict[str, _Place] = {}
        self.broken = 0
        """Lines that are torn, or no answer at all."""
        self.doubled = 0
        """Lines beyond the first for the same question."""
        for file in files:
            self._index(file)
        self.digest = hashlib.sha256("".join(sorted(map(digest_of_file, files))).encode()).hexdigest()
        """Of the files' content, whatever their order."""

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all questions that have a line."""
        return frozenset(self._places)

    @property
    def errors(self) -> int:
        """Questions that the service answered with an error only."""
        return sum(place.is_error for place in self._places.values())

    def find(self, custom_id: str) -> dict[str, Any] | None:
        """The completion that answers a question; None where there is none. Raises `RefusedAnswerError`."""
        place = self._places.get(custom_id)
        if place is None:
            return None
        if place.is_error:
            raise RefusedAnswerError(place.status)
        with _opened(place.file) as lines:
            lines.seek(place.offset)
            answer = _Answer.read(lines.read(place.length))
        return answer.body if answer else None

    def _index(self, file: Path) -> None:
        """Note where each answer stands."""
        offset = 0
        with _opened(file) as lines:
            for line in lines:
                if line.strip():
                    self._add(file, offset, line)
                offset += len(line)

    def _add(self, file: Path, offset: int, line: bytes) -> None:
        answer = _Answer.read(line)
        if answer is None:
            self.broken += 1
            return
        digest = hashlib.sha256(line.strip()).digest()
        place = _Place(answer.body is None, digest, answer.status, file, offset, len(line))
        known = self._places.get(answer.custom_id)
        self.doubled += known is not None
        self._places[answer.custom_id] = min(known, place) if known else place


class _Answer(NamedTuple):
    """One line of a file of answers."""

    custom_id: str
    status: int
    body: dict[str, Any] | None
    """The completion; None for an error."""

    @classmethod
    def read(cls, line: bytes) -> _Answer | None:
        """None for a line that is no answer."""
        try:
            return cls._of(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return None

    @classmethod
    def _of(cls, parsed: Any) -> _Answer | None:
        """Raises one of the errors of a wrong shape."""
        custom_id, response, error = parsed["custom_id"], parsed["response"], parsed.get("error")
        if not isinstance(custom_id, str):
            return None
        status = response.get("status_code", _OK) if response else _UNKNOWN_STATUS
        if error is not None or status != _OK:
            return cls(custom_id, int(status), None)
        body = response["body"]
        return cls(custom_id, status, body) if isinstance(body["choices"][0]["message"], dict) else None


def _custom_id(body: Mapping[str, Any]) -> str:
    """See the module. Only the order of the outermost names is of no account: the schema's order is the answer's."""
    deciding = [[name, body[name]] for name in sorted(body) if name not in _WITHOUT_EFFECT]
    return f"chartwright-{hashlib.sha256(json_line({'asked': deciding})).hexdigest()[:40]}"


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file's content, hexadecimal. Raises `InputError` when it cannot be read."""
    whole = hashlib.sha256()
    with _opened(file) as content:
        while block := content.read(_BLOCK_BYTES):
            whole.update(block)
    return whole.hexdigest()


def lines_of(file: Path) -> Iterator[bytes]:
    """Whole lines of a file. Raises `InputError` when it cannot be read."""
    with _opened(file) as lines:
        yield from (line for line in lines if line.endswith(b"\n"))


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); check the path.") from None
