"""The status of an index: what it holds, how old it is, and each gap with what fills it."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from rich.console import Console

from index_build.editions.index_books import IndexFiles, read_index
from index_build.procedures import write_cpt, write_hcpcs, write_ncci
from index_build.status import IndexStatus, NotesRead, index_status, status_text
from medcoding.index_file import write_index
from retrieval.index_folder import ALPHABETIC_INDEX, PROCEDURES, IndexFolder, open_index
from tests.index_build.given_files import CPT, HCPCS, INDEX, put_sources
from tests.index_build.tiny_index import AFTER, BEFORE, FY2027, seal, write_tiny_index

NOVEMBER = dt.date(2026, 11, 2)


@pytest.fixture
def bare(tmp_path: Path) -> IndexFolder:
    """Two editions and nothing else."""
    return write_tiny_index(tmp_path)


@pytest.fixture
def complete(tmp_path: Path) -> IndexFolder:
    """Everything there is, official."""
    edition = FY2027.model_copy(update={"status": "official", "notes_from": "", "poa_exempt_from": "poa.txt"})
    build = write_tiny_index(tmp_path, (BEFORE, AFTER._replace(edition=edition))).folder
    sources = put_sources(tmp_path)
    for folder in (PROCEDURES, ALPHABETIC_INDEX):
        (build / folder).mkdir()
    write_hcpcs(build / PROCEDURES / "hcpcs.sqlite", sources / "hcpcs" / HCPCS.name)
    write_cpt(build / PROCEDURES / "cpt.sqlite", sources / "cpt" / CPT.name)
    write_ncci(build / PROCEDURES / "ncci.sqlite", sources / "ncci")
    for name in ("FY2026", "FY2027"):
        content = read_index(IndexFiles(diseases=sources / "icd10cm" / "FY2027" / INDEX.name), name)
        write_index(build / ALPHABETIC_INDEX / f"icd10cm-{name.lower()}.sqlite", content)
    seal(build)
    return open_index(tmp_path)


OF_ANOTHER_YEAR = f"FY2026 uses {INDEX.name}, which is not of its year; run 'chartwright index fetch FY2026'"
"""The only gap of an index for which one miniature of every kind of file was given."""


def _printed(status: IndexStatus) -> str:
    shown = io.StringIO()
    Console(file=shown, width=160).print(status_text(status))
    return shown.getvalue()


def test_what_an_index_holds_is_told(bare: IndexFolder) -> None:
    """Editions with their dates, counts, encoder, the files read with their digests, and its age."""
    status = index_status(bare, today=NOVEMBER)
    assert [(held.edition.name, held.billable) for held in status.editions] == [("FY2026", 2), ("FY2027", 2)]
    assert (status.digest, status.counts["surfaces"]) == (bare.manifest.digest, 1_234)
    assert status.age_days == (dt.datetime.now(dt.UTC) - bare.manifest.built_at).days
    shown = _printed(status)
    for words in (
        bare.manifest.digest,
        "2026-11-01 12:00 UTC",
        "2026-10-01 to 2027-09-30, derived, 2 billable codes",
        "1,234",
        "an encoder of our own",
        "chartwright 0",
        "poa exempt poa.txt abababababababab",
    ):
        assert words in " ".join(shown.split()).replace(" │", "")


def test_every_gap_names_what_fills_it(bare: IndexFolder) -> None:
    """Each a sentence with a command or an option; none of them for what is there."""
    gaps = index_status(bare, today=NOVEMBER).missing
    assert len(gaps) == 8
    assert [gap for gap in gaps if not any(mend in gap for mend in ("chartwright index fetch FY20", "(--"))] == []
    told = "\n".join(gaps)
    for words in (
        "FY2027 is a table of our own",
        "FY2027 uses the instructional notes of FY2026",
        "FY2026 has no Alphabetic Index",
        "FY2027 has no Alphabetic Index",
        "FY2027 has no list of codes exempt from present-on-admission",
        "HCPCS codes are not offered",
        "CPT-shaped codes are unverifiable",
        "NCCI edits are not checked",
    ):
        assert words in told
    assert "FY2026 has no list" not in told
    assert all(f"missing: {gap}." in " ".join(_printed(index_status(bare, today=NOVEMBER)).split()) for gap in gaps[:1])


def test_nothing_is_missing_where_everything_was_given(complete: IndexFolder) -> None:
    """The files of each index are named, also where another year's stand in."""
    status = index_status(complete, today=NOVEMBER)
    assert status.missing == (OF_ANOTHER_YEAR,)
    assert [held.index_sources for held in status.editions] == [(INDEX.name,), (INDEX.name,)]
    shown = _printed(status)
    assert f"Alphabetic Index from {INDEX.name}" in shown
    assert shown.count("missing:") == 1


def test_an_index_that_is_out_of_date_says_so(complete: IndexFolder) -> None:
    """On 2027-10-01 the next edition is in force and must be fetched; the day before, not yet."""
    assert index_status(complete, today=dt.date(2027, 9, 30)).missing == (OF_ANOTHER_YEAR,)
    gap, *_ = index_status(complete, today=dt.date(2027, 10, 1)).missing
    assert gap == "no edition is in force today (2027-10-01); run 'chartwright index fetch' for it"


def test_how_much_of_the_notes_was_read_is_told_when_asked(bare: IndexFolder) -> None:
    """Of two lines under M72 that name codes, one leads to them."""
    assert index_status(bare).notes_read == ()
    status = index_status(bare, with_notes=True)
    kind = "use_additional_code"
    assert [share for share in status.notes_read if share.lines] == [
        NotesRead(edition=name, kind=kind, lines=2, naming=2, read=1) for name in ("FY2026", "FY2027")
    ]
    assert "FY2027 use additional code 2 2 1 50.0%" in " ".join(_printed(status).split())
