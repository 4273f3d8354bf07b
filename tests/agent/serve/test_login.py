"""Behaviour of the doors: who gets in, which route asks for what, and what a page's change must bring."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from agent.access.key_book import KeyBook
from agent.access.permissions import PERMITTED
from agent.access.settings import AccessSettings
from agent.pipeline import Pipeline
from agent.serve.app import create_app
from agent.serve.doors import check_table
from agent.serve.login import COOKIE, PERMITS
from agent.settings import Settings
from agent.store.case_store import CaseStore
from medcoding.access import Action, Actor, Role
from medcoding.errors import ConfigError
from tests.agent.access.issuer import AUDIENCE, ISSUER, Issuer
from tests.agent.access.test_tokens import FORGED
from tests.desks import coded_by, knee_visit
from tests.stores import SAID, opened_store

NORTH: Final = "north"
SOUTH: Final = "south"
OPENS_A_CHART: Final = {
    ("GET", "/v1/cases/{case}/review"), ("GET", "/work/{case}"), ("POST", "/work/{case}/books"),
    ("POST", "/work/{case}/evidence/{line}"),
}  # fmt: skip
"""Routes behind which the desk asks for more than the table: the right to open charts, or broken glass."""


class House(NamedTuple):
    """A guarded installation with one coded case of the north, and keys of every role in two tenants."""

    client: httpx.AsyncClient
    store: CaseStore
    case: str
    keys: dict[tuple[str, Role], str]

    def bearer(self, role: Role, tenant: str = NORTH) -> dict[str, str]:
        """The header of somebody of that role."""
        return {"Authorization": f"Bearer {self.keys[tenant, role]}"}

    async def log_in(self, role: Role, tenant: str = NORTH) -> str:
        """A session of somebody of that role in the client's cookies; its CSRF token."""
        self.client.cookies.clear()
        answer = await self.client.post("/login", data={"secret": self.keys[tenant, role]})
        assert answer.status_code == 303
        page = await self.client.get("/work")
        found = re.search(r'"X-CSRF-Token":"([^"]+)"', page.text)
        assert found
        return found.group(1)


@asynccontextmanager
async def house(pipeline: Pipeline, settings: Settings, folder: Path, **access: Any) -> AsyncIterator[House]:
    """A guarded installation of a test's own."""
    guarded = settings.model_copy(update={"access": AccessSettings(**{"mode": "guarded", **access})})
    with opened_store(folder) as store:
        keys = {}
        for tenant in (NORTH, SOUTH):
            operator = Actor(id="operator", tenant=tenant, roles=frozenset({Role.ADMINISTRATOR}))
            for role in Role:
                actor = Actor(id=f"{role.value}-1", tenant=tenant, roles=frozenset({role}))
                keys[tenant, role] = KeyBook(store.ledger).add(operator, actor).secret
        coder = Actor(id="coder-0", tenant=NORTH, roles=frozenset({Role.CODER}))
        case = await coded_by(pipeline, store, knee_visit(), coder)
        transport = httpx.ASGITransport(create_app(pipeline, guarded, store))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield House(client, store, case, keys)


