from __future__ import annotations

import pytest

from medcoding.errors import (
    ChartwrightError,
    ConfigError,
    DependencyError,
    InputError,
    IntegrityError,
    ModelOutputError,
)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(ConfigError, 2), (InputError, 2), (DependencyError, 3), (ModelOutputError, 3), (IntegrityError, 4)],
)
def test_each_error_ends_the_command_with_its_documented_code(error: type[ChartwrightError], exit_code: int) -> None:
    """2 the input, 3 a neighbour, 4 damaged data."""
    assert error("a sentence").exit_code == exit_code


def test_only_a_neighbour_may_be_worth_a_retry() -> None:
    """And only when the raiser says so."""
    assert not DependencyError("down").retryable
    assert DependencyError("down", retryable=True).retryable
