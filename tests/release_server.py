"""The publisher's folder on loopback: the layout and names of the official releases, files of our own making.

It can do what real servers and networks do: cut the connection, ignore ranges, lie about sizes, serve another file,
fail, hang, drip, redirect.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import quote, unquote

FOLDER: Final = "/pub/Health_Statistics/NCHS/Publications/ICD10CM/"
PADDING: Final = bytes(range(256)) * 800
"""Stands for the PDFs beside the text files, so that a file is long enough to be cut."""


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one answer. The default is nothing."""

    status: int = 0
    location: str = ""
    body: bytes | None = None
    cut_after: int | None = None
    """Bytes of the body after which the connection is closed."""
    length_off: int = 0
    """Added to the Content-Length."""
    ignores_range: bool = False
    ignores_conditions: bool = False
    shifts_range: bool = False
    """Sends another part of the file than asked for."""
    ignores_if_range: bool = False
    """Sends a part of another version."""
    most_of_range: int | None = None
    """Sends no more bytes of the part asked for."""
    hang_s: float = 0
    drip_s: float = 0
    """Pause after every 1,000 bytes."""


@dataclass
class Asked:
    """One request and what was sent."""

    path: str
    range: str
    if_range: str
    if_none_match: str
    status: int = 0
    sent: int = 0
    """Bytes of the body."""


@dataclass
class ReleaseServer:
    """Serves `files` (path below the base folder -> bytes); a path's troubles are used up one a request."""

    files: dict[str, bytes] = field(default_factory=dict)
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    absolute_links: bool = True
    """As Microsoft's server lists folders; else relative links as others do."""
    validators: bool = True
    _idle: threading.Condition = field(default_factory=threading.Condition)
    _answering: int = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While a request is answered."""
        with self._idle:
            self._answering += 1
        try:
            yield
        finally:
            with self._idle:
                self._answering -= 1
                self._idle.notify_all()

    def note(self, asked: Asked) -> Asked:
        """A request has come in."""
        with self._idle:
            self.asked.append(asked)
        return asked

    def trouble(self, path: str, *troubles: Trouble, always: bool = False) -> None:
        """Answer the next requests for a path wrongly, or every one."""
        self.troubles[path] = [*troubles] * (1000 if always else 1)

    def of(self, path: str) -> list[Asked]:
        """The requests for one path, once every answer under way has ended."""
        with self._idle:
            self._idle.wait_for(lambda: not self._answering, timeout=5)
        return [asked for asked in self.asked if asked.path == path]

    def next_trouble(self, path: str) -> Trouble:
        """What is wrong with the next answer."""
        waiting = self.troubles.get(path)
        return waiting.pop(0) if waiting else Trouble()

    def listing(self, folder: str) -> bytes:
        """The page of a folder below the base folder (`` or `2027/`)."""
        below = {name[len(folder) :].partition("/") for name in self.files if name.startswith(folder)}
        names = sorted({first + slash for first, slash, _ in below})
        start = FOLDER + quote(folder) if self.absolute_links else ""
        links = "".join(f' 6/16/2026  9:12 AM  2192 <A HREF="{start}{quote(n)}">{n}</A><br>' for n in names)
        parent = f'<A HREF="{FOLDER.rsplit("/", 2)[0]}/">[To Parent Directory]</A><br>'
        return f"<html><head><title>listing</title></head><body><pre>{parent}{links}</pre></body></html>".encode()


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip of these members, not compressed, always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def small_pdf(text: str) -> bytes:
    """A one-page PDF that prints a line."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    data, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        starts.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    rows = "".join(f"{start:010} 00000 n \n" for start in starts)
    end = f"xref\n0 6\n0000000000 65535 f \n{rows}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + end.encode()


def order_file(year: int) -> str:
    """A few lines in the official columns."""
    codes = (("M72", 0, "Fibroblastic disorders"), ("M722", 1, f"Plantar fascial fibromatosis, as of {year}"))
    return "".join(f"{n:05} {c:<7} {b} {t[:60]:<60} {t}\n" for n, (c, b, t) in enumerate(codes, start=1))


def code_descriptions(year: int, joint: str = "-") -> bytes:
    """The zip with the order file."""
    names = (f"icd10cm{joint}{name}{joint}{year}.txt" for name in ("order", "codes", "order-addenda"))
    return zipped({**{f"icd10cm-code-descriptions-{year}/{n}": order_file(year) for n in names}, "a.pdf": PADDING})


