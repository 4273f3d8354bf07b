"""Which gold a run is scored with: kept in the run's record, so that a report finds the same encounters again."""

from __future__ import annotations

from pathlib import Path

from evals.loaders.gold_set import GoldForm, GoldOptions, GoldSet
from evals.loaders.load import load_gold
from evals.suites import load_suite
from medcoding.errors import InputError
from medcoding.record import Record


class SuiteChoice(Record):
    """A suite, or gold in another form."""

    suite: str
    """A shipped suite's name, or a file or folder."""
    part: str | None = None
    form: GoldForm | None = None
    """None for coded encounters as JSON lines, which are read strictly."""
    options: GoldOptions = GoldOptions()


def load_chosen(choice: SuiteChoice) -> GoldSet:
    """The chosen gold. Raises `InputError` when it cannot be read, or holds nothing to score against."""
    if choice.form is None:
        gold = load_suite(choice.suite, choice.part)
    elif choice.part is not None:
        raise InputError(f"Only suites have parts; leave out the part or the form {choice.form}.")
    else:
        gold = load_gold(Path(choice.suite), choice.form, choice.options)
    if not gold.has_gold:
        raise InputError(f"{gold.name} holds no gold codes to score against; measure it with 'chartwright eval speed'.")
    return gold
