"""How cases are worked on."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.store.terms import Terms


class WorkSettings(BaseModel):
    """How many workers the server runs, and how they hold on to a case."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    workers: int = Field(default=1, ge=0)
    """Cases that the server works on at once; 0 leaves them to `chartwright work`."""
    lease_s: float = Field(default=60.0, gt=0)
    """Seconds after which a case whose worker fell silent is taken up by another."""
    heartbeat_s: float = Field(default=15.0, gt=0)
    """Seconds between a worker's signs of life; well below the lease."""
    poll_s: float = Field(default=0.5, gt=0)
    """Seconds between two looks for a case while there is none."""
    max_attempts: int = Field(default=5, ge=1)
    """Times a case is taken up before it is given up."""
    retry_s: float = Field(default=5.0, ge=0)
    """Seconds before the second attempt at a case that failed; each later wait is twice as long."""
    timeout_s: float = Field(default=900.0, gt=0)
    """Longest that one attempt may take."""

    @model_validator(mode="after")
    def _beats_in_time(self) -> Self:
        if self.heartbeat_s >= self.lease_s:
            raise ValueError("the heartbeat must be shorter than the lease")
        return self

    @property
    def terms(self) -> Terms:
        """How leases are given."""
        return Terms(self.lease_s, self.max_attempts, self.retry_s)
