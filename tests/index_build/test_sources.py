"""What a build reads: the index's own folder for sources, what is given besides, and what is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from index_build.fetching.provenance import OfficialFile, Provenance, write_provenance
from index_build.sources import GivenFiles, Sources, fetch_folder, find_sources
from medcoding.errors import InputError, IntegrityError
from tests.index_build.given_files import CPT, CROSSWALK, HCPCS, INDEX, NCCI, put, put_sources
from tests.index_build.readers.published import Given, text

GONE = Path("nowhere") / "at-all.txt"


def _fetched(folder: Path, edition: str, file: Given) -> Path:
    """A folder as fetch leaves it; returns the file."""
    put(folder, file)
    entry = OfficialFile(
        kind="table_and_index",
        name=file.name,
        url=f"https://example.org/{file.name}",
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        fetched_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    )
    write_provenance(
        folder, Provenance(edition=edition, source="https://example.org/", tool="t", complete=True, files=(entry,))
    )
    return folder / file.name


def _one_sentence(refusal: pytest.ExceptionInfo[Exception]) -> str:
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert ";" in sentence, "no mend is named"
    return sentence


def test_without_sources_there_are_none(tmp_path: Path) -> None:
    """The packaged editions alone are read."""
    assert find_sources(tmp_path) == Sources()
    kinds = {read.kind for read in Sources().inputs()}
    assert kinds >= {"changes", "tabular"}
    assert not kinds & {"hcpcs", "cpt", "ncci", "crosswalk", "alphabetic_index"}


def test_the_folder_s_files_are_found(tmp_path: Path) -> None:
    """Each kind in its place; the manifest can name every file with its digest."""
    sources = put_sources(tmp_path)
    found = find_sources(tmp_path)
    (release,) = found.releases
    assert (release.name, [file.name for file in release.files().values()]) == ("FY2027", [INDEX.name])
    assert (found.hcpcs, found.cpt, found.ncci) == (sources / "hcpcs", sources / "cpt" / CPT.name, sources / "ncci")
    assert found.crosswalks == (sources / "crosswalk" / CROSSWALK.name,)
    named = {(read.kind, read.name): read.sha256 for read in found.inputs()}
    given = [("alphabetic_index", INDEX), ("hcpcs", HCPCS), ("cpt", CPT), ("crosswalk", CROSSWALK)]
    for kind, file in (*given, *(("ncci", table) for table in NCCI)):
        assert named[kind, file.name] == hashlib.sha256(file.content).hexdigest()


def test_what_is_given_adds_to_the_folder(tmp_path: Path) -> None:
    """Releases and crosswalks are added; of the other kinds, the one that is named is read."""
    put_sources(tmp_path)
    elsewhere = put(tmp_path / "elsewhere", Given("icd10cm-index-2026.xml", INDEX.content), CROSSWALK, *NCCI)
    cpt = put(tmp_path / "licensed", CPT) / CPT.name
    given = GivenFiles(
        official=(elsewhere / "icd10cm-index-2026.xml",),
        cpt=cpt,
        ncci=elsewhere,
        crosswalk=(elsewhere / CROSSWALK.name,),
    )
    found = find_sources(tmp_path, given)
    assert [release.name for release in found.releases] == ["FY2026", "FY2027"]
    assert (found.hcpcs, found.cpt, found.ncci) == (tmp_path / "sources" / "hcpcs", cpt, elsewhere)
    assert [path.parent.name for path in found.crosswalks] == ["crosswalk", "elsewhere"]


@pytest.mark.parametrize("given", ["sources/icd10cm/FY2027", "sources/icd10cm", "elsewhere/../sources/icd10cm/FY2027"])
def test_a_release_in_the_folder_may_be_named_too(tmp_path: Path, given: str) -> None:
    """As the refusal of a fetch without network advises: it is read once."""
    put_sources(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    assert len(find_sources(tmp_path, GivenFiles(official=(tmp_path / given,))).releases) == 1


def test_a_release_may_lie_in_several_places(tmp_path: Path) -> None:
    """Copies count once, files of different kinds make one release, files that differ are refused."""
    put_sources(tmp_path)
    causes = Given("icd10cm-eindex-2027.xml", INDEX.content)
    found = find_sources(tmp_path, GivenFiles(official=(put(tmp_path / "more", INDEX, causes),)))
    (release,) = found.releases
    assert release.files().keys() == {"alphabetic_index", "external_cause_index"}
    other = put(tmp_path / "other", Given(INDEX.name, INDEX.content.replace(b"arterial", b"venous")))
    with pytest.raises(InputError, match="differ and are of one kind and year") as refusal:
        find_sources(tmp_path, GivenFiles(official=(other,)))
    _one_sentence(refusal)


def test_locks_and_half_fetched_files_are_nothing(tmp_path: Path) -> None:
    """What a fetch leaves behind that never came to an end does not stop a build."""
    half = text("icd10cm-code-descriptions-2027.zip.part", "PK")
    about = text("icd10cm-code-descriptions-2027.zip.part.json", "{}")
    for kind in ("icd10cm", "hcpcs"):
        put(tmp_path / "sources" / kind / "FY2027", text(".fetch.lock", ""), half, about)
    for kind in ("cpt", "ncci", "crosswalk"):
        put(tmp_path / "sources" / kind, text(".DS_Store", "x"))
    assert find_sources(tmp_path) == Sources()


def test_two_cpt_files_are_refused(tmp_path: Path) -> None:
    """The licensee says which; a hidden file beside the one does not count."""
    folder = put(tmp_path / "sources" / "cpt", CPT, text(".hidden", "x"))
    assert find_sources(tmp_path).cpt == folder / CPT.name
    put(folder, text("last-year.tsv", "9ZZZ1\tInvented\n"))
    with pytest.raises(InputError, match="cpt holds 2 files; keep the one CPT file to use") as refusal:
        find_sources(tmp_path)
    _one_sentence(refusal)


@pytest.mark.parametrize(
    "given",
    [
        GivenFiles(official=(GONE,)),
        GivenFiles(hcpcs=GONE),
        GivenFiles(cpt=GONE),
        GivenFiles(ncci=GONE),
        GivenFiles(crosswalk=(GONE,)),
    ],
    ids=["official", "hcpcs", "cpt", "ncci", "crosswalk"],
)
def test_a_path_that_does_not_exist_is_named(tmp_path: Path, given: GivenFiles) -> None:
    """Before anything is built."""
    with pytest.raises(InputError, match=r"at-all\.txt does not exist; check the path") as refusal:
        find_sources(tmp_path, given)
    _one_sentence(refusal)


def test_a_folder_without_an_official_file_is_refused(tmp_path: Path) -> None:
    """Files that were renamed, in the index's own folder and elsewhere."""
    folder = put(tmp_path / "sources" / "icd10cm", text("codes.txt", "x"))
    for given in (None, GivenFiles(official=(folder,))):
        with pytest.raises(InputError, match="holds no official ICD-10-CM file; keep the names") as refusal:
            find_sources(tmp_path, given)
        _one_sentence(refusal)


