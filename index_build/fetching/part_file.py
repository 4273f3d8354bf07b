"""A download that is not whole yet: `<name>.part`, and beside it which version of the file it is a part of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from medcoding.errors import InputError
from medcoding.parsing import parse_record
from medcoding.record import Record


class Held(Record):
    """What a part file is a part of."""

    url: str
    etag: str = ""
    last_modified: str = ""
    size: int = 0
    """Bytes held."""

    @property
    def validator(self) -> str:
        """For `If-Range`, which takes no weak entity tag (RFC 9110, 13.1.5); empty when the version is not known."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class PartFile:
    """One unfinished download in the folder it will belong to. Raises `OSError` when the disk refuses."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._about = target.with_name(f"{target.name}.part.json")
        self._target = target
        self.size = 0

    def held(self, url: str) -> Held:
        """What an earlier attempt left; size 0 when there is nothing that could be gone on with."""
        about = self._read_about()
        if about is None or about.url != url or not about.validator or not self.path.is_file():
            return Held(url=url)
        self.size = self.path.stat().st_size
        return about.model_copy(update={"size": self.size})

    def version(self) -> Held:
        """The version the held bytes belong to."""
        return self._read_about() or Held(url="")

    def begin(self, about: Held) -> None:
        """Forget what is held; bytes of `about` follow."""
        self.discard()
        self._about.write_text(about.model_dump_json(), encoding="utf-8")

    @contextlib.contextmanager
    def appending(self) -> Iterator[Callable[[bytes], None]]:
        """Gives a function that adds bytes at the end; all of them are on the disk when the block ends."""
        with self.path.open("ab") as content:

            def append(chunk: bytes) -> None:
                content.write(chunk)
                self.size += len(chunk)

            yield append
            content.flush()
            os.fsync(content.fileno())

    def discard(self) -> None:
        """Remove what is held."""
        self.path.unlink(missing_ok=True)  # first the bytes: without them the other file claims nothing
        self._about.unlink(missing_ok=True)
        self.size = 0

    def finish(self) -> None:
        """The file is whole and checked: give it its name, in one step."""
        self.path.replace(self._target)
        self._about.unlink(missing_ok=True)

    def _read_about(self) -> Held | None:
        try:
            return parse_record(Held, self._about.read_bytes(), self._about.name)
        except (InputError, OSError):
            return None
