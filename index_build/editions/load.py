"""Editions side by side: the packaged one, the one derived from it, and those of official releases.

A release with a list of codes makes an edition and takes the place of a packaged or derived one of its year. Without a
tabular list it keeps the notes of the nearest edition before it; notes never travel to an earlier year.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from index_build.editions.changes import (
    CHANGES_FILE,
    EditionChanges,
    apply_changes,
    divided_codes,
    edition_of,
    fy2027_changes,
)
from index_build.editions.listed import CodeListing, by_edition, by_tabular, listed_entries
from index_build.editions.packaged import FY2026, packaged_release
from index_build.editions.release import ReleaseFiles
from index_build.editions.release_file import ReleaseFile
from index_build.readers.code_list import read_code_list
from index_build.readers.conversion_table import read_conversion_table
from index_build.readers.order_file import read_order
from index_build.readers.poa_exempt import read_poa_exempt
from index_build.readers.tabular import TabularList, read_tabular
from medcoding.codebook import Edition, EditionContent
from medcoding.errors import InputError

_READ: Final = ("order", "codes", "tabular", "poa_exempt", "conversion")
"""The kinds of file that editions are made of."""

_CATEGORIES_ENDED: Final = 0.01
"""The share of the packaged edition's 1,900 categories that another release may lack: some began later, few ended."""

_STRANGERS_ALLOWED: Final = 0.01


class EditionInput(NamedTuple):
    """A file that editions are made of."""

    kind: str
    name: str
    sha256: str


class Packaged(NamedTuple):
    """What the editions start from when no official file is given."""

    release: ReleaseFiles
    changes: EditionChanges


def packaged() -> Packaged:
    """The release inside `simple-icd-10-cm` and our table of what followed it."""
    return Packaged(packaged_release(), fy2027_changes())


def edition_inputs(releases: Sequence[ReleaseFiles], start: Packaged | None = None) -> tuple[EditionInput, ...]:
    """Every file that `load_editions` would read, with its digest: the same inputs make the same editions."""
    changes = EditionInput("changes", CHANGES_FILE.name, hashlib.sha256(CHANGES_FILE.read_bytes()).hexdigest())
    files = (
        EditionInput(kind, file.name, file.sha256())
        for release in ((start or packaged()).release, *releases)
        for kind, file in release.files().items()
        if kind in _READ
    )
    return (changes, *files)


def load_editions(releases: Sequence[ReleaseFiles], start: Packaged | None = None) -> tuple[EditionContent, ...]:
    """Every edition that can be made, earliest first.

    Raises `InputError` naming the file and the place that does not fit; then there is no edition at all.
    """
    start = start or packaged()
    given = _by_year(releases)
    base = _packaged_content(start.release)
    first, derived = start.release.fiscal_year, start.changes.effective_to.year
    loaded: dict[int, EditionContent] = {}
    for year in sorted({first, derived, *given}):
        release = given.get(year)
        if release and _listing_file(release):
            loaded[year] = _official_content(release, base, loaded)
        elif year == first:
            loaded[year] = base
        elif year == derived:
            loaded[year] = _derived_content(loaded[first], start.changes)
        if year in loaded and year - 1 in loaded:
            divided = divided_codes(loaded[year - 1].entries, loaded[year].entries, year)
            loaded[year] = loaded[year]._replace(successions=divided)
        if release:
            loaded |= _with_lists(release, loaded.get(year))
    return tuple(loaded.values())


def _by_year(releases: Sequence[ReleaseFiles]) -> dict[int, ReleaseFiles]:
    given = {release.fiscal_year: release for release in releases}
    if len(given) < len(releases):
        raise InputError("Two releases of one fiscal year were given; give one folder or zip a year.")
    return given


def _packaged_content(release: ReleaseFiles) -> EditionContent:
    return EditionContent(FY2026, listed_entries(_listing(release), by_tabular(_tabular(release))))


def _derived_content(before: EditionContent, changes: EditionChanges) -> EditionContent:
    return EditionContent(edition_of(changes, before.edition), apply_changes(before.entries, changes))


def _official_content(
    release: ReleaseFiles, base: EditionContent, earlier: dict[int, EditionContent]
) -> EditionContent:
    listing = _listing(release)
    _check_whole(listing, base)
    if release.tabular:
        return EditionContent(_official_edition(release), listed_entries(listing, by_tabular(_tabular(release))))
    source = _source_of_notes(release, base, earlier)
    explained = by_edition(source.edition.name, source.entries, with_notes=_may_follow(release, source.edition))
    inherited = (source.edition.notes_from or source.edition.name) if _may_follow(release, source.edition) else ""
    notes_from = "" if inherited == release.name else inherited
    return EditionContent(_official_edition(release, notes_from), listed_entries(listing, explained))


