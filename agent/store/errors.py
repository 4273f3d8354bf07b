"""Refusals of the case store, each with an answer of its own over HTTP.

InputError
├── NoSuchCaseError   404; another tenant's case is no case either
├── ConflictError     409
│   └── LeaseLostError    a worker's own: another has the case now
└── ErasedError       410
DependencyError
└── QueueFullError    429, worth a retry
"""

from __future__ import annotations

from medcoding.errors import DependencyError, InputError


class NoSuchCaseError(InputError):
    """The tenant has no case of that id, or not that version of it, or no result of it yet."""


class ConflictError(InputError):
    """Somebody else was there first: another body under the same idempotency key, another person's lock."""


class LeaseLostError(ConflictError):
    """The lease ended before the work did: whatever came of it is thrown away."""


class ErasedError(InputError):
    """The text was erased; the trail of what was done remains."""


class QueueFullError(DependencyError):
    """More cases wait than the operator allows."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)
