"""Pages from templates: everything that is printed is escaped, and no character of a note can steer the screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from agent.page import ROUTE_WORDS, SEVERITY_WORDS, SOURCE_WORDS, confidence_word
from agent.printable import printable
from medcoding.codes import CodeRole
from medcoding.review import RejectReason

_HERE: Final = Path(__file__).parent

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'none';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

REASON_WORDS: Final[Mapping[RejectReason, str]] = {
    RejectReason.NOT_DOCUMENTED: "not documented",
    RejectReason.RULED_OUT: "ruled out",
    RejectReason.NOT_THIS_VISIT: "not this visit",
    RejectReason.INTEGRAL: "part of another",
    RejectReason.LESS_SPECIFIC: "less specific",
    RejectReason.WRONG_PATIENT: "not the patient’s",
    RejectReason.COPIED_FORWARD: "copied forward",
    RejectReason.GUIDELINE: "guideline",
    RejectReason.OTHER: "other …",
}
"""In the order of their keys, 1 to 9."""

ROLE_WORDS: Final[Mapping[CodeRole, str]] = {
    CodeRole.PRINCIPAL: "principal",
    CodeRole.FIRST_LISTED: "first-listed",
    CodeRole.SECONDARY: "secondary",
    CodeRole.EXTERNAL_CAUSE: "external cause",
    CodeRole.STATUS: "status",
}


class Pages:
    """Renders the templates of this folder. Built once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_showable,
        )
        self._environment.filters |= {
            "percent": _percent,
            "spaced": _spaced,
            "confidence_word": confidence_word,
            "age": age,
            "clock": _clock,
            "capital": _capital,
        }
        self._environment.globals |= {
            "route_words": ROUTE_WORDS,
            "source_words": SOURCE_WORDS,
            "severity_words": SEVERITY_WORDS,
            "reason_words": REASON_WORDS,
            "role_words": ROLE_WORDS,
        }

    def answer(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """One template as a response, under the policy of every page."""
        return HTMLResponse(self.text(name, **values), status, dict(HEADERS))

    def text(self, name: str, **values: Any) -> str:
        """One template as text."""
        return self._environment.get_template(f"{name}.html.j2").render(values)


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0.0, (now - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "now"


def _showable(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"
