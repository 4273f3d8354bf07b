"""What every test shares: a guard that refuses the network, and one small real index a session."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy: two threads on two busy cores are slower than one
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CHARTWRIGHT_FAST_PATH__MODE"] = "off"  # rules alone, unless a test is about the encoder

import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from agent.bootstrap import build_pipeline
from agent.pipeline import Pipeline
from agent.routine import FastPathMode, FastPathSettings
from agent.settings import Settings
from medcoding.codebook import Codebook, Codebooks
from retrieval.index_folder import IndexFolder, open_index
from tests.index_build.small_index import ensure_small_index

SHARED_DATA: Final = Path(__file__).parents[2] / "shared" / "data"
_GUARDED: Final = ("connect", "connect_ex", "sendto")
_LOOPBACK_NAMES: Final = frozenset({"", "localhost", "ip6-localhost"})


class OutsideWorldError(RuntimeError):
    """A test asked for something that is not on loopback."""


class SocketGuard:
    """Refuses every address but loopback, and remembers what was asked, in case the refusal was swallowed."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._socket_methods = {name: getattr(socket.socket, name) for name in _GUARDED}
        self._getaddrinfo = socket.getaddrinfo

    def install(self) -> None:
        """Put the guard around the socket module."""
        for name, original in self._socket_methods.items():
            setattr(socket.socket, name, self._guarded(original))
        socket.getaddrinfo = self._resolve

    def remove(self) -> None:
        """Give the socket module back as it was."""
        for name in _GUARDED:
            delattr(socket.socket, name)  # the methods are inherited from the C class
        socket.getaddrinfo = self._getaddrinfo

    def _guarded(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def method(sock: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if sock.family != socket.AF_UNIX and isinstance(address, tuple):
                self._check(address[0])
            return original(sock, *arguments)

        return method

    def _resolve(self, host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        self._check(host)
        return self._getaddrinfo(host, *arguments, **options)

    def _check(self, host: str | bytes | None) -> None:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if not _is_loopback(name):
            self.refused.append(name)
            raise OutsideWorldError(f"{name} is not loopback; tests ask nothing of the network")


def _is_loopback(host: str) -> bool:
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def session_guard() -> Iterator[SocketGuard]:
    """The guard, in force from the first fixture to the last."""
    guard = SocketGuard()
    guard.install()
    yield guard
    guard.remove()


@pytest.fixture(autouse=True)
def socket_guard(session_guard: SocketGuard) -> Iterator[SocketGuard]:
    """Fails a test that asked for the network even when the code under test swallowed the refusal."""
    session_guard.refused.clear()
    yield session_guard
    if session_guard.refused:
        pytest.fail(f"the network was asked for: {', '.join(session_guard.refused)}")


@pytest.hookimpl
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The index may have to be built first; that has its own limit, the test keeps the usual one."""
    for item in items:
        if "index_dir" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120, func_only=True))


@pytest.fixture(scope="session")
def index_dir() -> Path:
    """Root of the small real index: whole codebooks, dictionary and knowledge, surfaces of common categories."""
    return ensure_small_index()


@pytest.fixture(scope="session")
def index(index_dir: Path) -> IndexFolder:
    """The small index, opened."""
    return open_index(index_dir)


@pytest.fixture(scope="session")
def settings(index_dir: Path) -> Settings:
    """Default settings on the small index, rules alone; nothing of the machine's own environment or `.env` file."""
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.startswith("CHARTWRIGHT_"):
                environment.delenv(name)
        return Settings(_env_file=None, index_dir=index_dir, fast_path=FastPathSettings(mode=FastPathMode.OFF))


@pytest.fixture(scope="session")
def pipeline(settings: Settings) -> Pipeline:
    """The whole flow without a language model."""
    return build_pipeline(settings)


@pytest.fixture(scope="session")
def codebooks(index: IndexFolder) -> Codebooks:
    """Both editions."""
    return index.codebooks()


@pytest.fixture(scope="session")
def fy2026(codebooks: Codebooks) -> Codebook:
    """The edition in force until 2026-09-30."""
    return codebooks.editions[0]


@pytest.fixture(scope="session")
def fy2027(codebooks: Codebooks) -> Codebook:
    """The edition in force from 2026-10-01."""
    return codebooks.editions[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Official files for development; tests that compare with them are skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is not there")
    return SHARED_DATA


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A loopback port that is taken, where nobody ever listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
