"""A real headless Chromium and a real server for it: pages as a coder meets them, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from agent.serve.app import server_of

FLAGS: Final = ("--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking")
VIOLATIONS: Final = """
window.__seen = [];
document.addEventListener("securitypolicyviolation",
  (refused) => window.__seen.push(`${refused.violatedDirective} ${refused.blockedURI}`));
"""


class Ran:
    """What a page did that no page may do: dialogs, errors, refused scripts, requests to elsewhere."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.elsewhere: list[str] = []

    def watch(self, page: Page) -> None:
        """Listen to a page."""
        page.add_init_script(VIOLATIONS)
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("request", self._asked)

    def violations(self, page: Page) -> list[str]:
        """What the policy refused on the page as it stands."""
        found: list[str] = page.evaluate("window.__seen || []")
        return found

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(self.base_url):
            self.elsewhere.append(request.url)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Without it the test is skipped, or fails where it must be there."""
    path = os.environ.get("CHARTWRIGHT_CHROMIUM") or shutil.which("chromium")
    if path is None:
        reason = "chromium is not installed; run tests/real/install.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a free loopback port; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = server_of(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(15)


def shot(page: Page, folder: Path, name: str) -> None:
    """A screenshot, for a person to look at: into `CHARTWRIGHT_SHOTS` where that is set."""
    target = Path(os.environ.get("CHARTWRIGHT_SHOTS") or folder)
    page.screenshot(path=target / f"{name}.png")
