"""Does a killed build ever damage an index? Builds are killed at random moments and what they leave is examined."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from medcoding.errors import ChartwrightError, InputError
from medcoding.record import Record
from retrieval.index_folder import CURRENT, MANIFEST, open_index, verify_index

_COMMAND: Final = "import sys; from chartwright.cli import main; main(sys.argv[1:])"
_LONGEST_S: Final = 900.0
_REMADE: Final = ("codebook", "surfaces-of-editions", "surfaces", "guidelines", "past_encounters")


class KilledBuilds(Record):
    """What `times` killed builds left behind."""

    times: int
    undisturbed_s: float
    """Seconds that the same build takes when nobody kills it."""
    killed: int
    """Builds that were still running when their moment came; the others had finished."""
    damaged: int
    """Times the index in use could not be opened, had another content than its manifest, or was gone."""
    recovered: bool
    """Whether the next build, undisturbed, completed and verified."""
    left_behind: int
    """Unfinished folders that the next build did not clear away."""


def measure_kills(root: Path, *, times: int, seed: int, told: Callable[[int], None]) -> KilledBuilds:
    """Kill `times` builds of the index at `root` with SIGKILL, each at a random moment of its whole length.

    The kept results of earlier steps are removed before each, so that every step is at risk; vectors stay cached.
    Raises `InputError` when there is no whole index to begin with.
    """
    if not (root / CURRENT / MANIFEST).is_file():
        raise InputError(f"{root} holds no index to disturb; run 'chartwright index build --index-dir {root}' first.")
    whole_s = _undisturbed(root)
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    killed = damaged = 0
    for number in range(1, times + 1):
        killed += _killed(root, moments.uniform(0.0, whole_s))
        damaged += not _is_whole(root)
        told(number)
    _undisturbed(root)
    leftovers = [*root.glob("builds/.unfinished-*"), *root.glob("cache/stages/*/.unfinished-*")]
    return KilledBuilds(
        times=times,
        undisturbed_s=round(whole_s, 1),
        killed=killed,
        damaged=damaged,
        recovered=_is_whole(root),
        left_behind=len(leftovers),
    )


def _undisturbed(root: Path) -> float:
    started = time.monotonic()
    _forget(root)
    with _builder(root) as builder:
        if builder.wait(timeout=_LONGEST_S):
            raise InputError(f"The index in {root} cannot be built even undisturbed; run the build by hand to see why.")
    return time.monotonic() - started


def _killed(root: Path, after_s: float) -> bool:
    _forget(root)
    with _builder(root) as builder:
        try:
            builder.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            builder.send_signal(signal.SIGKILL)
        return builder.wait() == -signal.SIGKILL


def _builder(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _COMMAND, "index", "build", "--index-dir", str(root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command


def _forget(root: Path) -> None:
    for step in _REMADE:
        shutil.rmtree(root / "cache" / "stages" / step, ignore_errors=True)


def _is_whole(root: Path) -> bool:
    try:
        verify_index(open_index(root))
    except ChartwrightError:
        return False
    return True
