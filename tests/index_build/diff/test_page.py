"""The page of a diff: everything on it, nothing from elsewhere, nothing that runs but its own script."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from index_build.diff.compare import ChangedNotes, EditionDiff, diff_editions
from index_build.diff.page import diff_page
from medcoding.codebook import Codebook

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7 * 7 }}"


class PageReader(HTMLParser):
    """Reads a page back: tags with their attributes, and the text outside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the tag."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """What follows stands outside again."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if self._inside not in {"style", "script"}:
            self.words += data


@pytest.fixture(scope="module")
def diff(fy2026: Codebook, fy2027: Codebook) -> EditionDiff:
    """October 2026, with a changed note whose lines want to be more than text."""
    found = diff_editions(fy2026, fy2027)
    notes = ChangedNotes(
        code="I50", title="Heart failure", chapter="9", kind="code_first", added=(HOSTILE,), removed=("old (I11.0)",)
    )
    return found.model_copy(update={"notes": (notes,)})


@pytest.fixture(scope="module")
def page(diff: EditionDiff) -> str:
    """The page of that diff."""
    return diff_page(diff)


def test_every_change_is_a_row_of_its_chapter(diff: EditionDiff, page: str) -> None:
    """As many rows as changes, a section and a link for each chapter in which something changed."""
    tags = PageReader(page).tags
    rows = [a for tag, a in tags if tag == "tr" and "data-kind" in a]
    assert len(rows) == sum(diff.counts.values()) + 1
    sections = {f"#{a['id']}" for tag, a in tags if tag == "section"}
    assert sections == {f"#chapter-{chapter}" for chapter in diff.chapters}
    assert sections == {a["href"] for tag, a in tags if tag == "a"}


def test_every_button_filters_rows_that_are_there(page: str) -> None:
    """Each kind of change has its button; none leads to nothing."""
    tags = PageReader(page).tags
    buttons = [a["data-kind"] for tag, a in tags if tag == "button"]
    assert set(buttons) == {a["data-kind"] for tag, a in tags if tag == "tr" and "data-kind" in a}
    assert len(set(buttons)) == len(buttons)


@pytest.mark.parametrize(
    "words", ["FY2026 to FY2027", "complete codes: I42.00, I42.01, I42.09", "was: Carbuncle", "FY2027 is derived"]
)
def test_the_page_says_what_happened(page: str, words: str) -> None:
    """Editions, the codes to use now, old titles, and what was not checked."""
    assert words in PageReader(page).words


def test_the_page_says_that_notes_were_not_compared(page: str) -> None:
    """October 2026 stands on the notes of April."""
    assert "Notes were not compared: FY2027 stands on the notes of FY2026." in PageReader(page).words


def test_text_from_a_file_stays_text(page: str) -> None:
    """A hostile line is read as it was written, and the only script is ours, admitted by its digest."""
    reader = PageReader(page)
    assert HOSTILE in reader.words
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert not any(tag == "img" for tag, _ in reader.tags)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    """No address outside the page, no style or script by reference, both colour schemes."""
    reader = PageReader(page)
    assert not any(name in {"src", "srcset", "action"} for _, a in reader.tags for name in a)
    assert all((a.get("href") or "#").startswith("#") for _, a in reader.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page


def test_the_same_diff_is_the_same_page(diff: EditionDiff, page: str) -> None:
    """Byte for byte."""
    assert diff_page(diff) == page


def test_two_equal_editions_make_a_page_that_says_so(diff: EditionDiff) -> None:
    """No table and no search box where nothing differs."""
    nothing: dict[str, object] = dict.fromkeys(diff.counts, ())
    empty = diff_page(diff.model_copy(update={**nothing, "chapters": {}, "counts": dict.fromkeys(diff.counts, 0)}))
    assert "Nothing differs between the two editions." in empty
    assert "<table>" not in empty
