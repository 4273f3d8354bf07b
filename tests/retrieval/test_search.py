from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.candidate import Candidate, CandidateOrigin, MentionCandidates
from medcoding.codebook import Codebook
from medcoding.mention import Axes, Mention, MentionKind
from retrieval.dictionary import Dictionary
from retrieval.edge_store import EdgeStore
from retrieval.encoder import OnnxEncoder
from retrieval.index_folder import SURFACES, IndexFolder
from retrieval.offers import overlap
from retrieval.search import MOST_CANDIDATES, CandidateSearch, Hint
from retrieval.sparse import Bm25Encoder
from retrieval.store import Hit, VectorQuery, VectorStore
from retrieval.wording import forms
from tests.charts import mention

BEFORE, AFTER = dt.date(2026, 9, 30), dt.date(2026, 10, 1)


@pytest.fixture(scope="module")
def search(index: IndexFolder) -> CandidateSearch:
    """The search over the small index."""
    return CandidateSearch(EdgeStore.open_copy(index.collection(SURFACES)), OnnxEncoder(index.encoder), Bm25Encoder())


@pytest.fixture(scope="module")
def dictionary(index: IndexFolder) -> Dictionary:
    """The shipped dictionary."""
    return Dictionary.load(index.dictionary)


class RecordedStore:
    """Passes searches on and keeps what was found."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store
        self.hits: list[Hit] = []

    def search(self, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """As the store behind it answers."""
        found = self._store.search(queries)
        self.hits += [hit for hits in found for hit in hits]
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def _codes(found: tuple[MentionCandidates, ...]) -> list[str]:
    ((_, candidates),) = ((entry.mention_id, entry.candidates) for entry in found)
    return [candidate.code for candidate in candidates]


@pytest.mark.parametrize(
    ("words", "axes", "code"),
    [
        ("knee pain", Axes(laterality="right"), "M25.561"),
        ("knee pain", Axes(), "M25.569"),
        ("pain in the left knee", Axes(laterality="left"), "M25.562"),
        ("high blood pressure", Axes(), "I10"),
        ("heartburn from acid reflux", Axes(), "K21.9"),
        ("gallstones", Axes(), "K80.20"),
        ("sprained ankle", Axes(laterality="left"), "S93.402A"),
        ("type 2 diabetes with kidney disease", Axes(), "E11.22"),
        ("underactive thyroid", Axes(), "E03.9"),
        ("atrial fibrillation", Axes(), "I48.91"),
    ],
)
def test_search_alone_finds_what_a_coder_would(
    search: CandidateSearch, fy2027: Codebook, words: str, axes: Axes, code: str
) -> None:
    """Without any help of the dictionary the right code is among the first five candidates."""
    found = search.candidates([mention(1, words, 1, axes=axes)], fy2027, AFTER)
    assert code in _codes(found)[:5]


@pytest.mark.parametrize(
    ("words", "code"), [("htn", "I10"), ("afib", "I48.91"), ("GERD", "K21.9"), ("COPD", "J44.9"), ("UTI", "N39.0")]
)
def test_a_dictionary_term_leads(
    search: CandidateSearch, dictionary: Dictionary, fy2027: Codebook, words: str, code: str
) -> None:
    """Its code comes first, with full similarity and its origin named."""
    term = dictionary.lookup(words)
    assert term is not None
    asked = mention(1, words, 1, term=term.text, stems=term.stems)
    (entry,) = search.candidates([asked], fy2027, AFTER)
    first = entry.candidates[0]
    assert (first.code, first.similarity) == (code, 1.0)
    assert CandidateOrigin.DICTIONARY in first.origins


@pytest.mark.parametrize(("day", "codes"), [(BEFORE, {"M72.2"}), (AFTER, {"M72.20", "M72.21", "M72.22"})])
def test_the_edition_in_force_decides_what_is_offered(
    search: CandidateSearch, fy2026: Codebook, fy2027: Codebook, day: dt.date, codes: set[str]
) -> None:
    """Plantar fasciitis is one code until September 2026, then three; neither leaks into the other edition."""
    book = fy2026 if day == BEFORE else fy2027
    found = _codes(search.candidates([mention(1, "plantar fasciitis", 1)], book, day))
    assert codes & set(found)
    assert all(book.is_billable(code) for code in found)


@pytest.mark.parametrize("day", [BEFORE, AFTER])
def test_only_surfaces_in_force_are_searched(search: CandidateSearch, fy2027: Codebook, day: dt.date) -> None:
    """Neither by vector nor by word is a wording found that another edition ended or begins."""
    number = int(day.strftime("%Y%m%d"))
    store = RecordedStore(search.surfaces)
    replace(search, surfaces=store).ways([mention(1, "plantar fasciitis", 1)], fy2027, day)
    periods = {(hit.payload["effective_from"], hit.payload["effective_to"]) for hit in store.hits}
    assert len(store.hits) > 10
    assert [
        p for p in periods if not (isinstance(p[0], int) and isinstance(p[1], int) and p[0] <= number <= p[1])
    ] == []


def test_numbers_run_from_one_and_scores_fall(search: CandidateSearch, fy2027: Codebook) -> None:
    """Each code once, best first, titled by the book."""
    (entry,) = search.candidates([mention(1, "chronic kidney disease stage 3", 1)], fy2027, AFTER)
    assert [c.number for c in entry.candidates] == list(range(1, len(entry.candidates) + 1))
    assert len({c.code for c in entry.candidates}) == len(entry.candidates) > 3
    scores = [c.score for c in entry.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(c.title == fy2027.title(c.code) for c in entry.candidates)


@pytest.mark.parametrize("number", [0, 1, 40, 150, 400])
def test_an_encounter_gets_at_most_three_hundred(search: CandidateSearch, fy2027: Codebook, number: int) -> None:
    """However many mentions it has; grammars of more ids are slow."""
    texts = ("knee pain", "hypertension", "chest pain", "asthma", "back pain")
    mentions = [mention(n, texts[n % 5], 1, stems=("I50",)) for n in range(1, number + 1)]
    found = search.candidates(mentions, fy2027, AFTER)
    assert sum(len(entry.candidates) for entry in found) <= MOST_CANDIDATES
    assert [entry.mention_id for entry in found] == [m.id for m in mentions[: len(found)]]
    assert len(found) >= min(number, 150)


def test_a_suggestion_is_offered_where_a_mention_leads_near_it(search: CandidateSearch, fy2027: Codebook) -> None:
    """Another system's code joins its own category, not an unrelated mention, and never a header."""
    suggested = ("J45.52", "J45", "C50.911", "J45.99999")
    hints = [Hint(code, CandidateOrigin.SUGGESTION) for code in suggested]
    (entry,) = search.candidates([mention(1, "asthma", 1)], fy2027, AFTER, hints)
    by_code: dict[str, Candidate] = {c.code: c for c in entry.candidates}
    assert CandidateOrigin.SUGGESTION in by_code["J45.52"].origins
    assert not {"J45", "C50.911", "J45.99999"} & set(by_code)