def _source_of_notes(release: ReleaseFiles, base: EditionContent, earlier: dict[int, EditionContent]) -> EditionContent:
    """The nearest edition before that has notes; else the packaged one, of which an earlier year takes no notes."""
    if release.name == base.edition.name:
        return base
    with_notes = (content for content in reversed(earlier.values()) if any(e.notes for e in content.entries))
    return next(with_notes, base)


def _may_follow(release: ReleaseFiles, source: Edition) -> bool:
    return source.effective_from.year < release.fiscal_year


def _official_edition(release: ReleaseFiles, notes_from: str = "") -> Edition:
    year, list_file = release.fiscal_year, _listing_file(release)
    names = ", ".join(file.name for file in (list_file, release.tabular) if file)
    return Edition(
        name=release.name,
        effective_from=datetime.date(year - 1, 10, 1),
        effective_to=datetime.date(year, 9, 30),
        status="official",
        source=f"CDC/NCHS ICD-10-CM, {_first_month(release)} release: {names}",
        notes_from=notes_from,
    )


def _first_month(release: ReleaseFiles) -> str:
    return f"{release.month} {release.fiscal_year - (release.month == 'October')}"


def _with_lists(release: ReleaseFiles, content: EditionContent | None) -> dict[int, EditionContent]:
    """The year's content with its exempt codes and its conversions. A release of an index alone makes no edition."""
    needing = next((f for f in (release.tabular, release.poa_exempt, release.conversion) if f), None)
    if needing and (content is None or (release.tabular and not _listing_file(release))):
        raise InputError(
            f"{release.name} has {needing.name} but no order file or code list; add its code descriptions."
        )
    if content is None:
        return {}
    if file := release.poa_exempt:
        exempt = read_poa_exempt(file.read_bytes(), file.name)
        edition = content.edition.model_copy(update={"poa_exempt_from": file.name})
        content = content._replace(edition=edition, poa_exempt=_known(exempt, content, file.name))
    if file := release.conversion:
        content = content._replace(successions=read_conversion_table(file.read_bytes(), file.name))
    return {release.fiscal_year: content}


def _known(exempt: frozenset[str], content: EditionContent, name: str) -> frozenset[str]:
    """The exempt codes that exist. A list of another year names many that do not."""
    known = exempt & {entry.code for entry in content.entries}
    if len(exempt - known) > _STRANGERS_ALLOWED * len(exempt):
        raise InputError(
            f"{len(exempt - known):,} codes of {name} do not exist in {content.edition.name}; "
            f"give the list of its year."
        )
    return known


def _listing_file(release: ReleaseFiles) -> ReleaseFile | None:
    return release.order or release.codes


def _listing(release: ReleaseFiles) -> CodeListing:
    """The order file, checked against the code list that is published beside it; else the code list alone."""
    ordered = CodeListing(o.name, read_order(o.read_bytes(), o.name)) if (o := release.order) else None
    plain = CodeListing(c.name, read_code_list(c.read_bytes(), c.name)) if (c := release.codes) else None
    if ordered and plain:
        _check_same(ordered, plain)
    if listing := ordered or plain:
        return listing
    raise InputError(f"{release.name} has no order file or code list; add its code descriptions.")


def _check_same(ordered: CodeListing, plain: CodeListing) -> None:
    first, second = ({line.code for line in listing.codes if line.billable} for listing in (ordered, plain))
    if apart := sorted(first ^ second):
        raise InputError(
            f"{ordered.name} and {plain.name} do not list the same billable codes ({len(apart):,} differ, such as "
            f"{apart[0]}); give both files of one release."
        )


def _tabular(release: ReleaseFiles) -> TabularList:
    if not (file := release.tabular):
        raise InputError(f"{release.name} has no tabular list; add its tables and index.")
    tabular = read_tabular(file.read_bytes(), file.name)
    if tabular.year != release.fiscal_year:
        raise InputError(
            f"{file.name} states {tabular.year} as its version and was found as {release.name}; "
            f"give the one of its year."
        )
    return tabular


def _check_whole(listing: CodeListing, base: EditionContent) -> None:
    """Whole categories end with a release now and then, never by the dozen."""
    usual = {entry.code for entry in base.entries if entry.kind == "category"}
    missing = sorted(usual - {line.code[:3] for line in listing.codes})
    if len(missing) > _CATEGORIES_ENDED * len(usual):
        raise InputError(
            f"{listing.name} is cut short (categories missing: {len(missing):,}, such as {missing[0]}); "
            f"download it again."
        )
