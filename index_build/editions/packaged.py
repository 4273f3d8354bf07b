"""The April 2026 release that comes with the `simple-icd-10-cm` package: its official files, read by our own readers.

The package itself is never imported: that takes six seconds and holds 194 MB.
"""

from __future__ import annotations

import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from index_build.editions.release import ReleaseFiles, find_release
from medcoding.codebook import Edition
from medcoding.errors import DependencyError

FY2026: Final = Edition(
    name="FY2026",
    effective_from=datetime.date(2025, 10, 1),
    effective_to=datetime.date(2026, 9, 30),
    status="official",
    source="CDC/NCHS ICD-10-CM, April 2026 release, as carried by simple-icd-10-cm 1.5.0",
)


def packaged_release() -> ReleaseFiles:
    """The official tabular list and code list inside the installed package. Raises `DependencyError` without it."""
    spec = find_spec("simple_icd_10_cm")
    if spec is None or spec.origin is None:
        raise DependencyError("The package simple-icd-10-cm is not installed; run 'make install'.")
    return find_release(Path(spec.origin).parent / "data")