def table_and_index(year: int, date: str = "") -> bytes:
    """The zip with the five XML files; `date` as the April releases put it into the names."""
    stamp = f"{date}{year}-XML" if date else f"{year}"
    names = ("tabular_", "index", "eindex", "neoplasm", "drug")
    xml = '<?xml version="1.0"?><ICD10CM.{}><version>{}</version></ICD10CM.{}>'
    members = {f"icd10cm-{n}-{stamp}.xml": xml.format(n.strip("_"), year, n.strip("_")) for n in names}
    return zipped({**members, "icd10cm-tabular.pdf": PADDING})


def guidelines(year: int) -> bytes:
    """A PDF with the year on its first page."""
    return small_pdf(f"Guidelines FY {year} \\(October 1, {year - 1} - September 30, {year}\\)")


def edition_files(year: int) -> dict[str, bytes]:
    """Every file of an October edition under the names of 2026-06."""
    workbook = zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})
    return {
        f"icd10cm-code-descriptions-{year}.zip": code_descriptions(year),
        f"icd10cm-table-and-index-{year}.zip": table_and_index(year),
        f"icd10cm-addenda-{year}.zip": zipped({f"icd10cm-tabular-addenda-{year}.pdf": guidelines(year)}),
        f"POAexemptCodesFY{year % 100}.zip": zipped({f"POAexemptCodesFY{year % 100}.txt": "00001 B90.0 Sequelae\n"}),
        f"ICD-10-CM-CONVERSION-TABLE-FY{year}.xlsx": workbook,
        f"ICD-10-CM-October-1-{year - 1}-FY{year % 100}-Guidelines.pdf": guidelines(year),
    }


@contextmanager
def serving_releases(*, absolute_links: bool = True, validators: bool = True) -> Iterator[ReleaseServer]:
    """Run a `ReleaseServer` with FY2027 on a free loopback port; `url` is its base folder."""
    files = {f"2027/{name}": data for name, data in edition_files(2027).items()}
    server = ReleaseServer(files, absolute_links=absolute_links, validators=validators)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"release": server}))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}{FOLDER}"
    thread = threading.Thread(target=http.serve_forever, args=(0.005,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    release: ReleaseServer

    def do_GET(self) -> None:
        with self.release.answering():
            self._serve()

    def _serve(self) -> None:
        path = unquote(self.path).removeprefix(FOLDER)
        asked, version, known = (self.headers.get(name, "") for name in ("range", "if-range", "if-none-match"))
        entry = self.release.note(Asked(path, asked, version, known))
        trouble = self.release.next_trouble(path)
        data = trouble.body if trouble.body is not None else self._content(path)
        status, body, headers = self._answer(data, trouble)
        entry.status = status
        with contextlib.suppress(ConnectionError):  # the client gave up, which is what some tests are about
            self._send(entry, body, headers, trouble)

    def _content(self, path: str) -> bytes | None:
        if path == "" or path.endswith("/"):
            return self.release.listing(path)
        return self.release.files.get(path)

    def _answer(self, data: bytes | None, trouble: Trouble) -> tuple[int, bytes, dict[str, str]]:
        if trouble.status or data is None:
            return trouble.status or 404, b"<html>diagnostics nobody needs</html>", {"location": trouble.location}
        etag = f'"{hashlib.sha256(data).hexdigest()[:12]}:0"'
        headers = {"etag": etag, "last-modified": "Tue, 16 Jun 2026 13:12:00 GMT"} if self.release.validators else {}
        asked, condition = self.headers.get("range", ""), self.headers.get("if-range", etag)
        if self.headers.get("if-none-match") == etag and self.release.validators and not trouble.ignores_conditions:
            return 304, b"", headers
        if not asked or trouble.ignores_range or (condition != etag and not trouble.ignores_if_range):
            return 200, data, headers
        start = int(asked.removeprefix("bytes=").rstrip("-")) - (7 if trouble.shifts_range else 0)
        if start >= len(data):
            return 416, b"", {"content-range": f"bytes */{len(data)}"}
        part = data[start:][: trouble.most_of_range]
        return 206, part, {**headers, "content-range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}

    def _send(self, entry: Asked, body: bytes, headers: dict[str, str], trouble: Trouble) -> None:
        time.sleep(trouble.hang_s)
        self.send_response(entry.status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body) + trouble.length_off))
        self.end_headers()
        body = body if trouble.cut_after is None else body[: trouble.cut_after]
        step = 1000 if trouble.drip_s else len(body) or 1
        while entry.sent < len(body):
            entry.sent += self.wfile.write(body[entry.sent : entry.sent + step])
            self.wfile.flush()
            time.sleep(trouble.drip_s)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass
