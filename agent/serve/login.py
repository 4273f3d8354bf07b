"""Who asks, for every request: the local user, a key or a token, or a session on the pages.

GateKeeper   ASGI middleware: nobody unknown gets past it but to the open routes
└── asked    a dependency of every route: the table of routes says which action each asks for
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.access.errors import ForbiddenError, UnauthenticatedError
from agent.access.identify import Identifier
from agent.access.permissions import permit
from agent.access.sessions import Session, Sessions, same_token
from agent.serve import problems
from medcoding.access import Action
from medcoding.errors import ChartwrightError, ConfigError

COOKIE: Final = "chartwright"
CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE: Final = frozenset({"GET", "HEAD"})
_OPEN: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", "/login", "/session", "/favicon.ico"})
_OPEN_FOLDERS: Final = ("/static/",)
_PAGES: Final = ("/work", "/supervision", "/logout")
_ONWARD: Final = re.compile(r"/work/[0-9a-f]{32}|/(?:work|supervision)$")
"""Where the log-in may lead on to: a path of our own, never what somebody typed into the address."""

ANYBODY: Final = None
"""A route that asks for no action: it shows nothing of any tenant."""

PERMITS: Final[Mapping[tuple[str, str], Action | None]] = {
    ("POST", "/v1/encounters"): Action.CODE,
    ("POST", "/v1/questions"): Action.CODE,
    ("GET", "/v1/codes/{code}"): Action.BROWSE_BOOKS,
    ("GET", "/v1/search"): Action.BROWSE_BOOKS,
    ("GET", "/v1/browse"): Action.BROWSE_BOOKS,
    ("GET", "/v1/browse/{place}"): Action.BROWSE_BOOKS,
    ("POST", "/v1/cases"): Action.SUBMIT,
    ("GET", "/v1/cases"): Action.READ_STATUS,
    ("GET", "/v1/cases/{case}"): Action.READ_STATUS,
    ("DELETE", "/v1/cases/{case}"): Action.ERASE,
    ("GET", "/v1/trail"): Action.READ_TRAIL,
    ("GET", "/v1/cases/{case}/events"): Action.READ_STATUS,
    ("GET", "/v1/cases/{case}/result"): Action.READ_RESULT,
    ("GET", "/v1/cases/{case}/exports/auditevents"): Action.READ_TRAIL,
    ("GET", "/v1/cases/{case}/exports/{form}"): Action.EXPORT,
    ("GET", "/v1/cases/{case}/timeline"): Action.READ_STATUS,
    ("POST", "/v1/cases/{case}/lock"): Action.LOCK,
    ("DELETE", "/v1/cases/{case}/lock"): Action.LOCK,
    ("GET", "/v1/cases/{case}/review"): Action.READ_STATUS,
    ("POST", "/v1/cases/{case}/review"): Action.REVIEW,
    ("POST", "/v1/cases/{case}/break-glass"): Action.BREAK_GLASS,
    ("GET", "/v1/cases/{case}/attestation"): Action.READ_RESULT,
    ("POST", "/v1/cases/{case}/attestation"): Action.ATTEST,
    ("GET", "/v1/cases/{case}/queries"): Action.OPEN_CHART,
    ("POST", "/v1/cases/{case}/queries"): Action.QUERY,
    ("POST", "/v1/cases/{case}/queries/{query}"): Action.QUERY,
    ("GET", "/v1/supervision"): Action.SUPERVISE,
    ("GET", "/"): ANYBODY,
    ("GET", "/docs"): ANYBODY,
    ("GET", "/openapi.json"): ANYBODY,
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,
    ("GET", "/login"): ANYBODY,
    ("POST", "/login"): ANYBODY,
    ("POST", "/logout"): ANYBODY,
    ("GET", "/session"): ANYBODY,
    ("GET", "/work"): Action.READ_STATUS,
    ("GET", "/work/{case}"): Action.READ_STATUS,
    ("POST", "/work/{case}/glass"): Action.BREAK_GLASS,
    ("POST", "/work/{case}/close"): Action.LOCK,
    ("POST", "/work/{case}/evidence/{line}"): Action.READ_STATUS,
    ("POST", "/work/{case}/steps"): Action.REVIEW,
    ("POST", "/work/{case}/attestation"): Action.ATTEST,
    ("POST", "/work/{case}/queries"): Action.QUERY,
    ("POST", "/work/{case}/queries/{query}"): Action.QUERY,
    ("POST", "/work/{case}/why"): Action.ASK,
    ("POST", "/work/{case}/books"): Action.BROWSE_BOOKS,
    ("POST", "/work/{case}/quote"): Action.QUERY,
    ("GET", "/static/{name}"): ANYBODY,
    ("GET", "/supervision"): Action.SUPERVISE,
}
"""Every route and what it asks for; a route below `/work/{case}/` that only reads asks as the case itself does."""


class GateKeeper:
    """Finds out who asks before anything else is done; refuses the unknown, and a change without its session token."""

    def __init__(self, app: ASGIApp, identifier: Identifier, sessions: Sessions, retry_after_s: float) -> None:
        self._app = app
        self._identifier = identifier
        self._sessions = sessions
        self._retry_after_s = retry_after_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its actor in the state, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            answer = await self._identified(request)
        except ChartwrightError as error:
            answer = problems.of_error(error, self._retry_after_s)
        if answer is None and request.scope.pop("chartwright.new_session", None):
            await self._app(scope, receive, _setting_cookie(send, request))
            return
        await (answer or self._app)(scope, receive, send)

    async def _identified(self, request: Request) -> Response | None:
        """Nothing when the request may go on; else what it is answered with."""
        path = request.scope["path"]
        if self._identifier.local_user is not None:
            _refuse_other_names(request)
        if is_page(path):
            return self._on_page(request)
        local = self._identifier.local_user
        if local is not None:
            request.state.actor = local
        elif path not in _OPEN and not path.startswith(_OPEN_FOLDERS):
            header = request.headers.get("authorization", "")
            request.state.actor = await run_in_threadpool(self._identifier.of_header, header)
        return None

    def _on_page(self, request: Request) -> Response | None:
        secret = cookie_of(request)
        session = self._sessions.find(secret) if secret else None
        if session is None and (local := self._identifier.local_user) is not None:
            secret = self._sessions.open(local)
            session = self._sessions.find(secret)
            request.scope["chartwright.new_session"] = True
        if session is None or secret is None:
            return _to_login(request)
        request.state.actor, request.state.session, request.state.secret = session.actor, session, secret
        return None


def is_page(path: str) -> bool:
    """Whether a path is one of the pages, which are opened by a session."""
    return path.startswith(_PAGES) and any(path == page or path.startswith(f"{page}/") for page in _PAGES)


async def asked(request: Request) -> None:
    """Hold a request against the table of routes. Raises `ForbiddenError` for a role that may not.

    Asynchronous, so that no request waits for a free thread to be let in: not the probe of whether the process lives.
    """
    path = request.scope["route"].path
    action = permitted_action(request.method, path)
    if action is not None:
        actor = getattr(request.state, "actor", None)
        if actor is None:
            raise UnauthenticatedError("Nobody who is known asks; log in first.")
        permit(actor, action)


def permitted_action(method: str, path: str) -> Action | None:
    """The action a route asks for. Raises `ConfigError` for one that the table does not hold: it stays shut."""
    method = "GET" if method == "HEAD" else method
    if (method, path) in PERMITS:
        return PERMITS[method, path]
    if method == "GET" and path.startswith("/work/{case}/"):
        return Action.READ_STATUS
    raise ConfigError(f"The route {method} {path} is missing in the table of permissions; add it there.")


def confirm_own(request: Request, given: str) -> None:
    """A change on a page must bring its session's token. Raises `ForbiddenError`."""
    session: Session | None = getattr(request.state, "session", None)
    site = request.headers.get("sec-fetch-site", "same-origin")
    if session is None or site not in {"same-origin", "none"} or not same_token(given, session.csrf):
        raise ForbiddenError("The change does not come from this session's own page; load the page again.")


