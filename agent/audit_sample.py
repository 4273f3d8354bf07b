"""The audit sample: which answers a person checks although nobody would have to. Seeded, so that it can be drawn again.

At most one code an encounter is drawn, because the codes of one encounter are right and wrong together and an exact
bound needs independent trials.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from medcoding.codebook import Codebook, Codebooks

_SCALE: Final = 2**64


class AuditSettings(BaseModel):
    """How much of what goes to the auto lane a person checks all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    share: Annotated[float, Field(ge=0.05, le=0.10)] = 0.10
    """Share of the encounters with a code in an open auto lane of which one code is drawn for audit."""
    new_code_share: Annotated[float, Field(ge=0.10, le=1)] = 0.50
    """The same for encounters with a code that is new in the edition, while it is new."""
    new_code_days: Annotated[int, Field(ge=0)] = 90
    """For so many days from the edition's first day its new codes are new."""
    seed: int = 20_261_001
    """Decides the draw. Change it from time to time, so that nobody learns what is drawn."""


def drawn_code(
    case_id: str, eligible: Sequence[str], new: frozenset[str], audit: AuditSettings, *, all_: bool
) -> str | None:
    """The code of an encounter that is drawn for audit among those eligible, in any order; None where none is.

    `new` are those of them that are new in the edition: they are drawn more often, and first. With `all_` one code of
    every encounter is drawn: a lane that is still to show its precision is audited whole.
    """
    if not eligible:
        return None
    fresh = sorted(set(eligible) & new)
    share = 1.0 if all_ else audit.new_code_share if fresh else audit.share
    if _uniform(audit.seed, case_id, "encounter") >= share:
        return None
    pool = fresh if fresh and not all_ else sorted(set(eligible))
    return min(pool, key=lambda code: _uniform(audit.seed, case_id, code))


def new_codes(codes: Sequence[str], codebook: Codebook, codebooks: Codebooks, day: date, days: int) -> frozenset[str]:
    """Those of the codes that came with this edition, during its first days; none without an earlier edition."""
    begins = codebook.edition.effective_from
    if not begins <= day < begins + timedelta(days=days):
        return frozenset()
    earlier = [book for book in codebooks.editions if book.edition.effective_to < begins]
    if not earlier:
        return frozenset()
    before = max(earlier, key=lambda book: book.edition.effective_to)
    return frozenset(code for code in codes if codebook.is_billable(code) and not before.is_billable(code))


def _uniform(seed: int, case_id: str, what: str) -> float:
    """A number in [0, 1) that depends on these alone."""
    digest = hashlib.sha256(f"{seed}\x1f{case_id}\x1f{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _SCALE
