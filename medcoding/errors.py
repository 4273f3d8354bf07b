"""Errors, split by who must act.

    ChartwrightError
    ├── ConfigError         the operator: a setting, a folder, an installation is wrong
    ├── InputError          the caller: the encounter or an argument is wrong
    │   └── UnknownCodeError    the code asked about does not exist in the edition
    ├── DependencyError     a neighbour (index, model server) is missing or down; may be worth a retry
    ├── ModelOutputError    the language model answered something unusable
    └── IntegrityError      stored data is not what it says it is

Abstaining, a failed rule and a case for a human are values, not exceptions. No message holds note text:
only ids, offsets, field names and the mend.
"""

from __future__ import annotations


class ChartwrightError(Exception):
    """One sentence that says what is wrong and names the mend."""

    exit_code = 1


class ConfigError(ChartwrightError):
    """The operator must act: a setting or the installation is wrong."""

    exit_code = 2


class InputError(ChartwrightError):
    """The caller must act: the encounter or an argument is wrong."""

    exit_code = 2


class UnknownCodeError(InputError):
    """The code asked about does not exist in the edition."""


class DependencyError(ChartwrightError):
    """A neighbour is missing or down and no fallback was allowed."""

    exit_code = 3

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class ModelOutputError(ChartwrightError):
    """The language model answered something that does not fit what it was asked."""

    exit_code = 3


class IntegrityError(ChartwrightError):
    """Stored data is damaged or is not what its manifest says."""

    exit_code = 4
