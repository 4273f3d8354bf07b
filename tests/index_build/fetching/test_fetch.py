"""Fetching an edition from a publisher on loopback: what ends up in the folder, and what a second run does."""

from __future__ import annotations

import hashlib
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from index_build.editions.release import find_release
from index_build.fetching.fetch import fetch_edition, manual_instructions, plan_fetch
from index_build.fetching.plan import FetchOptions
from index_build.fetching.provenance import read_provenance, verify_provenance
from medcoding.errors import ConfigError, DependencyError, InputError, IntegrityError
from tests.index_build.fetching.fetches import (
    CODES,
    FILES,
    GUIDELINES,
    KINDS,
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
    code_descriptions,
    edition_files,
    guidelines,
    serving_releases,
    table_and_index,
    zipped,
)


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


# A publisher that behaves


def test_an_edition_is_fetched_whole_with_its_provenance(server: ReleaseServer, folder: Path) -> None:
    """Six files, each with address, size, digest, version and time; the tool and the source are named."""
    steps = Steps()
    provenance = fetch_edition("fy2027", folder, steps, FetchOptions(server.url, patience=QUICK))
    assert_complete(folder)
    assert provenance == read_provenance(folder)
    assert {file.kind for file in provenance.files} == KINDS
    codes = provenance.of("code_descriptions")
    assert codes is not None
    assert (codes.url, codes.size) == (f"{server.url}2027/{CODES}", len(FILES[CODES]))
    assert codes.etag
    assert codes.last_modified
    assert codes.fetched_at.utcoffset() is not None
    assert (provenance.edition, provenance.source) == ("FY2027", f"{server.url}2027/")
    assert provenance.tool.startswith("chartwright/")
    assert steps.done == steps.total == {name: len(data) for name, data in FILES.items()}


def test_what_is_fetched_is_what_the_index_build_reads(server: ReleaseServer, folder: Path) -> None:
    """The release is found in the folder, in its zips, and an unfinished download beside it is not taken for a file."""
    fetched(server, folder)
    (folder / f"updated-{CODES}.part").write_bytes(FILES[CODES][:1000])
    release = find_release(folder)
    read = {"order", "codes", "tabular", "alphabetic_index", "external_cause_index", "neoplasms", "drugs"}
    assert release.name == "FY2027"
    assert release.files().keys() >= read | {"poa_exempt", "conversion", "guidelines", "addenda"}


@pytest.mark.parametrize("absolute_links", [True, False])
def test_the_names_of_another_year_are_found(folder: Path, absolute_links: bool) -> None:
    """April's XML zip is taken, not its table-and-index zip; spaces in names; what is not published is said."""
    april = {
        "icd10cm-Code Descriptions-April-1-2026.zip": code_descriptions(2026),
        "icd10cm-April-1-2026-XML.zip": table_and_index(2026, "April-1-"),
        "ICD-10-CM April 1 2026 Guidelines Final.pdf": guidelines(2026),
    }
    other = {"icd10cm-table-and-index-April-1-2026.zip": zipped({"icd10cm-tabular-April-1-2026.pdf": PADDING})}
    with serving_releases(absolute_links=absolute_links) as server:
        server.files |= {f"2026-update/{name}": data for name, data in {**april, **other}.items()}
        provenance = fetched(server, folder, "FY2026-april")
    assert_complete(folder, april)
    assert provenance.edition == "FY2026-April"
    assert provenance.not_published == ("poa_exempt", "conversion_table", "addenda")


def test_a_mirror_may_hold_the_files_without_a_folder_for_each_year(server: ReleaseServer, folder: Path) -> None:
    """Files of another year beside them are passed over."""
    server.files = {**edition_files(2026), **FILES}
    fetched(server, folder)
    assert_complete(folder)