def refuse_other_sites(request: Request) -> None:
    """Before there is a session: only our own log-in page may post to us."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForbiddenError("The log-in does not come from its own page; load it again.")


def cookie_of(request: Request) -> str | None:
    """The session's secret; None where no cookie holds one."""
    try:
        cookies: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Give the session's secret to the browser, for this site alone and for no script."""
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path="/", secure=not _on_loopback(request))


def drop_cookie(response: Response, request: Request) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/", secure=not _on_loopback(request))


def _setting_cookie(send: Send, request: Request) -> Send:
    from starlette.types import Message

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            carrier = Response()
            set_cookie(carrier, request, request.state.secret)
            cookies = [(name, value) for name, value in carrier.raw_headers if name == b"set-cookie"]
            message["headers"] = [*message.get("headers", []), *cookies]
        await send(message)

    return sending


def _to_login(request: Request) -> Response:
    """To the log-in page; a part of a page that asks is told to go there whole."""
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method in _SAFE:
        onward = _ONWARD.match(request.scope["path"])
        return RedirectResponse(f"/login?next={quote(onward.group())}" if onward else "/login", 303)
    return RedirectResponse("/login", 303)


def _refuse_other_names(request: Request) -> None:
    """Who asks nobody who they are must not answer a web page that took our address for its own name."""
    server = request.scope.get("server")
    if server and _is_loopback(server[0]) and not _on_loopback(request):
        raise ForbiddenError("The local mode answers to loopback names only; call it by 127.0.0.1 or localhost.")


def _on_loopback(request: Request) -> bool:
    return _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