def test_a_fetched_file_must_be_as_it_was_fetched(tmp_path: Path) -> None:
    """Changed on disk, or gone: the sentence says what to fetch again. Other files beside it are the user's own."""
    elsewhere = tmp_path / "elsewhere"
    places = {
        tmp_path / "sources" / "icd10cm" / "FY2027": ("FY2027", INDEX, None),
        tmp_path / "sources" / "hcpcs" / "HCPCS-2030-July": ("HCPCS-2030-July", HCPCS, None),
        elsewhere: ("FY2026", Given("icd10cm-index-2026.xml", INDEX.content), GivenFiles(official=(elsewhere,))),
    }
    for folder, (edition, file, given) in places.items():
        fetched = _fetched(folder, edition, file)
        put(folder, text("notes-of-mine.md", "x"))
        assert find_sources(tmp_path, given) != Sources()
        for damage in (file.content + b" ", file.content.replace(b"i", b"j", 1), None):
            fetched.unlink() if damage is None else fetched.write_bytes(damage)
            with pytest.raises(IntegrityError, match=f"not the file that was fetched; fetch {edition}") as refusal:
                find_sources(tmp_path, given)
            _one_sentence(refusal)
        fetched.write_bytes(file.content)


@pytest.mark.parametrize(
    ("asked", "folder"),
    [
        ("FY2027", "icd10cm/FY2027"),
        ("fy2027", "icd10cm/FY2027"),
        ("FY2026-april", "icd10cm/FY2026-April"),
        ("hcpcs-2026-october", "hcpcs/HCPCS-2026-October"),
    ],
)
def test_an_edition_has_one_folder_however_it_is_typed(tmp_path: Path, asked: str, folder: str) -> None:
    """Else a second fetch would put a second copy beside the first."""
    assert fetch_folder(tmp_path, asked) == tmp_path / "sources" / folder


def test_a_name_of_no_edition_has_no_folder(tmp_path: Path) -> None:
    """Nor does one that leads out of the index."""
    for asked in ("../../FY2027", "2027", ""):
        with pytest.raises(InputError, match="No edition has this name"):
            fetch_folder(tmp_path, asked)
