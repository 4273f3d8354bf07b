"""Files from one web server, resumed where they were cut off. Asks no other host, retries a bounded number of times."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Self, TypeVar

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_exponential_jitter

from index_build.fetching.part_file import Held, PartFile
from medcoding.errors import ConfigError, DependencyError
from medcoding.record import Record

_LARGEST_PAGE: Final = 4 * 2**20
_LARGEST_FILE: Final = 512 * 2**20
"""Bytes; the largest official file is 22 MB, so more than this is not one."""

_REDIRECTS: Final = 4
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

T = TypeVar("T")


class Patience(Record):
    """How long to wait for the server, and how often to ask again."""

    connect_s: float = 10
    read_s: float = 30
    """Longest silence in the middle of an answer."""
    file_s: float = 1800
    """Longest time for one file, pauses included; the next run goes on from where it stood."""
    attempts: int = 4
    pause_s: float = 1
    """Before the second attempt; doubled each time, with jitter."""
    longest_pause_s: float = 30


class Version(NamedTuple):
    """What a server says which version of a file it has; what it does not say is empty."""

    etag: str
    last_modified: str
    size: int | None = None

    def same_as(self, other: Version) -> bool:
        """True when both name the same version."""
        if self.size is not None and other.size is not None and self.size != other.size:
            return False
        if self.etag and other.etag:
            return self.etag == other.etag
        return bool(self.last_modified) and self.last_modified == other.last_modified


class Site:
    """One web server. `mend` ends every refusal: what to do when the server is of no use.

    Raises `ConfigError` for an address that cannot be one, `DependencyError` when the server does not deliver.
    """

    def __init__(self, base_url: str, mend: str, patience: Patience, agent: str) -> None:
        self.host = _host(base_url)
        self._mend, self._patience = mend, patience
        timeout = httpx.Timeout(patience.read_s, connect=patience.connect_s)
        headers = {"user-agent": agent, "accept-encoding": "identity"}
        self._client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def page(self, url: str) -> str:
        """A small text, a listing for instance."""
        ends = time.monotonic() + self._patience.file_s
        return self._patiently(lambda: self._page(url, ends))

    def offers(self, url: str) -> bool:
        """True when the file is there; false when the server says that it is not."""
        return self._patiently(lambda: self._offers(url))

    def download(self, url: str, part: PartFile, known: Version | None, at: Callable[[int, int | None], None]) -> bool:
        """Fetch a file into `part`, going on from what it holds; `at` is told bytes held and bytes in all.

        False when the server says that the file is still the version that is `known`.
        """
        ends = time.monotonic() + self._patience.file_s
        return self._patiently(lambda: self._receive(url, part, known, at, ends))

    def refusal(self, wrong: str, *, retryable: bool = False) -> DependencyError:
        """One sentence about this server."""
        return DependencyError(f"{wrong}; {self._mend}.", retryable=retryable)

    def _patiently(self, call: Callable[[], T]) -> T:
        patience = self._patience
        retrying = Retrying(
            stop=stop_after_attempt(patience.attempts) | stop_after_delay(patience.file_s),
            wait=wait_exponential_jitter(
                multiplier=patience.pause_s, max=patience.longest_pause_s, jitter=patience.pause_s
            ),
            retry=retry_if_exception(_worth_another),
            reraise=True,
        )
        try:
            return retrying(call)
        except _CutOffError as cut:
            raise self.refusal(f"{self.host} {cut}", retryable=True) from None
        except httpx.RequestError as error:
            raise self.refusal(f"{self.host} {_reason(error)}", retryable=True) from None

    def _page(self, url: str, ends: float) -> str:
        with self._stream(url, {}) as response:
            self._check(response)
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                self._check_clock(ends)
                if len(data) > _LARGEST_PAGE:
                    raise self.refusal(f"{self.host} answers with more than a listing")
            return data.decode(response.charset_encoding or "utf-8", errors="replace")

    def _offers(self, url: str) -> bool:
        with self._stream(url, {}) as response:
            if response.status_code not in {404, 410}:
                self._check(response)
            return response.status_code == httpx.codes.OK

    def _receive(
        self,
        url: str,
        part: PartFile,
        known: Version | None,
        at: Callable[[int, int | None], None],
        ends: float,
    ) -> bool:
        held = part.held(url)
        with self._stream(url, _conditions(held, known)) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.discard()
                raise _CutOffError("refuses to go on where the file was cut off")
            self._check(response)
            if not held.size and known and _unchanged(response, known):
                return False
            total = self._begin(response, url, part, held)
            self._write(response, part, lambda size: at(size, total), ends)
        if total is not None and part.size != total:
            raise _CutOffError(f"delivered {part.size:,} of {total:,} bytes")
        return True

    def _begin(self, response: httpx.Response, url: str, part: PartFile, held: Held) -> int | None:
        """Make `part` ready for this answer; the size of the whole file, None when the server does not say."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self.refusal(f"{self.host} sends the file in another encoding than asked for")
        version = _version(response)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            part.begin(Held(url=url, etag=version.etag, last_modified=version.last_modified))
            return version.size
        span = _RANGE.fullmatch(response.headers.get("content-range", ""))
        other = (version.etag or version.last_modified) and not Version(held.etag, held.last_modified).same_as(version)
        if not span or not held.size or int(span[1]) != held.size or other:
            part.discard()
            raise _CutOffError("sends another part of the file than was asked for")
        return int(span[2]) if span[2] != "*" else None

    def _write(self, response: httpx.Response, part: PartFile, at: Callable[[int], None], ends: float) -> None:
        at(part.size)
        with part.appending() as append:
            for chunk in response.iter_raw():  # as they come: a chunk size would lose the last ones of a cut answer
                append(chunk)
                at(part.size)
                if part.size > _LARGEST_FILE:
                    raise self.refusal(f"{self.host} sends more than any official file holds")
                self._check_clock(ends)

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _AGAIN:
            raise _CutOffError(f"answers with HTTP status {status}")
        if status not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT, httpx.codes.NOT_MODIFIED}:
            raise self.refusal(f"{response.url} is not to be had (HTTP status {status})")

    def _check_clock(self, ends: float) -> None:
        if time.monotonic() > ends:
            limit = f"{self._patience.file_s:g} s"
            raise self.refusal(f"{self.host} needs more than {limit} for one file (a further run goes on from there)")

    @contextlib.contextmanager
    def _stream(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        asked = httpx.URL(url)
        for _ in range(_REDIRECTS):
            with self._client.stream("GET", asked, headers=headers) as response:
                if not response.has_redirect_location:
                    yield response
                    return
                asked = self._redirected(response)
        raise self.refusal(f"{self.host} redirects in circles")

    def _redirected(self, response: httpx.Response) -> httpx.URL:
        """Where to, on the same host and never from https to http."""
        was, target = response.url, response.url.join(response.headers["location"])
        secured = was.scheme == "http" and target.scheme == "https"
        if target.host != was.host or not (secured or (target.scheme, target.port) == (was.scheme, was.port)):
            raise self.refusal(f"{self.host} redirects to another server, which is not asked")
        return target


class _CutOffError(Exception):
    """The answer was of no use this time; worth another attempt."""


def _host(base_url: str) -> str:
    """Without a password: the address is written into the provenance."""
    try:
        parts = httpx.URL(base_url)
    except httpx.InvalidURL:
        parts = httpx.URL("")
    if parts.scheme not in {"http", "https"} or not parts.host or parts.query or parts.userinfo:
        raise ConfigError("The base address must be plain http or https, such as https://mirror.example/icd10cm/.")
    return parts.host


def _worth_another(error: BaseException) -> bool:
    return isinstance(error, _CutOffError) or (isinstance(error, httpx.RequestError) and not _untrusted(error))


def _untrusted(error: Exception) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _reason(error: httpx.RequestError) -> str:
    """In our own words: a protocol error's text may hold what the server sent."""
    if _untrusted(error):
        return "shows a certificate that is not trusted here (SSL_CERT_FILE names further authorities)"
    if isinstance(error, httpx.ProxyError):
        return "cannot be reached through the proxy that HTTPS_PROXY names"
    if isinstance(error, httpx.ConnectError):
        system = re.sub(r"\[[^\]]*\] ?", "", str(error)).partition(" (")[0]
        return f"cannot be reached ({system.lower() or 'no connection'})"
    if isinstance(error, httpx.ConnectTimeout):
        return "cannot be reached (no answer in time)"
    if isinstance(error, httpx.TimeoutException):
        return "fell silent in the middle of an answer"
    return "broke off, or answered with something that is not HTTP"


def _conditions(held: Held, known: Version | None) -> dict[str, str]:
    """Headers that ask for the rest of what is held, else for what is not the known version."""
    if held.size:
        return {"range": f"bytes={held.size}-", "if-range": held.validator}
    conditions = {"if-none-match": known.etag, "if-modified-since": known.last_modified} if known else {}
    return {name: value for name, value in conditions.items() if value}


def _unchanged(response: httpx.Response, known: Version) -> bool:
    return response.status_code == httpx.codes.NOT_MODIFIED or known.same_as(_version(response))


def _version(response: httpx.Response) -> Version:
    """Size: of this answer's body."""
    length = response.headers.get("content-length", "")
    size = int(length) if length.isdecimal() else None
    return Version(response.headers.get("etag", ""), response.headers.get("last-modified", ""), size)