@pytest.fixture
async def guarded(pipeline: Pipeline, settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    """One guarded installation."""
    async with house(pipeline, settings, tmp_path) as found:
        yield found


def path_of(template: str, case: str) -> str:
    """A route's template with a real case, and names that exist nowhere."""
    return re.sub(r"\{[a-z_]+\}", "1", template.replace("{case}", case).replace("{code}", "I10"))


ASKING: Final = sorted(key for key, action in PERMITS.items() if action is not None)


class TestTable:
    """Role × route × tenant, over HTTP."""

    @pytest.mark.parametrize("role", list(Role))
    async def test_each_role_gets_exactly_what_the_table_says(self, guarded: House, role: Role) -> None:
        """403 where the role does not hold the action, and never where it does."""
        wrong: list[object] = []
        csrf = await guarded.log_in(role)
        for method, template in ASKING:
            needs = Action.OPEN_CHART if (method, template) in OPENS_A_CHART else PERMITS[method, template]
            headers = {"X-CSRF-Token": csrf, "HX-Request": "true", **guarded.bearer(role)}
            answer = await guarded.client.request(method, path_of(template, guarded.case), headers=headers)
            if (answer.status_code == 403) == (needs in PERMITTED[role]):
                wrong.append((method, template, answer.status_code, answer.text[:200]))
        assert not wrong

    @pytest.mark.parametrize("role", list(Role))
    async def test_another_tenant_has_no_such_case(self, guarded: House, role: Role) -> None:
        """Whatever the role, a case of the north is never shown to the south: no such case, or not yours to ask."""
        csrf = await guarded.log_in(role, SOUTH)
        for method, template in ASKING:
            if "{case}" in template:
                headers = {"X-CSRF-Token": csrf, "HX-Request": "true", **guarded.bearer(role, SOUTH)}
                answer = await guarded.client.request(method, path_of(template, guarded.case), headers=headers)
                assert answer.status_code in {403, 404, 415, 422}, (method, template, answer.text)
                assert "osteoarthritis" not in answer.text.lower()

    async def test_nobody_gets_in_without_proof(self, guarded: House) -> None:
        """Every route that asks for something asks who asks first."""
        answers = {
            (method, template): await guarded.client.request(method, path_of(template, guarded.case))
            for method, template in ASKING
        }
        expected = {key: 401 if key[1].startswith("/v1") else 303 for key in ASKING}
        assert {key: answer.status_code for key, answer in answers.items()} == expected

    async def test_open_routes_stay_open(self, guarded: House) -> None:
        """Health and the log-in page answer anybody; the list of routes does not."""
        for path in ("/healthz", "/login", "/static/desk.css", "/static/htmx.min.js"):
            assert (await guarded.client.get(path)).status_code == 200, path
        for path in ("/openapi.json", "/docs", "/v1/cases"):
            assert (await guarded.client.get(path)).status_code == 401, path

    def test_a_route_without_a_line_in_the_table_is_refused_at_the_start(self) -> None:
        """A forgotten route cannot be served by mistake."""
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.add_api_route("/v1/forgotten", lambda: None)
        with pytest.raises(ConfigError, match=r"GET /v1/forgotten"):
            check_table(app.routes)


class TestTokens:
    """Tokens of an issuer, over HTTP."""

    async def test_good_tokens_enter_and_forged_ones_do_not(
        self, pipeline: Pipeline, settings: Settings, tmp_path: Path
    ) -> None:
        """Of all forgeries none is accepted, as a header or at the log-in; a good token is by both."""
        issuer = Issuer()
        keys = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": str(issuer.write(tmp_path)), "leeway_s": 5}
        async with house(pipeline, settings, tmp_path, **keys) as found:
            accepted = []
            for name, forge in FORGED.items():
                token = forge(issuer).replace(" ", "%20")
                header = await found.client.get("/v1/cases", headers={"Authorization": f"Bearer {token}"})
                log_in = await found.client.post("/login", data={"secret": token})
                accepted += [name] if {header.status_code, log_in.status_code} != {401} else []
            assert not accepted
            good = issuer.token()
            assert (await found.client.get("/v1/cases", headers={"Authorization": f"Bearer {good}"})).status_code == 200
            assert (await found.client.post("/login", data={"secret": good})).status_code == 303

    @pytest.mark.parametrize(
        "header", ["", "Basic YTpi", "Bearer", "Bearer ", "Token x", "Bearer cw_0123456789abcdef_x"]
    )
    async def test_other_headers_open_nothing(self, guarded: House, header: str) -> None:
        """The answer names the scheme that is taken and repeats nothing."""
        answer = await guarded.client.get("/v1/cases", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"] == "urn:chartwright:problem:unauthenticated"


class TestSessions:
    """Log-in, CSRF and log-off on the pages."""

    async def test_the_cookie_is_for_this_site_and_no_script(self, guarded: House) -> None:
        """HttpOnly, same site; over the network also secure."""
        secret = guarded.keys[NORTH, Role.CODER]
        near = await guarded.client.post("/login", data={"secret": secret})
        far = await guarded.client.post("http://coding.north.example/login", data={"secret": secret})
        for answer, secure in ((near, False), (far, True)):
            cookie = answer.headers["set-cookie"].lower()
            assert cookie.startswith(f"{COOKIE}=")
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert ("secure" in cookie) == secure

    async def test_a_change_needs_the_sessions_own_token(self, guarded: House) -> None:
        """Without it, with another's, or from another site nothing is changed."""
        csrf = await guarded.log_in(Role.CODER)
        await guarded.client.get(f"/work/{guarded.case}")
        step = {"kind": "accept", "line": "s1", "version": "1", "seen": "0"}
        path = f"/work/{guarded.case}/steps"
        for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}):
            answer = await guarded.client.post(path, data=step, headers={"HX-Request": "true", **headers})
            assert answer.status_code == 403
        fine = await guarded.client.post(path, data=step, headers={"HX-Request": "true", "X-CSRF-Token": csrf})
        assert fine.status_code == 200
        assert "Accepted M17.11." in fine.text

    async def test_a_key_in_a_cookie_or_a_cookie_on_the_api_opens_nothing(self, guarded: House) -> None:
        """The API takes headers only, the pages sessions only: neither can be driven through the other."""
        await guarded.log_in(Role.CODER)
        assert (await guarded.client.get("/v1/cases")).status_code == 401
        guarded.client.cookies.clear()
        assert (await guarded.client.get("/work", headers=guarded.bearer(Role.CODER))).status_code == 303

    async def test_logging_off_ends_the_session(self, guarded: House) -> None:
        """The cookie of before opens nothing, and a part of a page is told to go to the log-in whole."""
        csrf = await guarded.log_in(Role.CODER)
        coder = Actor(id="coder-1", tenant=NORTH, roles=frozenset({Role.CODER}))
        old = guarded.client.cookies[COOKIE]
        assert (await guarded.client.post("/logout", data={"csrf": csrf})).status_code == 303
        answer = await guarded.client.get("/work", headers={"Cookie": f"{COOKIE}={old}", "HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")
        rows = [event.action for event in guarded.store.trail(coder) if event.action.startswith("session.")]
        assert rows == ["session.opened", "session.closed"]

    async def test_a_wrong_secret_is_refused_without_being_repeated(self, guarded: House) -> None:
        """The page says that it does not hold, and nothing of what was typed."""
        answer = await guarded.client.post("/login", data={"secret": f"{SAID}-secret", "next": "/work"})
        assert answer.status_code == 401
        assert SAID not in answer.text

    @pytest.mark.parametrize(
        "path", ["https://evil.example", "//evil.example", "/work//evil", "javascript:alert(1)", "/work\\x"]
    )
    async def test_the_log_in_leads_to_our_own_pages_only(self, guarded: House, path: str) -> None:
        """Any other way onward leads to the worklists."""
        secret = guarded.keys[NORTH, Role.CODER]
        answer = await guarded.client.post("/login", data={"secret": secret, "next": path})
        assert answer.headers["location"] == "/work"

    async def test_idleness_ends_a_session(self, pipeline: Pipeline, settings: Settings, tmp_path: Path) -> None:
        """A moment longer than allowed, and the page leads to the log-in."""
        async with house(pipeline, settings, tmp_path, idle_s=timedelta(milliseconds=1).total_seconds()) as found:
            await found.client.post("/login", data={"secret": found.keys[NORTH, Role.CODER]})
            await asyncio.sleep(0.02)
            answer = await found.client.get(f"/work/{found.case}")
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
            assert (await found.client.get("/session")).text == "0"


class TestPagesByRole:
    """What a page offers to whom."""

    async def test_a_coder_decides_and_a_cdi_specialist_asks(self, guarded: House) -> None:
        """Accept and attest are the coder's; a CDI specialist gets the query and nothing that decides."""
        await guarded.log_in(Role.CDI_SPECIALIST)
        asks = (await guarded.client.get(f"/work/{guarded.case}")).text
        assert "Query <kbd>" in asks
        assert "Accept <kbd>" not in asks
        assert "Attest <kbd>" not in asks
        await guarded.client.post(
            f"/work/{guarded.case}/close", data={"csrf": await guarded.log_in(Role.CDI_SPECIALIST)}
        )
        await guarded.log_in(Role.CODER)
        decides = (await guarded.client.get(f"/work/{guarded.case}")).text
        assert "Accept <kbd>" in decides
        assert "Attest <kbd>" in decides

    async def test_an_auditor_breaks_the_glass_to_read(self, guarded: House) -> None:
        """First a page that asks why, then the chart for reading only; an administrator is not even asked."""
        csrf = await guarded.log_in(Role.AUDITOR)
        path = f"/work/{guarded.case}"
        shut = await guarded.client.get(path)
        assert shut.status_code == 403
        assert "Break the glass" in shut.text
        assert "osteoarthritis" not in shut.text
        reason = {"csrf": csrf, "reason": "Complaint 12 about this visit"}
        assert (await guarded.client.post(f"{path}/glass", data=reason)).status_code == 303
        opened = await guarded.client.get(path)
        assert "For reading only" in opened.text
        assert "osteoarthritis" in opened.text
        assert "Accept <kbd>" not in opened.text
        await guarded.log_in(Role.ADMINISTRATOR)
        refused = await guarded.client.get(path)
        assert refused.status_code == 403
        assert "Break the glass" not in refused.text


class TestLocalUser:
    """The embedded default."""

    async def test_asks_nobody_and_says_so_on_every_page(
        self, pipeline: Pipeline, settings: Settings, tmp_path: Path
    ) -> None:
        """One user with every role, loudly not for production; a change needs the page's token, a call our name."""
        with opened_store(tmp_path) as store:
            transport = httpx.ASGITransport(create_app(pipeline, settings, store))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                page = await client.get("/work")
                assert "not for production" in page.text
                assert (await client.get("/v1/cases")).status_code == 200
                assert (await client.post("/logout", data={})).status_code == 403
                for name in ("evil.example", "127.0.0.1.evil.example"):
                    for path in ("/work", "/v1/cases"):
                        assert (await client.get(path, headers={"Host": name})).status_code == 403, name
                assert (await client.get("/v1/cases", headers={"Host": "localhost:8080"})).status_code == 200
