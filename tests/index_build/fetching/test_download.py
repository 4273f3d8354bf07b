"""Fetching over connections that break and from servers that fail: a whole file or one clear sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from index_build.fetching.fetch import fetch_edition
from index_build.fetching.plan import FetchOptions
from index_build.fetching.provenance import read_provenance, verify_provenance
from medcoding.errors import DependencyError
from tests.index_build.fetching.fetches import (
    CODES,
    CUT,
    FILES,
    QUICK,
    TABLE,
    Steps,
    assert_complete,
    fetched,
    refused,
    whole_names,
)
from tests.release_server import (
    PADDING,
    ReleaseServer,
    Trouble,
    serving_releases,
    zipped,
)

ROOT: Final = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine has no part in these tests."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server() -> Iterator[ReleaseServer]:
    """The publisher, with FY2027."""
    with serving_releases() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files go."""
    return tmp_path / "official" / "FY2027"


# Connections that break


def test_a_cut_connection_is_gone_on_with(server: ReleaseServer, folder: Path) -> None:
    """The second request asks for the rest of the same version, and no byte is sent twice."""
    server.trouble(f"2027/{CODES}", Trouble(cut_after=CUT))
    fetched(server, folder)
    first, second = server.of(f"2027/{CODES}")
    assert (first.range, second.range) == ("", f"bytes={CUT}-")
    assert second.if_range.strip('"').endswith(":0")
    assert second.status == 206
    assert first.sent + second.sent == len(FILES[CODES])
    assert_complete(folder)


def test_a_run_goes_on_where_the_one_before_was_cut_off(server: ReleaseServer, folder: Path) -> None:
    """Every attempt of one run is cut; the next run asks only for what is still missing."""
    server.trouble(f"2027/{TABLE}", *[Trouble(cut_after=30_000)] * 3)
    assert "127.0.0.1 broke off" in refused(DependencyError, server, folder)
    assert whole_names(folder) == {CODES}
    stopped = verify_provenance(folder)
    assert stopped is not None
    assert not stopped.complete
    fetched(server, folder)
    assert [a.range for a in server.of(f"2027/{TABLE}")] == ["", *(f"bytes={n}-" for n in (30_000, 60_000, 90_000))]
    assert sum(asked.sent for asked in server.of(f"2027/{TABLE}")) == len(FILES[TABLE])
    assert [asked.status for asked in server.of(f"2027/{CODES}")] == [200, 304]
    assert_complete(folder)


@pytest.mark.parametrize("trouble", [Trouble(ignores_range=True), Trouble(shifts_range=True), Trouble(status=416)])
def test_a_server_without_ranges_begins_anew(server: ReleaseServer, folder: Path, trouble: Trouble) -> None:
    """The whole file instead of the rest, another part, or a refusal: the file is right all the same."""
    server.trouble(f"2027/{CODES}", Trouble(cut_after=CUT), trouble)
    steps = Steps()
    fetch_edition("FY2027", folder, steps, FetchOptions(server.url, patience=QUICK))
    assert server.of(f"2027/{CODES}")[1].range == f"bytes={CUT}-"
    assert steps.done[CODES] == len(FILES[CODES])
    assert_complete(folder)


@pytest.mark.parametrize("careless", [False, True])
def test_a_file_that_changed_while_it_was_cut_off_begins_anew(
    server: ReleaseServer, folder: Path, careless: bool
) -> None:
    """Never the head of one version with the tail of another, not even when the server sends such a tail."""
    corrected = zipped({"icd10cm-order-2027.txt": "corrected", "a.pdf": PADDING[::-1]})
    server.trouble(f"2027/{CODES}", Trouble(cut_after=CUT), Trouble(status=500), Trouble(status=500))
    refused(DependencyError, server, folder)
    server.files[f"2027/{CODES}"] = corrected
    if careless:
        server.trouble(f"2027/{CODES}", Trouble(ignores_if_range=True))
    fetched(server, folder)
    status = [asked.status for asked in server.of(f"2027/{CODES}")[3:]]
    assert server.of(f"2027/{CODES}")[3].range == f"bytes={CUT}-"
    assert status == ([206, 200] if careless else [200])
    assert_complete(folder, {**FILES, CODES: corrected})


def test_a_server_may_send_less_of_the_rest_than_was_asked_for(server: ReleaseServer, folder: Path) -> None:
    """The next request asks for what is then still missing."""
    server.trouble(f"2027/{CODES}", Trouble(cut_after=CUT), Trouble(most_of_range=1_000))
    fetched(server, folder)
    assert [asked.range for asked in server.of(f"2027/{CODES}")] == ["", f"bytes={CUT}-", f"bytes={CUT + 1_000}-"]
    assert_complete(folder)


def test_a_part_without_a_version_is_not_gone_on_with(folder: Path) -> None:
    """Without tag or date nobody knows whether the rest belongs to it."""
    with serving_releases(validators=False) as server:
        server.trouble(f"2027/{CODES}", Trouble(cut_after=CUT))
        fetched(server, folder)
        assert [asked.range for asked in server.of(f"2027/{CODES}")] == ["", ""]
    assert_complete(folder)


def test_a_part_whose_note_is_damaged_begins_anew(server: ReleaseServer, folder: Path) -> None:
    """What an unknown hand left beside the part is not trusted."""
    folder.mkdir(parents=True)
    (folder / f"{CODES}.part").write_bytes(b"something else")
    (folder / f"{CODES}.part.json").write_text("{not json", encoding="utf-8")
    fetched(server, folder)
    assert_complete(folder)


