"""`chartwright index fetch`: the official files of one edition, downloaded, checked and written down.

<folder>/provenance.json    where every file came from, its size and digest; read by the index build
         <official name>    whole and checked, whatever happens to the run
         <name>.part        a download that the next run goes on with
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from index_build.fetching.catalogue import PublishedEdition, published_edition
from index_build.fetching.download import Site, Version
from index_build.fetching.official_content import fault_of
from index_build.fetching.part_file import PartFile
from index_build.fetching.plan import FetchOptions, FetchPlan, PlannedFile, base_url, plan
from index_build.fetching.provenance import OfficialFile, Provenance, is_whole, read_provenance, write_provenance
from index_build.report import Reporter
from medcoding.errors import ConfigError, DependencyError, InputError, IntegrityError
from retrieval.index_folder import file_digest

_LOCK: Final = ".fetch.lock"
_CHECKSUM_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](?:\./)?(.+)")
_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def plan_fetch(edition: str, folder: Path, options: FetchOptions | None = None) -> FetchPlan:
    """What `fetch_edition` would download (`--dry-run`); asks for the listing only, writes nothing."""
    asked, chosen = published_edition(edition), options or FetchOptions()
    with _site(asked, folder, chosen) as site:
        return plan(site, asked, chosen)


def fetch_edition(edition: str, folder: Path, report: Reporter, options: FetchOptions | None = None) -> Provenance:
    """Download the official files of an edition into a folder of its own; what is there and unchanged is kept.

    Steps are reported in bytes; a step falls back when a server begins a file anew. Raises `InputError` (no such
    edition, wrong list of checksums, folder of another edition), `ConfigError` (address, disk), `DependencyError`
    (the server does not deliver, or not the right file), `IntegrityError` (a checksum does not agree).
    """
    asked, chosen = published_edition(edition), options or FetchOptions()
    with _writing(folder), _site(asked, folder, chosen) as site:
        before = _before(folder, asked)
        given = _given_checksums(chosen.checksums)
        offered = plan(site, asked, chosen)
        checksums = {**_published_checksums(site, offered), **given}
        _all_named(offered, given, chosen.checksums)
        return _Fetch(site, asked, folder, offered, checksums).run(before, report)


def manual_instructions(edition: str, folder: Path, options: FetchOptions | None = None) -> str:
    """What to download by hand where there is no network, from where, and where to put it. Several lines."""
    asked = published_edition(edition)
    base = base_url(asked, options or FetchOptions())
    address = f"{base}{asked.folder}/" if asked.folder else base
    lines = [f"Official files of {asked.name}, from {address}"]
    for kind in asked.kinds:
        need = "needed" if kind.required else "if it is there"
        lines.append(f"  {asked.usual_names(kind)[0]}: {kind.what} ({need})")
    lines += [
        "Names vary from year to year; keep them as they are published, and the zip files as they are.",
        f"Put them into {folder} and run: {_build_command(asked, folder)}",
    ]
    return "\n".join(lines)


class _Fetch:
    """One run for one edition."""

    def __init__(
        self, site: Site, asked: PublishedEdition, folder: Path, plan: FetchPlan, checksums: dict[str, str]
    ) -> None:
        self._site, self._asked, self._folder = site, asked, folder
        self._plan, self._checksums = plan, checksums

    def run(self, before: Provenance | None, report: Reporter) -> Provenance:
        """Fetch file after file; after each, what is there is written down."""
        files = {file.kind: file for file in before.files} if before else {}
        for planned in self._plan.files:
            earlier = files.get(planned.kind.kind)
            files[planned.kind.kind] = self._fetched(planned, earlier, report)
            if files[planned.kind.kind] != earlier:
                self._write(files, complete=False)
            if earlier and earlier.name != planned.name:
                (self._folder / earlier.name).unlink(missing_ok=True)  # ours, under a name no longer published
        return self._write(files, complete=True)

    def _write(self, files: dict[str, OfficialFile], *, complete: bool) -> Provenance:
        provenance = Provenance(
            edition=self._asked.name,
            source=self._plan.source,
            tool=_tool(),
            complete=complete,
            files=tuple(files.values()),
            not_published=tuple(kind for kind in self._plan.not_published if kind not in files),
        )
        write_provenance(self._folder, provenance)
        return provenance

    def _fetched(self, planned: PlannedFile, earlier: OfficialFile | None, report: Reporter) -> OfficialFile:
        part = PartFile(self._folder / planned.name)
        known = _known(self._folder, planned, earlier)
        version_known = Version(known.etag, known.last_modified, known.size) if known else None
        if not self._site.download(planned.url, part, version_known, _Progress(planned.name, report).at) and known:
            self._agree(planned.name, known.sha256)
            return known
        sha256 = self._checked(planned, part)
        size, told = part.path.stat().st_size, part.version()
        part.finish()
        return OfficialFile(
            kind=planned.kind.kind,
            name=planned.name,
            url=planned.url,
            size=size,
            sha256=sha256,
            etag=told.etag,
            last_modified=told.last_modified,
            fetched_at=datetime.datetime.now(datetime.UTC),
            replaced_sha256=earlier.sha256 if earlier and earlier.sha256 != sha256 else "",
        )

    def _checked(self, planned: PlannedFile, part: PartFile) -> str:
        """Digest of a download that is what it should be; one that is not is thrown away, never gone on with."""
        try:
            sha256 = file_digest(part.path)
            self._agree(planned.name, sha256)
            if fault := fault_of(part.path, planned.name, planned.kind, self._asked):
                raise self._site.refusal(f"{planned.name} from {self._site.host} {fault}")
        except (IntegrityError, DependencyError):
            part.discard()
            raise
        return sha256

    def _agree(self, name: str, sha256: str) -> None:
        expected = self._checksums.get(name, sha256)
        if sha256 != expected:
            raise IntegrityError(
                f"{name} does not agree with its SHA-256 checksum; fetch it again, or ask the publisher for it."
            )


class _Progress:
    """Bytes of one file for the reporter, which only knows steps forward from nothing."""

    def __init__(self, name: str, report: Reporter) -> None:
        self._name, self._report = name, report
        self._advance: Callable[[int], None] | None = None
        self._shown = 0

    def at(self, size: int, total: int | None) -> None:
        """So many bytes are held now."""
        if self._advance is None:
            self._advance = self._report.step(self._name, total)
        self._advance(size - self._shown)
        self._shown = size


def _known(folder: Path, planned: PlannedFile, earlier: OfficialFile | None) -> OfficialFile | None:
    """The file an earlier run fetched, when it is of the same name and address and still whole."""
    same = earlier and (earlier.name, earlier.url) == (planned.name, planned.url)
    return earlier if same and earlier and is_whole(folder, earlier) else None


def _before(folder: Path, asked: PublishedEdition) -> Provenance | None:
    before = read_provenance(folder)
    if before and before.edition != asked.name:
        raise InputError(f"{folder} holds {before.edition}; give {asked.name} a folder of its own.")
    return before


def _given_checksums(path: Path | None) -> dict[str, str]:
    try:
        return _checksums(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        raise InputError(f"{path} is not a list of checksums as sha256sum writes it; check the file.") from None


def _published_checksums(site: Site, plan: FetchPlan) -> dict[str, str]:
    try:
        return _checksums(site.page(plan.checksums_url)) if plan.checksums_url else {}
    except ValueError:
        raise site.refusal(f"{plan.checksums_url} is not a list of checksums") from None


def _checksums(text: str) -> dict[str, str]:
    """Name -> digest. Raises `ValueError` at a line that is neither empty nor a checksum."""
    lines = [_CHECKSUM_LINE.fullmatch(line.rstrip()) for line in text.splitlines() if line.strip()]
    if not all(lines):
        raise ValueError
    return {line[2]: line[1].lower() for line in lines if line}


def _all_named(plan: FetchPlan, given: dict[str, str], path: Path | None) -> None:
    unnamed = [file.name for file in plan.files if file.name not in given] if path else []
    if unnamed:
        raise InputError(f"{path} holds no checksum of {', '.join(unnamed)}; add it, or leave --checksums out.")


def _site(asked: PublishedEdition, folder: Path, options: FetchOptions) -> Site:
    mend = (
        f"try again later, or download the official files of {asked.name} by hand into {folder} "
        f"and run '{_build_command(asked, folder)}'"
    )
    return Site(base_url(asked, options), mend, options.patience, _tool())


def _build_command(asked: PublishedEdition, folder: Path) -> str:
    option = "--hcpcs" if asked.name.startswith("HCPCS") else "--official"
    return f"chartwright index build {option} {folder}"


def _tool() -> str:
    return f"chartwright/{version('chartwright')}"


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """One run a folder; what the disk refuses becomes one sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            yield
    except Timeout:
        raise DependencyError(f"Another process is fetching into {folder}; wait until it has finished.") from None
    except OSError as error:
        if error.errno in _DISK_FULL:
            wrong = f"The disk that holds {folder} is full; make room and run it again, it goes on from there."
        else:
            wrong = f"{folder} cannot be written ({error.strerror}); choose another folder or mend its permissions."
        raise ConfigError(wrong) from None
