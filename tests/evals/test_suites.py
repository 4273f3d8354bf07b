"""Suites: folders of coded encounters with parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.loaders.gold_set import dataset_digest
from evals.suites import SUITES, load_suite, suite_names, suite_parts
from medcoding.coded_encounter import CodedEncounter
from medcoding.errors import InputError
from tests.evals.loaders.invented import coded, line


def _write(folder: Path, part: str, *encounters: CodedEncounter) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(encounter.model_dump_json() for encounter in encounters)
    (folder / f"{part}.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """Two suites; the first in two parts."""
    _write(tmp_path / "visits", "development", coded(line("M10.9")), coded(line("M10.9"), case_id="c2"))
    _write(tmp_path / "visits", "scored", coded(line("E11.9"), case_id="c3"))
    _write(tmp_path / "rules", "chapter_13", coded(line("M10.9")))
    return tmp_path


def test_a_suite_is_all_its_parts(suites: Path) -> None:
    """Read by name, in order of part, with what its gold decides."""
    found = load_suite("visits", suites=suites)
    assert [e.case_id for e in found.encounters] == ["c1", "c2", "c3"]
    assert (found.name, found.has_gold, found.scope.poa, found.assumed, found.refused) == (
        "visits",
        True,
        False,
        (),
        (),
    )
    assert found.digest == dataset_digest(found.encounters)


def test_a_part_is_a_dataset_of_its_own(suites: Path) -> None:
    """With its own name and digest."""
    found = load_suite("visits", "scored", suites)
    assert ([e.case_id for e in found.encounters], found.name) == (["c3"], "visits/scored")
    assert found.digest != load_suite("visits", suites=suites).digest


def test_the_division_into_parts_does_not_change_the_digest(suites: Path) -> None:
    """It is the dataset that is stamped, not its files."""
    whole = load_suite("visits", suites=suites)
    _write(suites / "joined", "all", *reversed(whole.encounters))
    assert load_suite("joined", suites=suites).digest == whole.digest


def test_names_and_parts_are_listed(suites: Path) -> None:
    """In order of name."""
    assert suite_names(suites) == ("rules", "visits")
    assert suite_parts("visits", suites) == ("development", "scored")
    assert suite_parts(suites / "rules" / "chapter_13.jsonl") == ("chapter_13",)


def test_a_folder_or_a_file_is_a_suite_too(suites: Path) -> None:
    """An evaluator's own needs no installation."""
    assert len(load_suite(suites / "visits").encounters) == 3
    assert load_suite(suites / "visits" / "scored.jsonl").name == "scored"


@pytest.mark.parametrize(
    ("name", "part", "fault"),
    [
        ("visit", None, r"visit is no suite and no file; name a path or one of the shipped suites \(rules, visits\)\."),
        ("visits", "test", r"visits has no part test; name one of its parts \(development, scored\)\."),
    ],
)
def test_an_unknown_suite_or_part_names_the_known_ones(name: str, part: str | None, fault: str, suites: Path) -> None:
    """A misspelt name is mended at a glance."""
    with pytest.raises(InputError, match=fault):
        load_suite(name, part, suites)


def test_one_line_that_does_not_fit_refuses_the_suite(suites: Path) -> None:
    """Scores of most of a suite would be compared with scores of all of it."""
    _write(suites / "visits", "torn", coded(line("M10.9"), case_id="c9"))
    with (suites / "visits" / "torn.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"case_id": "zqxcanary"')
    with pytest.raises(InputError, match=r"Line 2 of torn\.jsonl is not valid") as refused:
        load_suite("visits", suites=suites)
    assert "zqxcanary" not in str(refused.value)


def test_a_case_id_stands_once_in_a_suite(suites: Path) -> None:
    """Over all parts, so that no case is developed on and scored."""
    _write(suites / "visits", "twice", coded(line("E11.9")))
    with pytest.raises(InputError, match=r"The case_id c1 stands a second time in twice\.jsonl"):
        load_suite("visits", suites=suites)


def test_an_empty_suite_is_refused(suites: Path) -> None:
    """A score over nothing would look like a score."""
    _write(suites / "empty", "all")
    with pytest.raises(InputError, match="empty holds no coded encounter"):
        load_suite("empty", suites=suites)


@pytest.mark.parametrize("name", suite_names())
def test_the_shipped_suites_load(name: str) -> None:
    """Whole, and by part."""
    whole = load_suite(name)
    assert sum(len(load_suite(name, part).encounters) for part in suite_parts(name)) == len(whole.encounters)
    assert (SUITES / name).is_dir()