def test_hcpcs_comes_from_a_folder_that_lists_nothing(server: ReleaseServer, folder: Path) -> None:
    """The usual names are asked for in turn; the members must be of the quarter."""
    name = "october-2026-alpha-numeric-hcpcs-files.zip"
    members: dict[str, str | bytes] = {
        "HCPC2026_OCT_ANWEB_v2.txt": "A0021",
        "HCPC2026_recordlayout.txt": "layout",
        "a.pdf": PADDING,
    }
    server.files = {name: zipped(members)}
    assert [file.kind for file in fetched(server, folder, "HCPCS-2026-October").files] == ["hcpcs"]
    assert_complete(folder, server.files)
    server.files = {name: zipped({"HCPC2026_JUL_ANWEB.txt": "A0021", "recordlayout.txt": "layout"})}
    with pytest.raises(DependencyError, match="holds the alpha-numeric file of 2026 JUL, not of HCPCS-2026-October"):
        fetched(server, folder, "HCPCS-2026-October")


def test_a_plan_writes_nothing(server: ReleaseServer, folder: Path) -> None:
    """What would be fetched, needed files first, and which other names were passed over."""
    server.files[f"2027/updated-{GUIDELINES}"] = guidelines(2027)
    plan = plan_fetch("FY2027", folder, FetchOptions(server.url, patience=QUICK))
    assert [file.name for file in plan.files][:3] == [CODES, TABLE, f"updated-{GUIDELINES}"]
    assert plan.files[2].passed_over == (GUIDELINES,)
    assert [file.kind.required for file in plan.files] == [True, True, False, False, False, False]
    assert [asked.path for asked in server.asked] == ["", "2027/"]
    assert not folder.exists()


# Again


@pytest.mark.parametrize("conditions", [True, False])
def test_what_has_not_changed_is_not_fetched_again(server: ReleaseServer, folder: Path, conditions: bool) -> None:
    """Whether the server understands conditions or only says the version: the record stays as it was."""
    first = fetched(server, folder)
    server.asked.clear()
    server.trouble(f"2027/{CODES}", Trouble(ignores_conditions=not conditions))
    assert fetched(server, folder) == first
    assert [asked.status for asked in server.of(f"2027/{CODES}")] == [304 if conditions else 200]
    assert sum(asked.sent for asked in server.of(f"2027/{TABLE}")) == 0


def test_without_versions_a_file_is_fetched_again(folder: Path) -> None:
    """A server that says neither tag nor date cannot be asked whether something changed."""
    with serving_releases(validators=False) as server:
        fetched(server, folder)
        server.asked.clear()
        fetched(server, folder)
        assert sum(asked.sent for asked in server.of(f"2027/{CODES}")) == len(FILES[CODES])
    assert_complete(folder)


def test_a_file_that_changed_under_its_name_is_reported(server: ReleaseServer, folder: Path) -> None:
    """The new one is there, its record holds the digest of the old one."""
    fetched(server, folder)
    corrected = zipped({"icd10cm-order-2027.txt": "corrected", "a.pdf": PADDING})
    server.files[f"2027/{CODES}"] = corrected
    codes = fetched(server, folder).of("code_descriptions")
    assert codes is not None
    assert codes.replaced_sha256 == hashlib.sha256(FILES[CODES]).hexdigest()
    assert_complete(folder, {**FILES, CODES: corrected})


def test_a_file_under_a_new_name_takes_the_place_of_the_old_one(server: ReleaseServer, folder: Path) -> None:
    """Two guidelines of one edition would be one too many for the index build."""
    fetched(server, folder)
    server.files[f"2027/updated-{GUIDELINES}"] = guidelines(2027) + b"\n"
    fetched(server, folder)
    rest = {name: data for name, data in FILES.items() if name != GUIDELINES}
    assert_complete(folder, {**rest, f"updated-{GUIDELINES}": guidelines(2027) + b"\n"})


def test_a_file_damaged_on_the_disk_is_fetched_again(server: ReleaseServer, folder: Path) -> None:
    """Same size, another byte: the verification says so and the next run mends it."""
    fetched(server, folder)
    data = bytearray(FILES[TABLE])
    data[1000] ^= 1
    (folder / TABLE).write_bytes(data)
    with pytest.raises(IntegrityError, match="is not the file that was fetched; fetch FY2027 again"):
        verify_provenance(folder)
    fetched(server, folder)
    assert_complete(folder)


