"""Where cases live and which keys seal them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class StoreSettings(BaseModel):
    """Where cases live, and which keys seal them and sign their trail."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: SecretStr = SecretStr("sqlite:///var/cases.sqlite")
    """Database of the cases: `sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST/NAME` for a server."""
    master_key: SecretStr | None = None
    """Master key that wraps every tenant's key: 64 hex digits; None reads `master_key_file`."""
    master_key_file: Path = Path("var/keys/master.key")
    """File of the master key, readable by its owner alone; made on first use of an embedded store."""
    trail_key_file: Path = Path("var/keys/trail.key")
    """File of the key that signs the trail, readable by its owner alone; made on first use of an embedded store."""
    busy_timeout_s: float = Field(default=30.0, gt=0)
    """Longest wait for another writer of an embedded store."""
    pool_size: int = Field(default=8, ge=1)
    """Connections kept open to a database server."""
    max_queue: int = Field(default=2000, ge=1)
    """Cases that may wait for a worker; above it a new one is refused until some are done."""
    lock_s: float = Field(default=1800.0, gt=0)
    """Seconds after which a coder's lock on a case ends by itself."""
    retention_days: int | None = Field(default=None, ge=1)
    """Days after a version is done when `chartwright store retain` erases its text; None keeps it."""
