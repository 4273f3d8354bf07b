"""The files of official ICD-10-CM releases in a folder, in a zip or in a folder of zips, one release a fiscal year.

Official names are irregular from year to year (`icd10cm_order_2022.txt`, `icd10cm-order-2027.txt`,
`icd10c-tabular-April-1-2026.xml`), so they are matched by pattern, and the year is taken from the name or from the
names of the zips and folders around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from index_build.editions.release_file import FoundFile, ReleaseFile, files_under
from medcoding.errors import InputError

ReleaseMonth = Literal["October", "April"]

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "order": (r"icd-?10-?cm?-.*\border\b.*\.txt",),
    "codes": (r"icd-?10-?cm?-.*\bcodes\b.*\.txt", r"code-list\b.*\.txt"),
    "tabular": (r".*\btabular\b.*\.xml",),
    "alphabetic_index": (r".*(?<!e)(?<!e-)\bindex\b.*\.xml", r"index\b.*\.jsonl"),
    "external_cause_index": (r".*\be-?index\b.*\.xml",),
    "neoplasms": (r".*\bneoplasm.*\.xml",),
    "drugs": (r".*\bdrug.*\.xml",),
    "addenda": (r"icd-?10-?cm?-.*\border\b.*\.txt", r"icd-?10-?cm?-.*\bcodes\b.*\.txt"),
    "poa_exempt": (r".*poa-?exempt.*\.txt",),
    "conversion": (r".*\bconversion-?table\b.*\.txt", r".*\bconversion-?table\b.*\.xlsx"),
    "guidelines": (r".*\bguidelines\b.*\.pdf",),
}
"""By kind, the patterns of a name in lower case with `-` between its words, the one to prefer first."""

_BETWEEN_WORDS: Final = re.compile(r"[-_ ()]+")
_ADDENDA: Final = re.compile(r"\baddend(?:a|um)\b")
_OTHER_BOOK: Final = re.compile(r"pcs|hcpcs|icd-?9")
_FISCAL: Final = re.compile(r"\bfy-?(?:20)?(\d\d)(?!\d)|(?<=[a-z])fy(?:20)?(\d\d)(?!\d)")
_DAY: Final = re.compile(r"\b(january|april|october)-(?:\d{1,2}-)?(20\d\d)\b")
_YEAR: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_APRIL: Final = re.compile(r"\bapril\b|\bapr\b|20\d\d-update")


class ReleaseFiles(NamedTuple):
    """What was found of one fiscal year; a kind that was not found is None."""

    fiscal_year: int
    """2027 runs from 2026-10-01 to 2027-09-30."""
    month: ReleaseMonth
    """April where a file of the list or the tabular list says so in its name."""
    order: ReleaseFile | None = None
    codes: ReleaseFile | None = None
    tabular: ReleaseFile | None = None
    alphabetic_index: ReleaseFile | None = None
    external_cause_index: ReleaseFile | None = None
    neoplasms: ReleaseFile | None = None
    drugs: ReleaseFile | None = None
    addenda: ReleaseFile | None = None
    poa_exempt: ReleaseFile | None = None
    conversion: ReleaseFile | None = None
    guidelines: ReleaseFile | None = None

    @property
    def name(self) -> str:
        """The edition's name, for instance `FY2027`."""
        return f"FY{self.fiscal_year}"

    def files(self) -> dict[str, ReleaseFile]:
        """The files that were found, by kind."""
        return {kind: file for kind in _NAMES if (file := getattr(self, kind)) is not None}


class _Match(NamedTuple):
    """A file that is of a kind by its name."""

    file: ReleaseFile
    kind: str
    rank: tuple[bool, int]
    """The higher is taken: April before October, then the preferred pattern."""
    year: int | None


