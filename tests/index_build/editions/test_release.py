"""Official releases found in folders and zips by their irregular names."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from index_build.editions import release_file
from index_build.editions.release import find_release, find_releases
from medcoding.errors import InputError


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files by their path in a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "year", "month"),
    [
        ("icd10cm_order_2016.txt", "order", 2016, "October"),
        ("icd10cm-order-2027.txt", "order", 2027, "October"),
        ("icd10cm-order-April-2025.txt", "order", 2025, "April"),
        ("icd10cm-codes-April-2025.txt", "codes", 2025, "April"),
        ("icd10cm_codes_2026.txt", "codes", 2026, "October"),
        ("code-list-April-2026.txt", "codes", 2026, "April"),
        ("icd10c-tabular-April-1-2026.xml", "tabular", 2026, "April"),
        ("icd10cm_tabular_2025.xml", "tabular", 2025, "October"),
        ("icd10cm_index_2025.xml", "alphabetic_index", 2025, "October"),
        ("icd10cm-index-April-1-2026-XML.xml", "alphabetic_index", 2026, "October"),
        ("index_fy2025.jsonl", "alphabetic_index", 2025, "October"),
        ("icd10cm_eindex_2025.xml", "external_cause_index", 2025, "October"),
        ("icd10cm-eindex-April-1-2026-XML.xml", "external_cause_index", 2026, "October"),
        ("icd10cm_neoplasm_2025.xml", "neoplasms", 2025, "October"),
        ("icd10cm-drug-April-1-2026-XML.xml", "drugs", 2026, "October"),
        ("icd10cm-order-addenda-2026.txt", "addenda", 2026, "October"),
        ("icd10cm_codes_addenda_2024.txt", "addenda", 2024, "October"),
        ("POAexemptCodesFY27.txt", "poa_exempt", 2027, "October"),
        ("POAexemptCodes2020.txt", "poa_exempt", 2020, "October"),
        ("icd10cm_conversion_table_FY2025.txt", "conversion", 2025, "October"),
        ("ICD-10-CM-CONVERSION-TABLE-FY2027.xlsx", "conversion", 2027, "October"),
        ("icd-10-cm-guidelines-FY2025.pdf", "guidelines", 2025, "October"),
        ("ICD-10-CM-October-1-2026-FY27-Guidelines.pdf", "guidelines", 2027, "October"),
    ],
)
def test_a_name_tells_kind_and_year(name: str, kind: str, year: int, month: str, tmp_path: Path) -> None:
    """Every way in which the files were named; the month is that of the lists, not of an index."""
    release = find_release(put(tmp_path, {name: b"x"}))
    assert (release.fiscal_year, release.month) == (year, month)
    assert {kind: file.name for kind, file in release.files().items()} == {kind: name}


@pytest.mark.parametrize(
    "name",
    [
        "icd10pcs_order_2026.txt",
        "icd10OrderFiles.pdf",
        "icd10cmCodesFile.pdf",
        "icd-10-cm-tabular-2025.xsd",
        "icd10cm_fy2026_apr_codes.tsv",
        "HCPC2026_JUL_ANWEB.txt",
        ".icd10cm-order-2026.txt",
        "notes.txt",
    ],
)
def test_other_files_are_passed_over(name: str, tmp_path: Path) -> None:
    """Procedures, record layouts, conversions of ours; a folder of nothing else is said to be empty."""
    with pytest.raises(InputError, match="holds no official ICD-10-CM file"):
        find_releases(put(tmp_path, {name: b"x"}))


def test_zips_and_zips_in_zips_are_read_where_they_lie(tmp_path: Path) -> None:
    """As downloaded: nothing is unpacked, and the year may stand in the zip's name only."""
    inner = zipped({"Tabular.xml": b"<a/>", "Index.xml": b"<b/>"})
    folder = put(
        tmp_path,
        {
            "icd10cm-code-descriptions-2027.zip": zipped(
                {"icd10cm-code-descriptions-2027/icd10cm-order-2027.txt": b"1"}
            ),
            "icd10cm-table-and-index-2027.zip": zipped({"XML.zip": inner, "__MACOSX/Tabular.xml": b"no"}),
            "POAexemptCodesFY27.zip": zipped({"POAexemptCodesFY27.txt": b"2"}),
        },
    )
    release = find_release(folder)
    assert {kind: file.read_bytes() for kind, file in release.files().items()} == {
        "order": b"1",
        "tabular": b"<a/>",
        "alphabetic_index": b"<b/>",
        "poa_exempt": b"2",
    }
    assert release.name == "FY2027"
    assert sorted(path.name for path in folder.iterdir()) == [
        "POAexemptCodesFY27.zip",
        "icd10cm-code-descriptions-2027.zip",
        "icd10cm-table-and-index-2027.zip",
    ]
    assert find_release(folder / "POAexemptCodesFY27.zip").files().keys() == {"poa_exempt"}


def test_a_folder_of_several_years_is_several_releases(tmp_path: Path) -> None:
    """Earliest first; asked for the one release, the years are named."""
    put(
        tmp_path,
        {"2025/icd10cm_order.txt": b"5", "2027/icd10cm-order-2027.txt": b"7", "2026/icd10cm-order-2026.txt": b"6"},
    )
    assert [release.name for release in find_releases(tmp_path)] == ["FY2025", "FY2026", "FY2027"]
    with pytest.raises(InputError, match=r"several years \(FY2025, FY2026, FY2027\)"):
        find_release(tmp_path)


