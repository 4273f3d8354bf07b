"""Addresses of neighbours."""

from __future__ import annotations

import pytest

from medcoding.addresses import web_address


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "https://models.example", "http://[::1]:6333"])
def test_a_web_address_is_read(url: str) -> None:
    """With or without a port and a path."""
    parts = web_address(url)
    assert parts is not None
    assert parts.geturl() == url


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://host", "http://", "http://host:0", "http://host:port", "http://[::1", "a b"]
)
def test_anything_else_is_none(url: str) -> None:
    """No scheme, no host, an impossible port: the caller says which setting is wrong."""
    assert web_address(url) is None
