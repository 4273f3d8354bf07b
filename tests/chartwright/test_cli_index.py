"""`chartwright index`: build, fetch, diff and status, with their exit codes and one sentence for each refusal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index_build.diff.compare import EditionDiff
from index_build.fetching.provenance import verify_provenance
from index_build.sources import find_sources
from index_build.status import IndexStatus
from retrieval.index_folder import CODEBOOKS, open_index
from tests.chartwright.test_cli import Command, refused
from tests.index_build.fetching.fetches import FILES, KINDS
from tests.index_build.given_files import CPT, put
from tests.index_build.readers.published import text
from tests.index_build.tiny_index import write_tiny_index
from tests.release_server import ReleaseServer, Trouble, serving_releases


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of two tiny editions."""
    root = tmp_path / "index"
    write_tiny_index(root)
    return root


@pytest.fixture
def chartwright(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command on the tiny index, away from the machine's own settings and proxies."""
    for name in os.environ:
        if name.startswith("CHARTWRIGHT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, root, capsys)


@pytest.fixture
def server() -> Iterator[ReleaseServer]:
    """The publisher on loopback, with FY2027."""
    with serving_releases() as running:
        yield running


def _unspaced(printed: str) -> str:
    return "".join(printed.split())


# build


@pytest.mark.parametrize("option", ["--official", "--hcpcs", "--cpt", "--ncci", "--crosswalk"])
def test_a_build_from_a_path_that_does_not_exist_is_refused(chartwright: Command, root: Path, option: str) -> None:
    """Exit code 2, the path is named, and nothing was begun."""
    refused(chartwright("index", "build", option, "no/such.txt"), 2, "no/such.txt does not exist; check the path")
    assert not (root / "cache").exists()


def test_a_build_from_unclear_sources_is_refused(chartwright: Command, root: Path) -> None:
    """Two CPT files in the index's own folder: the licensee must say which."""
    put(root / "sources" / "cpt", CPT, text("last-year.tsv", "9ZZZ1\tInvented\n"))
    refused(chartwright("index", "build"), 2, "cpt holds 2 files; keep the one CPT file to use")


def test_a_place_that_cannot_be_written_to_is_named(chartwright: Command) -> None:
    """An index folder below a file: exit code 2, not a traceback."""
    chartwright.file("note.txt", "gout")
    run = chartwright("index", "build", index_dir=Path("note.txt") / "index")
    assert (run.code, run.out) == (2, "")
    assert run.err.splitlines()[-1] == (
        "chartwright: note.txt/index cannot be read or written (Not a directory); mend its permissions or make room."
    )


# status


def test_the_status_as_json_is_the_record(chartwright: Command, root: Path) -> None:
    """What a monitoring script reads; nothing else on standard output."""
    run = chartwright("index", "status", "--json")
    assert (run.code, run.err) == (0, "")
    status = IndexStatus.model_validate_json(run.out)
    assert status.digest == open_index(root).manifest.digest
    assert status.notes_read == ()


def test_the_status_for_a_person_says_what_is_missing(chartwright: Command, index_dir: Path) -> None:
    """On an index without licensed files: editions, the encoder, and each gap with its option."""
    run = chartwright("index", "status", index_dir=index_dir)
    assert (run.code, run.err) == (0, "")
    for words in ("74,879 billable codes", "all-MiniLM-L6-v2", "missing: FY2027", "(--cpt)", "(--hcpcs)", "(--ncci)"):
        assert _unspaced(words) in _unspaced(run.out)


def test_how_much_of_the_notes_was_read_is_counted_on_request(chartwright: Command) -> None:
    """A table of its own, which the bare status does not take the time for."""
    assert "Instructional notes" not in chartwright("index", "status").out
    run = chartwright("index", "status", "--notes")
    assert run.code == 0
    assert "Instructional notes, in printed lines" in run.out
    assert "use additional code" in run.out


def test_a_changed_part_is_found_on_request(chartwright: Command, root: Path) -> None:
    """Every byte is compared: exit code 4, the part is named and the mend."""
    assert chartwright("index", "status", "--verify").code == 0
    book = open_index(root).folder / CODEBOOKS / "icd10cm-fy2027.sqlite"
    content = bytearray(book.read_bytes())
    content[-1] ^= 1
    book.write_bytes(content)
    assert chartwright("index", "status").code == 0, "sizes alone are compared without --verify"
    refused(chartwright("index", "status", "--verify"), 4, "icd10cm-fy2027.sqlite", "run 'chartwright index build'")


def test_without_an_index_the_build_is_named(chartwright: Command, tmp_path: Path) -> None:
    """Exit code 3: something is missing."""
    for command in (("status",), ("diff", "FY2026", "FY2027")):
        run = chartwright("index", *command, index_dir=tmp_path / "none")
        refused(run, 3, "There is no index in", "run 'chartwright index build'")


# diff


def test_a_diff_is_printed_for_a_person(chartwright: Command) -> None:
    """Counts and tables, whatever case the editions are typed in."""
    run = chartwright("index", "diff", "fy2026", "FY2027")
    assert (run.code, run.err) == (0, "")
    for words in ("FY2026 to FY2027", "M72.5", "Lantern fasciitis", "M72.2", "Gout, site not told", "was: Gout"):
        assert words in run.out


def test_a_diff_as_json_is_the_record(chartwright: Command) -> None:
    """One code added, one deleted, one retitled."""
    run = chartwright("index", "diff", "FY2026", "FY2027", "--json")
    assert (run.code, run.err) == (0, "")
    diff = EditionDiff.model_validate_json(run.out)
    found = [[change.code for change in changes] for changes in (diff.added, diff.deleted, diff.retitled)]
    assert found == [["M72.5"], ["M72.2"], ["M10.9"]]


def test_a_diff_as_a_page_is_written_beside_what_is_printed(chartwright: Command, tmp_path: Path) -> None:
    """One file with nothing from elsewhere."""
    run = chartwright("index", "diff", "FY2026", "FY2027", "--json", "--html", "diff.html")
    assert run.code == 0
    assert json.loads(run.out)["after"]["name"] == "FY2027"
    page = (tmp_path / "diff.html").read_text(encoding="utf-8")
    assert "Lantern fasciitis" in page
    assert "<html" in page
    assert "src=" not in page
    refused(
        chartwright("index", "diff", "FY2026", "FY2027", "--html", "no/such/diff.html"),
        2,
        "no/such/diff.html cannot be",
    )


def test_an_edition_that_is_not_loaded_is_refused(chartwright: Command) -> None:
    """The sentence says which there are."""
    for pair in (("FY2025", "FY2027"), ("FY2026", "FY2025")):
        refused(chartwright("index", "diff", *pair), 2, "FY2025 is not loaded; there are FY2026, FY2027")


# fetch


def test_a_dry_run_shows_the_addresses_and_writes_nothing(
    chartwright: Command, server: ReleaseServer, root: Path
) -> None:
    """One line a file, its kind and its address."""
    run = chartwright("index", "fetch", "FY2027", "--base-url", server.url, "--dry-run")
    assert run.code == 0
    lines = dict(line.split("\t") for line in run.out.splitlines())
    assert lines.keys() == KINDS
    assert {address.removeprefix(f"{server.url}2027/") for address in lines.values()} == set(FILES)
    assert not (root / "sources").exists()


def test_an_edition_is_fetched_to_where_the_build_reads_it(
    chartwright: Command, server: ReleaseServer, root: Path
) -> None:
    """Into the index's own folder, checked and written down; the next command is named."""
    run = chartwright("index", "fetch", "fy2027", "--base-url", server.url)
    assert (run.code, run.out) == (0, "")
    folder = root / "sources" / "icd10cm" / "FY2027"
    provenance = verify_provenance(folder)
    assert provenance is not None
    assert {file.name for file in provenance.files} == set(FILES)
    assert _unspaced(f"FY2027: 6 files in {folder}; run 'chartwright index build' to read them.") in _unspaced(run.err)
    assert [release.name for release in find_sources(root).releases] == ["FY2027"]


def test_without_the_publisher_the_way_by_hand_is_printed(
    chartwright: Command, server: ReleaseServer, root: Path
) -> None:
    """Exit code 3: what to download, from where, and where to put it; the next build is as good as before."""
    server.trouble("", Trouble(status=404), always=True)
    run = chartwright("index", "fetch", "FY2027", "--base-url", server.url)
    assert (run.code, run.out) == (3, "")
    told = _unspaced(run.err)
    folder = root / "sources" / "icd10cm" / "FY2027"
    for words in (f"from {server.url}2027/", "icd10cm-code-descriptions-2027.zip", f"Put them into {folder}"):
        assert _unspaced(words) in told
    assert run.err.splitlines()[-1].startswith("chartwright: ")
    assert "Traceback" not in run.err
    assert folder.is_dir()
    assert find_sources(root).releases == ()


def test_a_name_of_no_edition_is_refused(chartwright: Command, root: Path) -> None:
    """Before anything is asked or written; the sentence gives examples."""
    refused(chartwright("index", "fetch", "../FY2027"), 2, "No edition has this name; ask for one such as")
    assert not (root / "sources").exists()


def test_a_changed_fetched_file_stops_the_build(chartwright: Command, server: ReleaseServer, root: Path) -> None:
    """Exit code 4, and the mend."""
    assert chartwright("index", "fetch", "FY2027", "--base-url", server.url).code == 0
    changed = root / "sources" / "icd10cm" / "FY2027" / next(iter(FILES))
    changed.write_bytes(changed.read_bytes()[:-1])
    refused(chartwright("index", "build"), 4, changed.name, "is not the file that was fetched; fetch FY2027 again")
