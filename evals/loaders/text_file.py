"""Text files of evaluators: UTF-8 or a sentence, compressed or not, streamed."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from medcoding.errors import InputError

_LONGEST_CELL: Final = 10_000_000
"""Characters. A note in one cell is longer than the 128 KiB that the csv module takes by itself."""


@contextmanager
def opened_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """The file as UTF-8 text with its line ends kept, unpacked where it ends in `.gz`.

    Raises `InputError` when it cannot be read, is not UTF-8 or, being a table, is broken; also while it is read.
    """
    before = csv.field_size_limit(_LONGEST_CELL)  # one setting for the whole process: put back in the end
    try:
        with _binary(path) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
            yield text
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not UTF-8 text; save it as UTF-8.") from None
    except (csv.Error, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} is damaged ({type(error).__name__}); give the file as published.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    finally:
        csv.field_size_limit(before)


def whole_text(path: Path) -> str:
    """The text as it is, a byte order mark included, so that published offsets hold."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from None


def file_within(folder: Path, name: str) -> Path | None:
    """The file that a table names, when there is one inside the table's folder; never one outside it."""
    try:
        file = (folder / name).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def _binary(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")
