"""What `chartwright index fetch` would download: the listing is read, names are matched, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from index_build.fetching.catalogue import FileKind, Listed, PublishedEdition, choose, listed
from index_build.fetching.download import Patience, Site

CHECKSUMS: Final = ("SHA256SUMS", "SHA256SUMS.txt")


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How an edition is fetched."""

    base_url: str = ""
    """A mirror with the same layout, or one folder with the files; empty for the publisher."""
    checksums: Path | None = None
    """A file as `sha256sum` writes it; every fetched file must stand in it and agree."""
    patience: Patience = field(default_factory=Patience)


class PlannedFile(NamedTuple):
    """One file that would be fetched."""

    kind: FileKind
    name: str
    url: str
    passed_over: tuple[str, ...] = ()
    """Other listed names that could be of this kind."""


class FetchPlan(NamedTuple):
    """What the publisher offers of an edition."""

    edition: str
    source: str
    """Address of the folder that was read."""
    files: tuple[PlannedFile, ...]
    """Needed ones first."""
    not_published: tuple[str, ...]
    checksums_url: str = ""
    """Of a list of digests beside the files; empty when there is none."""


def plan(site: Site, asked: PublishedEdition, options: FetchOptions) -> FetchPlan:
    """Read what is offered. Raises `DependencyError` when a needed file is not among it."""
    base = base_url(asked, options)
    source, entries = _offered(site, asked, base)
    files, missing = [], []
    for kind in sorted(asked.kinds, key=lambda kind: not kind.required):
        found = choose(asked, kind, entries)
        if found:
            names = tuple(entry.name for entry in found[1:])
            files.append(PlannedFile(kind, found[0].name, found[0].url, names))
        elif kind.required:
            raise site.refusal(f"{source} offers no file of {asked.name} with the {kind.what}")
        else:
            missing.append(kind.kind)
    sums = next((entry.url for entry in entries if entry.name in CHECKSUMS), "")
    return FetchPlan(asked.name, source, tuple(files), tuple(missing), sums)


def _offered(site: Site, asked: PublishedEdition, base: str) -> tuple[str, tuple[Listed, ...]]:
    """The folder of the edition and what is in it. A mirror may hold the files without a folder for each edition."""
    if not asked.folder:
        usual = [Listed(n, f"{base}{quote(n)}", False) for kind in asked.kinds for n in asked.usual_names(kind)]
        return base, tuple(next(([entry] for entry in usual if site.offers(entry.url)), []))
    entries = listed(base, site.page(base))
    folders = (e for e in entries if e.is_folder and e.name.casefold() == asked.folder.casefold())
    if folder := next(folders, None):
        source = f"{folder.url}/"
        return source, listed(source, site.page(source))
    return base, entries


def base_url(asked: PublishedEdition, options: FetchOptions) -> str:
    """The publisher's address, or that of the mirror; ends with a slash."""
    base = options.base_url or asked.release.base_url
    return base if base.endswith("/") else f"{base}/"
