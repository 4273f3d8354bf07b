"""Look-up in the Alphabetic Index by main term and subterms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.index_entries import IndexTerm
from retrieval.index_walk import IndexWalker, Walk
from retrieval.walk_tables import make_tables
from tests.retrieval.walks import small_index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlphabeticIndex]:
    """The small index."""
    with small_index(tmp_path_factory.mktemp("walks")) as opened:
        yield opened


@pytest.fixture(scope="module")
def walker(index: AlphabeticIndex) -> IndexWalker:
    """Its walker."""
    return IndexWalker(index, make_tables(index))


def first(walker: IndexWalker, phrase: str) -> Walk:
    """The best walk."""
    return walker.walks(phrase)[0]


@pytest.mark.parametrize(
    ("phrase", "codes"),
    [
        ("soreness", ("R52",)),
        ("sore chest", ("R07.9",)),
        ("chest soreness on breathing", ("R07.1",)),
        ("sores of the chest", ("R07.9",)),
        ("soreness due to sugar disease", ("E11.9", "G63")),
        ("sugar disease with kidney wear", ("E11.22",)),
        ("sugar disease with renal wear", ("E11.22",)),
        ("soreness grade II", ("R52.2",)),
        ("sharp soreness", ("R52.1",)),
        ("fall from ladder", ("W11",)),
        ("breast cancer", ("C50.9",)),
        ("metastatic cancer of the upper-outer quadrant of the breast", ("C79.81",)),
        ("benign neoplasm of breast", ("D24",)),
        ("aspirin overdose", ("T39.011",)),
        ("aspirin overdose, suicide attempt", ("T39.012",)),
        ("allergic reaction to aspirin", ("T39.015",)),
        ("chestsore", ("R07.9",)),
    ],
)
def test_a_phrase_leads_to_its_code(walker: IndexWalker, phrase: str, codes: tuple[str, ...]) -> None:
    """By any of its words as the main term, over plurals, inflections, references and columns."""
    assert first(walker, phrase).codes == codes


def test_every_order_of_the_words_is_the_same_walk(walker: IndexWalker) -> None:
    """Subterms are looked up in any order."""
    found = {first(walker, " ".join(words)) for words in permutations(["chest", "soreness", "breathing"])}
    assert {(walk.codes, walk.path) for walk in found} == {(("R07.1",), ("Sore, soreness", "chest", "on breathing"))}


def test_nonessential_words_cost_nothing(walker: IndexWalker) -> None:
    """`(dull)` may be said or not; saying it leaves nothing over."""
    said, unsaid = first(walker, "dull soreness of the chest"), first(walker, "soreness of the chest")
    assert said.codes == unsaid.codes == ("R07.9",)
    assert (said.left, said.unsaid) == ((), ())


def test_a_title_that_is_not_said_is_not_claimed(walker: IndexWalker) -> None:
    """The default code of the main term comes before any subterm (guideline I.A.18)."""
    walks = walker.walks("soreness of the elbow")
    assert (walks[0].codes, walks[0].left) == (("R52",), ("elbow",))
    assert all(walk.unsaid for walk in walks[1:])


def test_the_longer_main_term_is_meant_where_its_qualifier_is_not_said(walker: IndexWalker) -> None:
    """`Break` alone stands below `Break, traumatic`; a word that chooses the other is heard."""
    assert first(walker, "break of the shin").codes == ("S82.10",)
    assert first(walker, "worn break of the shin").codes == ("M84.46",)


def test_a_reference_is_part_of_the_path(walker: IndexWalker) -> None:
    """What was looked up first, where it sent the coder, the column at the end."""
    assert first(walker, "chestsore").path == ("Chestsore", "see Sore, soreness, chest")
    path = first(walker, "cancer of the breast").path
    assert (path[0], path[-1]) == ("Cancer", "malignant primary")


def test_a_substance_alone_is_no_condition(walker: IndexWalker) -> None:
    """The table of drugs is opened by an effect."""
    assert walker.walks("aspirin") == ()


@pytest.mark.parametrize("phrase", ["", "...", "the of", "zebra", "123", "é", "with", "in due by"])
def test_words_that_no_main_term_holds_lead_nowhere(walker: IndexWalker, phrase: str) -> None:
    """No walk, no error."""
    assert walker.walks(phrase) == ()


def test_every_entry_is_found_by_its_own_words(index: AlphabeticIndex, walker: IndexWalker) -> None:
    """In printed order, without what stands in parentheses."""
    terms = [index.term(line.id) for line in index.lines() if line.book in {"diseases", "external_causes"}]
    missed = [term.path for term in terms if term and term.code and not _leads_to(walker, term)]
    assert missed == []


def _leads_to(walker: IndexWalker, term: IndexTerm) -> bool:
    return first(walker, " ".join(term.path).replace(",", " ")).codes[0] == term.code


WORDS = st.sampled_from(
    "sore soreness chest breathing sugar disease with due to kidney wear cancer breast aspirin overdose break shin "
    "II grade sudden sharp quadrant benign right zebra".split()
)


@given(st.lists(WORDS, max_size=10))
def test_walks_are_ordered_and_within_bounds(walker: IndexWalker, words: list[str]) -> None:
    """Fits fall from at most 1 and every walk has a code and a path, whatever is asked."""
    walks = walker.walks(" ".join(words))
    fits = [walk.fit for walk in walks]
    assert fits == sorted(fits, reverse=True)
    assert all(0 < walk.fit <= 1 and walk.codes and walk.path for walk in walks)
    assert len({(walk.entry, walk.path[-1]) for walk in walks}) == len(walks)