KILLED: Final = """
import sys
from pathlib import Path
from index_build.fetching.download import Patience
from index_build.fetching.fetch import fetch_edition
from index_build.fetching.plan import FetchOptions
class Silent:
    def step(self, description, total=None):
        return lambda amount: None
fetch_edition("FY2027", Path(sys.argv[1]), Silent(), FetchOptions(sys.argv[2]))
"""


def test_a_killed_run_is_gone_on_with(server: ReleaseServer, folder: Path) -> None:
    """Killed in the middle of the second file: the first is not fetched again, the second goes on."""
    server.trouble(f"2027/{TABLE}", Trouble(drip_s=0.01))
    command = [sys.executable, "-c", KILLED, str(folder), server.url]
    part = folder / f"{TABLE}.part"
    with subprocess.Popen(command, cwd=ROOT) as run:
        while run.poll() is None and not (part.is_file() and part.stat().st_size > 20_000):
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert whole_names(folder) == {CODES}
    held = part.stat().st_size
    fetched(server, folder)
    assert server.of(f"2027/{TABLE}")[-1].range == f"bytes={held}-"
    assert server.of(f"2027/{CODES}")[-1].status == 304
    assert_complete(folder)


# Servers that fail


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble(length_off=5_000), "broke off|refuses to go on"),
        (Trouble(length_off=-5_000), f"{CODES} from 127.0.0.1 is not a whole zip file"),
        (Trouble(status=404), r"2027/icd10cm-code-descriptions-2027.zip is not to be had \(HTTP status 404\)"),
        (Trouble(status=403), r"is not to be had \(HTTP status 403\)"),
        (Trouble(status=500), "127.0.0.1 answers with HTTP status 500"),
        (Trouble(hang_s=0.4), "127.0.0.1 fell silent"),
        (Trouble(status=302, location="http://127.0.0.1:9/x.zip"), "redirects to another server, which is not asked"),
        (Trouble(status=302, location="ftp://127.0.0.1/x.zip"), "redirects to another server, which is not asked"),
        (Trouble(status=302, location="http://[::bad/x"), "broke off, or answered with something that is not HTTP"),
        (Trouble(status=302, location=CODES), "redirects in circles"),
    ],
)
def test_a_failing_server_leaves_nothing_that_looks_whole(
    server: ReleaseServer, folder: Path, trouble: Trouble, said: str
) -> None:
    """One sentence with the mend; when the server is well again, the run goes through."""
    server.trouble(f"2027/{CODES}", trouble, always=True)
    with pytest.raises(DependencyError, match=said) as error:
        fetched(server, folder)
    assert str(error.value).endswith(
        f"; try again later, or download the official files of FY2027 by hand into {folder} "
        f"and run 'chartwright index build --official {folder}'."
    )
    assert not whole_names(folder)
    assert read_provenance(folder) is None
    server.troubles.clear()
    fetched(server, folder)
    assert_complete(folder)


@pytest.mark.parametrize("trouble", [Trouble(status=503), Trouble(hang_s=0.4), Trouble(cut_after=0)])
def test_one_failure_is_not_the_end(server: ReleaseServer, folder: Path, trouble: Trouble) -> None:
    """The listing and a file fail once each; the run goes through."""
    server.trouble("2027/", trouble)
    server.trouble(f"2027/{TABLE}", trouble)
    fetched(server, folder)
    assert len(server.of("2027/")) == 2
    assert_complete(folder)


def test_a_redirect_on_the_same_server_is_followed(server: ReleaseServer, folder: Path) -> None:
    """The record keeps the published address."""
    server.files["moved.zip"] = FILES[CODES]
    server.trouble(f"2027/{CODES}", Trouble(status=301, location="../moved.zip"))
    codes = fetched(server, folder).of("code_descriptions")
    assert codes is not None
    assert codes.url.endswith(f"2027/{CODES}")
    assert_complete(folder)


def test_another_name_of_the_same_machine_is_another_server(server: ReleaseServer, folder: Path) -> None:
    """The host that was given is the only one that is asked."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.trouble(f"2027/{CODES}", Trouble(status=302, location=f"{elsewhere}2027/{CODES}"))
    assert "redirects to another server, which is not asked" in refused(DependencyError, server, folder)
    assert len(server.of(f"2027/{CODES}")) == 1


def test_a_dripping_server_is_not_waited_for_longer_than_allowed(server: ReleaseServer, folder: Path) -> None:
    """Never silent and never done: the run ends, and the next one goes on from there."""
    server.trouble(f"2027/{CODES}", Trouble(drip_s=0.02))
    patience = QUICK.model_copy(update={"file_s": 0.4})
    assert "needs more than 0.4 s for one file" in refused(DependencyError, server, folder, patience)
    held = (folder / f"{CODES}.part").stat().st_size
    assert held > 0
    fetched(server, folder)
    assert server.of(f"2027/{CODES}")[-1].range == f"bytes={held}-"
    assert_complete(folder)


def test_an_edition_that_is_not_published_yet(server: ReleaseServer, folder: Path) -> None:
    """The needed file that is missing is named; files of another edition are not taken for it."""
    with pytest.raises(DependencyError, match="offers no file of FY2028 with the order file and code list"):
        fetched(server, folder, "FY2028")
    assert not whole_names(folder)
