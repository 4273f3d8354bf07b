"""Damaged official files: one clear sentence or a whole edition, each time.

Two thousand of them, over every reader, are the business of `evals`; here a fixed few run with each change.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from evals.mutations import mutations
from index_build.editions.changes import fy2027_changes
from index_build.editions.load import Packaged, load_editions
from index_build.editions.release import ReleaseFiles, find_release
from index_build.editions.release_file import ReleaseFile
from index_build.readers.addenda import read_addenda
from index_build.readers.conversion_table import read_conversion_table
from index_build.readers.order_file import prefixes
from index_build.readers.poa_exempt import read_poa_exempt
from medcoding.codebook import CodebookEntry, EditionContent
from medcoding.errors import InputError
from tests.index_build.editions.test_release import put, zipped
from tests.index_build.readers.excerpts import (
    ADDENDA,
    CONVERSION,
    LISTED,
    POA_EXEMPT,
    TABULAR,
    bare_list,
    codes_file,
    order_file,
)

EACH: Final = 60
WHOLE: Final = {code: flag == 1 for code, flag, _ in LISTED}


@pytest.fixture
def start(tmp_path: Path) -> Packaged:
    """The excerpt in the place of the packaged release; no change fits it, so none is applied."""
    tabular = TABULAR.replace(b"<version>2027", b"<version>2026")
    folder = put(tmp_path / "start", {"code-list-2026.txt": bare_list(), "tabular-2026.xml": tabular})
    nothing = {"added": (), "deleted": (), "demoted": (), "retitled": ()}
    return Packaged(find_release(folder), fy2027_changes().model_copy(update=nothing))


def _loaded(
    folder: Path, start: Packaged, listing: str, list_data: bytes, tabular: bytes
) -> EditionContent | InputError:
    """The edition of two files, or the sentence."""
    put(folder, {listing: list_data, "tabular-2028.xml": tabular})
    files = ReleaseFile(folder / listing), ReleaseFile(folder / "tabular-2028.xml")
    release = ReleaseFiles(2028, "October", order=files[0], tabular=files[1])
    if "order" not in listing:
        release = release._replace(order=None, codes=files[0])
    try:
        return load_editions([release], start)[-1]
    except InputError as refusal:
        return refusal


def _codes(content: EditionContent) -> dict[str, bool]:
    return {e.code: e.billable for e in content.entries if e.kind in {"category", "subcategory"}}


def _is_whole(entries: list[CodebookEntry]) -> bool:
    """Every entry once, titled, in a place that exists; exactly the codes with nothing below them are billable."""
    codes = {entry.code for entry in entries}
    above = {prefix for entry in entries if "-" not in entry.code for prefix in prefixes(entry.code)}
    placed = all(e.title and (e.parent in codes or (e.kind == "chapter" and e.parent is None)) for e in entries)
    leaves = all(e.billable is (e.code not in above) for e in entries if e.kind in {"category", "subcategory"})
    return placed and leaves and len(codes) == len(entries)


def _is_a_sentence(refusal: InputError) -> bool:
    text = str(refusal)
    return text.endswith(".") and "\n" not in text and len(text) < 300 and text.isprintable()


TABULAR_2028 = TABULAR.replace(b"<version>2027", b"<version>2028")
LISTS = {
    "icd10cm-order-2028.txt": order_file(),
    "icd10cm-codes-2028.txt": codes_file(),
    "code-list-2028.txt": bare_list(),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_damaged_list_is_refused_or_whole(name: str, tmp_path: Path, start: Packaged) -> None:
    """Beside its tabular list an order file can hide no loss; a plain list can lose a seventh character only."""
    refused = 0
    for damage in mutations(LISTS[name], EACH):
        loaded = _loaded(tmp_path, start, name, damage.data, TABULAR_2028)
        where = (damage.kind, damage.seed)
        if isinstance(loaded, InputError):
            refused += 1
            assert _is_a_sentence(loaded), where
        else:
            assert _is_whole(list(loaded.entries)), where
            lost = WHOLE.keys() - _codes(loaded).keys()
            assert not lost if "order" in name else all(len(code) == 8 for code in lost), where
            assert not _codes(loaded).keys() - WHOLE.keys(), where
    assert EACH // 2 < refused < EACH


def test_a_damaged_tabular_list_is_refused_or_whole(tmp_path: Path, start: Packaged) -> None:
    """The list of codes keeps it honest: what exists and what is billable is never changed by it."""
    refused = 0
    for damage in mutations(TABULAR_2028, 2 * EACH):
        loaded = _loaded(tmp_path, start, "icd10cm-order-2028.txt", order_file(), damage.data)
        where = (damage.kind, damage.seed)
        if isinstance(loaded, InputError):
            refused += 1
            assert _is_a_sentence(loaded), where
        else:
            assert _is_whole(list(loaded.entries)), where
            assert _codes(loaded) == WHOLE, where
    assert EACH < refused < 2 * EACH


@pytest.mark.parametrize(
    ("read", "data"),
    [(read_poa_exempt, POA_EXEMPT), (read_conversion_table, CONVERSION), (read_addenda, ADDENDA)],
)
def test_damaged_lists_of_facts_are_refused_or_read(read: Callable[[bytes, str], object], data: bytes) -> None:
    """Exempt codes, conversions, addenda: no other exception leaves a reader."""
    refusals: list[InputError] = []
    for damage in mutations(data, EACH):
        try:
            read(damage.data, "official.txt")
        except InputError as refusal:
            refusals.append(refusal)
    assert EACH // 4 < len(refusals) < EACH
    assert [str(refusal) for refusal in refusals if not _is_a_sentence(refusal)] == []


def test_a_damaged_zip_is_refused_or_whole(tmp_path: Path) -> None:
    """What is read from it is what was put into it."""
    names = {"icd10cm-order-2028.txt": order_file(), "icd10cm-tabular-2028.xml": TABULAR_2028}
    data = zipped(names)
    refusals: list[InputError] = []
    for damage in mutations(data, EACH):
        put(tmp_path, {"icd10cm-2028.zip": damage.data})
        try:
            found = {file.name: file.read_bytes() for file in find_release(tmp_path).files().values()}
        except InputError as refusal:
            refusals.append(refusal)
        else:
            assert found.items() <= names.items(), (damage.kind, damage.seed)
    assert EACH // 4 < len(refusals) < EACH
    assert [str(refusal) for refusal in refusals if not _is_a_sentence(refusal)] == []
