"""Books of procedures and edits from the user's files: HCPCS Level II, CPT, NCCI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from index_build.editions.release_file import FoundFile, files_under
from index_build.readers.cpt import read_cpt
from index_build.readers.hcpcs import read_hcpcs
from index_build.readers.ncci import PtpTable, find_ncci_table
from index_build.readers.table import NamedFile
from medcoding.errors import InputError
from medcoding.ncci import NcciRelease, NcciWriter, write_ncci_book
from medcoding.procedures import ProcedureRelease, write_procedure_book

_TEXT_FIRST: Final = (".txt", ".csv", ".tsv", ".xlsx")
"""CMS packs the same table as text and as a workbook; text is read twenty times faster."""

_QUARTERLY: Final = re.compile(r"hcpc20\d\d.*anweb.*\.txt", re.IGNORECASE)
_QUARTER_IN_NAME: Final = re.compile(r"HCPC(20\d\d)_?([A-Z]{3})")
_MONTHS: Final = ("JAN", "APR", "JUL", "OCT")
_LAYOUT: Final = re.compile(r".*record[-_ ]?layout.*\.txt", re.IGNORECASE)


class HcpcsFiles(NamedTuple):
    """A release of HCPCS Level II and the record layout that lies beside it, if one does."""

    codes: NamedFile
    layout: NamedFile | None


def write_hcpcs(path: Path, source: Path) -> ProcedureRelease:
    """Write the HCPCS book from the quarterly file or a table, or from the folder or zip that holds the former."""
    files = hcpcs_files(source)
    content = read_hcpcs(files.codes, files.layout)
    write_procedure_book(path, content)
    return content.release


def write_cpt(path: Path, source: NamedFile) -> ProcedureRelease:
    """Write the CPT book from the licensee's file; the index that holds it is under the same licence."""
    content = read_cpt(source)
    write_procedure_book(path, content)
    return content.release


def write_ncci(path: Path, source: Path) -> NcciRelease:
    """Write the NCCI book from a folder, with the downloaded tables or zips; each must be a table of NCCI."""
    files = ncci_files(source)
    if not files:
        raise InputError(f"{source} holds no NCCI table; put the downloaded files or zips there.")

    def fill(writer: NcciWriter) -> None:
        for file in files:
            _add(writer, file)

    return write_ncci_book(path, fill)


def hcpcs_files(source: Path) -> HcpcsFiles:
    """The quarterly file of a folder or zip; a file stands for itself. The layout is looked for beside it."""
    releases: Sequence[NamedFile]
    beside: Sequence[NamedFile]
    if source.is_file() and source.suffix.lower() != ".zip":
        releases, beside = [source], sorted(source.parent.glob("*.txt"))
    else:
        beside = [_streamed(found) for found in files_under(source)]
        releases = [file for file in beside if _QUARTERLY.fullmatch(file.name)]
        releases = [newest] if (newest := max(releases, key=_quarter, default=None)) else []
    if not releases:
        raise InputError(f"{source} holds no file named like HCPC2026_JUL_ANWEB.txt; keep the name as published.")
    layouts = [file for file in beside if _LAYOUT.fullmatch(file.name)]
    return HcpcsFiles(releases[0], layouts[-1] if layouts else None)


def _quarter(file: NamedFile) -> tuple[int, int]:
    """Year and month of a quarterly file's name."""
    found = _QUARTER_IN_NAME.search(file.name.upper())
    return (int(found[1]), _MONTHS.index(found[2]) if found[2] in _MONTHS else -1) if found else (0, -1)


def ncci_files(source: Path) -> tuple[NamedFile, ...]:
    """Tables in a folder and in its zips, in order of name; of the same table as text and workbook only the text."""
    tables = [file for found in files_under(source) if _ending(file := _streamed(found)) in _TEXT_FIRST]
    chosen: dict[str, NamedFile] = {}
    for file in sorted(tables, key=lambda f: _TEXT_FIRST.index(_ending(f))):
        chosen.setdefault(PurePath(file.name).stem.lower(), file)
    return tuple(chosen[name] for name in sorted(chosen))


def _add(writer: NcciWriter, file: NamedFile) -> None:
    found = find_ncci_table(file)
    if isinstance(found, PtpTable):
        writer.add_edits(found.setting, file.name, found.rows())
    elif any(t.kind == "mue" and t.setting is found.setting for t in writer.tables):
        raise InputError(f"{file.name} is a second MUE table for {found.setting}; keep the files of one quarter.")
    else:
        writer.add_units(found.setting, file.name, found.rows())


def _streamed(found: FoundFile) -> NamedFile:
    """A file on disk as its path, which is read as a stream; one in a zip as it is."""
    return found.file if found.file.members else found.file.path


def _ending(file: NamedFile) -> str:
    return PurePath(file.name).suffix.lower()
