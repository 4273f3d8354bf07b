"""Agreement with coded encounters."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.agreement import agreement, compare
from index_build.findable.knowledge import past_encounters
from medcoding.errors import InputError


def test_figures_are_counted_over_codes() -> None:
    """Two encounters: one answered exactly, one with a code missing and one too many that it says must not appear."""
    exact, other = [e for e in past_encounters() if len(e.codes) >= 2 and e.must_not][:2]
    whole = frozenset(line.code for line in exact.codes)
    partly = frozenset(line.code for line in other.codes[1:]) | {other.must_not[0].code}
    report = compare([exact, other], [whole, partly])
    wanted = len(exact.codes) + len(other.codes)
    assert (report.codes_expected, report.codes_answered) == (wanted, wanted)
    assert report.precision == report.recall == report.f1 == round((wanted - 1) / wanted, 3)
    assert report.exact_match == 0.5
    assert report.must_not_answered == 1


def test_an_empty_answer_scores_nothing() -> None:
    """No division by zero, and no code is no agreement."""
    report = compare(past_encounters()[:1], [frozenset()])
    assert (report.precision, report.recall, report.f1, report.exact_match) == (0.0, 0.0, 0.0, 0.0)


def test_an_empty_file_is_refused() -> None:
    """Nothing to compare is the caller's to mend."""
    with pytest.raises(InputError, match="no coded encounter"):
        agreement([])


def test_encounters_are_coded_without_their_codes(index_dir: Path) -> None:
    """The real pipeline answers, on its own."""
    report = agreement(past_encounters()[:5], index_dir)
    assert report.encounters == 5
    assert 0 < report.f1 <= 1