def find_release(path: Path) -> ReleaseFiles:
    """The one official release under a path. Raises `InputError` when there is none or more than one year."""
    releases = find_releases(path)
    if len(releases) > 1:
        years = ", ".join(release.name for release in releases)
        raise InputError(f"{path} holds the releases of several years ({years}); give the folder or zip of one year.")
    return releases[0]


def find_releases(*paths: Path) -> tuple[ReleaseFiles, ...]:
    """The official releases under some paths, one a fiscal year, earliest first; one release may lie in several places.

    Raises `InputError` when nothing is found, when no name tells the year of a file, when two different files of one
    release are of one kind, or when a zip cannot be read.
    """
    matches: list[_Match] = []
    for path in paths:
        here = [match for found in files_under(path) for match in _matches(found)]
        if not here:
            raise InputError(f"{path} holds no official ICD-10-CM file; keep the names under which they are published.")
        matches += here
    years = {match.year for match in matches} - {None}
    by_year: dict[int, list[_Match]] = defaultdict(list)
    for match in matches:
        by_year[_year_among(match, years)].append(match)
    return tuple(_release(year, by_year[year]) for year in sorted(by_year))


def _matches(found: FoundFile) -> Iterator[_Match]:
    """The kind of a file, its rank and its year; nothing for a file of no kind."""
    name = _words(found.file.name)
    if _OTHER_BOOK.search(name):
        return
    for kind, patterns in _NAMES.items():
        if (kind == "addenda") is not bool(_ADDENDA.search(name)):
            continue
        preferred = next((n for n, pattern in enumerate(patterns) if re.fullmatch(pattern, name)), None)
        if preferred is not None:
            told = [_words(holder) for holder in found.told_by]
            year = next(filter(None, map(_fiscal_year, told)), None)
            april = any(_APRIL.search(text) for text in told)
            yield _Match(found.file, kind, (april, -preferred), year)


def _words(name: str) -> str:
    return _BETWEEN_WORDS.sub("-", name.lower())


def _fiscal_year(name: str) -> int | None:
    """`FY27` says it; a day in October belongs to the next year; any other year is the fiscal year."""
    if fiscal := _FISCAL.search(name):
        return 2000 + int(fiscal[1] or fiscal[2])
    if day := _DAY.search(name):
        return int(day[2]) + (day[1] == "october")
    years = _YEAR.findall(name)
    return int(years[-1]) if years else None


def _year_among(match: _Match, years: set[int | None]) -> int:
    """The year told by the names; a file that tells none belongs to the only year there is."""
    told = match.year or (next(iter(years)) if len(years) == 1 else None)
    if told is None:
        raise InputError(
            f"No name tells the year of {match.file.name}; keep the official name or name its folder FY2027."
        )
    return told


def _release(year: int, matches: Iterable[_Match]) -> ReleaseFiles:
    by_kind: dict[str, list[_Match]] = defaultdict(list)
    for match in matches:
        by_kind[match.kind].append(match)
    chosen = {kind: _chosen(found) for kind, found in by_kind.items()}
    lists = [chosen[kind] for kind in ("order", "codes") if kind in chosen]
    newest = max((match.rank[0] for match in lists), default=False)
    for older in [match for match in lists if match.rank[0] < newest]:
        del chosen[older.kind]
    april = any(match.rank[0] for kind, match in chosen.items() if kind in {"order", "codes", "tabular"})
    files = {kind: match.file for kind, match in chosen.items()}
    return ReleaseFiles(year, "April" if april else "October", **files)


def _chosen(matches: list[_Match]) -> _Match:
    """The latest release of a kind; copies of one file count once."""
    best = max(match.rank for match in matches)
    first, *others = (match for match in matches if match.rank == best)
    for other in others:
        if other.file.sha256() != first.file.sha256():
            raise InputError(
                f"{_place(first.file)} and {_place(other.file)} differ and are of one kind and year; keep one of them."
            )
    return first


def _place(file: ReleaseFile) -> str:
    return " in ".join([file.name, *([file.path.name] if file.members else [])])
