"""The books beside a case: the Alphabetic Index and the tabular list with their notes and references."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.browse import BrowseAnswer, Shelf, walk
from agent.found_codes import FoundCode, find_codes
from agent.lookup import CodeAnswer, LookupQuery, look_up
from agent.review.checked import edition_of
from agent.review.on_desk import OnDesk
from agent.serve.pages.case_pages import CasePages
from agent.serve.pages.forms import Form, form_of, selected
from medcoding.codebook import Codebook
from medcoding.errors import ChartwrightError, InputError

_PRINTED: Final = re.compile(r"^([A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?)[.\-]*(?:\s*\[.*\])?$")
_DEPTH: Final = 1
_BY_MEANING: Final = 8


class _Found(NamedTuple):
    """What the books answer."""

    answer: BrowseAnswer | None = None
    looked: CodeAnswer | None = None
    codes: tuple[FoundCode, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class BookPages:
    """The functions of the book routes, beside the case's own."""

    cases: CasePages

    async def open(self, request: Request, case: str, line: str = "") -> Response:
        """The beginning of the books; `line` is the line whose code is to be replaced."""
        found = await self.cases.again(request, case)
        answer = await run_in_threadpool(self._looked_up, found, "")
        return self._panel(found, answer, {"line": line if line.isalnum() else "", "q": "", "quote": None})

    async def look_up(self, request: Request, case: str) -> Response:
        """What stands under some words or at a code, in the edition of the case."""
        form = await form_of(request)
        found = await self.cases.again(request, case)
        q = " ".join(form.one("q").split())[:200]
        answer = await run_in_threadpool(self._looked_up, found, q)
        values = {"line": form.one("line") if form.one("line").isalnum() else "", "q": q, "quote": _quote(form, found)}
        return self._panel(found, answer, values, adding=bool(form.one("adding")))

    def _panel(self, found: OnDesk, answer: _Found, values: dict[str, Any], *, adding: bool = False) -> Response:
        book = self._codebook(found).edition.name
        return self.cases.pages.answer(
            "books", case=found, edition=book, answer=answer.answer, looked=answer.looked, found=answer.codes,
            said=answer.said, adding=adding, **values,
        )  # fmt: skip

    def _looked_up(self, found: OnDesk, q: str) -> _Found:
        """A code shows its entry, words the index; the search by meaning helps where the index has no such term."""
        codebook, parts = self._codebook(found), self.cases.desk.parts
        index = parts.books.alphabetic_indexes.get(codebook.edition.name)
        printed = _PRINTED.match(q.upper())
        place = printed.group(1) if printed and printed.group(1) in codebook else q
        answer, said = None, ""
        if index or not q or place in codebook:  # without an index, words would be sought in every title: seconds
            try:
                answer = walk(Shelf(codebook, index, _DEPTH if q else 0), place)
            except InputError as refusal:
                said = str(refusal)
        looked = look_up(parts.books, place, LookupQuery(edition=codebook.edition.name)) if place in codebook else None
        codes = self._by_meaning(found, q) if q and looked is None else ()
        said = "" if codes or answer else said or "Nothing in the books answers to these words; try others."
        return _Found(answer, looked if isinstance(looked, CodeAnswer) else None, codes, said)

    def _by_meaning(self, found: OnDesk, q: str) -> tuple[FoundCode, ...]:
        try:
            return find_codes(self.cases.desk.parts, q, found.encounter.coding_date, _BY_MEANING)
        except ChartwrightError:
            return ()

    def _codebook(self, found: OnDesk) -> Codebook:
        return edition_of(self.cases.desk.parts, found.result, found.encounter).codebook


def _quote(form: Form, found: OnDesk) -> dict[str, object] | None:
    """The words selected in the record, which a code may rest on."""
    quote = selected(form, found)
    return {"document_id": quote.document_id, "start": quote.start, "text": quote.text} if quote else None
