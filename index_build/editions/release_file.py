"""A file of an official release, plain or inside a zip, and the walk that finds them."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

from medcoding.errors import InputError

LARGEST_FILE: Final = 256 * 2**20
"""Bytes a file may hold, or a zip member may unpack to. The largest official file holds 15 MB, the largest zip 25."""

_MOST_MEMBERS: Final = 10_000
_DEEPEST: Final = 3
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ReleaseFile(NamedTuple):
    """One official file where it lies; nothing is unpacked to disk."""

    path: Path
    """The file itself, or the zip that holds it."""
    members: tuple[str, ...] = ()
    """The way inside: the member's name, behind those of the zips between."""

    @property
    def name(self) -> str:
        """The file's own name, without folders and zips."""
        return PurePosixPath(self.members[-1].replace("\\", "/")).name if self.members else self.path.name

    def read_bytes(self) -> bytes:
        """The whole content. Raises `InputError` for what cannot be read or is larger than any official file."""
        try:
            with self.path.open("rb") as content:
                data = _whole(content, self.path.name)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}); check the path.") from None
        holder = self.path.name
        for member in self.members:
            data = _member(data, member, holder)
            holder = PurePosixPath(member).name
        return data

    def sha256(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(self.read_bytes()).hexdigest()


class FoundFile(NamedTuple):
    """A file, and the names that may tell its year: its own, then those of what holds it, innermost first."""

    file: ReleaseFile
    told_by: tuple[str, ...]


def files_under(path: Path) -> Iterator[FoundFile]:
    """Every file in a folder (with its folders and zips) or in a zip, or the one file itself, in order of name.

    Raises `InputError` when the path does not exist or a zip cannot be read.
    """
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            holders = (*reversed(Path(folder).relative_to(path).parts), path.name)
            for name in sorted(names):
                yield from _found(Path(folder) / name, holders)
    elif path.is_file():
        yield from _found(path, ())
    else:
        raise InputError(f"{path} does not exist; give the folder or the zip of an official release.")


def _found(path: Path, holders: tuple[str, ...]) -> Iterator[FoundFile]:
    if _is_hidden(path.name):
        return
    told_by = (path.name, *holders)
    if path.suffix.lower() == ".zip":
        yield from _inside(ReleaseFile(path), told_by)
    else:
        yield FoundFile(ReleaseFile(path), told_by)


def _inside(archive: ReleaseFile, told_by: tuple[str, ...]) -> Iterator[FoundFile]:
    if len(archive.members) >= _DEEPEST:
        raise InputError(f"{archive.path.name} holds zips in zips in zips; unpack it first.")
    for member in sorted(_names(archive)):
        parts = PurePosixPath(member.replace("\\", "/")).parts
        if not parts or any(map(_is_hidden, parts)):
            continue
        file = ReleaseFile(archive.path, (*archive.members, member))
        inner = (*reversed(parts), *told_by)
        if member.lower().endswith(".zip"):
            yield from _inside(file, inner)
        else:
            yield FoundFile(file, inner)


def _names(archive: ReleaseFile) -> list[str]:
    data = archive.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            names = [member.filename for member in opened.infolist() if not member.is_dir()]
    except _UNREADABLE:
        raise _broken(archive.name) from None
    if len(names) > _MOST_MEMBERS:
        raise InputError(f"{archive.name} holds {len(names):,} files, more than any official zip; check the file.")
    return names


def _member(data: bytes, member: str, holder: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            if opened.getinfo(member).flag_bits & 1:
                raise InputError(f"{holder} is encrypted, which no official zip is; download it again.")
            with opened.open(member) as content:
                return _whole(content, PurePosixPath(member).name)
    except KeyError:
        raise InputError(f"{PurePosixPath(member).name} is no longer in {holder}; put the official zip back.") from None
    except (*_UNREADABLE, OSError):
        raise _broken(holder) from None


def _whole(content: IO[bytes], name: str) -> bytes:
    data = content.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise InputError(
            f"{name} holds more than {LARGEST_FILE >> 20} MB, more than any official file; check the file."
        )
    return data


def _broken(name: str) -> InputError:
    return InputError(f"{name} is a damaged zip file; download it again.")


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))
