from __future__ import annotations

from pathlib import Path

import pytest

from agent.books import Books, open_books
from agent.payer_sources import load_payer_rules, payer_files, with_known_codes
from medcoding.errors import ConfigError
from retrieval.index_folder import IndexFolder

RULE = """\
payer: Lantern Health
source: Lantern policy 12, 2026, page 3
effective_from: {begins}
rules:
  - id: knee
    system: {system}
    codes: [{codes}]
    severity: advise
    requirement: {{{requirement}}}
    says: Lantern wants more about the knee.
"""


@pytest.fixture(scope="module")
def books(index: IndexFolder) -> Books:
    """Both editions; no HCPCS and no CPT book."""
    return open_books(index)


def _file(folder: Path, name: str = "lantern.yaml", **changed: str) -> Path:
    values = {"system": "icd10cm", "codes": "M17", "requirement": "not_covered: true", "begins": "2026-01-01"}
    path = folder / name
    path.write_text(RULE.format(**(values | changed)), encoding="utf-8")
    return path


def test_a_folder_is_read_in_order_of_name(tmp_path: Path) -> None:
    """Both spellings of YAML; other files stand there for other purposes."""
    files = [_file(tmp_path, name) for name in ("b.yml", "a.yaml")]
    (tmp_path / "readme.txt").write_text("x")
    assert payer_files(tmp_path) == (files[1], files[0])
    assert payer_files(files[0]) == (files[0],)
    assert payer_files(None) == ()


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    """It would mean that no payer asks for anything."""
    with pytest.raises(ConfigError, match=r"holds no payer rules; put \*.yaml files there or name another one"):
        payer_files(tmp_path)


@pytest.mark.parametrize(("given", "mend"), [({}, "CHARTWRIGHT_PAYER_RULES"), ({"named_by": "the path"}, "the path")])
def test_the_mend_is_where_the_path_was_given(tmp_path: Path, given: dict[str, str], mend: str) -> None:
    """A setting is corrected in the environment, an argument on the command line."""
    with pytest.raises(ConfigError, match=rf"none.yaml cannot be read .*; correct {mend}\."):
        load_payer_rules([tmp_path / "none.yaml"], **given)


@pytest.mark.parametrize(
    ("changed", "unknown"),
    [
        ({"codes": "QQQ"}, "QQQ"),
        ({"codes": "M17, M17.0-M17.77"}, "M17.77"),
        ({"requirement": "needs_one_of: [G47.99Z]"}, "G47.99Z"),
        ({"requirement": "not_with: [M17.11, QQQ]"}, "QQQ"),
        ({"codes": "QQQ", "system": "hcpcs"}, "QQQ"),
    ],
)
def test_a_code_of_no_book_is_refused(tmp_path: Path, books: Books, changed: dict[str, str], unknown: str) -> None:
    """A rule about it would never speak up."""
    rules = load_payer_rules([_file(tmp_path, **changed)])
    with pytest.raises(ConfigError, match=rf"rule knee of Lantern Health names {unknown}, which no loaded book holds"):
        with_known_codes(rules, books)


@pytest.mark.parametrize(
    "changed",
    [
        {"codes": "M17, M17.1, M17.11, M17.0-M17.9, A00-B99"},
        {"codes": "E0601", "system": "hcpcs", "requirement": "needs_one_of: [G47.33, 9ZZZ1]"},
        {"codes": "QQQ", "begins": "2019-01-01\neffective_to: 2019-12-31"},
    ],
)
def test_codes_that_can_stand_on_a_claim_are_taken(tmp_path: Path, books: Books, changed: dict[str, str]) -> None:
    """Stems, ranges, codes of books that are not loaded, and what a rule said before the first edition began."""
    rules = load_payer_rules([_file(tmp_path, **changed)])
    assert with_known_codes(rules, books) == rules
