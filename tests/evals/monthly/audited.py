"""Audit findings in a few words each."""

from __future__ import annotations

import json
from typing import Any

from evals.monthly.findings import AuditFinding

REASON = "the record says stage 3a"


def finding(final: str, audited: str, case_id: str = "case", **changes: Any) -> AuditFinding:
    """Codes as blank-separated lists in their order; proposed as final unless said otherwise."""
    facts: dict[str, Any] = {
        "case_id": case_id,
        "date": "2026-11-02",
        "setting": "outpatient",
        "specialty": "cardiology",
        "lane": "coder",
        "patient": {"age": 72, "sex": "F"},
        "proposed": changes.pop("proposed", final).split(),
        "final": final.split(),
        "audited": audited.split(),
    }
    return AuditFinding.model_validate_json(json.dumps(facts | changes))


def stay(final: str, audited: str, case_id: str = "stay", **changes: Any) -> AuditFinding:
    """An inpatient stay of the last fiscal year whose grouper is installed."""
    return finding(final, audited, case_id, **({"setting": "inpatient", "date": "2026-08-20"} | changes))
