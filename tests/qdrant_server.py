"""Qdrant's REST interface on loopback, answered by the client's own in-memory collections.

It proves what goes over the wire: paths, bodies, keys, errors. Searching itself is the client's; a real server takes
its place where `QDRANT_URL` is set.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from qdrant_client import QdrantClient, models

_ROUTE: Final = re.compile(r"/collections/(?P<name>[^/?]+)(?P<rest>[^?]*)")

Answer = Callable[[QdrantClient, str, Any], Any]


@dataclass
class Wire:
    """What is wrong with the server at the moment. The default is nothing."""

    status: int = 0
    hang_s: float = 0
    truncate: bool = False
    """Closes the connection in the middle of the answer."""
    body: bytes | None = None
    """Sent with status 200 in place of the answer."""


@dataclass
class QdrantOnLoopback:
    """A running server, its collections and what was asked of it."""

    api_key: str = ""
    wire: Wire = field(default_factory=Wire)
    asked: list[str] = field(default_factory=list)
    client: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before when it was stopped; the collections are kept."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def qdrant_on_loopback(api_key: str = "") -> Iterator[QdrantOnLoopback]:
    """A server for one test."""
    server = QdrantOnLoopback(api_key)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(state: QdrantOnLoopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            state.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            time.sleep(state.wire.hang_s)
            if state.wire.status:
                self._send(state.wire.status, {"status": {"error": "trouble"}})
            elif state.api_key and self.headers.get("api-key") != state.api_key:
                self._send(403, {"status": {"error": "Invalid API key or JWT"}})
            else:
                self._send(*_result(state, self.command, self.path, body))

        def _send(self, status: int, content: object) -> None:
            data = json.dumps(content).encode() if state.wire.body is None else state.wire.body
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have stopped waiting
                self.wfile.write(data[: len(data) // 2] if state.wire.truncate else data)
            self.close_connection = self.close_connection or state.wire.truncate

    return Handler


def _result(state: QdrantOnLoopback, method: str, path: str, body: Any) -> tuple[int, object]:
    route = _ROUTE.fullmatch(path.partition("?")[0])
    answer = _ANSWERS.get((method, route["rest"])) if route else None
    if answer is None or route is None:
        return 404, {"status": {"error": f"{method} is not answered here"}}
    try:
        with state.lock:
            result = answer(state.client, route["name"], body)
    except ValueError:
        return 404, {"status": {"error": "Not found: the collection does not exist"}}
    return 200, {"result": result, "status": "ok", "time": 0.0}


def _json(record: Any) -> Any:
    return json.loads(record.model_dump_json())


def _created(client: QdrantClient, name: str, body: Any) -> bool:
    wanted = models.CreateCollection.model_validate(body)
    return client.create_collection(name, wanted.vectors, sparse_vectors_config=wanted.sparse_vectors)


def _upserted(client: QdrantClient, name: str, body: Any) -> Any:
    return _json(client.upsert(name, models.PointsList.model_validate(body).points))


def _deleted(client: QdrantClient, name: str, body: Any) -> Any:
    selector = models.FilterSelector if "filter" in body else models.PointIdsList
    return _json(client.delete(name, selector.model_validate(body)))


def _found(client: QdrantClient, name: str, body: Any) -> Any:
    requests = models.QueryRequestBatch.model_validate(body).searches
    return [_json(answer) for answer in client.query_batch_points(name, requests)]


def _scrolled(client: QdrantClient, name: str, body: Any) -> Any:
    wanted = models.ScrollRequest.model_validate(body)
    points, following = client.scroll(
        name, scroll_filter=wanted.filter, limit=wanted.limit or 10, offset=wanted.offset, with_vectors=False
    )
    return {"points": [_json(point) for point in points], "next_page_offset": following}


def _counted(client: QdrantClient, name: str, body: Any) -> Any:
    return _json(client.count(name, models.CountRequest.model_validate(body).filter, exact=True))


_ANSWERS: Final[dict[tuple[str, str], Answer]] = {
    ("DELETE", ""): lambda client, name, _: client.delete_collection(name),
    ("PUT", ""): _created,
    ("PUT", "/index"): lambda *_: {"operation_id": 0, "status": "completed"},
    ("PUT", "/points"): _upserted,
    ("POST", "/points/delete"): _deleted,
    ("POST", "/points/query/batch"): _found,
    ("POST", "/points/scroll"): _scrolled,
    ("POST", "/points/count"): _counted,
}