def test_the_later_release_of_a_year_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """Kind by kind; an October order file does not stand beside the April code list."""
    release = find_release(
        put(
            tmp_path,
            {
                "icd10cm-order-2026.txt": b"october",
                "icd10cm-codes-April-2026.txt": b"april",
                "icd10cm-tabular-2026.xml": b"october",
                "update/icd10c-tabular-April-1-2026.xml": b"april",
                "icd10cm-index-2026.xml": b"october",
            },
        )
    )
    assert release.month == "April"
    assert {kind: file.read_bytes() for kind, file in release.files().items()} == {
        "codes": b"april",
        "tabular": b"april",
        "alphabetic_index": b"october",
    }


def test_two_different_files_of_one_kind_are_refused(tmp_path: Path) -> None:
    """Both are named; a copy of the same bytes is no second file."""
    put(tmp_path, {"icd10cm-order-2027.txt": b"1", "copy.zip": zipped({"icd10cm_order_2027.txt": b"1"})})
    assert find_release(tmp_path).order
    put(tmp_path, {"icd10cm_order_2027.txt": b"2"})
    with pytest.raises(InputError, match=r"icd10cm_order_2027\.txt in copy\.zip and icd10cm_order_2027\.txt differ"):
        find_release(tmp_path)


def test_a_name_without_a_year_is_refused_unless_there_is_only_one(tmp_path: Path) -> None:
    """Nothing inside most files says for which year they are."""
    put(tmp_path / "some", {"icd10cm-order.txt": b"1", "POAexemptCodesFY27.txt": b"2"})
    assert find_release(tmp_path / "some").files().keys() == {"order", "poa_exempt"}
    put(tmp_path / "more", {"icd10cm-order.txt": b"1"})
    with pytest.raises(InputError, match=r"No name tells the year of icd10cm-order\.txt"):
        find_release(tmp_path / "more")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    """The mend is named."""
    with pytest.raises(InputError, match="does not exist; give the folder or the zip"):
        find_release(tmp_path / "nowhere")


def _encrypted(data: bytes) -> bytes:
    """The flag of an encrypted member, in the local header and in the directory."""
    changed = bytearray(data)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(signature) + at] |= 1
    return bytes(changed)


ORDER_ZIP = zipped({"icd10cm-order-2027.txt": bytes(range(256)) * 40})


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "is a damaged zip file"),
        (b"PK\x03\x04", "is a damaged zip file"),
        (ORDER_ZIP[: len(ORDER_ZIP) // 2], "is a damaged zip file"),
        (ORDER_ZIP[:60] + b"\xff\x00\xff" + ORDER_ZIP[63:], "is a damaged zip file"),
        (_encrypted(ORDER_ZIP), "is encrypted"),
        (zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.zip": b""})})})}), "zips in zips in zips"),
        (zipped({"inner.zip": b"not a zip"}), r"inner\.zip is a damaged zip file"),
    ],
)
def test_a_zip_that_cannot_be_read_is_named(data: bytes, fault: str, tmp_path: Path) -> None:
    """Cut, damaged inside, encrypted, nested without end."""
    put(tmp_path, {"icd10cm-code-descriptions-2027.zip": data})
    with pytest.raises(InputError, match=fault):
        [file.read_bytes() for file in find_release(tmp_path).files().values()]


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stops one byte above the limit, whatever the zip says of its sizes."""
    monkeypatch.setattr(release_file, "LARGEST_FILE", 2**20)
    put(tmp_path, {"icd10cm-order-2027.zip": zipped({"icd10cm-order-2027.txt": b"0" * (2**20 + 1)})})
    order = find_release(tmp_path).order
    assert order
    with pytest.raises(InputError, match="more than 1 MB, more than any official file"):
        order.read_bytes()


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    """Between finding and reading: the file itself, or the member of a zip that was replaced."""
    put(tmp_path, {"icd10cm-order-2027.txt": b"1", "POAexemptCodesFY27.zip": zipped({"POAexemptCodesFY27.txt": b"2"})})
    release = find_release(tmp_path)
    assert release.order
    assert release.poa_exempt
    (tmp_path / "icd10cm-order-2027.txt").unlink()
    put(tmp_path, {"POAexemptCodesFY27.zip": zipped({"other.txt": b"3"})})
    with pytest.raises(InputError, match="cannot be read"):
        release.order.read_bytes()
    with pytest.raises(InputError, match=r"POAexemptCodesFY27\.txt is no longer in POAexemptCodesFY27\.zip"):
        release.poa_exempt.read_bytes()


def test_the_shared_files_are_the_april_release(shared_data: Path) -> None:
    """Among schemas, tables and conversions of them, the five official files are found."""
    *_, release = find_releases(shared_data / "icd10cm")
    assert (release.name, release.month) == ("FY2026", "April")
    assert release.files().keys() == {"codes", "tabular", "external_cause_index", "neoplasms", "drugs"}
