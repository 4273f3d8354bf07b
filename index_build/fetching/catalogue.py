"""What is published where: the catalogue of official releases, and the names in a folder of theirs.

The file names are irregular from year to year (`icd10cm-Code Descriptions-2026.zip`,
`icd10cm-code-descriptions-2027.zip`), so a listing is read and names are matched by pattern.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from pydantic import Field

from medcoding.errors import InputError
from medcoding.record import Record

CATALOGUE: Final = Path(__file__).parent / "releases.toml"
SAFE_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._()&+,'-]{0,199}"
"""Names that may become a file of ours: no path, no hidden file, nothing a terminal would obey."""

_FISCAL_YEAR: Final = re.compile(r"FY[-_ ]?(?:20)?(\d\d)(?!\d)", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?<!\d)20\d\d(?!\d)")


class FileKind(Record):
    """One kind of official file: how it is called and what must be in it."""

    kind: str
    what: str
    """In a coder's words."""
    required: bool = False
    usual_names: tuple[str, ...]
    """Names with `{year}` and the like, as they were published last."""
    names: tuple[str, ...]
    """Patterns of the names it has had, the one to prefer first."""
    members: dict[str, str] = Field(default_factory=dict)
    """What a zip must hold -> pattern of the member's base name."""


class Release(Record):
    """A series of editions and where they lie."""

    edition: str
    """Pattern of the edition's name."""
    example: str
    base_url: str
    folder: str
    """The edition's folder below `base_url`; empty where nothing is listed and the usual names are asked for."""
    kinds: str


class Catalogue(Record):
    """Every release we know, and the kinds of file it is made of."""

    releases: tuple[Release, ...]
    kinds: dict[str, tuple[FileKind, ...]]


class PublishedEdition(NamedTuple):
    """One edition of one release."""

    name: str
    release: Release
    kinds: tuple[FileKind, ...]
    words: dict[str, str]
    """What names and members may say: `year`, `yy`, `year_before`, and for a quarter `quarter` and `month`."""

    @property
    def folder(self) -> str:
        """Name of its folder below the base address; empty where nothing is listed."""
        return self.release.folder.format(**self.words)

    def usual_names(self, kind: FileKind) -> tuple[str, ...]:
        """The names under which a file was published last, for this edition."""
        return tuple(name.format(**self.words) for name in kind.usual_names)

    def contradicts(self, group: str, value: str) -> bool:
        """True when what a name says is not this edition's; a year may be written with two digits."""
        said = value.casefold()
        return said != self.words[group] and not (group == "year" and said == self.words["yy"])

    def may_hold(self, name: str) -> bool:
        """True unless a name states other years only (`October-1-2026` belongs to FY2027)."""
        fiscal, years = set(_FISCAL_YEAR.findall(name)), set(_YEAR.findall(name))
        if fiscal:
            return self.words["yy"] in fiscal
        before = {self.words["year_before"]} if "october" in name.casefold() else set()
        return not years or bool(years & ({self.words["year"]} | before))


class Listed(NamedTuple):
    """One entry of a folder listing."""

    name: str
    url: str
    is_folder: bool


def published_edition(name: str) -> PublishedEdition:
    """The edition of a name such as `FY2027`, `FY2026-April`, `HCPCS-2026-July`; else `InputError`."""
    catalogue = _catalogue()
    for release in catalogue.releases:
        if match := re.fullmatch(release.edition, name.strip(), re.IGNORECASE):
            found = {group: value.casefold() for group, value in match.groupdict().items()}
            year = int(found["year"])
            words = {**found, "yy": f"{year % 100:02}", "year_before": str(year - 1)}
            words |= {"month": found["quarter"][:3]} if "quarter" in found else {}
            return PublishedEdition(_as_written(name), release, catalogue.kinds[release.kinds], words)
    examples = ", ".join(release.example for release in catalogue.releases)
    raise InputError(f"No edition has this name; ask for one such as {examples}.")


def listed(page_url: str, html: str) -> tuple[Listed, ...]:
    """Files and folders directly below a listing's own address; links to anywhere else are passed over."""
    links = _Links()
    links.feed(html)
    links.close()
    found = {entry.name: entry for href in links.hrefs if (entry := _child(page_url, href))}
    return tuple(found.values())


def choose(edition: PublishedEdition, kind: FileKind, entries: Iterable[Listed]) -> tuple[Listed, ...]:
    """The files that could be of this kind, the best first: earlier pattern, then a revised file, then by name."""
    ranked = [
        (rank, not re.search("updat|revis|correct", entry.name, re.IGNORECASE), entry.name, entry)
        for entry in entries
        if not entry.is_folder and edition.may_hold(entry.name) and (rank := _rank(kind, entry.name)) is not None
    ]
    return tuple(entry for *_, entry in sorted(ranked))


def _catalogue() -> Catalogue:
    return Catalogue.model_validate(tomllib.loads(CATALOGUE.read_text(encoding="utf-8")))


def _as_written(name: str) -> str:
    """The name as the catalogue writes it, whatever case it was typed in."""
    series, *rest = name.strip().split("-")
    return "-".join([series.upper(), *(part.capitalize() for part in rest)])


def _rank(kind: FileKind, name: str) -> int | None:
    matching = (number for number, p in enumerate(kind.names) if re.fullmatch(p, name, re.IGNORECASE))
    return next(matching, None)


class _Links(HTMLParser):
    """Collects where a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for key, value in attrs if key == "href" and value]


def _child(page_url: str, href: str) -> Listed | None:
    try:
        page, target = urlsplit(page_url), urlsplit(urljoin(page_url, href.strip()))
    except ValueError:  # not an address at all
        return None
    above, path = unquote(page.path), unquote(target.path)
    below = path[len(above) :]
    inside = path.casefold().startswith(above.casefold()) and target.netloc.casefold() == page.netloc.casefold()
    name = below.removesuffix("/")
    if not inside or target.query or not re.fullmatch(SAFE_NAME, name):
        return None
    return Listed(name, f"{page_url}{quote(name)}", below.endswith("/"))
