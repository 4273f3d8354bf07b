"""The coder's page of one case: the whole page, and the parts that htmx puts in place of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.access.permissions import may
from agent.asked import CodeQuestion
from agent.pipeline import Pipeline
from agent.queries import compose, post
from agent.review.checked import edition_of
from agent.review.choices import code_choices
from agent.review.desk import Desk
from agent.review.glass import GlassError
from agent.review.on_desk import OnDesk
from agent.serve.pages.forms import form_of, seat_of, selected, step_of
from agent.serve.pages.rendering import ROLE_WORDS, Pages
from agent.serve.pages.timeline import told
from agent.serve.pages.views import case_view
from agent.serve.pages.words import control_of, said_of
from agent.store.errors import NoSuchCaseError
from agent.store.records import CaseVersion
from medcoding.access import Action, Actor
from medcoding.codebook import Codebook
from medcoding.codes import CodeRole
from medcoding.errors import InputError
from medcoding.proposal import EvidenceQuote
from medcoding.review import Add

_CASE_ID: Final = re.compile(r"[0-9a-f]{32}")
_POA: Final[Mapping[str, str]] = {
    "Y": "yes", "N": "no", "U": "record insufficient", "W": "cannot be determined", "1": "exempt",
}  # fmt: skip

OutcomeT = TypeVar("OutcomeT")


@dataclass(frozen=True, slots=True)
class CasePages:
    """The functions of the routes below `/work/{case}`."""

    desk: Desk
    pipeline: Pipeline
    pages: Pages
    shared: Callable[[Request], dict[str, Any]]
    """What every page is given: session, place, who may what."""

    async def open(self, request: Request, case: str) -> Response:
        """The whole page; who opens it is in the trail, and takes the case if it is free."""
        actor = _actor(request)
        try:
            found = await _away(self.desk.open, actor, _checked(case))
        except GlassError as refusal:
            may_break = may(actor, Action.BREAK_GLASS)
            values = {"said": str(refusal), "may_break": may_break, "case": case}
            return self.pages.answer("glass", 403, **values, **self.shared(request))
        view = await _away(case_view, found)
        return self.pages.answer("case", view=view, control=control_of(found), said="", **self.shared(request))

    async def glass(self, request: Request, case: str) -> Response:
        """Open a chart that is not one's own, with a reason."""
        form = await form_of(request)
        await _away(self.desk.break_glass, _actor(request), _checked(case), form.one("reason"))
        return RedirectResponse(f"/work/{case}", 303)

    async def close(self, request: Request, case: str) -> Response:
        """Give the case back."""
        await form_of(request)
        await _away(self.desk.store.unlock, _actor(request), _checked(case))
        return RedirectResponse("/work", 303)

    async def codes(self, request: Request, case: str) -> Response:
        """The codes as they stand."""
        return self._codes(await self.again(request, case), "")

    async def evidence(self, request: Request, case: str, line: str) -> Response:
        """The reasons for a line; that its words were looked at is kept."""
        await form_of(request)
        found = await _away(self.desk.look, _actor(request), _checked(case), line)
        shown = found.now.line(line)
        return self.pages.answer("rationale", line=shown, suggestion=found.line_as_suggested(line))

    async def uncoded(self, request: Request, case: str, item: str) -> Response:
        """Something that was considered and not coded."""
        found = await self.again(request, case)
        number = int(item[1:]) if item.startswith("n") and item[1:].isdecimal() else 0
        if not 1 <= number <= len(found.result.not_coded):
            raise NoSuchCaseError("There is no such entry in this case; load it again.")
        return self.pages.answer("uncoded", thing=found.result.not_coded[number - 1])

    async def edit(self, request: Request, case: str, line: str) -> Response:
        """The pickers: side, seventh character and every other character, role, present on admission, another code."""
        found = await self.again(request, case)
        shown = found.now.line(line)
        choices = await _away(code_choices, self._codebook(found), shown.code)
        roles = {role: words for role, words in ROLE_WORDS.items() if role is not _other_lead(found)}
        return self.pages.answer("edit", case=found, line=shown, choices=choices, roles=roles, poa=_POA)

    async def other(self, request: Request, case: str, line: str) -> Response:
        """Reject for a reason that has no key."""
        found = await self.again(request, case)
        return self.pages.answer("other", case=found, line=found.now.line(line))

    async def step(self, request: Request, case: str) -> Response:
        """Take one step; the codes as they stand after it."""
        form = await form_of(request)
        actor = _actor(request)
        before = await _away(self.desk.again, actor, _checked(case))
        step = step_of(form, before)
        found = await _away(self.desk.act, seat_of(actor, case, form), step)
        answer = self._codes(found, said_of(step, before))
        if isinstance(step, Add):
            answer.headers["HX-Refresh"] = "true"  # the record has a new highlight
        return answer

    async def attest_panel(self, request: Request, case: str) -> Response:
        """What is open, or the set to stand behind."""
        return self.pages.answer("attest", case=await self.again(request, case))

    async def attest(self, request: Request, case: str) -> Response:
        """Stand behind the set that was shown."""
        form = await form_of(request)
        found = await _away(self.desk.attest, seat_of(_actor(request), case, form), form.one("digest"))
        return self._codes(found, "Attested. Any change voids it.")

    async def timeline(self, request: Request, case: str) -> Response:
        """What happened to the case, from the trail."""
        await self.again(request, case)
        rows = await _away(self.desk.store.timeline, _actor(request), case)
        return self.pages.answer("timeline", rows=[told(row) for row in rows])

    async def why_panel(self, request: Request, case: str, line: str) -> Response:
        """Where a question is asked."""
        found = await self.again(request, case)
        return self.pages.answer("why", case=found, code=found.now.line(line).code)

    async def ask_panel(self, request: Request, case: str) -> Response:
        """Where a question is asked about a code that is on no line."""
        return self.pages.answer("why", case=await self.again(request, case), code="")

    async def why(self, request: Request, case: str) -> Response:
        """A grounded answer to a question about one code."""
        form = await form_of(request)
        found = await self.again(request, case)
        question = CodeQuestion(code=form.one("code").strip(), question=form.one("question")[:500])
        answer = await self.pipeline.why(found.encounter, question)
        await _away(_note_question, self.desk, _actor(request), found.version, answer.code)
        return self.pages.answer("why_answer", answer=answer)

    async def query_panel(self, request: Request, case: str, line: str) -> Response:
        """The composer, opened with a draft about a line."""
        found = await self.again(request, case)
        shown = found.now.line(line)
        draft = await _away(compose.draft, shown, found.line_as_suggested(line), self._codebook(found))
        author = next((d.author for d in found.encounter.documents if d.author), "") or ""
        values = {
            "to": author, "about": draft.about, "question": draft.question,
            "options": [option.text for option in draft.options[:-2]],
        }  # fmt: skip
        return self._composer(found, line, values, {_place(q) for q in draft.indicators}, ())

    async def query(self, request: Request, case: str) -> Response:
        """Send a query, or show why it cannot be sent with everything that was written."""
        form = await form_of(request)
        found = await self.again(request, case)
        options = [option for option in form.one("options").splitlines() if option.strip()]
        values = {name: form.one(name) for name in ("to", "about", "question")} | {"options": options}
        chosen = set(form.every("indicator"))
        wording = post.Wording(
            to=form.one("to"), about=form.one("about"), question=form.one("question"), options=tuple(options),
            indicators=tuple(quote for place in form.every("indicator") if (quote := _quote_at(found, place))),
        )  # fmt: skip
        try:
            sent = await _away(post.send, self.desk, seat_of(_actor(request), case, form), wording)
        except post.LeadingQueryError as refusal:
            return self._composer(found, form.one("line"), values, chosen, refusal.faults)
        return self.pages.answer("sent", case=found, query=sent)

    async def quote(self, request: Request, case: str) -> Response:
        """The words selected in the record, as one more indicator."""
        form = await form_of(request)
        quote = selected(form, await self.again(request, case))
        if quote is None:
            raise InputError("No words of the record are selected; select some with the mouse, or with F7 and Shift.")
        return self.pages.answer("indicator", quote=_indicator(quote, {_place(quote)}))

    async def query_move(self, request: Request, case: str, query: str) -> Response:
        """Enter a provider's answer, or take a query back."""
        form = await form_of(request)
        seat = seat_of(_actor(request), _checked(case), form)
        if form.one("do") == "withdraw":
            moved = await _away(post.withdraw, self.desk, seat, query)
        else:
            moved = await _away(post.answer, self.desk, seat, query, form.one("answer"))
        return self._codes(await self.again(request, case), f"The query is {moved.state}.")

    def _codes(self, found: OnDesk, said: str) -> Response:
        view = case_view(found, with_notes=False)
        return self.pages.answer("codes", view=view, said=said, control=control_of(found))

    def _composer(
        self, found: OnDesk, line: str, draft: Mapping[str, object], chosen: set[str], faults: tuple[str, ...]
    ) -> Response:
        more = [quote for place in sorted(chosen) if (quote := _quote_at(found, place))]
        every = {_place(quote): quote for quote in (*_quotes(found), *more)}.values()
        quotes = [_indicator(quote, chosen) for quote in every]
        return self.pages.answer("query", case=found, line=line, draft=draft, quotes=quotes, faults=faults)

    def _codebook(self, found: OnDesk) -> Codebook:
        return edition_of(self.desk.parts, found.result, found.encounter).codebook

    async def again(self, request: Request, case: str) -> OnDesk:
        """A case that the reader opened before, as it stands now."""
        return await _away(self.desk.again, _actor(request), _checked(case))