# Another file than the official one


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        (CODES, b"<!DOCTYPE html><html>diagnostics</html>", "is a web page, not the official file"),
        (CODES, code_descriptions(2026), "holds the order file of 2026, not of FY2027"),
        (TABLE, table_and_index(2027)[:-900], "is not a whole zip file"),
        (GUIDELINES, FILES[CODES], "is not a PDF"),
    ],
)
def test_a_wrong_file_is_refused_by_its_content(
    server: ReleaseServer, folder: Path, name: str, body: bytes, said: str
) -> None:
    """The sentence says what it is; nothing of it stays; once the publisher mended it, the run goes through."""
    server.trouble(f"2027/{name}", Trouble(body=body))
    sentence = refused(DependencyError, server, folder)
    assert f"{name} from 127.0.0.1 {said}; " in sentence
    assert name not in whole_names(folder)
    assert not list(folder.glob("*.part*"))
    fetched(server, folder)
    assert_complete(folder)


def test_a_good_file_survives_a_wrong_one(server: ReleaseServer, folder: Path) -> None:
    """An update that is not what it should be leaves the file of the last run in place."""
    fetched(server, folder)
    server.files[f"2027/{CODES}"] = code_descriptions(2026)
    assert "of 2026, not of FY2027" in refused(DependencyError, server, folder)
    assert (folder / CODES).read_bytes() == FILES[CODES]
    assert verify_provenance(folder) is not None


# Checksums


def sums(**changed: str) -> str:
    """A list as sha256sum writes it."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()} | changed
    return "".join(f"{digest}  ./{name}\n" for name, digest in digests.items() if digest)


def test_published_checksums_are_enforced(server: ReleaseServer, folder: Path) -> None:
    """A list beside the files: what agrees is taken, what does not is thrown away."""
    server.files["2027/SHA256SUMS"] = sums(**{CODES: "0" * 64}).encode()
    assert f"{CODES} does not agree with its SHA-256 checksum" in refused(IntegrityError, server, folder)
    assert not whole_names(folder)
    assert not list(folder.glob("*.part*"))
    server.files["2027/SHA256SUMS"] = sums().encode()
    fetched(server, folder)
    assert_complete(folder)
    server.files["2027/SHA256SUMS"] = sums(**{TABLE: "0" * 64}).encode()
    assert f"{TABLE} does not agree" in refused(IntegrityError, server, folder)


def test_a_given_list_of_checksums_must_name_every_file(server: ReleaseServer, folder: Path, tmp_path: Path) -> None:
    """It outranks a published one; a file it does not name, or a file that is no such list, is the caller's to mend."""
    given = tmp_path / "sums"
    given.write_text(sums(), encoding="utf-8")
    server.files["2027/SHA256SUMS"] = sums(**{CODES: "0" * 64}).encode()
    fetched(server, folder, checksums=given)
    assert_complete(folder)
    given.write_text(sums(**{GUIDELINES: ""}), encoding="utf-8")
    with pytest.raises(InputError, match=f"holds no checksum of {GUIDELINES}"):
        fetched(server, folder, checksums=given)
    given.write_text("no list", encoding="utf-8")
    with pytest.raises(InputError, match="is not a list of checksums as sha256sum writes it"):
        fetched(server, folder, checksums=given)
    with pytest.raises(InputError, match="is not a list of checksums"):
        fetched(server, folder, checksums=tmp_path / "missing")


# This side


def test_two_runs_do_not_share_a_folder(server: ReleaseServer, folder: Path) -> None:
    """The second is told to wait and touches nothing."""
    folder.mkdir(parents=True)
    with FileLock(folder / ".fetch.lock", timeout=0):
        assert "Another process is fetching into" in refused(DependencyError, server, folder)
    assert not server.asked


