from __future__ import annotations

from pathlib import Path

import pytest

from index_build.findable.past_encounters import (
    attested_encounters,
    findable_encounters,
    keep,
    kept_files,
    past_encounters,
    without_origin,
)
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError


def _attested(case_id: str, by: str | None = "A. Coder", origin: str = "facility") -> CodedEncounter:
    """A shipped encounter as a hospital would give it."""
    shipped = past_encounters()[0]
    provenance = shipped.provenance.model_copy(update={"attested_by": by, "origin": origin})
    return shipped.model_copy(update={"case_id": case_id, "provenance": provenance, "tenant": "north"})


def _file(path: Path, *encounters: CodedEncounter) -> Path:
    path.write_text("".join(f"{e.model_dump_json()}\n" for e in encounters), encoding="utf-8")
    return path


def test_a_past_encounter_is_embedded_by_its_own_words() -> None:
    """The text is the evidence; the payload holds codes, setting and tenant, and no note text."""
    past = past_encounters()
    (point,) = findable_encounters(past[:1])
    evidence = [quote.text for line in past[0].codes for quote in line.evidence]
    assert point.text == "; ".join(evidence)
    assert point.payload["codes"] == [line.code for line in past[0].codes]
    assert not any(words in str(point.payload) for words in evidence)


def test_people_are_kept_as_digests(tmp_path: Path) -> None:
    """Neither the record number nor the coder's name stands in the collection, and both still tell people apart."""
    one, two = _attested("n-1"), _attested("n-2", by="B. Coder")
    first, second = findable_encounters(attested_encounters([_file(tmp_path / "a.jsonl", one, two)]))
    assert one.patient.id
    assert one.patient.id not in str(first.payload)
    assert "Coder" not in str(first.payload)
    assert first.payload["patient"] == second.payload["patient"] != ""
    assert first.payload["author"] != second.payload["author"]


def test_an_encounter_without_evidence_cannot_be_found() -> None:
    """There is nothing to embed."""
    shipped = past_encounters()[0]
    bare = tuple(line.model_copy(update={"evidence": ()}) for line in shipped.codes)
    assert list(findable_encounters([shipped.model_copy(update={"codes": bare})])) == []


def test_what_nobody_attested_is_refused(tmp_path: Path) -> None:
    """The sentence names the case and the field to fill."""
    path = _file(tmp_path / "ours.jsonl", _attested("n-1"), _attested("n-2", by=None))
    with pytest.raises(InputError, match=r"ours.jsonl: n-2 names nobody who attested.*provenance.attested_by"):
        attested_encounters([path])


def test_nothing_is_given_under_the_name_of_the_shipped_examples(tmp_path: Path) -> None:
    """They suggest nothing, and an attested encounter would not either."""
    path = _file(tmp_path / "ours.jsonl", _attested("n-1", origin="synthetic"))
    with pytest.raises(InputError, match=r"ours.jsonl: n-1 has the origin 'synthetic'.*provenance.origin"):
        attested_encounters([path])


def test_a_case_is_given_once(tmp_path: Path) -> None:
    """The same case of the same tenant in two files is somebody's mistake."""
    paths = [_file(tmp_path / name, _attested("n-1")) for name in ("a.jsonl", "b.jsonl")]
    with pytest.raises(InputError, match=r"b.jsonl: n-1 was already given by a.jsonl"):
        attested_encounters(paths)


def test_an_origin_is_taken_out_whole(tmp_path: Path) -> None:
    """Every encounter of that origin goes, the others stay as they were; files without it are not touched."""
    mixed = _file(tmp_path / "mixed.jsonl", _attested("n-1"), _attested("x-1", origin="import"), _attested("n-2"))
    other = _file(tmp_path / "other.jsonl", _attested("n-3"))
    before = other.read_bytes()
    assert without_origin([mixed, other], "import") == 1
    assert [e.case_id for e in attested_encounters([mixed, other])] == ["n-1", "n-2", "n-3"]
    assert other.read_bytes() == before
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["mixed.jsonl", "other.jsonl"]
    assert without_origin([mixed, other], "import") == 0


@pytest.mark.parametrize("name", ["past.ndjson", "past.json", "past", ".past.ndjson"])
def test_a_file_is_found_and_removed_whatever_its_name_ends_in(tmp_path: Path, name: str) -> None:
    """What `add` says it kept, `list`, `build` and `remove` see."""
    folder = tmp_path / "kept"
    assert keep(_file(tmp_path / name, _attested("n-1")), folder) == 1
    assert [e.case_id for e in attested_encounters(kept_files(folder))] == ["n-1"]
    assert without_origin(kept_files(folder), "facility") == 1
    assert kept_files(folder) == ()


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """Nothing was kept, and nobody is told otherwise."""
    with pytest.raises(InputError, match=r"none.jsonl holds no encounter; write one coded encounter a line"):
        keep(_file(tmp_path / "none.jsonl"), tmp_path / "kept")
    assert kept_files(tmp_path / "kept") == ()


def test_a_name_may_be_given_again_after_its_encounters_were_removed(tmp_path: Path) -> None:
    """The emptied file is gone; one that is still kept is never overwritten."""
    folder, given = tmp_path / "kept", _file(tmp_path / "year.jsonl", _attested("n-1"))
    keep(given, folder)
    with pytest.raises(InputError, match=r"year.jsonl is kept already; give year.ndjson another name"):
        keep(_file(tmp_path / "year.ndjson", _attested("n-2")), folder)
    without_origin(kept_files(folder), "facility")
    assert keep(given, folder) == 1
