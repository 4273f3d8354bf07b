"""A PostgreSQL server of a test's own: a fresh cluster in a temporary folder, reached by a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

_USER: Final = "chartwright"
_PORT: Final = 54_328
"""Names the socket's file; nothing listens on the network."""


class PostgresServer(NamedTuple):
    """A running server."""

    binaries: Path
    folder: Path

    def new_database(self, name: str) -> str:
        """The address of an empty database."""
        command: list[str | Path] = [self.binaries / "createdb", "-h", self.folder, "-p", str(_PORT), "-U", _USER, name]
        subprocess.run(command, check=True, timeout=30)
        return f"postgresql://{_USER}@/{name}?host={self.folder}&port={_PORT}"


def binaries() -> Path | None:
    """Folder of the newest server that is installed; Debian keeps it outside the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[PostgresServer]:
    """Start a server and stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="chartwright-pg-"))
    owner = _owner(folder)
    try:
        data, log = folder / "data", folder / "log"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            _USER,
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, timeout=60, **owner)
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", log]
        options = f"-k {folder} -p {_PORT} -c listen_addresses=''"
        subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, timeout=60, **owner)
        try:
            yield PostgresServer(programs, folder)
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, timeout=60, **owner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> dict[str, Any]:
    """Under which user the server runs: it refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    return {"user": "postgres", "group": user.pw_gid, "extra_groups": []}
