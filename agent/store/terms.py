"""The terms on which a worker has a case in hand."""

from __future__ import annotations

from typing import NamedTuple


class Terms(NamedTuple):
    """How leases are given."""

    seconds: float
    """For how long, unless renewed."""
    max_attempts: int
    """Times a version is taken up before it is given up."""
    retry_s: float
    """Wait before the second attempt; each later wait is twice as long."""
