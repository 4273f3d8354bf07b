"""The code books over HTTP: look a code up, find codes for words, walk through the index and the tabular list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BeforeValidator, Field

from agent.browse import BrowseAnswer, Shelf, walk
from agent.found_codes import FoundCode, find_codes
from agent.lookup import CodeAnswer, LookupQuery, ProcedureAnswer, choose_edition, look_up
from agent.pipeline import Pipeline
from agent.serve.problems import described
from medcoding.record import Record

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_WORDS: Final = 500


def _written_day(value: object) -> object:
    """Refuse the timestamps that pydantic would take for a date."""
    if not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("write the day as YYYY-MM-DD")
    return value


WrittenDay = Annotated[date, BeforeValidator(_written_day)]


class CodeQuery(LookupQuery):
    """Parameters of a lookup."""

    dos: WrittenDay | None = None
    """Use the edition in force on this day (default: the latest)."""


class SearchQuery(Record):
    """Parameters of a search."""

    q: Annotated[str, Field(min_length=1, max_length=_LONGEST_WORDS)]
    """Clinical words, as a note would say them."""
    dos: WrittenDay | None = None
    """Use the edition in force on this day (default: the latest)."""
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    """How many codes."""


class BrowseQuery(Record):
    """Parameters of a walk."""

    depth: Annotated[int, Field(ge=0, le=4)] = 1
    """Levels shown below the place."""
    dos: WrittenDay | None = None
    """Use the edition in force on this day (default: the latest)."""
    edition: str | None = None
    """Use this ICD-10-CM edition, for instance `FY2026`, in place of a day."""


class SearchAnswer(Record):
    """What was found for some words."""

    codes: tuple[FoundCode, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class BookService:
    """The routes' functions over the books of one pipeline."""

    pipeline: Pipeline

    def look_up_code(
        self,
        code: Annotated[str, Path(description="A code, with or without its dot, or a HCPCS modifier.")],
        query: Annotated[CodeQuery, Query()],
    ) -> CodeAnswer | ProcedureAnswer:
        """Show a code: title, place in the book, index paths, notes, characters, dates."""
        return look_up(self.pipeline.parts.books, code, query)

    def search(self, query: Annotated[SearchQuery, Query()]) -> SearchAnswer:
        """Find codes for clinical words: by which wording and index path, with which scores."""
        choose_edition(self.pipeline.parts.codebooks, LookupQuery(dos=query.dos))
        return SearchAnswer(codes=find_codes(self.pipeline.parts, query.q, query.dos, query.limit))

    def browse(self, query: Annotated[BrowseQuery, Query()]) -> BrowseAnswer:
        """Show where the books begin: the letters of the Alphabetic Index, or the chapters of the tabular list."""
        return self._walked("", query)

    def browse_at(
        self,
        place: Annotated[str, Path(description="A code, a stem, or the words of an index entry.")],
        query: Annotated[BrowseQuery, Query()],
    ) -> BrowseAnswer:
        """Walk through the Alphabetic Index and its tables by words, through the tabular list by stem."""
        return self._walked(place, query)

    def _walked(self, place: str, query: BrowseQuery) -> BrowseAnswer:
        choice = choose_edition(self.pipeline.parts.codebooks, LookupQuery(dos=query.dos, edition=query.edition))
        index = self.pipeline.parts.books.alphabetic_indexes.get(choice.codebook.edition.name)
        return walk(Shelf(choice.codebook, index, query.depth), place)


def book_router(service: BookService) -> APIRouter:
    """The routes with their place in the OpenAPI document."""
    routes = APIRouter()
    routes.add_api_route("/v1/codes/{code}", service.look_up_code, responses=described(404, 422, 500, 503))
    routes.add_api_route("/v1/search", service.search, responses=described(422, 500, 503))
    routes.add_api_route("/v1/browse", service.browse, responses=described(422, 500, 503))
    routes.add_api_route("/v1/browse/{place}", service.browse_at, responses=described(404, 422, 500, 503))
    return routes