async def _away(work: Callable[..., OutcomeT], *arguments: Any) -> OutcomeT:
    """Do slow work in a thread."""
    return await run_in_threadpool(work, *arguments)


def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


def _checked(case: str) -> str:
    if not _CASE_ID.fullmatch(case):
        raise NoSuchCaseError("There is no such case; list the cases to see which there are.")
    return case


def _quotes(found: OnDesk) -> list[EvidenceQuote]:
    """Every quote of the case once, those of lines first."""
    of_lines = [quote for line in found.now.lines for quote in line.evidence]
    of_left = [quote for thing in found.result.not_coded for quote in thing.evidence]
    return list({_place(quote): quote for quote in (*of_lines, *of_left)}.values())


def _place(quote: EvidenceQuote) -> str:
    return f"{quote.start}:{quote.end}:{quote.document_id}"


def _quote_at(found: OnDesk, place: str) -> EvidenceQuote | None:
    """The quote that a form names; None where no such words stand in the record."""
    start, _, rest = place.partition(":")
    end, _, name = rest.partition(":")
    document = next((d for d in found.encounter.documents if d.document_id == name), None)
    if document is None or not all(part.isascii() and part.isdecimal() and len(part) < 9 for part in (start, end)):
        return None
    quote = EvidenceQuote(document_id=name, start=int(start), end=int(end), text=document.text[int(start) : int(end)])
    return quote if quote.stands_in(document.text) else None


def _indicator(quote: EvidenceQuote, chosen: set[str]) -> dict[str, object]:
    place = _place(quote)
    return {"value": place, "text": quote.text, "document_id": quote.document_id, "chosen": place in chosen}


def _other_lead(found: OnDesk) -> CodeRole:
    """The leading role of the other kind of setting, which does not fit here."""
    return CodeRole.FIRST_LISTED if found.reviewing.leading is CodeRole.PRINCIPAL else CodeRole.PRINCIPAL


def _note_question(desk: Desk, actor: Actor, version: CaseVersion, code: str) -> None:
    with desk.store.change(actor, "ask") as change:
        change.record("question.asked", version, {"code": code})