@pytest.fixture
def small_disk() -> Iterator[int]:
    """No file may grow beyond this many bytes; the system refuses as a full disk does."""
    limits, most = resource.getrlimit(resource.RLIMIT_FSIZE), 100_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    yield most
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_one_sentence(server: ReleaseServer, folder: Path, small_disk: int) -> None:
    """No traceback, no file; with room again the next run goes on from there."""
    assert f"The disk that holds {folder} is full; make room" in refused(ConfigError, server, folder)
    assert not whole_names(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    fetched(server, folder)
    assert server.of(f"2027/{CODES}")[-1].range == f"bytes={small_disk}-"
    assert_complete(folder)


def test_a_folder_that_cannot_be_written_is_one_sentence(server: ReleaseServer, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    sentence = refused(ConfigError, server, tmp_path / "taken" / "FY2027")
    assert "cannot be written (Not a directory); choose another folder" in sentence


def test_a_folder_belongs_to_one_edition(server: ReleaseServer, folder: Path) -> None:
    """Two editions in one folder could not be told apart."""
    fetched(server, folder)
    with pytest.raises(InputError, match="holds FY2027; give FY2026 a folder of its own"):
        fetched(server, folder, "FY2026")


def test_a_damaged_provenance_is_not_believed(server: ReleaseServer, folder: Path) -> None:
    """Nor one that names a file outside the folder."""
    fetched(server, folder)
    path = folder / "provenance.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["files"][0]["name"] = "../outside.zip"
    for text in ("{", json.dumps(stored)):
        path.write_text(text, encoding="utf-8")
        assert "is damaged; delete it and fetch the edition again" in refused(IntegrityError, server, folder)


# No network


def test_without_a_network_it_says_what_to_do_by_hand(dead_port: int, folder: Path) -> None:
    """One sentence with the reason and the folder; the instructions name address and files."""
    options = FetchOptions(f"http://127.0.0.1:{dead_port}/icd10cm", patience=QUICK)
    with pytest.raises(DependencyError, match=r"127.0.0.1 cannot be reached \(connection refused\)") as error:
        fetch_edition("FY2027", folder, Steps(), options)
    assert error.value.retryable
    assert str(folder) in str(error.value)
    assert not whole_names(folder)
    lines = manual_instructions("FY2027", folder, options).splitlines()
    assert lines[0] == f"Official files of FY2027, from http://127.0.0.1:{dead_port}/icd10cm/2027/"
    assert all(any(name in line for line in lines) for name in FILES)
    assert lines[-1] == f"Put them into {folder} and run: chartwright index build --official {folder}"


def test_the_publisher_is_the_default() -> None:
    """Without a mirror the instructions name the public folder."""
    text = manual_instructions("FY2026-April", Path("official"))
    assert "https://ftp.cdc.gov/pub/Health_Statistics/NCHS/Publications/ICD10CM/2026-update/" in text
    assert "https://www.cms.gov/files/zip/" in manual_instructions("hcpcs-2026-july", Path("official"))


def test_a_proxy_that_is_down_is_named(dead_port: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hospital's proxy setting is used, and the sentence says that nothing answered there."""
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{dead_port}")
    with pytest.raises(DependencyError, match="cannot be reached"):
        plan_fetch("FY2027", folder, FetchOptions("http://mirror.example/icd10cm/", patience=QUICK))


def test_https_is_never_given_up(server: ReleaseServer, folder: Path) -> None:
    """A server that does not speak TLS is refused, not asked again in clear."""
    options = FetchOptions(server.url.replace("http:", "https:"), patience=QUICK)
    with pytest.raises(DependencyError, match=r"127.0.0.1 (cannot be reached|broke off)"):
        plan_fetch("FY2027", folder, options)
    assert not server.asked


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://ftp.cdc.gov/",
        "file:///etc/",
        "mirror",
        "http://u:p@mirror/",
        "http:///",
        "http://[::bad/",
        "http://mirror/?a=1",
    ],
)
def test_an_address_must_be_plain_http_or_https(base_url: str, folder: Path) -> None:
    """No other scheme, no password in an address that is written into the provenance."""
    with pytest.raises(ConfigError, match="must be plain http or https"):
        fetch_edition("FY2027", folder, Steps(), FetchOptions(base_url))


@pytest.mark.parametrize("edition", ["", "2027", "FY27", "FY2027/../x", "FY2026-May", "HCPCS-2026"])
def test_an_unknown_edition_is_refused_with_examples(edition: str, folder: Path) -> None:
    """Before anything is asked of anybody."""
    with pytest.raises(InputError, match="ask for one such as FY2027, FY2026-April, HCPCS-2026-October"):
        fetch_edition(edition, folder, Steps())
