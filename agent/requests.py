"""Offline batches: the questions of many encounters in one file, and results from the answers to them.

Both directions are one run of the flow with recorded answers (`agent.replay`). An export has none, so every question of
the first round stays open; an import codes with those there are, and what is open then is the next file of questions.

A run writes into a folder beside its target (`NAME.unfinished/`), one result a line and, before it, the questions that
result needed. So a run that died is taken up at its next encounter, and targets appear whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from agent.batch import BatchOutcome, run_batch
from agent.ingest import InputLimits
from agent.pipeline import Pipeline
from agent.questions import Model, derived
from agent.recorded import Recorded, digest_of_file, json_line, lines_of
from agent.replay import ReplayLLM
from medcoding.encounter import Encounter
from medcoding.errors import ConfigError, DependencyError, InputError, ModelOutputError
from medcoding.result import CodingResult

_OWNER_ONLY: Final = 0o600
_RESULTS: Final = (frozenset({"case_id", "stamp"}), frozenset({"case_id", "error"}))
_REQUESTS: Final = (frozenset({"custom_id", "method"}),)
"""Keys by which a line of results, or of requests, is known."""


class Targets(NamedTuple):
    """What a run writes: results, requests, or both."""

    results: Path | None = None
    requests: Path | None = None

    @property
    def given(self) -> tuple[Path, ...]:
        """Those that were named, the main one first."""
        return tuple(path for path in self if path)

    def refuse_misplaced(self, sources: Sequence[Path]) -> None:
        """Raise `InputError` where a target is one of the sources, the other target, or a file that is not ours."""
        taken = {source.resolve() for source in sources}
        for target, shapes in ((self.results, _RESULTS), (self.requests, _REQUESTS)):
            if target is None:
                continue
            if target.resolve() in taken:
                raise InputError(f"{target} would be overwritten with something else; name another file.")
            taken.add(target.resolve())
            if not _is_ours(target, shapes):
                raise InputError(f"{target} exists and holds something else; name another file.")


@dataclass(frozen=True, slots=True)
class Work:
    """Encounters, one a line, and what codes them: a pipeline with a model, and that model's recorded answers."""

    source: Path
    pipeline: Pipeline
    answers: Recorded
    limits: InputLimits

    @property
    def model(self) -> Model:
        """The pipeline's model. Raises `ConfigError` when it has none."""
        if self.pipeline.parts.model is None:
            raise ConfigError("Recorded answers need the model they are of; set CHARTWRIGHT_LLM__MODEL.")
        return self.pipeline.parts.model

    @property
    def digest(self) -> str:
        """Of all that decides the outcome: encounters, answers, secret, and everything in the stamp."""
        parts = (
            self.pipeline.parts.stamp.model_dump_json(),
            derived(self.model.secret, "offline batch", b""),
            self.answers.digest,
            digest_of_file(self.source),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Outcome(NamedTuple):
    """What a run did."""

    batch: BatchOutcome
    answered: int
    """Questions that had an answer, identical ones counted once."""
    open: int
    """Questions that had none, or an error only."""
    foreign: int
    """Answers to questions that nobody asked: of other encounters, settings, or of a round that took another turn."""


async def run(work: Work, targets: Targets, advance: Callable[[int], None]) -> Outcome:
    """Code every encounter with the recorded answers, then write the targets.

    Raises `InputError` when a file cannot be read or written.
    """
    unfinished = _Unfinished(targets.given[0])
    with unfinished.held(work.digest):
        coder = _ReplayingCoder(work, unfinished)
        batch = await run_batch(work.source, unfinished.results, coder, work.limits, concurrency=1, advance=advance)
        asked, still_open = unfinished.asked()
        if targets.requests:
            with _writing(targets.requests):
                _write_whole(targets.requests, unfinished.requests())
        if targets.results:
            with _writing(targets.results):
                unfinished.results.replace(targets.results)
        unfinished.remove()
    return Outcome(batch, len(asked - still_open), len(still_open), len(work.answers.ids - asked))


class _ReplayingCoder:
    """Implements `agent.batch.Coder`: each encounter gets its own `ReplayLLM`, whose questions are kept."""

    def __init__(self, work: Work, unfinished: _Unfinished) -> None:
        self._work = work
        self._unfinished = unfinished

    async def code(self, encounter: Encounter) -> CodingResult:
        """The coding result. Raises `ModelOutputError` where a question is open and rules may not stand in."""
        parts, model = self._work.pipeline.parts, self._work.model
        llm = ReplayLLM(model.settings, self._work.answers, model.llm.name)
        pipeline = Pipeline(replace(parts, model=replace(model, llm=llm)))
        try:
            return await pipeline.code(encounter)
        except DependencyError as error:  # of this line alone: the others may have all their answers
            raise ModelOutputError(str(error)) from None
        finally:
            self._unfinished.keep(llm)


class _Kept(NamedTuple):
    """One question as the folder of a run holds it."""

    custom_id: str
    is_open: bool
    line: bytes


class _Unfinished:
    """The folder of a run that has not ended, for its owner alone."""

    def __init__(self, target: Path) -> None:
        self._folder = target.with_name(f"{target.name}.unfinished")
        self._job = self._folder / "job"
        self._questions = self._folder / "questions.jsonl"
        """One question a line: a request where it is open, its id alone where it had an answer."""
        self.results = self._folder / "results.jsonl"

    @contextmanager
    def held(self, digest: str) -> Iterator[None]:
        """Go on where the same work stopped; what other work left is thrown away. One process at a time."""
        with _writing(self._folder):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            self._prepare(digest, descriptor)
            yield
        finally:
            os.close(descriptor)

    def _prepare(self, digest: str, descriptor: int) -> None:
        with _writing(self._folder):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"Another run writes into {self._folder}; wait until it has ended.") from None
            if not self._is_of(digest):
                self._clear()
            _write_whole(self._job, [digest.encode()])
            for file in (self.results, self._questions):
                os.close(os.open(file, os.O_CREAT | os.O_WRONLY, _OWNER_ONLY))
            os.truncate(self._questions, sum(map(len, lines_of(self._questions))))

    def keep(self, llm: ReplayLLM) -> None:
        """Append what was asked for one encounter.

        Raises `DependencyError`, which ends the run: a question that cannot be kept would never be asked again.
        """
        try:
            with self._questions.open("ab") as out:
                out.writelines(json_line({"custom_id": custom_id}) for custom_id in llm.answered)
                out.writelines(request.line() for request in llm.unanswered)
        except OSError as error:
            raise DependencyError(
                f"{self._questions} cannot be written ({error.strerror}); make room and run it again."
            ) from None

    def asked(self) -> tuple[set[str], set[str]]:
        """Ids of all questions, and of the open ones."""
        kept = [(one.custom_id, one.is_open) for one in self._kept()]
        return {custom_id for custom_id, _ in kept}, {custom_id for custom_id, is_open in kept if is_open}

    def requests(self) -> Iterator[bytes]:
        """The lines of the open questions, identical ones once."""
        written: set[str] = set()
        for one in self._kept():
            if one.is_open and one.custom_id not in written:
                written.add(one.custom_id)
                yield one.line

    def remove(self) -> None:
        """Delete the folder with what this run put there."""
        with _writing(self._folder):
            self._clear()
            self._folder.rmdir()

    def _clear(self) -> None:
        for file in (self._job, self._questions, self.results):
            file.unlink(missing_ok=True)

    def _is_of(self, digest: str) -> bool:
        return self._job.is_file() and self._job.read_bytes() == digest.encode()

    def _kept(self) -> Iterator[_Kept]:
        for line in lines_of(self._questions):
            question = json.loads(line)
            yield _Kept(question["custom_id"], "method" in question, line)


def _write_whole(target: Path, lines: Iterable[bytes]) -> None:
    """Write a file for its owner alone, whole or not at all."""
    half = target.with_name(f"{target.name}.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY), "wb") as out:
        out.writelines(lines)
    half.replace(target)


def _is_ours(target: Path, shapes: Iterable[frozenset[str]]) -> bool:
    """True for a file that does not exist, is empty, or begins with a line that has all keys of one of the shapes."""
    if not target.exists():
        return True
    try:
        with target.open("rb") as lines:
            first = lines.readline()
        keys = frozenset(json.loads(first).keys()) if first else frozenset()
    except OSError as error:
        raise InputError(f"{target} cannot be read ({error.strerror}); name another file.") from None
    except (ValueError, AttributeError, RecursionError):
        return False
    return not first or any(shape <= keys for shape in shapes)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name another file.") from None
