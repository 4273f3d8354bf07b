"""A model server of a few lines on loopback, for what a transport can do: fail, dawdle, answer nonsense."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final


@dataclass(frozen=True)
class Reply:
    """One HTTP answer of the loopback server."""

    status: int = 200
    body: bytes = b""
    delay_s: float = 0.0
    location: str = ""


def completion(content: str, *, finish: str = "stop", model: str = "m") -> Reply:
    """A chat completion with one token for the whole text."""
    token = {"token": content, "bytes": list(content.encode()), "logprob": -0.5, "top_logprobs": []}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content},
                "logprobs": {"content": [token]},
            }
        ],
        "usage": {
            "prompt_tokens": 50,
            "completion_tokens": 7,
            "total_tokens": 57,
            "prompt_tokens_details": {"cached_tokens": 32},
        },
    }
    return Reply(body=json.dumps(body).encode())


GOOD: Final = completion('{"reason":"fits","choice":"2"}')
"""An answer that fits a model of `reason` and `choice`."""


@dataclass
class ModelServer:
    """Answers chat completions with the given replies, the last one again and again."""

    replies: Sequence[Reply] = (GOOD,)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    in_flight: int = 0
    most_in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_reply(self, request: dict[str, Any]) -> Reply:
        """Count the request and choose its reply."""
        with self._lock:
            self.requests.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            return self.replies[min(len(self.requests), len(self.replies)) - 1]


@contextmanager
def serving(*replies: Reply, models: tuple[str, ...] = ("listed-first", "listed-second")) -> Iterator[ModelServer]:
    """Run a `ModelServer` on a free loopback port."""
    server = ModelServer(replies or (GOOD,))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(Reply(body=json.dumps({"object": "list", "data": [{"id": m} for m in models]}).encode()))

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            reply = server.next_reply(json.loads(self.rfile.read(length)))
            time.sleep(reply.delay_s)
            with server._lock:
                server.in_flight -= 1
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            try:
                self.send_response(reply.status)
                self.send_header("content-type", "application/json")
                if reply.location:
                    self.send_header("location", reply.location)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except ConnectionError:
                pass  # the client gave up waiting, which is what some tests are about

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