def test_a_drug_is_offered_its_own_codes_only(search: CandidateSearch, fy2027: Codebook) -> None:
    """A drug's name is not searched among diseases."""
    insulin = mention(1, "insulin", 1, kind=MentionKind.DRUG, stems=("Z79.4",), term="insulin")
    assert _codes(search.candidates([insulin], fy2027, AFTER)) == ["Z79.4"]


def test_repeated_mentions_get_the_same_answer(search: CandidateSearch, fy2027: Codebook) -> None:
    """And a mention's candidates do not depend on what else stands in the note."""
    alone = search.candidates([mention(1, "knee pain", 1)], fy2027, AFTER)
    among = search.candidates(
        [mention(1, "knee pain", 1), mention(2, "fracture of the shaft of the tibia", 2), mention(3, "knee pain", 3)],
        fy2027,
        AFTER,
    )
    assert among[0].candidates == among[2].candidates == alone[0].candidates


_STATED = "import sys; from tests.retrieval.test_search import print_stated; print_stated(sys.argv[1])"
STATEMENTS = (
    "migraine without status migrainosus not intractable today",
    "moderate persistent asthma without acute exacerbation on daily inhaler",
    "type 2 diabetes without retinopathy with chronic kidney disease stage 3a",
)


def print_stated(index_dir: str) -> None:
    """Candidates of whole statements, as another process finds them."""
    from retrieval.index_folder import open_index

    index = open_index(Path(index_dir))
    store = EdgeStore.open_copy(index.collection(SURFACES))
    found = CandidateSearch(store, OnnxEncoder(index.encoder), Bm25Encoder()).candidates(
        [_stated(n, words) for n, words in enumerate(STATEMENTS, start=1)], index.codebooks().latest, AFTER
    )
    print("\n".join(entry.model_dump_json() for entry in found))  # noqa: T201 - read by the test
    store.close()


def _stated(number: int, words: str) -> Mention:
    return mention(number, words, 1, context=forms(words), heads_problem=True)


def test_every_process_finds_the_same(index_dir: Path) -> None:
    """Candidates do not depend on the order in which a process happens to keep its sets."""
    answers = {
        subprocess.run(
            [sys.executable, "-c", _STATED, index_dir],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1


WORDS = st.lists(st.sampled_from(["knee", "pain", "chronic", "right", "acute"]), max_size=6)


@given(WORDS, WORDS)
def test_overlap_is_a_symmetric_share(left: list[str], right: list[str]) -> None:
    """Between 0 and 1, 1 exactly for the same set of words, whatever their order."""
    shared = overlap(left, right)
    assert shared == overlap(right, left) == overlap(left[::-1], right)
    assert 0.0 <= shared <= 1.0
    assert (shared == 1.0) == (set(left) == set(right) != set())
