"""How reviews are kept honest, and what becomes of attested cases."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from medcoding.access import TenantName


class ReviewSettings(BaseModel):
    """Choices about reviews."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of reviewed cases in which one suggestion is known to be wrong, to see whether suggestions are read. It is
    taken out before the set is final, and the coder is told after attesting."""
    past_encounter_tenants: tuple[TenantName, ...] = ()
    """Tenants that let attested cases be exported for the past-encounter collection."""
