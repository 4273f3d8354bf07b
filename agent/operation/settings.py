"""What a running service tells its operator, and where to."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OperationSettings(BaseModel):
    """What a running service tells its operator, and where to."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """Least important lines that are written to standard error, as JSON; `info` has one line a request."""
    metrics: bool = True
    """Answer `/metrics` in the Prometheus text format; keep the port where only your monitoring reaches it."""
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Port on which `chartwright work` answers `/metrics` for itself; None answers none."""
    worker_metrics_host: str = "127.0.0.1"
    """Address of that port."""
    trace_endpoint: str | None = None
    """Address that takes OpenTelemetry traces over HTTP, for instance `http://127.0.0.1:4318/v1/traces`; None sends
    none. Needs `pip install 'chartwright[telemetry]'`."""
    probe_timeout_s: float = Field(default=2.0, gt=0)
    """Longest wait for one answer when `/readyz` asks what the service depends on."""
    probe_every_s: float = Field(default=5.0, ge=0)
    """How long an answer of the model server to that question holds."""
