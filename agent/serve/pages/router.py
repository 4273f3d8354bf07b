"""The routes of the pages, their assets, and the way in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.access.errors import UnauthenticatedError
from agent.access.identify import Identifier
from agent.access.permissions import may
from agent.access.sessions import Sessions
from agent.pipeline import Pipeline
from agent.review.desk import Desk
from agent.serve import problems
from agent.serve.login import cookie_of, drop_cookie, refuse_other_sites, set_cookie
from agent.serve.pages.book_pages import BookPages
from agent.serve.pages.case_pages import CasePages
from agent.serve.pages.forms import form_of, read_form
from agent.serve.pages.rendering import Pages
from agent.serve.pages.worklists import ListPages
from medcoding.access import Action, Actor
from medcoding.errors import ChartwrightError

_STATIC: Final = Path(__file__).parent / "static"
_MEDIA: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_TITLES: Final = {403: "That is not yours to do", 404: "Not here", 409: "Somebody was there first", 410: "Erased"}

Handler = Callable[[Request], Awaitable[Response]]


class PageParts:
    """What the pages are built from."""

    def __init__(self, desk: Desk, pipeline: Pipeline, identifier: Identifier, sessions: Sessions) -> None:
        self.desk = desk
        self.pipeline = pipeline
        self.identifier = identifier
        self.sessions = sessions
        self.pages = Pages()


@dataclass(frozen=True, slots=True)
class WayIn:
    """Log in, log off, and whether a session still lives."""

    parts: PageParts

    async def root(self) -> Response:
        """To the worklists."""
        return RedirectResponse("/work", 303)

    async def page(self, request: Request) -> Response:
        """The log-in page; an installation that asks nobody has none."""
        if self.parts.identifier.local_user is not None:
            return RedirectResponse("/work", 303)
        return self._page(200, "", _own_path(request.query_params.get("next", "")))

    async def log_in(self, request: Request) -> Response:
        """Begin a session with a key or a token."""
        refuse_other_sites(request)
        form = await read_form(request)
        onward = _own_path(form.one("next"))
        try:
            actor = await run_in_threadpool(self.parts.identifier.of_secret, form.one("secret").strip())
        except UnauthenticatedError as refusal:
            return self._page(401, str(refusal), onward)
        await run_in_threadpool(_note, self.parts.desk, actor, "session.opened")
        answer = RedirectResponse(onward, 303)
        set_cookie(answer, request, self.parts.sessions.open(actor))
        return answer

    async def log_off(self, request: Request) -> Response:
        """End the session."""
        await form_of(request)
        self.parts.sessions.close(request.state.secret)
        await run_in_threadpool(_note, self.parts.desk, request.state.actor, "session.closed")
        answer = RedirectResponse("/login", 303)
        drop_cookie(answer, request)
        return answer

    async def session(self, request: Request) -> Response:
        """Seconds until the session ends by itself; asking does not keep it awake."""
        left = self.parts.sessions.find(cookie_of(request) or "", touch=False)
        return Response(str(int(left.idle_left_s)) if left else "0", media_type="text/plain")

    def _page(self, status: int, said: str, onward: str) -> Response:
        return self.parts.pages.answer("login", status, said=said, next=onward, session=None, local=False, place="")


def page_router(parts: PageParts) -> APIRouter:
    """Every page and every part of one."""

    def shared(request: Request) -> dict[str, Any]:
        actor = request.state.actor
        local = parts.identifier.local_user is not None
        session = request.state.session
        rights = {"supervises": may(actor, Action.SUPERVISE), "asks": may(actor, Action.ASK)}
        return {"session": session, "local": local, "place": "", **rights}

    routes = APIRouter(route_class=_page_route(parts.pages, shared), include_in_schema=False)
    way, lists = WayIn(parts), ListPages(parts.desk, parts.pages, shared)
    case = CasePages(parts.desk, parts.pipeline, parts.pages, shared)
    books = BookPages(case)
    gets = (
        ("/", way.root), ("/login", way.page), ("/session", way.session), ("/work", lists.work),
        ("/supervision", lists.supervision), ("/static/{name}", asset), ("/work/{case}", case.open),
        ("/work/{case}/codes", case.codes), ("/work/{case}/uncoded/{item}", case.uncoded),
        ("/work/{case}/lines/{line}/edit", case.edit), ("/work/{case}/lines/{line}/other", case.other),
        ("/work/{case}/lines/{line}/why", case.why_panel), ("/work/{case}/lines/{line}/query", case.query_panel),
        ("/work/{case}/attest", case.attest_panel), ("/work/{case}/timeline", case.timeline),
        ("/work/{case}/ask", case.ask_panel),
        ("/work/{case}/books", books.open),
    )  # fmt: skip
    posts = (
        ("/login", way.log_in), ("/logout", way.log_off), ("/work/{case}/glass", case.glass),
        ("/work/{case}/close", case.close), ("/work/{case}/evidence/{line}", case.evidence),
        ("/work/{case}/steps", case.step), ("/work/{case}/attestation", case.attest),
        ("/work/{case}/why", case.why), ("/work/{case}/queries", case.query),
        ("/work/{case}/queries/{query}", case.query_move), ("/work/{case}/books", books.look_up),
        ("/work/{case}/quote", case.quote),
    )  # fmt: skip
    for method, table in (("GET", gets), ("POST", posts)):
        for path, function in table:
            routes.add_api_route(path, function, methods=[method], response_model=None)
    return routes


async def asset(name: str) -> Response:
    """A style or a script of the pages."""
    path = next((found for found in _STATIC.iterdir() if found.name == name and found.suffix in _MEDIA), None)
    if path is None:
        raise HTTPException(404)
    return Response(path.read_bytes(), media_type=_MEDIA[path.suffix])


def _page_route(pages: Pages, shared: Callable[[Request], dict[str, Any]]) -> type[APIRoute]:
    """A refusal on a page is a page; a part of a page gets the problem document, which the script shows."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            handler = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    return await handler(request)
                except ChartwrightError as error:
                    if request.headers.get("hx-request") or not hasattr(request.state, "session"):
                        raise
                    status = problems.of_error(error, 1).status_code
                    title = _TITLES.get(status, "That could not be done")
                    said = str(error) if status < 500 else "The installation needs its operator."
                    return pages.answer("error", status, title=title, said=said, **shared(request))

            return answered

    return PageRoute


def _note(desk: Desk, actor: Actor, action: str) -> None:
    with desk.store.change(actor, "session") as change:
        change.record(action)


def _own_path(path: str) -> str:
    """Where the log-in leads: only to a page of ours."""
    fine = path.startswith(("/work", "/supervision")) and "//" not in path and "\\" not in path
    return path if fine and path.isascii() and path.isprintable() else "/work"
