"""The one parent of every record: frozen, closed, and silent about its input when it refuses it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A value that flows forward and never changes.

    Unknown keys are refused. Validation errors hide the offending input, because it may be note text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)
